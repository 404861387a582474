package main

import (
	"math"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// oracle is Wald's sequential probability ratio test of somebody who knows both rates in every tick: incidents, drift
// and all. What is no rate is chance to it too: of bad requests it knows how often they come, of clumps the size, of the
// noise by version and minute the distribution. It is far better informed than any rule, and has the same looks.
func oracle(r *rollout) judge {
	if r.world.kind.noise == versionMinutes {
		return minuteOracle(r.world)
	}
	evidence, seen := 0.0, 0
	return func(v *view) answer {
		for ; seen < v.shown; seen++ {
			evidence += v.flows[seen].likelihoodRatio() / r.world.clump()
		}
		return rollBackIf(evidence >= needed())
	}
}

// needed is the evidence at which a test of alpha rolls back.
func needed() float64 { return -math.Log(analysis.DefaultParams().Alpha) }

// likelihoodRatio is the logarithm of how many times as probable the tick is with the defect.
func (f flow) likelihoodRatio() float64 {
	if f.good == f.bad {
		return 0
	}
	errors, fine := f.new.Errors, f.new.Invocations-f.new.Errors
	return times(errors, math.Log(f.bad/f.good)) + times(fine, math.Log((1-f.bad)/(1-f.good)))
}

// minuteOracle weighs minutes, each of which has a gamma factor that nobody knows.
func minuteOracle(w world) judge {
	good, bad := newLaw(w.rate, w.kind.shape, harmless()), newLaw(w.rate, w.kind.shape, w.defect)
	settled, minutes := 0.0, 0
	ratio := func(c analysis.Counts) float64 { return bad.logLikelihood(c) - good.logLikelihood(c) }
	return func(v *view) answer {
		newest := len(v.minutes) - 1
		for ; minutes < newest; minutes++ {
			settled += ratio(v.minutes[minutes].New)
		}
		return rollBackIf(settled+ratio(v.minutes[newest].New) >= needed())
	}
}

// law is a distribution of the failure rate of a minute, as a grid of rates with weights.
type law []struct{ weight, logFail, logFine float64 }

// newLaw is the law of a rate times the factor that gamma draws, with a defect.
func newLaw(rate float64, shape int, d defect) law {
	const points, smallest, largest = 160, 0.001, 10
	k := float64(shape)
	l := make(law, points)
	for i := range l {
		g := smallest * math.Pow(largest/smallest, float64(i)/(points-1))
		m := moment{new: min(1, g*rate), usual: min(1, g*rate)}
		p := m.defective(d)
		l[i].weight = math.Pow(g, k) * math.Exp(-k*g)
		l[i].logFail, l[i].logFine = math.Log(p), math.Log1p(-p)
	}
	return l
}

// logLikelihood is that of the calls of one minute, but for a constant.
func (l law) logLikelihood(c analysis.Counts) float64 {
	logs := make([]float64, len(l))
	top := math.Inf(-1)
	for i, p := range l {
		logs[i] = times(c.Errors, p.logFail) + times(c.Invocations-c.Errors, p.logFine)
		top = max(top, logs[i])
	}
	if math.IsInf(top, -1) {
		return top
	}
	likelihood := 0.0
	for i, p := range l {
		likelihood += p.weight * math.Exp(logs[i]-top)
	}
	return top + math.Log(likelihood)
}

// times is n x, and nothing of something infinite is nothing.
func times(n, x float64) float64 {
	if n == 0 {
		return 0
	}
	return n * x
}
