package rehearsal

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Case is how a plan did over a record with failures added to the new version.
type Case struct {
	// Added is how many percent of the new version's invocations fail beyond the old version's failures; 0 is the old
	// version against itself.
	Added float64 `json:"added-failures"`
	// Rollouts is how many were replayed, and RolledBack how many of them went back.
	Rollouts   int `json:"rollouts"`
	RolledBack int `json:"rolled-back"`
	// MedianTime is the median time from the first shift to the way back, a Go duration, and MedianFailed the median of
	// the new version's failed invocations until then, of the rollouts that went back; "" and nil without one.
	MedianTime   string   `json:"median-time-to-rollback,omitempty"`
	MedianFailed *float64 `json:"median-failed-invocations,omitempty"`
}

const (
	// mostRollouts is how many rollouts are replayed of each case.
	mostRollouts = 100
	// settled is how long before the present a record ends: later minutes still grow.
	settled = 3 * time.Minute
)

// Record are an alias's calls by minute, without a gap; Since is the first, a whole minute.
type Record struct {
	since   time.Time
	minutes []analysis.Minute
}

// RecordSpan is the time to read for a record of so many days before now: what the judge wants to know before the first
// rollout comes on top.
func RecordSpan(now time.Time, days int) (since, until time.Time) {
	until = now.UTC().Truncate(time.Minute).Add(-settled)
	return analysis.HistorySince(until.AddDate(0, 0, -days)), until
}

// NewRecord takes the minutes from since up to, not including, until; those that are missing had no calls.
func NewRecord(since, until time.Time, minutes []analysis.Minute) Record {
	since = since.UTC().Truncate(time.Minute)
	r := Record{since: since, minutes: make([]analysis.Minute, max(0, int(until.Sub(since)/time.Minute)))}
	for i := range r.minutes {
		r.minutes[i].Start = since.Add(time.Duration(i) * time.Minute)
	}
	for _, m := range minutes {
		if i := r.index(m.Start); !m.Start.Before(since) && i < len(r.minutes) {
			r.minutes[i] = m
		}
	}
	return r
}

// index is where a time's minute stands, as far as it is in the record.
func (r Record) index(t time.Time) int { return int(t.Sub(r.since) / time.Minute) }

// between are the minutes of a span, as far as they are in the record.
func (r Record) between(since, until time.Time) []analysis.Minute {
	from := min(max(0, r.index(since)), len(r.minutes))
	return r.minutes[from:max(from, min(r.index(until), len(r.minutes)))]
}

// calls are the alias's calls of a minute; none outside the record.
func (r Record) calls(minute time.Time) analysis.Counts {
	if i := r.index(minute); !minute.Before(r.since) && i < len(r.minutes) {
		return r.minutes[i].Alias
	}
	return analysis.Counts{}
}

// Rehearse replays the plan over the record: the old version against itself, and with failures of 1, 10 and 100 % of its
// invocations added to the new one, each at the same starts. It goes on while more says so, which it asks before each
// start; nil is always. The same record and plan give the same cases, always.
func (r Record) Rehearse(p rollout.Plan, more func() bool) []Case {
	added := append([]float64{0}, percentages()...)
	ends := make([][]Outcome, len(added))
	for _, start := range r.starts(p) {
		if more != nil && !more() {
			break
		}
		memo := new(analysis.Memo)
		for i, percent := range added {
			trial := r.trial(p, start, percent)
			trial.Memo = memo
			ends[i] = append(ends[i], trial.Play())
		}
	}
	cases := make([]Case, len(added))
	for i, percent := range added {
		cases[i] = newCase(percent, ends[i])
	}
	return cases
}

// starts are when the rollouts begin: one after the other or, where that would be too many, spread over the record. They
// begin at changing seconds of the minute. Rollouts that would meet no call are left out.
func (r Record) starts(p rollout.Plan) []time.Time {
	first := analysis.HistorySince(r.since)
	first = r.since.Add(r.since.Sub(first))
	length := replayed(p) + rollout.PublishDelay
	room := r.since.Add(time.Duration(len(r.minutes)) * time.Minute).Add(-length).Sub(first)
	if room < 0 {
		return nil
	}
	apart := max(length, room/mostRollouts+1)
	const phase = 17 * time.Second
	var starts []time.Time
	for at := time.Duration(0); at <= room; at += apart {
		start := first.Add(at).Truncate(time.Minute).Add(phase * time.Duration(len(starts)) % time.Minute)
		if slices.ContainsFunc(r.between(start, start.Add(length)), func(m analysis.Minute) bool { return m.Alias.Invocations > 0 }) {
			starts = append(starts, start)
		}
	}
	return starts
}

// trial is a rollout at a start with failures added, whose chances derive from both.
func (r Record) trial(p rollout.Plan, start time.Time, percent float64) Trial {
	seed := fnv.New64a()
	_, _ = seed.Write([]byte(start.Format(time.RFC3339)))
	dice := rand.New(rand.NewPCG(seed.Sum64(), uint64(percent)))
	before := r.between(analysis.HistorySince(start), start)
	return Trial{
		Plan: p.For(rollout.TrafficBefore(start, before)), Start: start, History: analysis.HistoryBefore(start, time.Minute, before), Calls: r.calls, Dice: dice,
		Fails: func(c analysis.Counts) float64 { return c.Errors + binomial(dice, c.Invocations-c.Errors, percent/100) },
	}
}

// newCase sums up how replays ended.
func newCase(added float64, ends []Outcome) Case {
	c := Case{Added: added, Rollouts: len(ends)}
	var times, failed []float64
	for _, end := range ends {
		if end.RolledBack {
			times, failed = append(times, end.After.Seconds()), append(failed, end.Failed)
		}
	}
	if c.RolledBack = len(times); c.RolledBack > 0 {
		c.MedianTime = (time.Duration(median(times)) * time.Second).String()
		c.MedianFailed = new(median(failed))
	}
	return c
}

// median sorts what it is given, which must not be empty; of an even number it is the lower of the two in the middle.
func median(values []float64) float64 {
	sort.Float64s(values)
	return values[(len(values)-1)/2]
}
