package analysis

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestExposureBias(t *testing.T) {
	calm, next := one(600, 1, 5400, 5), one(1200, 2, 4800, 5)
	mixed := one(900, 900, 5100, 900) // from 10 to 20 % within the minute
	tests := map[string]struct {
		blocks []Block
		h      History
		share  float64
		want   float64 // of the second block
	}{
		"an incident beside a shift":            {[]Block{calm, mixed, next}, History{}, 0.5, 0.005261 + 0.994739*0.25*5100/900},
		"of the newest minute, until now":       {[]Block{calm, mixed}, History{}, 0.2, 0.005247 + 0.994753*0.25*5100/900},
		"nobody knows the weight":               {[]Block{calm, mixed}, History{}, 0, 1},
		"no shift":                              {[]Block{calm, one(900, 900, 5100, 900), one(900, 1, 5100, 5)}, History{}, 0.5, 1},
		"it goes on":                            {[]Block{calm, mixed, one(1200, 220, 4800, 880)}, History{}, 0.5, 0.005261 + 0.994739*0.25*5100/900},
		"it was there before and goes on":       {[]Block{one(600, 110, 5400, 990), mixed, one(1200, 220, 4800, 880)}, History{}, 0.5, 1},
		"a drift":                               {[]Block{one(600, 75, 5400, 675), mixed, one(1200, 220, 4800, 880)}, History{}, 0.5, 1},
		"chance":                                {[]Block{calm, one(900, 2, 5100, 19), next}, History{}, 0.5, 1},
		"chance where failures come in bunches": {[]Block{calm, mixed, next}, History{Dispersion: 60}, 0.5, 1},
		"a neighbour that tells nothing":        {[]Block{one(600, 1, 5400, 6000), mixed, next}, History{}, 0.5, 0.005903 + 0.994097*0.25*5100/900},
		"a neighbour without a number":          {[]Block{calm, mixed, one(1200, 1, 4800, math.NaN())}, History{}, 0.5, 0.005247 + 0.994753*0.25*5100/900},
		"a jump hides what does not stand out":  {[]Block{calm, one(3000, 3, 3000, 3), one(5400, 5, 600, 0)}, History{}, 0.9, 1 + 8},
		"a jump in a busy minute":               {[]Block{one(600, 60, 5400, 540), one(3000, 300, 3000, 300), one(5400, 540, 600, 60)}, History{}, 0.9, 1 + 8*0.11566},
		"the old version never called again":    {[]Block{calm, mixed, one(6000, 6, 0, 0)}, History{}, 1, largestBias},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ExposureBias(tt.blocks, tt.h, tt.share, tt.share)
			assert.InEpsilon(t, tt.want, tt.blocks[1].ExposureBias, 1e-4)
		})
	}
}

func TestExposureBiasOfTheFirstMinuteKnowsTheHistory(t *testing.T) {
	first := func(h History) float64 {
		blocks := []Block{one(300, 60, 5700, 1140)}
		ExposureBias(blocks, h, 0.1, 0.1)
		return blocks[0].ExposureBias
	}
	assert.InDelta(t, 1, first(NewHistory(steady(6000, 1200))), 1e-12, "a fifth has always failed")
	assert.InEpsilon(t, 0.1/0.9*5700/300, first(NewHistory(steady(6000, 0))), 1e-9)
	assert.InEpsilon(t, 0.1/0.9*5700/300, first(NewHistory([]Counts{{}, {6000, 0}, {}, {}})), 1e-9)
	assert.InDelta(t, 1, first(History{}), 1e-12, "nobody knows what is usual")
}

