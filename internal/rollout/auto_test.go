package rollout

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// autoRequest is a request of type auto with more keys.
func autoRequest(t require.TestingT, budget float64, more string) Request {
	raw := fmt.Sprintf(`{"function-name": "f", "alias": "live", "new-version": "8", "type": "auto", "health-check": {"max-failed-invocations": %g}%s}`, budget, more)
	r, err := Parse([]byte(raw), Home{})
	require.NoError(t, err)
	return r
}

func TestAutoChoosesBudgetOverBlindTraffic(t *testing.T) {
	tests := map[string]struct {
		perSecond float64
		more      string
		first     Weight
		steps     int
		hold      time.Duration
	}{
		"no traffic: the documented default":        {0, "", 1_00, 5, 172 * time.Second},
		"20 a second: 10/(20*135 s)":                {20, "", 37, 5, 172 * time.Second},
		"1 a second: 10/135":                        {1, "", 7_40, 4, 230 * time.Second},
		"a call now and then: half to compare with": {0.01, "", 50_00, 2, 10 * time.Minute},
		"more than the smallest weight can bear":    {10_000, "", 1, 5, 172 * time.Second},
		"a slower poll sees less":                   {20, `, "poll-interval": 60`, 27, 4, 230 * time.Second},
		"longer steps by interval":                  {20, `, "interval": 300`, 37, 2, 5 * time.Minute},
		"a target of an hour":                       {20, `, "max-duration": "1h"`, 37, 7, 573 * time.Second},
		"a target of 6 minutes":                     {20, `, "max-duration": "6m"`, 37, 2, 200 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := autoRequest(t, 10, tt.more).Plan.For(Traffic{PerSecond: tt.perSecond})
			require.Len(t, p.Steps, tt.steps)
			assert.Equal(t, tt.first, p.Steps[0].Weight)
			assert.Equal(t, tt.hold, p.Steps[0].Hold)
		})
	}
}

func TestEveryAutoScheduleKeepsItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		budget := rapid.Float64Range(.5, 10_000).Draw(t, "budget")
		more := rapid.SampledFrom([]string{"", `, "interval": 200`, `, "max-duration": "30m"`, `, "bake": 0`, `, "interval": "1h", "max-duration": "9h"`, `, "poll-interval": 200`}).Draw(t, "more")
		r := autoRequest(t, budget, more)
		traffic := Traffic{PerSecond: rapid.OneOf(rapid.Just(0.), rapid.Float64Range(0, 1e5)).Draw(t, "per second")}
		p := r.Plan.For(traffic)

		last := len(p.Steps) - 1
		assert.Equal(t, Full, p.Steps[last].Weight)
		assert.Zero(t, p.Steps[last].Least, "the bake is held whole")
		assert.LessOrEqual(t, p.Duration(), p.Auto.Target)
		for i, s := range p.Steps[:last] {
			assert.Less(t, s.Weight, p.Steps[i+1].Weight)
			assert.GreaterOrEqual(t, s.Hold, p.Blind(), "what a step did is seen before the next")
			assert.GreaterOrEqual(t, s.Calls, 1.0)
		}
		cost := p.Steps[0].Weight.Share() * traffic.PerSecond * p.Blind().Seconds()
		if p.Doubts(traffic) == "" {
			assert.LessOrEqual(t, cost, budget*(1+1e-9))
		}
		assert.Equal(t, p, r.Plan.For(traffic).For(traffic), "the schedule does not hang on the one before")
	})
}

func TestTrafficIsTheBusiestTenMinutesOfTheSettledHour(t *testing.T) {
	start := time.Date(2026, 1, 5, 12, 0, 42, 0, time.UTC)
	since, until := TrafficSpan(start)
	assert.Equal(t, time.Date(2026, 1, 5, 11, 57, 0, 0, time.UTC), until, "what still grows is left out")
	var minutes []analysis.Minute
	for at := since.Add(-time.Hour); at.Before(start.Add(time.Hour)); at = at.Add(time.Minute) {
		calls := 1_000_000.0
		if !at.Before(since) && at.Before(until) {
			calls = 60
		}
		if !at.Before(since.Add(20*time.Minute)) && at.Before(since.Add(30*time.Minute)) {
			calls = 120
		}
		minutes = append(minutes, analysis.Minute{Start: at, Alias: analysis.Counts{Invocations: calls}})
	}
	assert.InDelta(t, 2.0, TrafficBefore(start, minutes).PerSecond, 1e-9)
	assert.Equal(t, TrafficBefore(start, minutes), TrafficBefore(start.Add(17*time.Second), minutes), "the same within a minute")
	assert.Zero(t, TrafficBefore(start, nil))
}

func TestAutoSaysWhatItCannotKeep(t *testing.T) {
	p := autoRequest(t, 10, "").Plan
	assert.Contains(t, p.Doubts(Traffic{}), "no calls are recorded of the hour before")
	assert.Contains(t, p.Doubts(Traffic{PerSecond: 10_000}), "even the smallest weight, 0.01 %, costs about 135 calls")
	assert.Empty(t, p.Doubts(Traffic{PerSecond: 20}))
	assert.Empty(t, plan10().Doubts(Traffic{}))
	assert.Equal(t, plan10(), plan10().For(Traffic{PerSecond: 20}), "another type keeps its schedule")
}

func TestEvidenceEndsAStep(t *testing.T) {
	seen := func(calls float64, doubtful bool) *analysis.Assessment {
		return &analysis.Assessment{Verdict: analysis.Pass, Step: analysis.Counts{Invocations: calls}, Doubtful: doubtful}
	}
	tests := map[string]struct {
		held       time.Duration
		assessment *analysis.Assessment
		goesOn     bool
	}{
		"enough calls that say nothing against it": {2 * time.Minute, seen(50, false), true},
		"not before its least":                     {2*time.Minute - time.Millisecond, seen(50, false), false},
		"too few calls of this step":               {2 * time.Minute, seen(49, false), false},
		"something speaks against it":              {2 * time.Minute, seen(50, true), false},
		"no data":                                  {2 * time.Minute, noData, false},
		"unread":                                   {2 * time.Minute, unread, false},
		"its longest hold ends it all the same":    {5 * time.Minute, seen(1, true), true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := atStep3()
			s.plan.Steps[2] = Step{Weight: 30_00, Hold: 5 * time.Minute, Least: 2 * time.Minute, Calls: 50}
			s.situation.Now, s.situation.Assessment = s.journal.Since.Add(tt.held), tt.assessment
			_, goesOn := first(s.decide()).(Write)
			assert.Equal(t, tt.goesOn, goesOn)
		})
	}
}

func TestNothingGoesForwardWithoutASchedule(t *testing.T) {
	s := atStep3()
	s.situation.Unscheduled = true
	requireWait(t, first(s.decide()), 15*time.Second, s.situation.Now)

	s.situation.Assessment = fail
	w, _ := requireWrite(t, first(s.decide()))
	assert.Equal(t, Routing{Primary: "7"}, w.Routing, "going back needs none")
}
