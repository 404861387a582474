package rollout

import (
	"fmt"
	"math"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// Auto is what a request of type auto says of its schedule; Plan.For makes the schedule. How many failures the version may
// cost is Plan.Health.MaxFailed.
type Auto struct {
	// Target bounds the plan, held as long as possible, with the bake.
	Target time.Duration
	// Hold is the longest that a step is held; 0 for what Target leaves.
	Hold time.Duration
	Bake time.Duration
}

// The bounds of a schedule of type auto; docs/decisions/0009 says why.
const (
	// AutoTarget fits into one invocation of the deployer.
	AutoTarget = 14 * time.Minute
	// AutoHold is the shortest of the longest holds where the request has no interval, and the default of the bake.
	AutoHold = 150 * time.Second
	// autoMostHold is the longest hold that is chosen where Target leaves more.
	autoMostHold = 10 * time.Minute
	// autoPoll is how often somebody looks, whatever the request's poll-interval: the schedule is the same for every driver.
	autoPoll = 15 * time.Second
	// autoGrowth is by how much weights grow at most from step to step, where Target leaves the time for it.
	autoGrowth = 3
	// autoFirst is the first weight for an alias without traffic, of which nothing can be said.
	autoFirst Weight = 1_00
	// autoFirstMost leaves half of the traffic to compare with, however little there is.
	autoFirstMost Weight = 50_00
)

// What CloudWatch shows, and when (docs/statistics.md, section 1).
const (
	// PublishDelay is how long after the calls of a moment CloudWatch shows them.
	PublishDelay = time.Minute
	// granularity is how finely it does.
	granularity = time.Minute
)

// Blind is how long a bad version may serve before the first that it did is seen (docs/statistics.md, section 5, item 4).
func (p Plan) Blind() time.Duration { return PublishDelay + granularity + autoPoll }

// Traffic is how busy an alias was in the hour before a rollout, see TrafficBefore. The zero Traffic is none.
type Traffic struct {
	// PerSecond are the calls per second of the busiest ten minutes.
	PerSecond float64
}

const (
	// trafficHour is how much of the past is looked at, and trafficSettled how long its end lies before the start: what
	// CloudWatch shows of it does not change any more, so that every driver sees the same.
	trafficHour    = time.Hour
	trafficSettled = 3 * time.Minute
	// trafficPart is what the hour is divided into, to find its busiest.
	trafficPart = 10 * time.Minute
)

// TrafficSpan is the time that TrafficBefore looks at for a rollout that starts at start: an hour of whole minutes.
func TrafficSpan(start time.Time) (since, until time.Time) {
	until = start.UTC().Truncate(time.Minute).Add(-trafficSettled)
	return until.Add(-trafficHour), until
}

// TrafficBefore is how busy the alias was before a rollout that starts at start, from minutes that cover TrafficSpan;
// minutes outside of it do not matter.
func TrafficBefore(start time.Time, minutes []analysis.Minute) Traffic {
	since, until := TrafficSpan(start)
	var parts [trafficHour / trafficPart]float64
	busiest := 0.0
	for _, m := range minutes {
		if m.Start.Before(since) || !m.Start.Before(until) {
			continue
		}
		part := m.Start.Sub(since) / trafficPart
		parts[part] += m.Alias.Invocations
		busiest = max(busiest, parts[part])
	}
	return Traffic{PerSecond: busiest / trafficPart.Seconds()}
}

// For is the plan with the schedule that suits the traffic, where it is of type auto; any other plan as it is. The first
// weight is so small that a version which fails completely costs MaxFailed calls before the first of them can be seen,
//
//	w <= B / (rate * (publish delay + a minute + poll))
//
// (docs/statistics.md, section 5, item 4). The weights then grow by a constant factor. A step ends early
// once so many of its own calls are visible that a failure rate which would cost B at the next weight had one failure to
// show. A rate x times that is missed with probability exp(-x), so going on early costs x exp(-x) B <= B/e on average.
func (p Plan) For(t Traffic) Plan {
	if p.Auto == nil {
		return p
	}
	// cost is how many calls are blindly served at full weight, in units of the budget.
	cost := t.PerSecond * p.Blind().Seconds() / p.Health.MaxFailed
	first := autoFirst
	if cost > 0 {
		first = Weight(min(max(math.Floor(float64(Full)/cost), 1), float64(autoFirstMost)))
	}
	steps, hold := p.Auto.fit(first, p.Blind())
	p.Steps = Exponential(first, steps+1, hold)
	for i := range p.Steps[:len(p.Steps)-1] {
		p.Steps[i].Least = PublishDelay + granularity
		p.Steps[i].Calls = math.Ceil(max(1, cost*p.Steps[i+1].Weight.Share()))
	}
	p.Steps[len(p.Steps)-1].Hold = p.Auto.Bake
	return p
}

// fit is how many steps there are below 100 % and how long each is held at the longest.
func (a Auto) fit(first Weight, blind time.Duration) (steps int, hold time.Duration) {
	room, least := a.Target-a.Bake, a.Hold
	if least == 0 {
		least = max(AutoHold, blind)
	}
	wanted := math.Ceil(math.Log(float64(Full)/float64(first))/math.Log(autoGrowth) - 1e-9)
	steps = max(1, min(int(wanted), int(room/least)))
	if a.Hold > 0 {
		return steps, a.Hold
	}
	return steps, min(room/time.Duration(steps), autoMostHold).Truncate(time.Second)
}

// ScheduleWarning says what a caller should know of how the schedule was chosen; "" for nothing.
func (p Plan) ScheduleWarning(t Traffic) string {
	blind := t.PerSecond * p.Blind().Seconds()
	switch {
	case p.Auto == nil:
		return ""
	case t.PerSecond == 0:
		return fmt.Sprintf("no calls are recorded of the hour before the start, so type auto begins at %s %% and cannot say what a bad version costs", autoFirst)
	case blind*Weight(1).Share() > p.Health.MaxFailed:
		return fmt.Sprintf("at %.0f calls per second even the smallest weight, %s %%, costs about %.0f calls of a version that fails completely before the first can be seen, more than max-failed-invocations",
			t.PerSecond, Weight(1), blind*Weight(1).Share())
	}
	return ""
}

// seenEnough says that the evidence of the present step ends it before its longest hold: the verdict is pass, nothing
// speaks against the new version, and enough of this step's own calls are visible.
func (d decision) seenEnough() bool {
	i, exact := d.plan.position(d.live.Weight)
	if i < 0 || !exact || d.plan.Steps[i].Least == 0 {
		return false
	}
	step, a := d.plan.Steps[i], d.snapshot.Assessment
	return a != nil && a.Verdict == analysis.Pass && !a.Doubtful && a.Step.Invocations >= step.Calls &&
		!d.snapshot.Now.Before(d.live.Since.Add(step.Least))
}
