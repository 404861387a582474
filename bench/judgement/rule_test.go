package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// minutes is a view of minutes of the new version, 100 calls each, with so many errors.
func minutes(errors ...float64) *view {
	v := newView(0, analysis.Counts{})
	v.minutes = nil
	for i, x := range errors {
		c := analysis.Counts{Invocations: 100, Errors: x}
		v.minutes = append(v.minutes, analysis.Block{Minute: int64(i), New: c})
		v.total = v.total.Plus(c)
	}
	return v
}

func TestThresholds(t *testing.T) {
	tests := map[string]struct {
		rule func(*rollout) judge
		bad  *view
		good *view
	}{
		"any":                      {anyError, minutes(0, 1, 0), minutes(0, 0)},
		"max-rate":                 {maxRate, minutes(0, 3), minutes(0, 2)},
		"one error in 300 s":       {alarm(5, 1, anyFailed), minutes(1, 0, 0, 0, 0), minutes(1, 0, 0, 0, 0, 0)},
		"errors in 2 minutes":      {alarm(1, 2, anyFailed), minutes(1, 1), minutes(1, 0, 1)},
		"two minutes, one visible": {alarm(1, 2, anyFailed), minutes(9, 9), minutes(9)},
		"rate in 2 minutes":        {alarm(1, 2, above(0.01)), minutes(2, 2), minutes(9, 1)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, rollBack, tt.rule(nil)(tt.bad))
			assert.Equal(t, carryOn, tt.rule(nil)(tt.good))
		})
	}
}

func TestLastMinuteSeesTheMinuteOfSixtySecondsAgo(t *testing.T) {
	look := lastMinute(nil)
	v := minutes(1, 0)
	v.now = 119
	assert.Equal(t, rollBack, look(v))
	v.now = 120
	assert.Equal(t, carryOn, look(v))
}

func TestFlaggerHaltsFourTimes(t *testing.T) {
	v := newView(0, analysis.Counts{})
	look := flagger(nil)
	assert.Equal(t, carryOn, look(v), "no data")
	v.flows, v.shown = []flow{{new: analysis.Counts{Invocations: 100, Errors: 2}}}, 1
	for range 4 {
		assert.Equal(t, halt, look(v))
	}
	assert.Equal(t, rollBack, look(v))
}

func TestMannWhitney(t *testing.T) {
	low := []float64{1, 2, 3, 4, 5}
	above := []float64{11, 12, 13, 14, 15}
	assert.InDelta(t, 2.506718, wilcoxon(above, low, 0), 1e-6) // R: wilcox.test(11:15, 1:5, exact = FALSE)
	assert.InDelta(t, 10, shift(above, low), 1e-12)
	assert.True(t, high(above, low))
	assert.False(t, high(low, above))
	assert.False(t, high(above[:4], low[:4]), "four minutes are too few")
	assert.False(t, high(low, low))
	assert.False(t, high([]float64{0, 0}, []float64{0, 0}), "all the same")
	assert.False(t, high(nil, low))
}

func TestOracleGoesByTheLikelihood(t *testing.T) {
	f := flow{new: analysis.Counts{Invocations: 10, Errors: 1}, good: 0.01, bad: 0.5}
	assert.InDelta(t, -2.2358, f.likelihoodRatio(), 1e-4) // ln 50 + 9 ln(0.5/0.99)
	assert.Zero(t, flow{new: f.new, good: 0.1, bad: 0.1}.likelihoodRatio())

	w := world{kind: kind{noise: versionMinutes, shape: 4}, plan: gradual()[0], rps: 100, rate: 0.01, defect: defect{"x10", 10, 0}}
	look := minuteOracle(w)
	assert.Equal(t, carryOn, look(minutes(1)))
	assert.Equal(t, rollBack, look(minutes(1, 20, 20)))
}

// TestComparisonForgetsTheGrowingMinute looks at a minute while it grows and once when it is whole.
func TestComparisonForgetsTheGrowingMinute(t *testing.T) {
	r := newRollout(aWorld(100, 0.01, harmless()), 1, 1)
	often, once := newComparison(r), newComparison(r)
	v := minutes(0)
	for errors := range 4 {
		v.minutes[0] = analysis.Block{New: analysis.Counts{Invocations: 100, Errors: float64(errors)}, Old: analysis.Counts{Invocations: 900, Errors: 9}}
		often.look(v)
	}
	once.look(v)
	assert.Equal(t, once.standing, often.standing)
}
