package rollout

import (
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// Plan says what is to be rolled out where, by which weights, how long each, and judged by what. A request makes it; it never
// changes during a rollout.
type Plan struct {
	Target
	// NewVersion is the number of the version to go to; "" where Candidate names it.
	NewVersion string
	// Candidate is another alias of the function, which points at the new version; "" for none.
	Candidate string
	// Only is the id of the one rollout to go on with, and to begin nothing without it; "" is any.
	Only string
	// Steps rise strictly and end at Full, whose hold is the bake.
	Steps []Step
	// Auto chooses Steps from the alias's traffic, see Plan.For; nil for every other type.
	Auto   *Auto
	Health analysis.Health
	// Probes are invocations that the new version has to stand before the first shift, or at every step.
	Probes []Probe
	// Alarms are the names of CloudWatch alarms that can veto.
	Alarms []string
	// PreTraffic and PostTraffic are hook functions; "" for none.
	PreTraffic, PostTraffic string
	// Poll is how often health and the alias are looked at.
	Poll     time.Duration
	OnNoData NoDataPolicy
	// HoldOnFailure stays where it is after a failure instead of going back.
	HoldOnFailure bool
	// MaxDuration bounds the rollout from its start, way back included; zero leaves it to the driver.
	MaxDuration time.Duration
	// Emergency goes forward unless a check fails: it waits for no hold, no verdict and no person.
	Emergency bool
	// Message is the caller's why; "" for none.
	Message string
	// Force takes over a split alias and allows a version known to be bad.
	Force bool
}

// Step is one weight of a plan, and how long it is held.
type Step struct {
	Weight Weight
	// Hold is how long at the longest; a step without Least is held as long as that.
	Hold time.Duration
	// Least is how long the step is held at least where its evidence may end it early; 0 is a step that nothing ends early.
	Least time.Duration
	// Calls are how many of the new version's calls of this step have to be visible to end it early.
	Calls float64
	// Approve keeps the rollout at this weight after its hold until a person resumes it.
	Approve bool
}

// LongestPlan is the longest that any driver can run: a year.
const LongestPlan = 365 * 24 * time.Hour

// Overhead is by how much a rollout's time has to exceed its holds: calls, and the way back.
const Overhead = 10 * time.Second

// NoDataPolicy says what follows at the end of a hold in which nothing was measured.
type NoDataPolicy uint8

// The policies of on-no-data.
const (
	AdvanceOnNoData NoDataPolicy = iota
	HoldOnNoData
	RollbackOnNoData
)

// Duration is how long the plan's steps are held together, the bake included. Everything beyond LongestPlan counts as twice
// that.
func (p Plan) Duration() time.Duration {
	var sum time.Duration
	for _, s := range p.Steps {
		sum = min(sum+s.Hold, 2*LongestPlan)
	}
	return sum
}

// JudgesAlone says whether there is time in which the new version has all traffic and is judged.
func (p Plan) JudgesAlone() bool { return len(p.Steps) > 0 && p.Steps[len(p.Steps)-1].Hold > 0 }

// position finds a weight in the plan: the index of the first step that is not below it, and whether it is that
// step's weight exactly. Zero is before the first step: -1, exactly.
func (p Plan) position(w Weight) (index int, exact bool) {
	if w == 0 {
		return -1, true
	}
	for i, s := range p.Steps {
		if s.Weight >= w {
			return i, s.Weight == w
		}
	}
	return len(p.Steps) - 1, false
}

// next is the index of the step after the one at weight; len(Steps) behind the last.
func (p Plan) next(w Weight) int {
	i, exact := p.position(w)
	if exact {
		return i + 1
	}
	return i
}

// Before is the weight of the step before the one at a weight, 0 before the first; of a weight that is no step's, the
// weight itself.
func (p Plan) Before(w Weight) Weight {
	i, exact := p.position(w)
	switch {
	case !exact:
		return w
	case i <= 0:
		return 0
	}
	return p.Steps[i-1].Weight
}

// HoldEnd is when the hold of a running rollout's present step ends. A weight that is not of this plan, left by
// another schedule, is not held; nor is any but the bake in an emergency.
func (p Plan) HoldEnd(j Journal) time.Time {
	i, exact := p.position(j.Weight)
	if i < 0 || !exact || p.Emergency && j.Weight < Full {
		return j.Since
	}
	return j.Since.Add(p.Steps[i].Hold)
}

// remaining is how long a rollout that stands at the journal still takes from now on, with the time in which what it did
// cannot be seen yet; the whole plan without a journal.
func (p Plan) remaining(j *Journal, now time.Time) time.Duration {
	if j == nil {
		j = &Journal{Since: now}
	}
	at := now.Add(max(0, p.HoldEnd(*j).Sub(now)))
	if seen := p.seenBy(j); j.Weight > 0 && seen.After(at) {
		at = seen
	}
	for _, step := range p.Schedule(j, at) {
		at = step.Until
	}
	return at.Sub(now)
}

// Scheduled is a step with the time that it is expected to take.
type Scheduled struct {
	Step
	From, Until time.Time
}

// Schedule is when the steps after where a journal stands are expected, the first of them at a time; all steps of a plan
// where the journal is nil or at 0 %. A step goes on when its hold is over and what it did can be seen.
func (p Plan) Schedule(j *Journal, at time.Time) []Scheduled {
	var run Journal
	if j != nil {
		run = *j
	}
	rest := p.Steps[min(p.next(run.Weight), len(p.Steps)):]
	schedule := make([]Scheduled, 0, len(rest))
	for _, step := range rest {
		if run.Weight == 0 {
			run.First = at
		}
		run.Weight, run.Since = step.Weight, at
		until := at.Add(step.Hold)
		if seen := p.seenBy(&run); seen.After(until) {
			until = seen
		}
		schedule = append(schedule, Scheduled{Step: step, From: at, Until: until})
		at = until
	}
	return schedule
}

// seenBy is when what the shift did that a rollout waits for at the journal is usually seen; zero where it waits for none.
func (p Plan) seenBy(j *Journal) time.Time {
	if since := p.Awaited(j); !since.IsZero() {
		return since.Add(usualSight)
	}
	return time.Time{}
}

// Takes is how long the plan takes from its first shift, the bake and the time in which nothing can be seen yet included.
func (p Plan) Takes() time.Duration { return p.remaining(nil, time.Unix(0, 0)) }

// holdsAfter is how long the holds of all steps after a weight are.
func (p Plan) holdsAfter(w Weight) time.Duration {
	var sum time.Duration
	for _, s := range p.Steps[min(p.next(w), len(p.Steps)):] {
		sum = min(sum+s.Hold, 2*LongestPlan)
	}
	return sum
}

// soonest is when a rollout that stands at the journal can have come to its end.
func (p Plan) soonest(j Journal) time.Time {
	end := p.HoldEnd(j)
	if i, exact := p.position(j.Weight); i >= 0 && exact && p.Steps[i].Least > 0 {
		end = j.Since.Add(p.Steps[i].Least)
	}
	for _, s := range p.Steps[min(p.next(j.Weight), len(p.Steps)):] {
		switch {
		case p.Emergency && s.Weight < Full:
		case s.Least > 0:
			end = end.Add(s.Least)
		default:
			end = end.Add(s.Hold)
		}
	}
	return end
}

// overhead is what a rollout takes beside its plan: reads and writes at every step, and the reserve for the way back.
func (p Plan) overhead(j *Journal) time.Duration {
	const perStep = 300 * time.Millisecond
	steps := len(p.Steps)
	if j != nil {
		steps -= p.next(j.Weight)
	}
	return Overhead + time.Duration(max(0, steps))*perStep
}

// End is when a rollout has to be over: its driver's own end or, if sooner, the plan's; zero is never.
func (p Plan) End(j *Journal, driverEnd time.Time) time.Time {
	if j == nil || p.MaxDuration == 0 {
		return driverEnd
	}
	if own := j.Start.Add(p.MaxDuration); driverEnd.IsZero() || own.Before(driverEnd) {
		return own
	}
	return driverEnd
}

// Fits says whether what is left of the rollout can be run until end; a zero end is never.
func (p Plan) Fits(j *Journal, now, end time.Time) bool {
	return end.IsZero() || !now.Add(p.remaining(j, now)+p.overhead(j)).After(end)
}
