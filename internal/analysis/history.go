package analysis

import (
	"math"
	"slices"

	"github.com/meta-deployer/meta-deployer/internal/analysis/sequential"
)

// History is what the old version's own minutes before the start say of its errors. The zero History is none.
type History struct {
	// Dispersion is D, how many errors come together as one event; below 1 counts as 1 (docs/statistics.md, section 2.6).
	Dispersion float64
	// Reference is twice a high upper limit of the past error rate, the guard's yardstick; 0 when the history is too
	// short to tell (section 2.7).
	Reference float64
	// Normal is the same limit however short the history is; above it the old version is in an incident.
	Normal float64
	// Usual is the lower median of the error rates of the minutes with calls, which incidents do not move.
	Usual float64
	// Kept is how many minutes tell of the usual noise: those with calls that are no incident (section 2.6).
	Kept int
	// Uneven says that traffic comes and goes: of the kept minutes a quarter has twice the calls that another quarter has.
	Uneven bool
	// LeastClump is D_0, the clump size that the filter takes for the smallest (section 2.16).
	LeastClump float64
}

// largestLeastClump is the most that D_0 is (section 2.16).
const largestLeastClump = 8

// minReferenceCalls is how many invocations a reference rate needs (section 2.7).
const minReferenceCalls = 1000

// NewHistory learns from the old version's counts before the start, one for each minute in order. Minutes without calls
// tell nothing of the noise of those with calls: on/off traffic would make any clumps seem single failures.
func NewHistory(minutes []Counts) History {
	var sum Counts
	for _, c := range minutes {
		sum = sum.Plus(c)
	}
	if !(sum.Invocations > 0) { // nor where it is no number
		return History{}
	}
	usual := usualRate(minutes)
	kept := keptMinutes(minutes, usual)
	h := History{Dispersion: dispersionOf(kept), Usual: usual, Kept: len(kept), Uneven: uneven(kept), LeastClump: 1}
	if usual > 0 {
		h.LeastClump = min(denseDispersion(kept), largestLeastClump)
	}
	h.Normal = referenceOf(sum, h.Dispersion)
	if sum.Invocations >= minReferenceCalls {
		h.Reference = h.Normal
	}
	return h
}

// known says that there is a history at all.
func (h History) known() bool { return h.Dispersion > 0 }

// dispersion is D, never below 1.
func (h History) dispersion() float64 { return max(1, h.Dispersion) }

// uneven compares the quartiles of the calls.
func uneven(kept []Counts) bool {
	calls := make([]float64, len(kept))
	for i, c := range kept {
		calls[i] = c.Invocations
	}
	slices.Sort(calls)
	return len(calls) > 0 && calls[len(calls)*3/4] >= 2*calls[len(calls)/4]
}

// Clumped is the history with a D no smaller than the clumps that the environment filter has found, where traffic is uneven and
// the usual minute has failures: there D_dense takes clumps for single failures (docs/decisions/0014).
func (h History) Clumped(e sequential.Environment) History {
	if h.Uneven && h.Usual > 0 {
		h.Dispersion = max(h.Dispersion, e.Clump)
	}
	return h
}

// referenceOf is ref of docs/statistics.md, section 2.7: twice the upper 99.9 % limit of the rate of clusters of d errors.
func referenceOf(sum Counts, d float64) float64 {
	k := sum.Errors / d
	return min(0.5, 2*d*(k+1+3.09*math.Sqrt(k+1)+3)/sum.Invocations)
}

// usualRate is the lower median of the error rates of the minutes with calls, of which there are some.
func usualRate(minutes []Counts) float64 {
	rates := make([]float64, 0, len(minutes))
	for _, c := range minutes {
		if c.calls() > 0 {
			rates = append(rates, c.rate())
		}
	}
	return lowerMedian(rates)
}

// keptMinutes are those with calls that are no incident, of docs/statistics.md, section 2.6: in an incident a minute fails
// at four times the usual rate, and by more than chance explains.
func keptMinutes(minutes []Counts, usual float64) []Counts {
	const sudden, deviations = 4, 6
	kept := make([]Counts, 0, len(minutes))
	for _, c := range minutes {
		expected := usual * c.Invocations
		incident := usual > 0 && c.Errors > sudden*expected && c.Errors > expected+deviations*math.Sqrt(expected+1)
		if c.Invocations > 0 && !incident {
			kept = append(kept, c)
		}
	}
	return kept
}

// dispersionOf is D of docs/statistics.md, section 2.6, of the kept minutes. Where most of them have no error, the size of
// the usual minute with errors counts too.
func dispersionOf(kept []Counts) float64 {
	errors := make([]float64, 0, len(kept))
	var some []float64
	for _, c := range kept {
		errors = append(errors, c.Errors)
		if c.Errors > 0 {
			some = append(some, c.Errors)
		}
	}
	d := denseDispersion(kept)
	if len(some) >= 2 && lowerMedian(errors) == 0 {
		d = max(d, min(lowerMedian(some), 5))
	}
	return d
}

// denseDispersion is D_dense of docs/statistics.md, section 2.6: how much more the rate differs between neighbouring kept
// minutes than independent errors would. Second differences cancel drift, and only the smaller half of them counts.
func denseDispersion(kept []Counts) float64 {
	var sum Counts
	for _, c := range kept {
		sum = sum.Plus(c)
	}
	p := sum.Errors / sum.Invocations
	var squares []float64
	for i := range len(kept) - 2 {
		squares = append(squares, secondDifference(p, [3]Counts(kept[i:i+3])))
	}
	slices.Sort(squares)
	half := len(squares) / 2
	mean := 0.0
	for _, z := range squares[:half] {
		mean += z / float64(half)
	}
	const lowerHalf = 0.14265183548851845 // the mean of the lower half of a chi-square with one degree of freedom
	return min(max(mean/lowerHalf, 1), 1000)
}

// secondDifference is z_i of docs/statistics.md, section 2.6: the squared second difference of the rates of three
// neighbouring minutes, in units of its variance under independent errors with probability p.
func secondDifference(p float64, three [3]Counts) float64 {
	var rate, inverse [3]float64
	for i, c := range three {
		inverse[i] = 1 / max(c.Invocations, 1)
		rate[i] = c.Errors * inverse[i]
	}
	variance := p * (1 - p) * (inverse[0] + 4*inverse[1] + inverse[2])
	if variance <= 0 {
		return 0
	}
	difference := rate[0] - 2*rate[1] + rate[2]
	return difference * difference / variance
}

// lowerMedian is the middle value, the lower of two. It sorts what it is given, which must not be empty.
func lowerMedian(values []float64) float64 {
	slices.Sort(values)
	return values[(len(values)-1)/2]
}
