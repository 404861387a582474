package rehearsal

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// planOf is the plan of a request with more keys.
func planOf(t *testing.T, more string) rollout.Plan {
	t.Helper()
	r, err := request.Parse([]byte(`{"action": "rehearse", "function-name": "f", "alias": "live", `+more+`}`), request.Home{})
	require.NoError(t, err)
	return r.Plan
}

// steady are minutes of the same traffic, from so many hours before noon to so many after.
func steady(before, after int, perMinute, errors float64) []analysis.Minute {
	var minutes []analysis.Minute
	for at := noon.Add(time.Duration(-before) * time.Hour); at.Before(noon.Add(time.Duration(after) * time.Hour)); at = at.Add(time.Minute) {
		minutes = append(minutes, analysis.Minute{Start: at, Alias: analysis.Counts{Invocations: perMinute, Errors: errors}})
	}
	return minutes
}

func TestBlastRadius(t *testing.T) {
	linear := planOf(t, `"steps": 10, "interval": 60`)
	radii := BlastRadius(linear, noon, steady(4, 0, 1200, 0))
	require.Len(t, radii, 3)
	assert.Equal(t, Radius{Failing: 100, RolledBackAfter: "1m15s", Failed: 150}, radii[2],
		"2 a second at 10 %, until the first poll that sees any: nothing goes past the first weight unseen")
	assert.Greater(t, radii[2].Failed, radii[1].Failed)
	assert.Greater(t, radii[1].Failed, radii[0].Failed)

	off := planOf(t, `"steps": 10, "interval": 60, "health-check": false`)
	for i, radius := range BlastRadius(off, noon, steady(4, 0, 1200, 0)) {
		assert.Empty(t, radius.RolledBackAfter, "nothing is noticed")
		assert.InDelta(t, 1200*5.5*percentages()[i]/100, float64(radius.Failed), 20)
	}
	assert.Nil(t, BlastRadius(linear, noon, nil), "nothing is known")
	assert.Nil(t, BlastRadius(linear, noon, steady(4, -2, 1200, 0)), "nothing came in the last hour")
}

func TestLongPlansAreReplayedForHalfADay(t *testing.T) {
	year := planOf(t, `"steps": 1000, "interval": "8h"`)
	radii := BlastRadius(year, noon, steady(4, 0, 6, 0))
	assert.Empty(t, radii[0].RolledBackAfter)
	assert.LessOrEqual(t, radii[0].Failed, 1)
	assert.NotEmpty(t, radii[2].RolledBackAfter)
}

func TestBlindIsWhatAReplayCannotJudge(t *testing.T) {
	for keys, blind := range map[string]bool{
		`"steps": 3`:                           false,
		`"alarms": ["a"]`:                      true,
		`"hooks": {"pre-traffic": "hook"}`:     true,
		`"health-check": {"throttles": "any"}`: true,
		`"health-check": {"errors": {"max-rate": 0.1}, "min-invocations": 5}`:       false,
		`"health-check": {"errors": "any", "max-failed-invocations": 3}, "bake": 9`: false,
	} {
		assert.Equal(t, blind, Blind(planOf(t, keys)), keys)
	}
}

func TestAutoCostsItsBudget(t *testing.T) {
	for _, perMinute := range []float64{6, 60, 6000, 300_000} {
		for _, budget := range []float64{2, 10, 1000} {
			plan := planOf(t, fmt.Sprintf(`"type": "auto", "health-check": {"max-failed-invocations": %g}`, budget))
			minutes := steady(4, 0, perMinute, 0)
			plan = plan.For(rollout.TrafficBefore(noon, minutes))
			cost := BlastRadius(plan, noon, minutes)[2]
			smallest := math.Ceil(perMinute / 60 * 135 * .0001)
			assert.LessOrEqual(t, float64(cost.Failed), max(budget, smallest)+1, "%g a minute, budget %g: %+v", perMinute, budget, cost)
			assert.NotEmpty(t, cost.RolledBackAfter)
		}
	}
}

