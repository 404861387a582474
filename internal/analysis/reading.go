package analysis

import (
	"math"
	"time"
)

// Counts are the calls of one version through the alias. CloudWatch sums are floating-point numbers; whole here.
type Counts struct {
	Invocations float64 `json:"invocations"`
	Errors      float64 `json:"errors"`
}

// Plus adds two counts.
func (c Counts) Plus(d Counts) Counts {
	return Counts{Invocations: c.Invocations + d.Invocations, Errors: c.Errors + d.Errors}
}

// atLeast is the larger of two counts of the same calls, figure by figure.
func (c Counts) atLeast(d Counts) Counts {
	return Counts{Invocations: max(c.Invocations, d.Invocations), Errors: max(c.Errors, d.Errors)}
}

// calls is the number of invocations. The two metrics are published separately, so errors may be seen before the
// invocations they belong to; every error is an invocation.
func (c Counts) calls() float64 { return max(c.Invocations, c.Errors) }

// rate is the share of calls that failed; zero without calls.
func (c Counts) rate() float64 {
	if c.calls() == 0 {
		return 0
	}
	return c.Errors / c.calls()
}

// Minute is what CloudWatch shows of one minute of invocations, by the minute in which they started. The newest
// minutes are incomplete: counts only grow.
type Minute struct {
	Start time.Time
	// New and Old are the calls through the alias that ran on each version (dimensions FunctionName, Resource and
	// ExecutedVersion).
	New, Old Counts
	// Alias are all calls through the alias (dimensions FunctionName and Resource), whichever version ran.
	Alias Counts
	// NewTook, OldTook and AliasTook are how long the same calls took, where that was asked for.
	NewTook, OldTook, AliasTook Durations
	// Throttles are the calls of the alias that were throttled; they are no invocations.
	Throttles float64
	// Values are the datapoints of the request's own metrics, by id.
	Values map[string][]float64
}

// Reading is everything that CloudWatch shows since a rollout began.
type Reading struct {
	// Minutes are in order. Of a long rollout some are longer periods, see Stretches: one that only part of counts, as of a
	// step, does not count.
	Minutes []Minute
	// Alone is when the alias began to stand at the new version alone; zero while it does not. Whether calls through
	// an alias without weights carry ExecutedVersion rests on one report, so in every whole minute after Alone the
	// alias's own series counts as the new version's.
	Alone time.Time
	// Share is the new version's present part of the traffic, 0 to 1, the largest so far, and Shifted since when; before, it
	// was Before. 0 where nobody knows.
	Share, Before float64
	Shifted       time.Time
}

// New sums the new version's calls in the minutes that start no earlier than the minute of since.
func (r Reading) New(since time.Time) Counts {
	var sum Counts
	for _, m := range r.Minutes {
		if m.Start.Before(since.Truncate(time.Minute)) {
			continue
		}
		sum = sum.Plus(r.newIn(m))
	}
	return sum.whole()
}

// newIn is the new version's calls in one minute.
func (r Reading) newIn(m Minute) Counts {
	if r.aloneIn(m) {
		return m.New.atLeast(m.Alias)
	}
	return m.New
}

// aloneIn says whether the alias stood at the new version alone for the whole minute. Calls that ran on the old one belie
// it: Lambda keeps sending them there while it moves provisioned concurrency.
func (r Reading) aloneIn(m Minute) bool {
	return !r.Alone.IsZero() && !m.Start.Before(r.Alone) && m.Old.calls() == 0
}

// highest is the new version's highest part of the traffic in the last minute of some blocks. Before is known by the plan,
// which somebody may have left: it does not count where the minute's calls show nothing like it.
func (r Reading) highest(blocks []Block) float64 {
	const like = 3 // times the odds
	if len(blocks) == 0 {
		return 0
	}
	last := blocks[len(blocks)-1]
	switch share := last.share(); {
	case r.Shifted.Before(time.Unix(60*(last.Minute+1), 0)):
		return r.Share
	case r.Before*(1-share) > like*share*(1-r.Before):
		return share
	}
	return r.Before
}

// Old sums the old version's calls since the rollout began.
func (r Reading) Old() Counts {
	var sum Counts
	for _, m := range r.Minutes {
		sum = sum.Plus(m.Old)
	}
	return sum.whole()
}

// whole rounds sums to whole calls and lets no error be without its invocation.
func (c Counts) whole() Counts {
	return Counts{Invocations: math.Round(c.calls()), Errors: math.Round(c.Errors)}
}
