package sequential

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// one is a block of the first minute.
func one(newCalls, newErrors, oldCalls, oldErrors float64) Block {
	return Block{New: Counts{newCalls, newErrors}, Old: Counts{oldCalls, oldErrors}}
}

// at puts a block into a minute.
func (b Block) at(minute int64) Block {
	b.Minute = minute
	return b
}

// after is what a copy of the filter makes of blocks.
func after(f *Filter, blocks ...Block) *Filter {
	end := *f
	for _, b := range blocks {
		end.Add(b)
	}
	return &end
}

// steady is three hours of the same minute.
func steady(calls, errors float64) []Counts {
	history := make([]Counts, 180)
	for i := range history {
		history[i] = Counts{calls, errors}
	}
	return history
}

// TestTheFilterIsFair enumerates every outcome of two minutes under the null law, which is drawn from what the history made of
// the prior: nobody can expect to win (section 2.16.4).
func TestTheFilterIsFair(t *testing.T) {
	for name, history := range map[string][]Counts{"no history": nil, "singles": steady(60, 1)[:20], "an incident": append(steady(60, 0)[:20], Counts{60, 20})} {
		t.Run(name, func(t *testing.T) {
			fresh := NewFilter(history, 1)
			mean, all := 0.0, 0.0
			eachOutcome(3, 4, func(first Block) {
				first.ExposureBias = 1.5
				p, then := fresh.chance(first), after(fresh, first)
				eachOutcome(2, 0, func(second Block) {
					second.Incident = 0.3
					both := p * then.chance(second.at(1))
					all += both
					mean += both * math.Exp(after(then, second.at(1)).LogH())
				})
			})
			assert.InDelta(t, 1, all, 1e-12, "all outcomes")
			assert.InDelta(t, 1, mean, 1e-12)
		})
	}
}

// eachOutcome visits every number of failures of so many calls.
func eachOutcome(newCalls, oldCalls int, visit func(Block)) {
	for x := range newCalls + 1 {
		for y := range oldCalls + 1 {
			visit(one(float64(newCalls), float64(x), float64(oldCalls), float64(y)))
		}
	}
}

// chance is the probability of a block under what the filter believes of the old version, written down as in section 2.16.2.
func (f *Filter) chance(b Block) float64 {
	now := *f
	if !now.begun || b.Minute > now.minute {
		now.enter()
	}
	sum := 0.0
	for j, m := range now.models {
		both := func(g int) float64 {
			p := math.Exp(f.scatter[m.law].logLikelihood(b.New, min(0.995, 1.1*max(1, b.ExposureBias)*f.rates[g])))
			if b.Old.Invocations > 0 {
				p *= math.Exp(f.scatter[m.law].logLikelihood(b.Old, min(0.995, f.rates[g])))
			}
			return p
		}
		incident := 0.0
		for a := 16; a <= 24; a++ {
			incident += both(a) / 9
		}
		eps := m.incident
		if b.Incident > 0 {
			eps = max(eps, 0.5)
		}
		for g, p := range now.null[j] {
			sum += math.Exp(now.nullWeight[j]) * p * ((1-eps)*both(g) + eps*incident)
		}
	}
	return sum * choose(b.New) * choose(b.Old)
}

// choose is the number of ways in which so many of the calls can fail.
func choose(c Counts) float64 {
	ways := 1.0
	for i := 1.0; i <= c.Errors; i++ {
		ways *= (c.Invocations - c.Errors + i) / i
	}
	return ways
}

func TestHowManyFailuresAreEnough(t *testing.T) {
	clean, busy, struck := steady(60, 0), steady(600, 6), steady(60, 0)
	for i := 5; i < len(struck); i += 12 {
		struck[i].Errors = 20
	}
	until := func(history []Counts, b Block) int {
		f := NewFilter(history, 1)
		for i := range int64(100) {
			f.Add(b.at(i))
			if f.LogH() >= math.Log(100) {
				return int(i) + 1
			}
		}
		return 0
	}
	assert.Equal(t, 2, until(clean, one(6, 1, 54, 0)), "after a clean past the second failed call of six")
	assert.Equal(t, 1, until(clean, one(6, 6, 54, 0)), "six at once")
	assert.Equal(t, 0, until(busy, one(60, 1, 540, 6)), "as many as usual")
	assert.Equal(t, 0, until(clean, one(60, 20, 540, 180)), "both fail alike")
	assert.Equal(t, 2, until(clean, one(60, 20, 0, 0)), "alone, a third of all, and never an incident before")
	assert.Greater(t, until(struck, one(60, 20, 0, 0)), 2, "alone, where such incidents are usual")
}

