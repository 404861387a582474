package rehearsal

import (
	"math"
	"math/rand/v2"
)

// manyCalls is from how many expected calls on a number of them is rolled as one normal figure.
const manyCalls = 400

// binomial is how many of n calls something happens to that happens to each with probability p: n p without dice.
func binomial(dice *rand.Rand, n, p float64) float64 {
	switch {
	case dice == nil:
		return n * p
	case n <= 0 || p <= 0:
		return 0
	case p >= 1:
		return n
	case p > 0.5:
		return n - binomial(dice, n, 1-p)
	case n*p > manyCalls:
		return min(max(math.Round(n*p+dice.NormFloat64()*math.Sqrt(n*p*(1-p))), 0), n)
	}
	// From one call that it happens to, to the next: a geometric number of calls (Devroye, Non-Uniform Random Variate
	// Generation, chapter X.4, the second waiting time method's sibling for geometric gaps).
	hits, perCall := 0.0, math.Log1p(-p)
	for at := 0.0; ; hits++ {
		at += math.Floor(math.Log(1-dice.Float64())/perCall) + 1
		if at > n {
			return hits
		}
	}
}
