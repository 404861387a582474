package sequential

import "math"

// Environment is what a filter takes for the usual way in which the old version fails (docs/statistics.md, section 2.16.5).
type Environment struct {
	// Rate is how often it usually fails: the mean of what is believed.
	Rate float64
	// Clump is how many failures come together: the likeliest D. 1 are single failures.
	Clump float64
	// Noise is the squared coefficient of variation of its rate from minute to minute: the likeliest phi.
	Noise float64
	// Incident is the probability of a minute in which both versions fail more often: the likeliest eps.
	Incident float64
}

// Environment is what the filter believes of the old version, that of the new one left aside.
func (f *Filter) Environment() Environment {
	return Environment{
		Rate:     f.meanRate(),
		Clump:    f.likeliest(func(m model) float64 { return f.scatter[m.law].clump }),
		Noise:    f.likeliest(func(m model) float64 { return f.scatter[m.law].noise }),
		Incident: f.likeliest(func(m model) float64 { return m.incident }),
	}
}

// meanRate is the mean of p_g over A.
func (f *Filter) meanRate() float64 {
	mean := 0.0
	for j, weight := range f.nullWeight {
		for g, p := range f.null[j] {
			mean += math.Exp(weight) * p * f.rates[g]
		}
	}
	return mean
}

// likeliest is the value of a grid that most of A has.
func (f *Filter) likeliest(of func(model) float64) float64 {
	var value, most float64
	for _, m := range f.models {
		if p := f.probability(of, of(m)); p > most {
			value, most = of(m), p
		}
	}
	return value
}

// probability is the part of A that has a value of a grid.
func (f *Filter) probability(of func(model) float64, value float64) (p float64) {
	for j, m := range f.models {
		if of(m) == value {
			p += math.Exp(f.nullWeight[j])
		}
	}
	return p
}