func TestTheEnvironmentIsLearnt(t *testing.T) {
	struck, clumped, noisy := steady(6000, 6), steady(600, 0), steady(6000, 0)
	for i := range struck {
		if i%12 == 5 {
			struck[i].Errors = 1500
		}
		if i%4 == 0 {
			clumped[i].Errors = 8
		}
		noisy[i].Errors = []float64{2, 40, 5, 120, 13, 0, 60, 8}[i%8]
	}
	assert.InEpsilon(t, 0.01, NewFilter(steady(6000, 60), 1).Environment().Rate, 0.05)
	assert.Equal(t, Environment{Rate: NewFilter(steady(600, 6), 1).meanRate(), Clump: 1, Noise: 0.2, Incident: 0.002}, NewFilter(steady(600, 6), 1).Environment())
	assert.InDelta(t, 0.15, NewFilter(struck, 1).Environment().Incident, 0)
	assert.InDelta(t, 8, NewFilter(clumped, 1).Environment().Clump, 0)
	assert.InDelta(t, 0.8, NewFilter(noisy, 1).Environment().Noise, 0)
	assert.InDelta(t, 5, NewFilter(steady(600, 6), 5).Environment().Clump, 0, "no less than the history shows")
}

func TestBlocksThatTellNothingAreSkipped(t *testing.T) {
	fresh := NewFilter(steady(60, 1), 1)
	before := after(fresh, one(60, 1, 540, 9))
	for name, b := range map[string]Block{
		"no traffic": one(0, 0, 0, 0), "the old version alone": one(0, 0, 600, 3),
		"more errors of the new version than calls": one(5, 6, 600, 3), "more errors of the old version than calls": one(5, 5, 2, 3),
		"negative counts": one(60, -1, 540, 0), "not a number": one(math.NaN(), 0, 540, 0),
	} {
		assert.True(t, *fresh == *after(fresh, b.at(7)), name)
		assert.True(t, *before == *after(before, b.at(7)), name)
	}
	assert.True(t, *NewFilter([]Counts{{60, 1}, {}}, 1) == *NewFilter([]Counts{{60, 1}, {0, 3}}, 1), "of the history too")
}

func TestTheFilterIsFiniteAndAPureFunction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.SampledFrom([]int64{1, 60, 1e5, 1e12}).Draw(t, "most")
		counts := rapid.Custom(func(t *rapid.T) Counts {
			n := rapid.Int64Range(0, most).Draw(t, "invocations")
			return Counts{Invocations: float64(n), Errors: float64(rapid.Int64Range(0, n).Draw(t, "errors"))}
		})
		history := rapid.SliceOfN(counts, 0, 10).Draw(t, "history")
		origin := rapid.Int64Range(-1e9, 1e9).Draw(t, "origin")
		f := NewFilter(history, rapid.Float64Range(0, 20).Draw(t, "least"))
		elsewhere := *f
		minute := int64(0)
		for range rapid.IntRange(1, 8).Draw(t, "blocks") {
			minute += rapid.Int64Range(0, 2).Draw(t, "gap")
			b := Block{Minute: minute, New: counts.Draw(t, "new"), Old: counts.Draw(t, "old")}
			b.ExposureBias, b.Incident = rapid.SampledFrom([]float64{0, 1, 4, 1e6}).Draw(t, "bias"), rapid.SampledFrom([]float64{0, 0.3}).Draw(t, "incident")
			f.Add(b)
			elsewhere.Add(b.at(b.Minute + origin))
			assert.False(t, math.IsNaN(f.LogH()) || math.IsInf(f.LogH(), 0))
			assert.Equal(t, f.LogH(), elsewhere.LogH())
		}
	})
}
