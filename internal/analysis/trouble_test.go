package analysis

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTrouble(t *testing.T) {
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
		"for five minutes":                 {known, []Block{down, alone, alone, alone, alone, alone}, 1.0 / 3},
		"not for six":                      {known, []Block{down, alone, alone, alone, alone, alone, alone}, 0},
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
			Trouble(blocks, tt.h)
			assert.InDelta(t, tt.want, blocks[len(blocks)-1].Trouble, 1e-12)
		})
	}
}

func TestTroubleIsNobodysFaultAlone(t *testing.T) {
	h := NewHistory(steady(600, 1))
	judged := func(failed float64) Verdict {
		blocks := []Block{one(300, 100, 300, 100), one(600, failed, 0, 0).at(1)}
		Trouble(blocks, h)
		test := after(NewTest(DefaultParams(), h), blocks...)
		return test.Standing().Verdict
	}
	assert.NotEqual(t, Fail, judged(200), "as many as before")
	assert.Equal(t, Fail, judged(600), "all of them")
}

func TestTheEnvironmentIsJudgedByTheLastMinutes(t *testing.T) {
	h := NewHistory(steady(600, 1))
	down, alone := one(300, 100, 300, 100), one(600, 1, 0, 0)
	assert.Contains(t, environment(h, []Block{down, alone, alone}), "both versions fail")
	assert.Empty(t, environment(h, []Block{down, alone, alone, alone}), "long past")
}
