package main

import (
	"math"
	"math/rand/v2"
)

// poisson draws a Poisson number: by inversion where few are expected, else by Hörmann's transformed rejection (PTRS,
// Insurance: Mathematics and Economics 12, 1993).
func poisson(random *rand.Rand, mean float64) float64 {
	switch {
	case mean <= 0:
		return 0
	case mean < 10:
		return fewPoisson(random, mean)
	default:
		return manyPoisson(random, mean)
	}
}

func fewPoisson(random *rand.Rand, mean float64) float64 {
	k, probability := 0.0, math.Exp(-mean)
	for u := random.Float64(); u > probability && probability > 0; {
		u -= probability
		k++
		probability *= mean / k
	}
	return k
}

func manyPoisson(random *rand.Rand, mean float64) float64 {
	b := 0.931 + 2.53*math.Sqrt(mean)
	a := -0.059 + 0.02483*b
	inverseAlpha := 1.1239 + 1.1328/(b-3.4)
	quick := 0.9277 - 3.6224/(b-2)
	for {
		u, v := random.Float64()-0.5, random.Float64()
		us := 0.5 - math.Abs(u)
		k := math.Floor((2*a/us+b)*u + mean + 0.43)
		switch {
		case us >= 0.07 && v <= quick:
			return k
		case k < 0 || us < 0.013 && v > us:
			continue
		}
		ways, _ := math.Lgamma(k + 1)
		if math.Log(v*inverseAlpha/(a/(us*us)+b)) <= k*math.Log(mean)-mean-ways {
			return k
		}
	}
}

// routed is how many of so many calls run on the version that has the weight, each by its own toss.
func routed(random *rand.Rand, calls, weight float64) float64 {
	hits := 0.0
	for range int(calls) {
		if random.Float64() < weight {
			hits++
		}
	}
	return hits
}

// gamma draws a factor of mean 1 and coefficient of variation 1/sqrt(shape): the mean of so many exponentials.
func gamma(random *rand.Rand, shape int) float64 {
	total := 0.0
	for range shape {
		total += random.ExpFloat64()
	}
	return total / float64(shape)
}

// geometrics draws the sum of so many sizes of at least 1, each geometric with that mean.
func geometrics(random *rand.Rand, number, mean float64) float64 {
	total := 0.0
	for range int(number) {
		total += 1 + math.Floor(math.Log(1-random.Float64())/math.Log1p(-1/mean))
	}
	return total
}
