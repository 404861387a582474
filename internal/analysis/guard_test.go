package analysis

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheNewVersionAloneIsForTheGuard(t *testing.T) {
	before := after(NewTest(guarded(), cleanHours()), one(60, 1, 540, 0))
	end := after(before, one(60, 60, 0, 0).at(1))
	assert.True(t, before.comparison == end.comparison, "nothing to compare with")
	assert.True(t, before.nonInferiority == end.nonInferiority)
	assert.Greater(t, end.Guard(), before.Guard())

	unjudged := after(NewTest(guarded(), History{}), one(60, 60, 0, 0))
	assert.Equal(t, Standing{Verdict: Inconclusive}, unjudged.Standing())
}

func TestWhatTheGuardTolerates(t *testing.T) {
	tests := map[string]struct {
		reference, delta float64
		block            Block
		q                float64
		judges           bool
	}{
		"beside the old version, the reference":     {0.001, 0, one(60, 1, 540, 0), 0.001, true},
		"beside the old version, and delta":         {0.001, 0.005, one(60, 1, 540, 0), 0.006, true},
		"beside the old version in an incident":     {0.001, 0.005, one(60, 1, 540, 54), 0.15, true},
		"beside the old version with as many calls": {0.001, 0, one(60, 1, 60, 0), 0.001, true},
		"beside the old version with fewer calls":   {0.001, 0, one(60, 1, 59, 0), 0, false},
		"beside the old version without a history":  {0, 0, one(60, 1, 540, 0), 0, false},
		"alone, no less than a floor":               {0.001, 0, one(60, 1, 0, 0), 0.02, true},
		"alone, four times the reference":           {0.01, 0, one(60, 1, 0, 0), 0.04, true},
		"alone, and delta":                          {0.01, 0.005, one(60, 1, 0, 0), 0.045, true},
		"alone without a history":                   {0, 0, one(60, 1, 0, 0), 0.05, true},
		"alone without a history, and delta":        {0, 0.005, one(60, 1, 0, 0), 0.055, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := guarded()
			p.Delta = tt.delta
			g := newGuard(p, History{Reference: tt.reference})
			q, judges := g.tolerated(tt.block)
			assert.InDelta(t, tt.q, q, 1e-15)
			assert.Equal(t, tt.judges, judges)
		})
	}
}
