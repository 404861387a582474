package analysis

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

// guarded are the parameters of E with the guard G, as it is beside latency's.
func guarded() Params {
	p := DefaultParams()
	p.FilterWeight, p.GuardWeight = 0, 0.2
	return p
}

func after(test Test, blocks ...Block) Test {
	for _, b := range blocks {
		test.Add(b)
	}
	return test
}

// cleanHours is three hours of ten requests a second without an error.
func cleanHours() History {
	var minutes []Counts
	for range 180 {
		minutes = append(minutes, Counts{Invocations: 600})
	}
	return NewHistory(minutes)
}

// failuresUntilFail adds blocks, each with one failed call of the new version, until the test says Fail.
func failuresUntilFail(test Test, b Block) int {
	for i := range 100 {
		test.Add(b.at(int64(i)))
		if test.Standing().Verdict == Fail {
			return i + 1
		}
	}
	return 0
}

func TestHowManyFailuresRollBack(t *testing.T) {
	alone := guarded()
	alone.JudgedAlone = true
	unguarded := guarded()
	unguarded.GuardWeight = 0
	tests := map[string]struct {
		params   Params
		history  History
		block    Block
		failures int
	}{
		"at 10 % weight with a clean baseline the third":         {guarded(), History{}, one(60, 1, 540, 0), 3},
		"the guard makes it the second":                          {guarded(), cleanHours(), one(60, 1, 540, 0), 2},
		"one request a minute at 10 % weight: the third":         {guarded(), History{}, one(1, 1, 9, 0), 3},
		"failing completely alone without a history: the fourth": {alone, History{}, one(1, 1, 0, 0), 4},
		"alone, unjudged and without a history: never":           {guarded(), History{}, one(1, 1, 0, 0), 0},
		"alone with a history, judged or not":                    {guarded(), cleanHours(), one(1, 1, 0, 0), 3},
		"without a guard nothing can be said alone":              {unguarded, cleanHours(), one(1, 1, 0, 0), 0},
		"both versions failing alike: never":                     {guarded(), cleanHours(), one(60, 60, 540, 540), 0},
		"an incident that hits both: never":                      {guarded(), cleanHours(), one(60, 12, 540, 108), 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.failures, failuresUntilFail(NewTest(tt.params, tt.history), tt.block))
		})
	}
}

func TestBlocksThatTellNothingAreSkipped(t *testing.T) {
	tests := map[string]Block{
		"no traffic":            one(0, 0, 0, 0),
		"the old version alone": one(0, 0, 600, 3),
		"errors of the new version without its calls": one(0, 2, 600, 3),
		"more errors of the new version than calls":   one(5, 6, 600, 3),
		"more errors of the old version than calls":   one(5, 5, 2, 3),
		"negative counts": one(60, -1, 540, 0),
		"not a number":    one(math.NaN(), 0, 540, 0),
	}
	for name, b := range tests {
		t.Run(name, func(t *testing.T) {
			fresh := NewTest(guarded(), cleanHours())
			assert.True(t, fresh == after(fresh, b.at(7)), "not even a share step")
			before := after(fresh, one(60, 1, 540, 0))
			assert.True(t, before == after(before, b.at(7)))
		})
	}
}

func TestFailStaysAndPassDoesNot(t *testing.T) {
	bad := after(NewTest(guarded(), History{}), one(600, 9, 5400, 5))
	assert.Equal(t, Fail, bad.Standing().Verdict)
	for minute := range int64(30) {
		bad.Add(one(600, 0, 5400, 100).at(minute + 1))
	}
	s := bad.Standing()
	assert.Less(t, s.Unhealthy, math.Log(50))
	assert.Equal(t, Fail, s.Verdict, "what was unhealthy once stays so")

	good := after(NewTest(guarded(), History{}), one(1200, 0, 10800, 0))
	assert.Equal(t, Pass, good.Standing().Verdict)
	good.Add(one(60, 2, 5400, 100).at(1))
	assert.Equal(t, Inconclusive, good.Standing().Verdict, "what was healthy once need not be")
}

func TestWithoutErrors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		test := NewTest(guarded(), History{})
		healthy := test.Standing().Healthy
		for _, b := range drawBlocks(t, 1e6) {
			b.New.Errors, b.Old.Errors = 0, 0
			b.New.Invocations, b.Old.Invocations = max(b.New.Invocations, 1), max(b.Old.Invocations, 1)
			test.Add(b)
			assert.Zero(t, test.Comparison(), "log E is exactly 0")
			assert.Greater(t, test.Standing().Healthy, healthy, "E_H grows")
			healthy = test.Standing().Healthy
		}
	})
}

func TestWithoutErrorsEachExpertOfHealthyEarnsTheSameForEachCall(t *testing.T) {
	p := guarded()
	p.HealthyExperts = []Expert{{0.5, 1}}
	test := after(NewTest(p, History{}), one(100, 0, 900, 0))
	theta := 1.5 * 100 / (1.5*100 + 900)
	a := 0.5 / (1 - theta*0.5)
	assert.InDelta(t, (1-a)*0.005*100, test.Standing().Healthy, 1e-12)
}