// TestExposureBiasOnlyWeakens is what the guarantee rests on: it makes no bet against the new version larger, and none for it.
func TestExposureBiasOnlyWeakens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := History{Dispersion: rapid.Float64Range(1, 50).Draw(t, "D"), Reference: rapid.Float64Range(0, 0.5).Draw(t, "reference")}
		p := rapid.SampledFrom([]Params{guarded(), LatencyParams()}).Draw(t, "params")
		even, biased := NewTest(p, h), NewTest(p, h)
		b := drawBlocks(t, 1e12)[0]
		even.Add(b)
		b.ExposureBias = rapid.Float64Range(0, largestBias).Draw(t, "bias")
		biased.Add(b)
		slack := 1e-9 * (1 + math.Abs(even.Comparison()))
		assert.LessOrEqual(t, biased.Comparison(), even.Comparison()+slack)
		assert.LessOrEqual(t, biased.Guard(), even.Guard()+slack)
		assert.LessOrEqual(t, biased.Standing().Healthy, even.Standing().Healthy)
		assert.False(t, math.IsNaN(biased.Standing().Unhealthy) || math.IsInf(biased.Standing().Unhealthy, 0))
	})
}

func TestExposureBiasLiftsWhatTheGuardTolerates(t *testing.T) {
	h := History{Dispersion: 1, Reference: 0.01}
	b := one(300, 100, 300, 20)
	even := after(NewTest(guarded(), h), b)
	b.ExposureBias = 2
	biased := after(NewTest(guarded(), h), b)
	assert.Less(t, biased.Guard(), even.Guard()-1)
}

// TestIncidentsInMinutesThatShift simulates harmless rollouts with an incident each, in steps that begin anywhere in a
// minute, and looks every ten seconds.
func TestIncidentsInMinutesThatShift(t *testing.T) {
	const rollouts = 1000
	random := rand.New(rand.NewPCG(5, 6))
	history := steady(60000, 60)
	rolledBack, blamed := 0, 0
	for range rollouts {
		biased, even := rolloutWithIncident(random, history)
		if biased == Fail {
			rolledBack++
		}
		if even == Fail {
			blamed++
		}
	}
	assertAtMostAlpha(t, rolledBack, rollouts)
	assert.Greater(t, blamed, rollouts/20, "without it the incident is no test")
}

// rolloutWithIncident judges nine steps of a minute with exposure bias and without it.
func rolloutWithIncident(random *rand.Rand, history []Counts) (biased, even Verdict) {
	const ticks = 6 // of a minute
	begun, began := random.IntN(ticks), random.IntN(9*ticks)
	ended := began + 2 + random.IntN(8)
	h := NewHistory(history)
	var blocks []Block
	settled := NewTest(guarded(), h)
	for tick := range 9 * ticks {
		weight, rate := float64(1+tick/ticks)/10, 0.001
		if began <= tick && tick < ended {
			rate = 0.2
		}
		if minute := int64((begun + tick) / ticks); len(blocks) == 0 || blocks[len(blocks)-1].Minute < minute {
			blocks = append(blocks, Block{Minute: minute})
		}
		b := &blocks[len(blocks)-1]
		b.New, b.Old = b.New.Plus(draw(random, weight*10000, rate)), b.Old.Plus(draw(random, (1-weight)*10000, rate))
		ExposureBias(blocks, h, weight, weight)
		test := after(settled, blocks...)
		biased = max(biased, test.Standing().Verdict)
		for i := range blocks {
			blocks[i].ExposureBias = 0
		}
		test = after(settled, blocks...)
		even = max(even, test.Standing().Verdict)
	}
	return biased, even
}

func TestTheAuditTrailTellsTheExposureBias(t *testing.T) {
	r := beside([2]Counts{{600, 1}, {5400, 5}}, [2]Counts{{900, 200}, {5100, 900}}, [2]Counts{{1200, 600}, {4800, 5}})
	r.Share = 0.2
	a := Assess(Health{}, Measurements{Reading: r})
	assert.Equal(t, Fail, a.Verdict)
	assert.Contains(t, a.Reason, "09:01 200/900 900/5100 tilt 1.41448, 09:02 600/1200 5/4800;")
}
