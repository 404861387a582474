package rehearsal

import "math"

// MostByChance is how many of so many rollouts go back by chance at the most, where each does with a probability of rate: more
// than that is chance in less than one of a hundred rehearsals.
func MostByChance(rollouts int, rate float64) int {
	const surprise = 0.01
	if rollouts <= 0 || rate <= 0 {
		return 0
	}
	if rate >= 1 {
		return rollouts
	}
	n, beyond := float64(rollouts), 1.0
	for k := range rollouts {
		choose, _ := math.Lgamma(n + 1)
		chosen, _ := math.Lgamma(float64(k) + 1)
		rest, _ := math.Lgamma(n - float64(k) + 1)
		beyond -= math.Exp(choose - chosen - rest + float64(k)*math.Log(rate) + (n-float64(k))*math.Log1p(-rate))
		if beyond < surprise {
			return k
		}
	}
	return rollouts
}
