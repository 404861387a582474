package analysis

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestFalseRollbacksOfABudget simulates harmless rollouts with a small budget, watched after every minute.
func TestFalseRollbacksOfABudget(t *testing.T) {
	const rollouts, perPast = 1000, 20
	for name, w := range map[string]world{
		"1 rps, 1 %":     {perMinute: 60, rate: 0.01, ratio: 1, bake: 2},
		"10 rps, 0.1 %":  {perMinute: 600, rate: 0.001, ratio: 1, bake: 2},
		"100 rps, 1 %":   {perMinute: 6000, rate: 0.01, ratio: 1, bake: 2},
		"with incidents": {perMinute: 600, rate: 0.01, ratio: 1, incident: 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(11, 12))
			rolledBack := 0
			for range rollouts / perPast {
				var past []Counts
				for range historyMinutes {
					past = append(past, draw(random, w.perMinute, w.rateNow(random)))
				}
				for range perPast {
					if w.spends(random, past) {
						rolledBack++
					}
				}
			}
			assertAtMostAlpha(t, rolledBack, rollouts)
		})
	}
}

// spends says whether steps of a minute spend a budget of five failures.
func (w world) spends(random *rand.Rand, past []Counts) bool {
	e := Measurements{History: past, JudgedAlone: true, NoBounds: true}
	for i := range 9 + w.bake {
		rate := w.rateNow(random)
		m := Minute{Start: start.Add(time.Duration(i) * time.Minute)}
		e.Reading.Share = min(float64(i+1)/10, 1)
		m.New, m.Old = draw(random, e.Reading.Share*w.perMinute, rate), draw(random, (1-e.Reading.Share)*w.perMinute, rate)
		e.Reading.Minutes = append(e.Reading.Minutes, m)
		if (Health{MaxFailed: 5}).assessBudget(e).Verdict == Fail {
			return true
		}
	}
	return false
}

func TestABudgetCapsWhatACleanFunctionLoses(t *testing.T) {
	past := steady(600, 0)
	spent := func(failed float64) Verdict {
		e := Measurements{Reading: beside([2]Counts{{60, failed}, {540, 0}}), History: past}
		return Health{Errors: ErrorsOff, MaxFailed: 5}.assessBudget(e).Verdict
	}
	assert.Equal(t, Pass, spent(4))
	assert.Equal(t, Fail, spent(5), "there is no chance in what never failed")
}

func TestAFewCallsOfTheOldVersionDoNotWidenABudget(t *testing.T) {
	for _, left := range []float64{0, 1, 6, 24, 299} {
		e := Measurements{Reading: beside([2]Counts{{6000, 600}, {left, 0}}), History: steady(6000, 60)}
		c := Health{Errors: ErrorsOff, MaxFailed: 300}.assessBudget(e)
		assert.Equal(t, Fail, c.Verdict, "%g calls left: %s", left, c.Reason)
	}
}
