package answer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

const (
	// maxMessage is how many characters the message of a failure has at the most.
	maxMessage = 4000
	// maxFirstLine is how many its first line has.
	maxFirstLine = 400
)

// message is what a person reads of a failure: a short first line that says what happened, then why, with the evidence, and
// what to do next, each on its line.
func (r *Recorder) message(req request.Request, f rollout.Finish) string {
	t, reason := req.Plan.Target, r.inFull(f.Reason)
	switch f.Outcome {
	case rollout.PreflightFailed:
		return lines(t.String()+" is not ready, nothing was changed", reason)
	case rollout.DoesNotFit:
		return lines("nothing was changed: " + reason)
	case rollout.RolloutInProgress:
		return lines(t.String()+" is being shifted, nothing was changed: "+reason,
			"wait for it (action status), end it (action rollback, or aws lambda update-alias for a split that is not ours), or take over with force")
	case rollout.KnownBadVersion:
		return lines("nothing was changed: "+reason, `publish a fix, or send it again with "force": {"reason": "…"}`)
	case rollout.RolledBack:
		return lines(r.wentBack(t)+": "+reason, r.afterRollback())
	case rollout.Held:
		if req.Action == request.Promote && r.journal != nil && !r.journal.Held {
			return lines(t.String()+" goes on as it was: "+reason, "look at it, then promote again, or roll it back")
		}
		return lines(t.String()+" is held where it is: "+reason, "look at it, then send action rollback, or another version with force")
	case rollout.Superseded:
		return lines(t.String()+" is no longer this rollout's, nothing more was changed: "+reason, "agree with whoever moved it, then deploy again")
	case rollout.RollbackFailed:
		return lines(fmt.Sprintf("%s may be split: %s", t, reason), "put it back by hand: "+rollout.RestoreCommand(t, r.oldVersion()))
	case rollout.StateUnknown:
		return lines(fmt.Sprintf("where %s sends its traffic is not known: %s", t, reason),
			"look at it: "+rollout.ShowCommand(t), "to put it back: "+rollout.RestoreCommand(t, r.oldVersion()))
	default:
		return reason
	}
}

// inFull is a reason as the latest assessment gives it, with the numbers that the decision can be repeated by; a token
// carries only its first line.
func (r *Recorder) inFull(reason string) string {
	if a := r.assessment; a != nil && a.Verdict == analysis.Fail && reason != "" && strings.HasPrefix(reason, strings.TrimSuffix(rollout.FirstLine(a.Reason, 40), "…")) {
		return a.Reason
	}
	return reason
}

// wentBack says where the traffic is after a rollback, and how far the rollout had come.
func (r *Recorder) wentBack(t rollout.Target) string {
	switch j := r.journal; {
	case j == nil:
		return fmt.Sprintf("%s was rolled back", t)
	case j.Weight == 0:
		return fmt.Sprintf("all traffic of %s stayed on version %s", t, j.Old)
	default:
		return fmt.Sprintf("all traffic of %s is back on version %s, version %s had reached %s %%", t, j.Old, j.New, j.Weight)
	}
}

// afterRollback says what to do next.
func (r *Recorder) afterRollback() string {
	if r.journal != nil && slices.Contains(r.bad, r.journal.New) {
		return fmt.Sprintf(`version %s is remembered as bad here: publish a fix, or send it again with "force": {"reason": "…"}`, r.journal.New)
	}
	return "mend the cause and send the request again"
}

func (r *Recorder) oldVersion() string {
	if r.journal == nil {
		return "OLD_VERSION"
	}
	return r.journal.Old
}

// lines puts each clause of a text on a line of its own.
func lines(texts ...string) string {
	var all []string
	for _, text := range texts {
		for clause := range strings.SplitSeq(text, "; ") {
			if clause = strings.TrimSpace(clause); clause != "" {
				all = append(all, clause)
			}
		}
	}
	return strings.Join(all, "\n")
}

// limited bounds a message: printable lines, the last of which says what to do and is kept.
func limited(text string) string {
	all := strings.Split(text, "\n")
	kept, room := []string{}, maxMessage
	last := printable.Text(all[len(all)-1], maxFirstLine*2)
	room -= len([]rune(last)) + 1
	for i, line := range all[:len(all)-1] {
		most := room
		if i == 0 {
			most = min(room, maxFirstLine)
		}
		if line = printable.Text(line, most); line == "" {
			continue
		}
		kept = append(kept, line)
		if room -= len([]rune(line)) + 1; room < 2 {
			break
		}
	}
	return strings.Join(append(kept, last), "\n")
}

// sentence joins clauses that are there.
func sentence(clauses ...string) string {
	return strings.Join(slices.DeleteFunc(clauses, func(c string) bool { return c == "" }), "; ")
}
