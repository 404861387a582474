package main

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// aWorld is one of independent failures, with ten steps of a minute.
func aWorld(rps, rate float64, d defect) world {
	return world{kinds()[0], gradual()[0], rps, rate, d}
}

func TestSameSeedFindsTheSame(t *testing.T) {
	var some []world
	for i, w := range worlds() {
		if i%97 == 0 && w.rps < 1000 {
			some = append(some, w)
		}
	}
	run := func(seed uint64) string {
		s := study{rules: rules(), seed: seed, effort: effort{3, 3}}
		s.cells = simulate(some, s.rules, seed, s.effort)
		return s.ruleTable() + s.worldTable() + s.lossList()
	}
	first := run(1)
	previous := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(previous)
	assert.Equal(t, first, run(1))
	assert.NotEqual(t, first, run(2))
}

func TestEveryRuleCatchesAnObviouslyBadVersion(t *testing.T) {
	bad := aWorld(100, 0.01, defect{">=50 %", 1, 1})
	for _, rule := range rules() {
		t.Run(rule.name, func(t *testing.T) {
			for number := range uint64(10) {
				r := newRollout(bad, 1, number)
				if rule.name == "aws-lambda-deploy" && r.sky.start%ticksPerMinute == 0 {
					continue // on whole minutes, nothing of the minute that it asks for is visible
				}
				o := r.judgedBy(rule)
				assert.True(t, o.rolledBack)
				assert.Greater(t, o.seconds, publishDelay)
			}
		})
	}
}

func TestNoRuleMindsAVersionThatNeverFails(t *testing.T) {
	for _, rule := range rules() {
		t.Run(rule.name, func(t *testing.T) {
			for number := range uint64(10) {
				o := newRollout(aWorld(100, 0, harmless()), 1, number).judgedBy(rule)
				assert.Equal(t, outcome{seconds: 600}, o)
			}
		})
	}
}

func TestOursMindsNoGoodVersion(t *testing.T) {
	ours := rules()[ourRule]
	for _, k := range kinds() {
		if k.broken != "" {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			for number := range uint64(20) {
				r := newRollout(world{k, k.plans[0], 100, 0.01, harmless()}, 1, number)
				assert.False(t, r.judgedBy(ours).rolledBack)
			}
		})
	}
}

// TestRatesAreAsSaid compares the failures of all kinds of noise with the rates of their worlds, in the history and in
// the rollout.
func TestRatesAreAsSaid(t *testing.T) {
	watch := rule{due: everyPoll, judge: func(*rollout) judge { return func(*view) answer { return carryOn } }}
	for _, k := range kinds() {
		switch k.noise {
		case incidents, coldStarts, drift, diurnal, retryStorms, ramps, followsLoad: // their rates move
			continue
		default:
		}
		t.Run(k.name, func(t *testing.T) {
			var history analysis.Counts
			var was, is float64
			const rollouts = 60
			for number := range uint64(rollouts) {
				w := world{k, k.plans[0], 100, 0.05, harmless()}
				r := newRollout(w, 1, number)
				for _, c := range r.past.counts {
					history = history.Plus(c)
				}
				was += r.judgedBy(watch).failed
				r.world.defect = defect{"x3", 3, 0}
				is += r.judgedBy(watch).failed
			}
			calls := float64(historyMinutes * 60 * 100 * rollouts)
			assert.InEpsilon(t, calls, history.Invocations, 0.1)
			assert.InEpsilon(t, 0.05, failing(history), 0.1)
			if k.noise != lateOnset {
				assert.InEpsilon(t, 3, is/was, 0.25)
			}
		})
	}
}

func TestPoisson(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, mean := range []float64{0.01, 1, 9.9, 10, 30, 1000, 1e5} {
		const draws = 20000
		var sum, squares float64
		for range draws {
			x := poisson(random, mean)
			sum += x
			squares += (x - mean) * (x - mean)
		}
		assert.InEpsilon(t, mean, sum/draws, 0.15)
		assert.InEpsilon(t, mean, squares/draws, 0.15)
	}
	assert.Zero(t, poisson(random, 0))
}

func TestFactorsHaveMeanOne(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var noise, wandering float64
	const draws = 20000
	for range draws {
		noise += gamma(random, 4) / draws
		var w walk
		w.next(random)
		wandering += w.next(random) / draws
	}
	assert.InDelta(t, 1, noise, 0.02)
	assert.InDelta(t, 1, wandering, 0.02)
}

func TestClumpsHaveTheirMeanSize(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, mean := range []float64{4, 12} {
		const draws = 20000
		assert.InEpsilon(t, mean*draws, geometrics(random, draws, mean), 0.03)
	}
	for range 100 {
		assert.GreaterOrEqual(t, geometrics(random, 1, 4), 1.0)
	}
	assert.Zero(t, geometrics(random, 0, 4))
}