// TestReplay: the state is a function of the sequence of blocks alone, wherever the sequence was cut.
func TestReplay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		blocks := drawBlocks(t, 1e5)
		cut := rapid.IntRange(0, len(blocks)).Draw(t, "cut")
		prefix := after(NewTest(guarded(), h), blocks[:cut]...)
		resumed, replayed := prefix, after(NewTest(guarded(), h), blocks...)
		resumed = after(resumed, blocks[cut:]...)
		assert.True(t, resumed == replayed)
		assert.True(t, prefix == after(NewTest(guarded(), h), blocks[:cut]...), "a copy goes its own way")
	})
}

// TestCadence: it does not matter how often a minute is looked at while it grows, as long as its parts have the
// proportions of the whole. Then every l_k of section 2.3 is linear in the block and the share step falls once a minute.
// (Of other parts each is judged by its own proportions: that is another test, as valid.) The evidence at the ends of
// minutes is the same; looking in between can only raise the peak.
func TestCadence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := guarded()
		p.JudgedAlone = rapid.Bool().Draw(t, "alone")
		h := drawHistory(t)
		seldom, often := NewTest(p, h), NewTest(p, h)
		for _, b := range drawBlocks(t, 1e4) {
			parts := rapid.IntRange(1, 6).Draw(t, "parts")
			for range parts {
				often.Add(b)
			}
			seldom.Add(b.times(float64(parts)))
			assertClose(t, seldom.Comparison(), often.Comparison(), "E")
			assertClose(t, seldom.Guard(), often.Guard(), "G")
			assertClose(t, seldom.Standing().Healthy, often.Standing().Healthy, "E_H")
			assert.GreaterOrEqual(t, often.Standing().Peak, seldom.Standing().Peak-1e-9*(1+seldom.Standing().Peak))
		}
	})
}

func (b Block) times(n float64) Block {
	b.New = Counts{b.New.Invocations * n, b.New.Errors * n}
	b.Old = Counts{b.Old.Invocations * n, b.Old.Errors * n}
	return b
}

func TestLateGrowthOfAnOldMinuteDoesNotShare(t *testing.T) {
	early := after(NewTest(guarded(), History{}), one(60, 1, 540, 1).at(1), one(60, 0, 540, 2).at(5))
	same := after(early, one(10, 1, 90, 0).at(5), one(60, 0, 540, 1).at(5))
	late := after(early, one(10, 1, 90, 0).at(3), one(60, 0, 540, 1).at(5))
	assert.True(t, same == late)
}

func TestMinutesCountFromAnyOrigin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		origin := rapid.Int64Range(-1e9, 1e9).Draw(t, "origin")
		here, there := NewTest(guarded(), h), NewTest(guarded(), h)
		for _, b := range drawBlocks(t, 1e5) {
			here.Add(b)
			there.Add(b.at(b.Minute + origin))
		}
		assert.Equal(t, here.Standing(), there.Standing())
	})
}

func TestFiniteForHugeCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := guarded()
		p.JudgedAlone = rapid.Bool().Draw(t, "alone")
		p.Rho = rapid.SampledFrom([]float64{1, 1.1, 1.5, 100}).Draw(t, "rho")
		p.Delta = rapid.SampledFrom([]float64{0, 1e-9, 0.005, 1}).Draw(t, "delta")
		test := NewTest(p, drawHistory(t))
		for _, b := range drawBlocks(t, 1e12) {
			test.Add(b)
			s := test.Standing()
			for _, x := range []float64{test.Comparison(), test.Guard(), s.Unhealthy, s.Peak, s.Healthy} {
				assert.False(t, math.IsNaN(x) || math.IsInf(x, 0), "%+v", s)
			}
		}
	})
}

// drawBlocks draws a rollout: minutes in order with gaps, some without one of the versions, some that grow.
func drawBlocks(t *rapid.T, most int64) []Block {
	counts := rapid.Custom(func(t *rapid.T) Counts {
		n := rapid.Int64Range(0, most).Draw(t, "invocations")
		return Counts{Invocations: float64(n), Errors: float64(rapid.Int64Range(0, n).Draw(t, "errors"))}
	})
	var blocks []Block
	minute := int64(0)
	for range rapid.IntRange(1, 20).Draw(t, "blocks") {
		minute += rapid.Int64Range(0, 3).Draw(t, "gap")
		blocks = append(blocks, Block{Minute: minute, New: counts.Draw(t, "new"), Old: counts.Draw(t, "old")})
	}
	return blocks
}

func drawHistory(t *rapid.T) History {
	return History{
		Dispersion: rapid.SampledFrom([]float64{0, 1, 2.5, 5, 1000}).Draw(t, "D"),
		Reference:  rapid.SampledFrom([]float64{0, 0.0004, 0.02, 0.5}).Draw(t, "ref"),
	}
}

func assertClose(t assert.TestingT, expected, actual float64, what string) {
	assert.InDelta(t, expected, actual, 1e-9*(1+math.Abs(expected)), what)
}

func BenchmarkTestAdd(b *testing.B) {
	test := NewTest(guarded(), cleanHours())
	minute := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		test.Add(one(600, 6, 5400, 54).at(minute))
		minute++
	}
}
