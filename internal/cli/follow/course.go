package follow

import (
	"fmt"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// full is all traffic.
const full = rollout.Full

// course is what the statuses of one rollout say, one after the other: it finds the end in them.
type course struct {
	// before is the status before the rollout was sent, and version where it goes.
	before  answer.Answer
	version string
	// unjudged says that no health check was asked for.
	unjudged bool
	// sent says that it was sent from here at begins, and need not have begun.
	sent   bool
	begins time.Time
	// last is the last status of the rollout, and id its id; "" before it was seen.
	last answer.Answer
	id   string
	// steps are those that were seen, each as it was seen last.
	steps []answer.Step
	// moved says that the rollout that was held before goes on.
	moved bool
	// strange is how many statuses in a row were of no rollout and no end: one may be older than the rollout.
	strange int
}

// begun says that the rollout was seen.
func (c *course) begun() bool { return c.id != "" }

// next takes a status; over says that the rollout has ended.
func (c *course) next(a answer.Answer, now time.Time) (end ending.Ending, over bool) {
	if a.Status == "idle" {
		return c.idle(a, now)
	}
	switch {
	case c.id == "" && a.NewVersion == c.version:
		c.id = a.RolloutID
	case c.id == "":
		return ending.Failed("RolloutInProgress", "another rollout was quicker: "+a.Reason), true
	case c.id != a.RolloutID:
		return ending.Failed("Superseded", fmt.Sprintf("the alias carries another rollout now, to version %s: %s", a.NewVersion, a.Reason)), true
	}
	c.last, c.strange = a, 0
	c.reach(a.Steps)
	c.moved = c.moved || a.Status != "held" || a.RolloutID != c.before.RolloutID || c.before.Status != "held"
	if a.Status == "held" && (c.moved || !c.sent || now.Sub(c.begins) > time.Minute) {
		return ending.Failed("Held", fmt.Sprintf("%s:%s is held where it is, at %s %% on version %s: %s\nlook at it, then send action rollback, or another version with force",
			a.Function, a.Alias, a.Weight, a.NewVersion, a.Reason)), true
	}
	return ending.Ending{}, false
}

// reach takes the present step of a status.
func (c *course) reach(present []answer.Step) {
	for _, step := range present {
		if n := len(c.steps); n > 0 && c.steps[n-1].Weight == step.Weight {
			c.steps = c.steps[:n-1]
		} else if n > 0 {
			c.steps[n-1].Until = &step.From
		}
		c.steps = append(c.steps, step)
	}
}

// idle takes the status of an alias without a rollout: ours has ended, or has not begun.
func (c *course) idle(a answer.Answer, now time.Time) (ending.Ending, bool) {
	begun := c.begun()
	switch {
	case a.NewVersion == c.version && a.Weight == full:
		return c.success(a, now), true
	case begun && strings.Contains(a.Reason, c.id), !begun && c.before.Status == "idle" && c.before.NewVersion == a.NewVersion && a.Reason != c.before.Reason:
		return ending.Failed("RolledBack", fmt.Sprintf("all traffic of %s:%s is back on version %s\n%s", a.Function, a.Alias, a.NewVersion, a.Reason)), true
	case begun && c.strange < 2:
		c.strange++
	case begun:
		return ending.Failed("Superseded", fmt.Sprintf("%s:%s is no longer this rollout's: %s\nagree with whoever moved it, then deploy again", a.Function, a.Alias, a.Reason)), true
	case now.Sub(c.begins) > beginning:
		return ending.Failed(ending.NotBegun, fmt.Sprintf("nothing was begun for %s; the deployer's log says why: %s", beginning, a.Reason)), true
	}
	return ending.Ending{}, false
}

// success is the answer of a rollout that is live. What its driver has seen last is not known here: what the last status has
// shown is.
func (c *course) success(a answer.Answer, now time.Time) ending.Ending {
	now = now.UTC().Truncate(time.Millisecond)
	verdict := ""
	if n := len(c.last.Steps); n > 0 {
		verdict = c.last.Steps[n-1].Verdict
	}
	is := a
	is.Status = string(rollout.SucceededUnverified)
	if c.unjudged || verdict == "pass" {
		is.Status = string(rollout.Succeeded)
	}
	is.RolloutID, is.OldVersion, is.StartedAt, is.Steps = c.last.RolloutID, c.last.OldVersion, c.last.StartedAt, c.steps
	n := len(is.Steps)
	if n == 0 || now.After(is.Steps[n-1].From) { // else this clock and the account's are apart, and the end is not known
		is.EndedAt = &now
	}
	if n > 0 {
		is.Steps[n-1].Until = is.EndedAt
	}
	is.Reason = fmt.Sprintf("all traffic of %s:%s is on version %s", a.Function, a.Alias, a.NewVersion)
	switch {
	case c.unjudged:
	case verdict == "":
		is.Reason += "; it was not seen on its way from here"
	default:
		is.Reason += fmt.Sprintf("; at the last look from here, at %s %%, the verdict was %s", c.last.Weight, verdict)
	}
	return ending.With(is)
}