// TestTrafficIsAsSaid compares what comes with what is said on the mean, and how much of the time there is nothing.
func TestTrafficIsAsSaid(t *testing.T) {
	for of, idle := range map[traffic]float64{even: 0, sessions: 2.0 / 3, bursts: 5.0 / 6, gammaMinutes: 0} {
		random := rand.New(rand.NewPCG(3, 4))
		var requests, nothing, ticks float64
		for range 100 {
			s := newSky(world{kind: kind{traffic: of}, rps: 1, plan: gradual()[0]}, random)
			for _, m := range s.moments {
				requests += m.requests
				ticks++
				if m.requests == 0 {
					nothing++
				}
			}
		}
		assert.InDelta(t, tick, requests/ticks, 0.7, "%d", of)
		assert.InDelta(t, idle, nothing/ticks, 0.05, "%d", of)
	}
}

func TestOutagesComeAndGo(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for of, most := range map[noise]float64{retryStorms: 1.0 / 3, ramps: 0.4} {
		struck, worst, busiest := 0, 0.0, 0.0
		for range 50 {
			s := newSky(world{kind: kind{noise: of}, rps: 1, plan: gradual()[0]}, random)
			for _, m := range s.moments {
				worst, busiest = max(worst, m.incident), max(busiest, m.requests)
				if m.incident > 0 {
					struck++
				}
			}
		}
		assert.InDelta(t, most, worst, 1e-12)
		assert.InDelta(t, map[noise]float64{retryStorms: 3, ramps: 1}[of], busiest/tick, 1e-12)
		assert.Greater(t, struck, 1000)
	}
}

func TestFailuresSeenLateAreOfTheirMinute(t *testing.T) {
	v := newView(0, analysis.Counts{})
	v.late = 60
	for range 12 {
		v.flows = append(v.flows, flow{new: analysis.Counts{Invocations: 3, Errors: 1}, old: analysis.Counts{Invocations: 9, Errors: 2}})
	}
	assert.Equal(t, analysis.Block{New: analysis.Counts{Invocations: 12}, Old: analysis.Counts{Invocations: 42}}, v.at(120).minutes[0])
	assert.Equal(t, analysis.Block{New: analysis.Counts{Invocations: 18, Errors: 6}, Old: analysis.Counts{Invocations: 54, Errors: 12}}, v.at(180).minutes[0])
	assert.Equal(t, analysis.Counts{Invocations: 12}, v.minutes[1].New, "of the second minute nothing that failed")
}

func TestPlan(t *testing.T) {
	p := gradual()[1]
	assert.Equal(t, 360, p.length())
	assert.Equal(t, 60, p.bake())
	for at, want := range map[int]float64{-10: 0, 0: 0.1, 299: 0.1, 300: 1, 359: 1} {
		weight, _ := p.weight(at)
		assert.Equal(t, want, weight, "after %d s", at)
	}
	_, since := p.weight(310)
	assert.Equal(t, 10, since)
	assert.True(t, p.stepEnds(300))
	assert.True(t, p.stepEnds(360))
	assert.False(t, p.stepEnds(60))
	for _, p := range append(gradual(), watched()...) {
		assert.Zero(t, p.length()%60, p.name)
	}
}

func TestViewShowsWhatIsPublished(t *testing.T) {
	one := flow{new: analysis.Counts{Invocations: 1}, old: analysis.Counts{Invocations: 9, Errors: 1}}
	v := newView(4, analysis.Counts{Invocations: 40})
	for range 12 {
		v.flows = append(v.flows, one)
	}
	assert.Zero(t, v.at(69).shown)
	assert.Equal(t, 1, v.at(75).shown)
	assert.False(t, v.whole())
	assert.Equal(t, []analysis.Block{
		{Minute: 0, New: analysis.Counts{Invocations: 2}, Old: analysis.Counts{Invocations: 58, Errors: 2}},
		{Minute: 1, New: analysis.Counts{Invocations: 3}, Old: analysis.Counts{Invocations: 27, Errors: 3}},
	}, v.at(110).minutes)
	assert.Equal(t, analysis.Counts{Invocations: 5}, v.total)
	assert.True(t, v.at(140).whole())
}

func TestWaldLimit(t *testing.T) {
	// The failed requests at known rates of the table in section 3 of the specification.
	for _, row := range []struct{ was, is, failed float64 }{{0.01, 0.015, 63}, {0.01, 0.03, 10.5}, {0.001, 0.01, 3.3}, {0.01, 0.5, 1.4}} {
		assert.InEpsilon(t, row.failed, row.is*needed()/divergence(row.is, row.was), 0.02)
	}
	// All fail: one call tells enough, and 60 s of 10 % of 100 rps are unavoidable.
	failed, ok := aWorld(100, 0.01, defect{">=50 %", 1, 1}).waldLimit()
	assert.True(t, ok)
	assert.InDelta(t, 600, failed, 30)
	_, ok = aWorld(1, 0.001, defect{"x1.5", 1.5, 0}).waldLimit()
	assert.False(t, ok)
}
