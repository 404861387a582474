package sequential

import "math"

// law is how the failures of one minute scatter about their rate: in clumps of so many, and by a factor of the minute whose
// squared coefficient of variation is noise (docs/statistics.md, section 2.16.1).
type law struct{ clump, noise float64 }

// logLikelihood is log BB(x; n, p), the beta-binomial log probability of x failures among n calls at rate p, but for the
// binomial coefficient (section 2.16.1):
//
//	a = (D-1)/(n-1+D),  b = phi p (1-p),  i = a + b - a b,  kappa = 1/i - 1
//	log BB = R(x, p kappa) + R(n-x, (1-p) kappa) - R(n, kappa)
func (l law) logLikelihood(c Counts, p float64) float64 {
	a := (l.clump - 1) / (c.Invocations - 1 + l.clump)
	b := l.noise * p * (1 - p)
	kappa := 1/(a+b-float64(a*b)) - 1
	return logRising(c.Errors, p*kappa) + logRising(c.Invocations-c.Errors, (1-p)*kappa) - logRising(c.Invocations, kappa)
}

// logRising is R(x, k) = log Gamma(k+x) - log Gamma(k) for x >= 0 and k > 0, without a Gamma function, so that every platform
// gives the same (section 2.16.1): a product where x is small and whole, else Stirling's series, which needs a large k. Its
// terms are large and nearly cancel, so products are rounded before they are added, on platforms that would fuse both too.
func logRising(x, k float64) float64 {
	const few, large = 12, 10
	if x == 0 {
		return 0
	}
	product := 1.0
	if x <= few && x == math.Trunc(x) {
		for i := range int(x) {
			product *= k + float64(i)
		}
		return math.Log(product)
	}
	shifted := 0.0
	if k < large {
		for ; k < large; k++ { // k to k+1 costs log((k+x)/k)
			product *= (k + x) / k
		}
		shifted = math.Log(product)
	}
	t := k + x
	return float64((t-0.5)*math.Log1p(x/k)) + float64(x*math.Log(k)) - x + stirling(t) - stirling(k) - shifted
}

// stirling is s(k), the tail of Stirling's series for log Gamma(k) (section 2.16.1).
func stirling(k float64) float64 {
	q := 1 / (k * k)
	return (1.0/12 - q*(1.0/360-q*(1.0/1260-q/1680))) / k
}
