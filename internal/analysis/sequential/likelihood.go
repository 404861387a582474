package sequential

import "math"

// likelihoods are how probable one law makes a block, by the rate of each version: logarithms.
type likelihoods struct {
	// old is b(j,g), of the old version; fresh is c(j,g), of the new one where it is just tolerable. Both are 0 without
	// calls.
	old, fresh belief
}

func (f *Filter) likelihoods(law law, b Block) (l likelihoods) {
	tolerated := tolerance * max(1, b.ExposureBias)
	for g, p := range f.rates {
		if b.Old.Invocations > 0 {
			l.old[g] = law.logLikelihood(b.Old, min(highestRate, p))
		}
		if b.New.Invocations > 0 {
			l.fresh[g] = law.logLikelihood(b.New, min(highestRate, tolerated*p))
		}
	}
	return l
}

// minute is how probable a block is, by the old version's usual rate: in a usual minute, and in an incident.
type minute struct{ usual, incident belief }

// tolerable are the two parts of the factors of A, and the logarithm of what both are divided by (docs/statistics.md, section
// 2.16.2):
//
//	(1-eps) exp(b(g)+c(g)) + eps exp(inc(0))
func (l *likelihoods) tolerable() (m minute, scale float64) {
	scale = math.Inf(-1)
	for g := range rates {
		scale = max(scale, l.old[g]+l.fresh[g])
	}
	shared := 0.0
	for g := range rates {
		m.usual[g] = math.Exp(l.old[g] + l.fresh[g] - scale)
		if g >= firstIncident {
			shared += m.usual[g] / incidentRates
		}
	}
	for g := range rates {
		m.incident[g] = shared
	}
	return m, scale
}

// regressions are the same of B for each expert (section 2.16.2), of which the one that abstains has those of A:
//
//	(1-eps) exp(b(g)+c(t_k(g))) + eps exp(inc(t_k(g))),  inc(t) = log sum_a exp(b(a)+c(max(a,t))) / 9
func (l *likelihoods) regressions(by *[experts]expert) (m [experts]minute, scale float64) {
	scale = math.Inf(-1)
	for _, expert := range by {
		for g := range rates {
			scale = max(scale, l.old[g]+l.fresh[expert.at(g)])
		}
	}
	shared := l.shared(scale)
	for k, expert := range by {
		for g := range rates {
			t := expert.at(g)
			m[k].usual[g] = math.Exp(l.old[g] + l.fresh[t] - scale)
			m[k].incident[g] = shared[t]
		}
	}
	for g := range rates {
		m[0].incident[g] = shared[0] // who abstains
	}
	return m, scale
}

// shared is exp(inc(t) - scale) for each t.
func (l *likelihoods) shared(scale float64) (shared belief) {
	for t := firstIncident; t < rates; t++ {
		for a := firstIncident; a < rates; a++ {
			shared[t] += math.Exp(l.old[a]+l.fresh[max(a, t)]-scale) / incidentRates
		}
	}
	for t := range firstIncident {
		shared[t] = shared[firstIncident]
	}
	return shared
}
