package analysis

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// TestBoundsAreWhereTheTestsTurn: a tolerance a little below a lower bound is refuted at some time, one a little above
// it is not; and the reverse for upper bounds.
func TestBoundsAreWhereTheTestsTurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		blocks := drawBlocks(t, 2000)
		h := drawHistory(t)
		b := NewBounds(guarded(), h, blocks)
		assert.LessOrEqual(t, 0.0, b.RatioLower)
		assert.LessOrEqual(t, 0.0, b.ExcessLower)
		assert.LessOrEqual(t, b.ExcessUpper, 1.0)
		if b.RatioLower > 0 && b.RatioLower < 1e8 {
			assert.True(t, failsAt(b.RatioLower*(1-1e-6), 0, h, blocks))
			assert.False(t, failsAt(b.RatioLower*(1+1e-6), 0, h, blocks))
		}
		if b.RatioUpper > 1e-8 && !math.IsInf(b.RatioUpper, 1) {
			assert.True(t, passesAt(b.RatioUpper*(1+1e-6), 0, h, blocks))
			assert.False(t, passesAt(b.RatioUpper*(1-1e-6), 0, h, blocks))
		}
		if b.ExcessLower > 1e-6 && b.ExcessLower < 1-1e-6 {
			assert.True(t, failsAt(1, b.ExcessLower-1e-6, h, blocks))
			assert.False(t, failsAt(1, b.ExcessLower+1e-6, h, blocks))
		}
		if b.ExcessUpper > 1e-6 && b.ExcessUpper < 1-1e-6 {
			assert.True(t, passesAt(1, b.ExcessUpper+1e-6, h, blocks))
			assert.False(t, passesAt(1, b.ExcessUpper-1e-6, h, blocks))
		}
	})
}

// failsAt says whether a Test without a guard, and with this tolerance, ever fails.
func failsAt(rho, delta float64, h History, blocks []Block) bool {
	p := guarded()
	p.Rho, p.Delta, p.GuardWeight = rho, delta, 0
	test := after(NewTest(p, h), blocks...)
	return test.Standing().Verdict == Fail
}

// passesAt says whether a Test with this margin ever has the evidence to pass.
func passesAt(rho, delta float64, h History, blocks []Block) bool {
	p := guarded()
	p.HealthyRho, p.HealthyDelta = rho, delta
	test, ever := NewTest(p, h), false
	for _, b := range blocks {
		test.Add(b)
		ever = ever || test.Standing().Healthy >= -math.Log(p.Beta)
	}
	return ever
}

func TestNoBoundsWithoutComparison(t *testing.T) {
	none := Bounds{RatioLower: 0, RatioUpper: math.Inf(1), ExcessLower: 0, ExcessUpper: 1}
	assert.Equal(t, none, NewBounds(guarded(), History{}, nil))
	assert.Equal(t, none, NewBounds(guarded(), History{}, []Block{one(600, 300, 0, 0)}), "the bake has nothing beside it")
	assert.Equal(t, none, NewBounds(guarded(), History{}, []Block{one(6, 9, 600, 0)}), "errors seen before their calls")
}

func TestBoundsHoldTheTruth(t *testing.T) {
	var blocks []Block
	for minute := range int64(10) {
		blocks = append(blocks, one(600, 60, 5400, 108).at(minute))
	}
	b := NewBounds(guarded(), History{}, blocks)
	assert.Less(t, b.RatioLower, 5.0)
	assert.Greater(t, b.RatioUpper, 5.0)
	assert.Less(t, b.ExcessLower, 0.08)
	assert.Greater(t, b.ExcessUpper, 0.08)
	wider := NewBounds(guarded(), History{Dispersion: 5}, blocks)
	assert.Less(t, wider.RatioLower, b.RatioLower)
	assert.Greater(t, wider.RatioUpper, b.RatioUpper)
}

func BenchmarkNewBounds(b *testing.B) {
	var blocks []Block
	for minute := range int64(60) {
		blocks = append(blocks, one(600, 6, 5400, 54).at(minute))
	}
	for b.Loop() {
		NewBounds(guarded(), History{}, blocks)
	}
}
