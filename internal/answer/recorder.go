package answer

import (
	"fmt"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Recorder gathers from events what an answer tells: the steps that one driver has seen, and how they were judged.
type Recorder struct {
	steps []Step
	// most is how many steps are kept, the last ones; 0 is all.
	most     int
	warnings []string
	// journal is the last one seen of the rollout, and routing the alias's.
	journal *rollout.Journal
	routing rollout.Routing
	// assessment is the latest one.
	assessment *analysis.Assessment
	// probes are the latest results of this driver's probes.
	probes []analysis.Check
	// bad are the versions known to be bad, as a way back has written them.
	bad []string
}

// Tell takes what has happened.
func (r *Recorder) Tell(events ...rollout.Event) {
	for _, event := range events {
		switch e := event.(type) {
		case rollout.Turned:
			r.turned(e)
		case rollout.Changed:
			r.routing = e.Write.Routing
			if record := rollout.ParseDescription(e.Write.Description).Record; record != nil {
				r.bad = record.Bad
			}
			if e.Journal != nil {
				r.journal = e.Journal
				r.reach(e.Journal.Weight, e.Journal.Since)
			}
		case rollout.Probed:
			r.probed(e.Check)
		case rollout.Checked:
			r.warn(e.Warnings...)
		case rollout.ScheduleChosen:
			r.warn(e.Warning)
		case rollout.NotSent:
			r.warn("nobody could be told of " + string(e.State) + ": " + e.Err.Text)
		}
	}
}

// warn adds warnings, each once.
func (r *Recorder) warn(texts ...string) {
	for _, text := range texts {
		if text != "" && !slices.Contains(r.warnings, text) {
			r.warnings = append(r.warnings, text)
		}
	}
}

func (r *Recorder) turned(e rollout.Turned) {
	if e.Unread == nil {
		r.routing = e.Routing
	}
	if e.Journal != nil {
		r.journal = e.Journal
		r.reach(e.Journal.Weight, e.Journal.Since)
	}
	if e.Assessment != nil {
		r.Judge(*e.Assessment)
	}
}

// reach ends the present step and begins one at a weight.
func (r *Recorder) reach(w rollout.Weight, at time.Time) {
	at = at.UTC().Truncate(time.Millisecond)
	if n := len(r.steps); n > 0 {
		if r.steps[n-1].Weight == w {
			return
		}
		r.steps[n-1].Until = &at
	}
	if w > 0 {
		r.steps = append(r.steps, Step{Weight: w, From: at})
		if r.most > 0 && len(r.steps) > r.most {
			r.steps = r.steps[len(r.steps)-r.most:]
		}
	}
}

// Judge notes the latest assessment of the present step, with the latest result of each probe.
func (r *Recorder) Judge(a analysis.Assessment) {
	r.assessment = &a
	r.warn(a.Warnings...)
	if n := len(r.steps); n > 0 {
		r.steps[n-1].Verdict, r.steps[n-1].Checks = a.Verdict.String(), slices.Concat(a.Checks, r.probes)
	}
}

// probed notes the latest result of a probe.
func (r *Recorder) probed(c analysis.Check) {
	r.probes = append(slices.DeleteFunc(slices.Clone(r.probes), func(earlier analysis.Check) bool { return earlier.Name == c.Name }), c)
}

// Answer is what the caller of a request gets for how its work ended: an answer, or the error that callers match on.
func (r *Recorder) Answer(req request.Request, f rollout.Finish, t rollout.Token, now time.Time) (Answer, error) {
	now = now.UTC().Truncate(time.Millisecond)
	if n := len(r.steps); n > 0 && r.steps[n-1].Until == nil && f.Execution == "" {
		r.steps[n-1].Until = &now
	}
	if r.journal == nil {
		r.journal = t.Journal()
	}
	if status(req, f.Outcome) == string(f.Outcome) {
		if err := Failure(f.Outcome, r.message(req, f)); err != nil {
			return Answer{}, err
		}
	}
	a := New(req.Plan.Target, status(req, f.Outcome), limited(f.Reason), append(slices.Clone(req.Warnings), r.warnings...)...)
	a.NewVersion, a.EndedAt, a.Steps = req.Plan.NewVersion, &now, r.steps
	switch j := r.journal; {
	case j == nil && f.Execution != "":
		a.OldVersion, a.Weight = r.routing.Primary, r.routing.Share(t.Version(req.Plan))
		a.NewVersion = t.Version(req.Plan)
	case j != nil:
		a.RolloutID, a.OldVersion, a.NewVersion, a.StartedAt = j.ID, j.Old, j.New, &j.Start
		a.Weight = r.routing.Share(j.New)
	default:
		a.NewVersion, a.Weight = r.routing.Primary, rollout.Full-r.routing.Weight
	}
	if f.Execution != "" {
		a.Execution, a.Driver, a.EndedAt = f.Execution, f.Engine, nil
		a.EndsAt = At(f.EndsAt)
		a.Reason = limited(f.Reason + fmt.Sprintf(`; follow it with {"action": "status", "execution": %q}, and end it with action rollback`, f.Execution))
	}
	if f.Outcome == rollout.Succeeded || f.Outcome == rollout.SucceededUnverified {
		a.Reason = r.success(req.Plan.Target, f.Outcome, now)
	}
	return a.bounded(), nil
}

// status is the word for an outcome that is an answer; the outcome's own for every other.
func status(req request.Request, o rollout.Outcome) string {
	switch recovers := req.Action == request.Recover; {
	case o == rollout.RolledBack && (recovers || req.Action == request.Rollback):
		return "rolled-back"
	case o == rollout.Held && recovers:
		return "held"
	}
	return string(o)
}

// success is the sentence of a rollout that went well.
func (r *Recorder) success(t rollout.Target, outcome rollout.Outcome, now time.Time) string {
	if r.journal == nil {
		return fmt.Sprintf("all traffic of %s is on version %s", t, r.routing.Primary)
	}
	text := fmt.Sprintf("all traffic of %s is on version %s after %s", t, r.journal.New, now.Sub(r.journal.Start).Round(time.Second))
	if outcome == rollout.SucceededUnverified && r.assessment != nil {
		return sentence(text+", unverified", r.assessment.Reason)
	}
	return sentence(text, r.lastReason())
}

// lastReason is what the latest checks said.
func (r *Recorder) lastReason() string {
	if r.assessment == nil || len(r.assessment.Checks) == 0 {
		return ""
	}
	check := r.assessment.Checks[0]
	return check.Name + ": " + check.Reason
}

// Driver is the token of the driver whose rollout was seen last; "" for none.
func (r *Recorder) Driver() string {
	if r.journal == nil {
		return ""
	}
	return r.journal.Driver
}
