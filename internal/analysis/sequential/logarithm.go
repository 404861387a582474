package sequential

import "math"

// LogSumExp is log(sum of exp(x)) without overflow (section 2.14).
func LogSumExp(logs []float64) float64 {
	top := math.Inf(-1)
	for _, x := range logs {
		top = max(top, x)
	}
	sum := 0.0
	for _, x := range logs {
		sum += math.Exp(x - top)
	}
	return top + math.Log(sum)
}

// LogAddExp is log(exp(x) + exp(y)) without overflow (section 2.14).
func LogAddExp(x, y float64) float64 {
	return max(x, y) + math.Log1p(math.Exp(min(x, y)-max(x, y)))
}
