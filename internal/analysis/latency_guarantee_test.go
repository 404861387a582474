package analysis

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// slowWorld is a kind of traffic in which the new version is as fast as the old one.
type slowWorld struct {
	perMinute float64
	// spread is by how much the share of slow calls of one version differs from minute to minute, on a log scale.
	spread float64
	// incident is the probability of a minute in which a fifth of all calls is slow besides, whichever version.
	incident float64
	// cold is the share of the new version's calls that are slow besides in the minute of a shift.
	cold float64
}

// TestFalseRollbacksOfLatency simulates harmless rollouts without errors that are judged by latency too.
func TestFalseRollbacksOfLatency(t *testing.T) {
	const rollouts, perPast = 1000, 20
	for name, w := range map[string]slowWorld{
		"1 rps":                       {perMinute: 60},
		"10 rps":                      {perMinute: 600},
		"every version and minute":    {perMinute: 600, spread: 0.3},
		"incidents":                   {perMinute: 600, incident: 0.1},
		"a cold start in a hundred":   {perMinute: 600, cold: 0.01},
		"incidents and their minutes": {perMinute: 600, spread: 0.2, incident: 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(7, 8))
			rolledBack := 0
			for range rollouts / perPast {
				past, memo := w.past(random), new(Memo)
				for range perPast {
					if w.rollout(random, past, memo, 1) == Fail {
						rolledBack++
					}
				}
			}
			assertAtMostAlpha(t, rolledBack, rollouts)
		})
	}
}

func TestSlowVersionsAreCaught(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	w := slowWorld{perMinute: 600, spread: 0.1}
	past := w.past(random)
	for range 50 {
		assert.Equal(t, Fail, w.rollout(random, past, new(Memo), 5))
	}
}

// past are three hours of the old version.
func (w slowWorld) past(random *rand.Rand) []Minute {
	past := make([]Minute, historyMinutes)
	for i := range past {
		past[i] = Minute{Start: start.Add(time.Duration(i-historyMinutes) * time.Minute), AliasTook: w.took(random, w.perMinute, 1, w.now(random))}
	}
	return past
}

// now is the share that is slow besides in a minute.
func (w slowWorld) now(random *rand.Rand) float64 {
	if random.Float64() < w.incident {
		return 0.2
	}
	return 0
}

// rollout raises the new version's weight by 10 % every minute. times is how many times as often as the old one the new
// version is slow.
func (w slowWorld) rollout(random *rand.Rand, past []Minute, memo *Memo, times float64) Verdict {
	var r Reading
	for i := range 9 {
		weight, besides := float64(i+1)/10, w.now(random)
		m := Minute{
			Start:   start.Add(time.Duration(i) * time.Minute),
			NewTook: w.took(random, weight*w.perMinute, times, besides+w.cold),
			OldTook: w.took(random, (1-weight)*w.perMinute, 1, besides),
		}
		m.New.Invocations, m.Old.Invocations = m.NewTook.Samples, m.OldTook.Samples
		r.Minutes, r.Share = append(r.Minutes, m), weight
	}
	known := SlowBefore(start, time.Minute, past, []Threshold{{Name: "p90", MS: 200}, {Name: "p99", MS: 400}})
	return Assess(Health{Latency: LatencyRule{Compare: true}}, Measurements{Reading: r, Thresholds: known, History: HistoryBefore(start, time.Minute, past), NoBounds: true, Memo: memo}).Verdict
}

// took is how long about so many calls of one version took in a minute.
func (w slowWorld) took(random *rand.Rand, calls, times, besides float64) Durations {
	factor := times * math.Exp(w.spread*random.NormFloat64()-w.spread*w.spread/2)
	slow := draw(random, calls, min(1, 0.1*factor+besides))
	d := Durations{Samples: slow.Invocations}
	d.Slow[0] = slow.Errors
	for range int(slow.Errors) {
		if random.Float64() < 0.1 {
			d.Slow[1]++
		}
	}
	return d
}
