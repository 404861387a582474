package analysis

import "math"

// Bounds are confidence sequences for how the new version's error rate relates to the old one's: each holds at all looks
// at once, the lower ones with probability 1 - Alpha, the upper ones with 1 - Beta (docs/statistics.md, section 2.10).
type Bounds struct {
	// RatioLower and RatioUpper bound the new version's rate divided by the old one's; 0 and +Inf for no bound.
	RatioLower, RatioUpper float64
	// ExcessLower and ExcessUpper bound the new version's rate minus the old one's, as a share of its invocations; 0
	// and 1 for no bound.
	ExcessLower, ExcessUpper float64
}

// The ratios between which bounds are sought, and how often the interval is halved.
const (
	smallestRatio = 1e-9
	largestRatio  = 1e9
	halvings      = 44
)

// NewBounds finds the bounds by inverting the tests: they are the tolerances that the blocks do not refute (the
// specification, section 2.10). The tolerances of p do not matter. It takes time in proportion to the blocks, about
// forty times that of a Test.
func NewBounds(p Params, h History, blocks []Block) Bounds {
	worse := func(rho, delta float64) bool {
		p := p
		p.Rho, p.Delta = rho, delta
		return reaches(newComparison(p, h), blocks, p.Alpha)
	}
	better := func(rho, delta float64) bool {
		p := p
		p.HealthyRho, p.HealthyDelta = rho, delta
		return reaches(newNonInferiority(p, h), blocks, p.Beta)
	}
	b := Bounds{
		RatioUpper:  math.Inf(1),
		ExcessLower: lastTrue(0, 1, func(delta float64) bool { return worse(1, delta) }),
		ExcessUpper: lastTrue(1, 0, func(delta float64) bool { return better(1, delta) }),
	}
	low, high := math.Log(smallestRatio), math.Log(largestRatio)
	if worse(smallestRatio, 0) {
		b.RatioLower = math.Exp(lastTrue(low, high, func(x float64) bool { return worse(math.Exp(x), 0) }))
	}
	if better(largestRatio, 0) {
		b.RatioUpper = math.Exp(lastTrue(high, low, func(x float64) bool { return better(math.Exp(x), 0) }))
	}
	return b
}

// reaches says whether the comparison's evidence is 1/level or more after any of the blocks.
func reaches(c comparison, blocks []Block, level float64) bool {
	needed := -math.Log(level)
	for _, b := range blocks {
		if !b.countable() {
			continue
		}
		c.add(b)
		if c.logE >= needed {
			return true
		}
	}
	return false
}

// lastTrue finds where a condition that holds at from ceases to hold on the way to limit, by bisection. One that holds
// nowhere gives from.
func lastTrue(from, limit float64, holds func(float64) bool) float64 {
	for range halvings {
		middle := from + (limit-from)/2
		if holds(middle) {
			from = middle
		} else {
			limit = middle
		}
	}
	return from
}
