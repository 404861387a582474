package main

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{0: "0 %", 0.0037: "0.37 %", 0.01: "1 %", 0.015: "1.5 %", 0.5: "50 %", 0.8752: "88 %", 0.00995: "1 %", 1: "100 %"} {
		assert.Equal(t, want, percent(share))
	}
}

func TestWrite(t *testing.T) {
	s := study{rules: rules(), seed: 1, effort: effort{2, 2}}
	s.cells = simulate(worlds()[:6], s.rules, s.seed, s.effort)
	docs := t.TempDir()
	require.NoError(t, s.write(docs))
	for name := range s.pictures() {
		assert.FileExists(t, filepath.Join(docs, "img", name))
	}
	text, err := os.ReadFile(filepath.Join(docs, "benchmarks.md"))
	require.NoError(t, err)
	assert.Contains(t, string(text), "| **compare** |")
}

func TestDuel(t *testing.T) {
	of := func(falsely int, failed float64) figures {
		return figures{falsely: share{falsely, 100}, failed: burden{sample{failed}, sample{1}}}
	}
	for want, other := range map[string]figures{
		"beaten on both": of(50, 3),
		"beaten on false rollbacks; **we lose** on failed requests by a factor of 2.00": of(50, 1),
		"beaten on failed requests; **we lose** on false rollbacks by 1.00 points":      of(0, 3),
		"**we lose** on both": of(0, 1),
	} {
		assert.Equal(t, want, duel{us: of(1, 2), other: other}.String())
	}
}

func TestLosses(t *testing.T) {
	good, bad := aWorld(1, 0, harmless()), aWorld(1, 0, defect{"0 to 1 %", 1, 0.01})
	tallies := func(ours, oracle, rival int) []tally {
		return []tally{{ended: share{ours, 100}}, {ended: share{oracle, 100}}, {ended: share{rival, 100}}}
	}
	found := losses([]cell{{good, tallies(0, 0, 1)}, {bad, tallies(4, 92, 91)}}, 2)
	require.Len(t, found, 1)
	assert.Equal(t, "independent failures, 1 rps, 0 % to 1 %, 10 x 60 s: catches 91 %, we 4 %, the oracle 92 %", found[0].String())
	assert.Empty(t, losses([]cell{{good, tallies(0, 0, 2)}, {bad, tallies(4, 92, 91)}}, 2), "too many false rollbacks")
	assert.Empty(t, losses([]cell{{good, tallies(0, 0, 0)}, {bad, tallies(50, 92, 60)}}, 2), "chance")
}

func TestShare(t *testing.T) {
	assert.InDelta(t, 0.05, share{5, 100}.rate(), 1e-12)
	assert.InDelta(t, 0.0218, share{5, 100}.deviation(), 1e-4)
	assert.InDelta(t, 0.0264, share{0, 100}.upper(), 1e-4)
	assert.Zero(t, share{}.rate())
}

func TestBurden(t *testing.T) {
	var b burden
	b.add(300, 100)
	b.add(2, 2)
	b.add(7, 0)
	assert.InDelta(t, 302.0/102, b.ofMeans(), 1e-12)
	assert.Equal(t, sample{3, 1}, b.byWorld())
}

func TestSample(t *testing.T) {
	s := sample{4, 1, 2}
	assert.InDelta(t, 7.0/3, s.mean(), 1e-12)
	assert.InDelta(t, 2, s.geometric(), 1e-12)
	assert.InDelta(t, 2, s.median(), 1e-12)
	assert.True(t, math.IsNaN(sample{}.median()))
}
