package analysis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestSharedIncident(t *testing.T) {
	known := NewHistory(steady(600, 1))
	calm, down := one(300, 0, 300, 0), one(300, 100, 300, 100)
	alone := one(600, 200, 0, 0)
	tests := map[string]struct {
		h      History
		blocks []Block
		want   float64 // of the last block
	}{
		"none":                             {known, []Block{calm, alone}, 0},
		"it may go on":                     {known, []Block{calm, down, alone}, 1.0 / 3},
		"a call that went well ends none":  {known, []Block{down, one(5, 2, 1, 0), alone}, 1.0 / 3},
		"a minute that went well does":     {known, []Block{down, calm, alone}, 0},
		"for three minutes":                {known, []Block{down, alone, alone, alone}, 1.0 / 3},
		"not for four":                     {known, []Block{down, alone, alone, alone, alone}, 0},
		"nor later":                        {known, []Block{one(300, 200, 300, 200), calm.times(0.01), calm.times(0.01), calm.times(0.01), calm.times(0.01), down, alone}, 1.0 / 3},
		"three calls tell nothing":         {known, []Block{one(5, 2, 3, 2), alone}, 0},
		"the worst minute counts":          {known, []Block{down, one(300, 20, 300, 20), alone}, 1.0 / 3},
		"a single failure is none":         {known, []Block{one(3, 1, 3, 1), alone}, 0},
		"nobody knows what is usual":       {History{}, []Block{down, alone}, 0},
		"not where the old version serves": {known, []Block{down, down}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			blocks := make([]Block, len(tt.blocks))
			for i, b := range tt.blocks {
				blocks[i] = b.at(int64(i))
			}
			SharedIncident(blocks, tt.h)
			assert.InDelta(t, tt.want, blocks[len(blocks)-1].Incident, 1e-12)
		})
	}
}

func TestAnIncidentIsNobodysFaultAlone(t *testing.T) {
	h := NewHistory(steady(600, 1))
	judged := func(before, failed float64) Verdict {
		blocks := []Block{one(300, before, 300, before), one(600, failed, 0, 0).at(1)}
		SharedIncident(blocks, h)
		test := after(NewTest(guarded(), h), blocks...)
		return test.Standing().Verdict
	}
	assert.NotEqual(t, Fail, judged(100, 200), "as many as before")
	assert.Equal(t, Fail, judged(100, 600), "all of them")
	assert.NotEqual(t, Fail, judged(200, 600), "too many before to tell")
}

// A version that fails completely once it is alone goes back, whatever happened before, and nothing goes forward until
// then.
func TestAnIncidentHidesNoVersionForLong(t *testing.T) {
	for _, before := range []float64{60, 300, 540, 600} {
		e := Measurements{History: steady(600, 1), JudgedAlone: true, Reading: beside([2]Counts{{300, before / 2}, {300, before / 2}})}
		e.Reading.Alone = start.Add(time.Minute)
		for i := 1; i <= incidentMinutes+1; i++ {
			m := Minute{Start: start.Add(time.Duration(i) * time.Minute), New: Counts{600, 600}, Alias: Counts{600, 600}}
			e.Reading.Minutes = append(e.Reading.Minutes, m)
			a := Assess(Health{}, e)
			assert.NotEqual(t, Pass, a.Verdict, "%g %% failed before, minute %d", before/6, i)
			assert.False(t, a.NoData)
			if i > incidentMinutes {
				assert.Equal(t, Fail, a.Verdict, a.Reason)
			}
		}
	}
}

func TestTheEnvironmentIsJudgedByTheLastMinutes(t *testing.T) {
	h := NewHistory(steady(600, 1))
	down, calm := one(300, 100, 300, 100), one(300, 0, 300, 0)
	says, waits := environment(h, []Block{down.at(0), calm.at(1), calm.at(2)})
	assert.Contains(t, says, "both versions fail")
	assert.True(t, waits)
	says, waits = environment(h, []Block{down.at(0), calm.at(1), calm.at(2), calm.at(3)})
	assert.Empty(t, says, "long past")
	assert.False(t, waits)
	says, _ = environment(h, []Block{down.at(0), calm.at(3)})
	assert.Empty(t, says, "the last minutes are minutes, however few of them have calls")
	says, _ = environment(h, nil)
	assert.Empty(t, says)
}
