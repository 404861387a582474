package analysis

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/analysis/sequential"
)

// TestEvidenceIsFair enumerates every outcome of two minutes: under its null hypothesis, at the very edge of it, no
// e-process is expected to gain (docs/statistics.md, sections 2.3, 2.7 and 2.9), fixed share included.
func TestEvidenceIsFair(t *testing.T) {
	p := guarded()
	p.JudgedAlone = true
	outcome := [2][2]int{{2, 5}, {3, 3}} // calls of the new and of the old version in each minute
	tests := map[string]struct {
		minutes   [2][2]int
		reference float64
		rate      func(old float64) float64
		evidence  func(Test) float64
	}{
		"E":             {outcome, 0, tolerable(p.Rho, p.Delta), func(t Test) float64 { return t.Comparison() }},
		"E_H":           {outcome, 0, tolerable(p.HealthyRho, p.HealthyDelta), func(t Test) float64 { return t.Standing().Healthy }},
		"G":             {outcome, 0.1, fixed(0.1), func(t Test) float64 { return t.Guard() }},
		"G alone":       {[2][2]int{{5, 0}, {7, 0}}, 0, fixed(0.05), func(t Test) float64 { return t.Guard() }},
		"G, then alone": {[2][2]int{{3, 4}, {7, 0}}, 0.005, fixed(0.005), func(t Test) float64 { return t.Guard() }},
		"E_total":       {outcome, 0.1, func(old float64) float64 { return min(0.1, 1.1*old) }, func(t Test) float64 { return t.Standing().Unhealthy }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, old := range []float64{0, 0.001, 0.01, 0.1, 0.3, 0.6} {
				fresh := NewTest(p, History{Reference: tt.reference})
				mean := 0.0
				eachOutcome(tt.minutes[0], tt.rate(old), old, func(b Block, probability float64) {
					first := after(fresh, b)
					eachOutcome(tt.minutes[1], tt.rate(old), old, func(b Block, next float64) {
						mean += probability * next * math.Exp(tt.evidence(after(first, b.at(1))))
					})
				})
				assert.LessOrEqual(t, mean, 1+1e-12, "old version fails %v", old)
			}
		})
	}
}

func tolerable(rho, delta float64) func(float64) float64 {
	return func(old float64) float64 { return min(1, rho*old+delta) }
}

func fixed(rate float64) func(float64) float64 { return func(float64) float64 { return rate } }

// eachOutcome visits every number of errors of both versions with its probability.
func eachOutcome(calls [2]int, newRate, oldRate float64, visit func(Block, float64)) {
	for x := range calls[0] + 1 {
		for y := range calls[1] + 1 {
			b := one(float64(calls[0]), float64(x), float64(calls[1]), float64(y))
			visit(b, binomial(calls[0], x, newRate)*binomial(calls[1], y, oldRate))
		}
	}
}

// TestClumpsAreFair enumerates errors that come D at a time on one version: Proposition C (section 2.3).
func TestClumpsAreFair(t *testing.T) {
	const d = 5
	mean := 0.0
	eachOutcome([2]int{6, 10}, 0.11, 0.1, func(b Block, probability float64) {
		end := after(NewTest(guarded(), History{Dispersion: d}), b.times(d))
		mean += probability * math.Exp(end.Comparison())
	})
	assert.LessOrEqual(t, mean, 1+1e-12)
}

// world is a kind of traffic in which the new version is no worse than the old one.
type world struct {
	perMinute float64
	rate      float64
	// incident is the probability of a minute in which everything fails 20 % more often, whichever version.
	incident float64
	// ratio is how many times the old version's rate the new one has: 1, or up to rho.
	ratio float64
	// bake is how many minutes are judged with all traffic on the new version.
	bake int
}

