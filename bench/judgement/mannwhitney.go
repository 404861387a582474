package main

import (
	"math"
	"slices"
)

// mannWhitney judges as Kayenta's NetflixACAJudge classifies a metric: the failure rates of the new version's minutes
// are high when the lower 98 % confidence limit of their shift against the old version's exceeds a quarter of the
// estimated shift. It needs five minutes of each to be able to say so.
func mannWhitney(*rollout) judge {
	return func(v *view) answer {
		var experiment, control []float64
		for _, b := range v.minutes {
			if b.New.Invocations > 0 {
				experiment = append(experiment, failing(b.New))
			}
			if b.Old.Invocations > 0 {
				control = append(control, failing(b.Old))
			}
		}
		return rollBackIf(high(experiment, control))
	}
}

// high says whether the experiment's shift is certain to exceed a quarter of its estimate. The lower limit is where the
// test statistic comes down to the quantile, so it is above the quarter if the statistic is above the quantile there.
func high(experiment, control []float64) bool {
	const fraction, quantile = 0.25, 2.3263478740408408
	if len(experiment) == 0 || len(control) == 0 {
		return false
	}
	return wilcoxon(experiment, control, fraction*math.Abs(shift(experiment, control))) > quantile
}

// shift is the Hodges-Lehmann estimate: the median of all differences.
func shift(x, y []float64) float64 {
	differences := make([]float64, 0, len(x)*len(y))
	for _, a := range x {
		for _, b := range y {
			differences = append(differences, a-b)
		}
	}
	slices.Sort(differences)
	middle := len(differences) / 2
	if len(differences)%2 == 1 {
		return differences[middle]
	}
	return (differences[middle-1] + differences[middle]) / 2
}

// wilcoxon is the normal approximation of the rank sum of x-mu among x-mu and y, with corrections for ties and
// continuity as in R's wilcox.test; 0 where all values are the same.
func wilcoxon(x, y []float64, mu float64) float64 {
	all := slices.Clone(y)
	for _, a := range x {
		all = append(all, a-mu)
	}
	slices.Sort(all)
	m, n := float64(len(x)), float64(len(y))
	excess := -m*(m+1)/2 - m*n/2
	for _, a := range x {
		rank, _ := rankIn(all, a-mu)
		excess += rank
	}
	ties := 0.0
	for i := 0; i < len(all); {
		_, same := rankIn(all, all[i])
		ties += same*same*same - same
		i += int(same)
	}
	variance := m * n / 12 * (m + n + 1 - ties/((m+n)*(m+n-1)))
	if variance <= 0 || excess == 0 {
		return 0
	}
	return (excess - math.Copysign(0.5, excess)) / math.Sqrt(variance)
}

// rankIn is a value's rank in a sorted list, the mean of its ties, and how many of these there are.
func rankIn(sorted []float64, value float64) (rank, ties float64) {
	first, _ := slices.BinarySearch(sorted, value)
	end := first
	for end < len(sorted) && sorted[end] == value {
		end++
	}
	return float64(first+end+1) / 2, float64(end - first)
}