func TestRehearse(t *testing.T) {
	plan := planOf(t, `"steps": 5, "interval": 60`)
	record := NewRecord(noon.Add(-27*time.Hour), noon, steady(27, 0, 600, 1))
	cases := record.Rehearse(plan, nil)
	require.Len(t, cases, 4)
	for i, added := range []float64{0, 1, 10, 100} {
		assert.Equal(t, added, cases[i].Added)
		assert.Equal(t, 100, cases[i].Rollouts, "as many as it takes at most")
	}
	assert.Zero(t, cases[0].RolledBack, "the old version against itself")
	assert.Nil(t, cases[0].MedianFailed)
	assert.Equal(t, 100, cases[2].RolledBack)
	assert.Equal(t, 100, cases[3].RolledBack)
	assert.Equal(t, cases, record.Rehearse(plan, nil), "chance comes from the windows")

	left := 3
	cut := record.Rehearse(plan, func() bool { left--; return left >= 0 })
	assert.Equal(t, 3, cut[0].Rollouts)
}

func TestRehearseSharedIncidentsBlameNobody(t *testing.T) {
	minutes := steady(27, 0, 600, 0)
	for i := range minutes {
		if i%97 < 2 {
			minutes[i].Alias.Errors = 200
		}
	}
	cases := NewRecord(noon.Add(-27*time.Hour), noon, minutes).Rehearse(planOf(t, `"steps": 5, "interval": 60`), nil)
	assert.LessOrEqual(t, cases[0].RolledBack, 3)
}

func TestRehearseShortRecords(t *testing.T) {
	plan := planOf(t, `"steps": 5, "interval": 60`)
	assert.Zero(t, NewRecord(noon, noon, nil).Rehearse(plan, nil)[0].Rollouts)
	assert.Zero(t, NewRecord(noon.Add(-27*time.Hour), noon, nil).Rehearse(plan, nil)[0].Rollouts, "nobody called")
	assert.Positive(t, NewRecord(noon.Add(-4*time.Hour), noon, steady(4, 0, 60, 0)).Rehearse(plan, nil)[0].Rollouts)
}

func TestEveryCallIsCountedOnce(t *testing.T) {
	plan := planOf(t, `"steps": 7, "interval": 50, "health-check": false`)
	for _, dice := range []*rand.Rand{nil, rand.New(rand.NewPCG(1, 2))} {
		served := analysis.Counts{}
		end := Trial{
			Plan: plan, Start: noon.Add(13 * time.Second), Dice: dice,
			Calls: func(time.Time) analysis.Counts { return analysis.Counts{Invocations: 77, Errors: 5} },
			Fails: func(c analysis.Counts) float64 {
				served = served.Plus(c)
				return c.Errors
			},
		}.Play()
		assert.False(t, end.RolledBack)
		assert.InDelta(t, served.Errors, end.Failed, 1e-9)
		assert.InDelta(t, 77.0/60*50*4, served.Invocations, 30, "the mean weight of seven steps is 4/7")
		assert.InDelta(t, served.Invocations*5/77, served.Errors, 10)
	}
}

func TestBinomialHasItsMeanAndVariance(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 4))
	for _, tt := range []struct{ n, p float64 }{{10, .3}, {100, .97}, {2000, .01}, {5000, .5}, {1e6, .001}} {
		const rolls = 4000
		mean, square := 0.0, 0.0
		for range rolls {
			x := binomial(dice, tt.n, tt.p)
			require.True(t, x >= 0 && x <= tt.n && x == math.Trunc(x))
			mean += x / rolls
			square += x * x / rolls
		}
		variance := tt.n * tt.p * (1 - tt.p)
		assert.InDelta(t, tt.n*tt.p, mean, 5*math.Sqrt(variance/rolls), "%v", tt)
		assert.InEpsilon(t, variance, square-mean*mean, .15, "%v", tt)
	}
	assert.Zero(t, binomial(dice, 0, .5))
	assert.InDelta(t, 7, binomial(dice, 7, 1), 0)
	assert.Zero(t, binomial(dice, 7, 0))
}
