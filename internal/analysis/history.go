package analysis

import (
	"math"
	"slices"
)

// History is what the old version's own minutes before the start say of its errors. The zero History is none.
type History struct {
	// Dispersion is D, how many errors come together as one event; below 1 counts as 1 (the specification, section 2.6).
	Dispersion float64
	// Reference is twice a high upper limit of the past error rate, the guard's yardstick; 0 when the history is too
	// short to tell (section 2.7).
	Reference float64
	// Normal is the same limit however short the history is; above it the old version is in trouble.
	Normal float64
	// Usual is the lower median of the error rates of the minutes with calls, which incidents do not move.
	Usual float64
}

// minReferenceCalls is how many invocations a reference rate needs (section 2.7).
const minReferenceCalls = 1000

// NewHistory learns from the old version's counts before the start, one for each minute in order. Minutes without
// calls belong in it as zeros: neighbours are compared.
func NewHistory(minutes []Counts) History {
	var sum Counts
	for _, c := range minutes {
		sum = sum.plus(c)
	}
	if !(sum.Invocations > 0) { // nor where it is no number
		return History{}
	}
	h := History{Dispersion: dispersionOf(minutes, sum), Usual: usualRate(minutes)}
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

// referenceOf is ref of the specification, section 2.7: twice the upper 99.9 % limit of the rate of clusters of d errors.
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

// dispersionOf is D of the specification, section 2.6. Where most minutes have no error, the size of the usual minute
// with errors counts too.
func dispersionOf(minutes []Counts, sum Counts) float64 {
	errors := make([]float64, 0, len(minutes))
	var some []float64
	for _, c := range minutes {
		errors = append(errors, c.Errors)
		if c.Errors > 0 {
			some = append(some, c.Errors)
		}
	}
	d := denseDispersion(minutes, sum)
	if lowerMedian(errors) == 0 && len(some) >= 2 {
		d = max(d, min(lowerMedian(some), 5))
	}
	return d
}

// denseDispersion is D_dense of the specification, section 2.6: how much more the rate differs between neighbouring
// minutes than independent errors would. Second differences cancel drift, and the smaller half of them ignores
// incidents.
func denseDispersion(minutes []Counts, sum Counts) float64 {
	p := sum.Errors / sum.Invocations
	var squares []float64
	for i := range len(minutes) - 2 {
		squares = append(squares, secondDifference(p, [3]Counts(minutes[i:i+3])))
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

// secondDifference is z_i of the specification, section 2.6: the squared second difference of the rates of three
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