// TestFalseRollbacks simulates harmless rollouts.
func TestFalseRollbacks(t *testing.T) {
	const rollouts, perPast = 1000, 20
	worlds := map[string]world{
		"1 rps":                     {perMinute: 60, rate: 0.05, ratio: 1, bake: 3},
		"10 rps":                    {perMinute: 600, rate: 0.01, ratio: 1, bake: 3},
		"100 rps":                   {perMinute: 6000, rate: 0.001, ratio: 1, bake: 3},
		"1000 rps":                  {perMinute: 60000, rate: 0.0001, ratio: 1, bake: 3},
		"hardly an error":           {perMinute: 600, rate: 0.0001, ratio: 1, bake: 3},
		"incidents at 1 rps":        {perMinute: 60, rate: 0.01, ratio: 1, incident: 0.1},
		"incidents at 10 rps":       {perMinute: 600, rate: 0.001, ratio: 1, incident: 0.1},
		"edge of what is tolerated": {perMinute: 600, rate: 0.01, ratio: 1.1, bake: 3},
	}
	for name, w := range worlds {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			rolledBack := 0
			for range rollouts / perPast {
				h, filter := w.past(random)
				for range perPast {
					if w.rollout(random, h, filter) == Fail {
						rolledBack++
					}
				}
			}
			assertAtMostAlpha(t, rolledBack, rollouts)
		})
	}
}

// assertAtMostAlpha checks that so few false rollbacks would be found with a probability of 0.1 % at most, were their rate as
// high as alpha.
func assertAtMostAlpha(t *testing.T, rolledBack, rollouts int) {
	t.Helper()
	atMost := 0.0
	for k := range rolledBack + 1 {
		atMost += binomial(rollouts, k, guarded().Alpha)
	}
	assert.Less(t, atMost, 0.001, "%d of %d harmless rollouts rolled back", rolledBack, rollouts)
}

func TestRegressionsAreCaught(t *testing.T) {
	worlds := map[string]world{
		"half of all calls, 10 rps": {perMinute: 600, rate: 0.01, ratio: 50},
		"three times, 100 rps":      {perMinute: 6000, rate: 0.01, ratio: 3},
		"in an incident too":        {perMinute: 600, rate: 0.01, ratio: 50, incident: 0.1},
	}
	for name, w := range worlds {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(3, 4))
			h, filter := w.past(random)
			for range 50 {
				assert.Equal(t, Fail, w.rollout(random, h, filter))
			}
		})
	}
}

// past is what an hour of the old version tells.
func (w world) past(random *rand.Rand) (History, sequential.Filter) {
	var past []Counts
	for range 60 {
		past = append(past, draw(random, w.perMinute, w.rateNow(random)))
	}
	h := NewHistory(past)
	return h, *sequential.NewFilter(countsOf(past), h.LeastClump)
}

// rollout raises the new version's weight by 10 % every minute.
func (w world) rollout(random *rand.Rand, h History, filter sequential.Filter) Verdict {
	test := NewTest(DefaultParams(), h)
	for minute := range 9 + w.bake {
		weight := min(float64(minute+1)/10, 1)
		rate := w.rateNow(random)
		b := Block{
			Minute: int64(minute),
			New:    draw(random, weight*w.perMinute, min(1, rate*w.ratio)),
			Old:    draw(random, (1-weight)*w.perMinute, rate),
		}
		filter.Add(filterBlock(b))
		test.AddFiltered(b, filter.LogH())
	}
	return test.Standing().Verdict
}

func (w world) rateNow(random *rand.Rand) float64 {
	if random.Float64() < w.incident {
		return w.rate + 0.2
	}
	return w.rate
}

// draw is about mean calls, each of which fails with probability rate. It takes time in proportion to the errors.
func draw(random *rand.Rand, mean, rate float64) Counts {
	c := Counts{Invocations: math.Max(0, math.Round(mean+math.Sqrt(mean)*random.NormFloat64()))}
	for i := gap(random, rate); i <= c.Invocations; i += gap(random, rate) {
		c.Errors++
	}
	return c
}

// gap is how many calls there are up to the next failed one, that included: geometric.
func gap(random *rand.Rand, rate float64) float64 {
	return 1 + math.Floor(math.Log(1-random.Float64())/math.Log1p(-rate))
}

// binomial is the probability of k of n.
func binomial(n, k int, p float64) float64 {
	if p <= 0 || p >= 1 {
		if (p <= 0 && k == 0) || (p >= 1 && k == n) {
			return 1
		}
		return 0
	}
	ways, _ := math.Lgamma(float64(n + 1))
	a, _ := math.Lgamma(float64(k + 1))
	b, _ := math.Lgamma(float64(n - k + 1))
	return math.Exp(ways - a - b + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}
