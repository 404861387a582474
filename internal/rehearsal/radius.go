package rehearsal

import (
	"math"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Radius is what a bad version is expected to cost.
type Radius struct {
	// Failing is how many percent of its invocations fail.
	Failing float64 `json:"failing"`
	// RolledBackAfter is the time from the first shift to the way back, a Go duration; "" where the plan does not notice.
	RolledBackAfter string `json:"rolled-back-after,omitempty"`
	// Failed are its failed invocations until then; where the plan does not notice, until its end or for Longest.
	Failed int `json:"failed-invocations"`
}

// percentages are how bad the versions are that are tried.
func percentages() []float64 { return []float64{1, 10, 100} }

// BlastRadius is what versions that fail 1, 10 and 100 % of their invocations are expected to cost under a plan that
// starts at start, when the traffic goes on as in the hour before: a replay with the expected counts. minutes cover
// rollout.TrafficSpan and, for the judge, the time since analysis.HistorySince. It is nil without any traffic.
func BlastRadius(p rollout.Plan, start time.Time, minutes []analysis.Minute) []Radius {
	usual := usualMinute(start, minutes)
	if usual.Invocations == 0 {
		return nil
	}
	radii := make([]Radius, 0, len(percentages()))
	memo := new(analysis.Memo)
	for _, failing := range percentages() {
		end := Trial{
			Plan: p, Start: start, History: analysis.HistoryBefore(start, time.Minute, minutes), Memo: memo,
			Calls: func(time.Time) analysis.Counts { return usual },
			Fails: func(c analysis.Counts) float64 { return c.Invocations * failing / 100 },
		}.Play()
		radius := Radius{Failing: failing, Failed: int(math.Round(end.Failed))}
		if end.RolledBack {
			radius.RolledBackAfter = end.After.Round(time.Second).String()
		}
		radii = append(radii, radius)
	}
	return radii
}

// usualMinute is the mean minute of the hour before a start.
func usualMinute(start time.Time, minutes []analysis.Minute) analysis.Counts {
	since, until := rollout.TrafficSpan(start)
	var all analysis.Counts
	for _, m := range minutes {
		if !m.Start.Before(since) && m.Start.Before(until) {
			all = all.Plus(m.Alias)
		}
	}
	n := until.Sub(since).Minutes()
	return analysis.Counts{Invocations: all.Invocations / n, Errors: all.Errors / n}
}
