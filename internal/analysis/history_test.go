package analysis

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/analysis/sequential"
)

// hours is minutes of the same calls, with these errors in turn.
func hours(minutes int, calls float64, errors ...float64) []Counts {
	var list []Counts
	for i := range minutes {
		list = append(list, Counts{Invocations: calls, Errors: errors[i%len(errors)]})
	}
	return list
}

func TestNewHistory(t *testing.T) {
	tests := map[string]struct {
		minutes    []Counts
		dispersion float64
		reference  float64
	}{
		"none":                               {nil, 0, 0},
		"minutes without a call":             {hours(180, 0, 0), 0, 0},
		"too few calls for a reference":      {hours(9, 111, 0), 1, 0},
		"just enough calls":                  {hours(10, 100, 0), 1, 2 * (1 + 3.09 + 3) / 1000},
		"too few minutes for dense clusters": {hours(3, 1000, 0, 100, 0), 1, 2 * (101 + 3.09*math.Sqrt(101) + 3) / 3000},
		"one minute with errors is no clump": {hours(180, 600, slices.Concat([]float64{5}, make([]float64, 179))...), 1, 2 * (6 + 3.09*math.Sqrt(6) + 3) / 108000},
		"everything failed":                  {hours(180, 600, 600), 1, 0.5},
		"every other minute an outage":       {hours(180, 600, 0, 600), 1000, 0.5},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := NewHistory(tt.minutes)
			assert.InDelta(t, tt.dispersion, h.Dispersion, 1e-12)
			assert.InDelta(t, tt.reference, h.Reference, 1e-12)
		})
	}
}

func TestTheSmallerSecondDifferenceOfFourMinutes(t *testing.T) {
	h := NewHistory(hours(4, 1000, 100, 50, 50, 200))
	smaller := 0.05 * 0.05 / (0.1 * 0.9 * 6 / 1000)
	assert.InDelta(t, smaller/0.14265183548851845, h.Dispersion, 1e-9)
	assert.InDelta(t, 1, NewHistory(hours(3, 1000, 100, 50, 250)).Dispersion, 0, "three have but one: no smaller half")
}

func TestSparseClumpsCountUpToFive(t *testing.T) {
	sparse := func(size ...float64) []Counts { return hours(180, 600, slices.Concat(size, make([]float64, 58))...) }
	assert.InDelta(t, 3, NewHistory(sparse(3, 0)).Dispersion, 1e-12)
	assert.InDelta(t, 2, NewHistory(sparse(2, 9)).Dispersion, 1e-12, "the lower median")
	assert.InDelta(t, 5, NewHistory(sparse(50, 0)).Dispersion, 1e-12, "no more than five")
}

// TestMinutesWithoutCallsSayNothingOfClumps: on/off traffic clumps as much as the same minutes in a row.
func TestMinutesWithoutCallsSayNothingOfClumps(t *testing.T) {
	clumped := hours(90, 600, 0, 12, 4, 0, 8, 0, 0, 16)
	var sessions []Counts
	for i := 0; i < len(clumped); i += 5 {
		sessions = append(append(sessions, clumped[i:i+5]...), make([]Counts, 5)...)
	}
	steady := NewHistory(clumped)
	assert.Greater(t, steady.Dispersion, 2.0)
	assert.InDelta(t, steady.Dispersion, NewHistory(sessions).Dispersion, 1e-12)
	assert.Equal(t, 90, NewHistory(sessions).Kept)
}

func TestAShortHistoryLeavesAllToTheFilter(t *testing.T) {
	const logH = 7.0
	b := one(60, 3, 540, 0)
	for minutes, alone := range map[int]bool{0: true, 29: true, 30: false, 180: false} {
		test := NewTest(DefaultParams(), NewHistory(hours(minutes, 600, 1)))
		test.AddFiltered(b, logH)
		assert.Equal(t, alone, test.Standing().Unhealthy == logH, "%d minutes", minutes)
	}
	gaps := append(hours(29, 600, 1), hours(100, 0, 0)...)
	test := NewTest(DefaultParams(), NewHistory(gaps))
	test.AddFiltered(b, logH)
	assert.InDelta(t, logH, test.Standing().Unhealthy, 0, "minutes without calls do not count")
}

func TestTheLeastClumpIsKnownWhereTheUsualMinuteFails(t *testing.T) {
	dense := hours(180, 600, 0, 12, 4, 20, 8, 30, 2, 16)
	assert.Greater(t, NewHistory(dense).LeastClump, 2.0)
	sparse := hours(180, 600, 0, 12, 0, 20, 0, 30, 0)
	assert.Greater(t, NewHistory(sparse).Dispersion, 2.0)
	assert.InDelta(t, 1, NewHistory(sparse).LeastClump, 0)
}

// TestTheFilterFindsClumpsInTrafficThatComesAndGoes: four failures at a time in minutes of very different length.
func TestTheFilterFindsClumpsInTrafficThatComesAndGoes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var minutes []Counts
	for range historyMinutes {
		fine := math.Round(600 * random.ExpFloat64())
		clumps := draw(random, fine, 0.0025).Errors
		minutes = append(minutes, Counts{Invocations: fine + 4*clumps, Errors: 4 * clumps})
	}
	h := NewHistory(minutes)
	filter := sequential.NewFilter(countsOf(minutes), h.LeastClump)
	clumped := h.Clumped(filter.Environment()).Dispersion
	assert.Greater(t, clumped, 2*h.Dispersion)
	a := Assess(Health{}, Measurements{Reading: beside([2]Counts{{60, 0}, {540, 0}}), History: minutes})
	assert.InEpsilon(t, clumped, a.Checks[0].Evidence.Dispersion, 0.006, "it is what the rollout is judged by")
	assert.InDelta(t, 4, History{Dispersion: 4, Usual: 0.1, Uneven: true}.Clumped(sequential.Environment{Clump: 3}).Dispersion, 0, "no less than before")
	assert.InDelta(t, 4, History{Dispersion: 4, Usual: 0.1}.Clumped(sequential.Environment{Clump: 8}).Dispersion, 0, "not in even traffic")
	assert.InDelta(t, 4, History{Dispersion: 4, Uneven: true}.Clumped(sequential.Environment{Clump: 8}).Dispersion, 0, "not where the usual minute has no failure")
}

func TestIncidentsSayNothingOfClumps(t *testing.T) {
	calm := hours(100, 600, 3, 2, 4, 3, 1, 5)
	struck := slices.Concat(calm[:50], []Counts{{600, 120}, {600, 90}}, calm[50:])
	assert.InDelta(t, NewHistory(calm).Dispersion, NewHistory(struck).Dispersion, 1e-12)
	assert.Equal(t, 100, NewHistory(struck).Kept)
}

func TestHistoryIsWithinItsLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var minutes []Counts
		for _, b := range drawBlocks(t, rapid.SampledFrom([]int64{1, 100, 1e6, 1e12}).Draw(t, "most")) {
			minutes = append(minutes, b.Old, b.New)
		}
		given := slices.Clone(minutes)
		h := NewHistory(minutes)
		assert.Equal(t, given, minutes, "what it is given is not sorted")
		if h == (History{}) {
			return
		}
		assert.True(t, 1 <= h.Dispersion && h.Dispersion <= 1000, "%+v", h)
		assert.True(t, 0 <= h.Reference && h.Reference <= 0.5, "%+v", h)
	})
}
