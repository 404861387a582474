package analysis

import "math"

// Block is what became visible of one minute of invocations, of both versions in the same minute (docs/statistics.md,
// section 2.1). In a test of latency Errors are the slow invocations, which may be fractional.
type Block struct {
	// Minute numbers the minute, from any origin; later minutes have larger numbers.
	Minute   int64
	New, Old Counts
	// ExposureBias is how many times the odds of a call the odds may be that a failure of this minute is the new version's, for no
	// fault of its own; below 1 counts as 1. See the function ExposureBias.
	ExposureBias float64
	// Incident is the rate at which the old version failed when it was last seen, where that was too much and the new version
	// has been alone since; 0 for none. See the function SharedIncident.
	Incident float64
}

// countable says whether the block can be judged: it has calls of the new version, and no version has more errors than
// invocations, as while the one is published and the other is not (section 2.1).
func (b Block) countable() bool {
	return b.New.Invocations > 0 && b.New.consistent() && b.Old.consistent()
}

// consistent says that no more calls failed than there were.
func (c Counts) consistent() bool { return 0 <= c.Errors && c.Errors <= c.Invocations }

// comparison bets on the new version's share of the errors of both versions in the same block. With experts above 1 it
// is E, evidence that the new version is worse than rho times the old one's rate plus delta (docs/statistics.md, section
// 2.3); with experts below 1 it is E_H, evidence that it is not (section 2.9).
type comparison struct {
	mixture
	rho, delta, dispersion float64
	// weighsBias says that it takes the blocks' ExposureBias into account.
	weighsBias bool
}

// add bets on a countable block; one without the old version tells nothing and is skipped (section 2.1).
func (c *comparison) add(b Block) {
	if b.Old.Invocations == 0 {
		return
	}
	even := c.theta(b, 1)
	var gain [maxExperts]float64
	for k := range c.experts {
		gain[k] = c.gain(k, even, b)
	}
	if c.weighsBias && b.ExposureBias > 1 {
		biased := c.theta(b, b.ExposureBias)
		for k := range c.experts {
			gain[k] = min(gain[k], c.gain(k, biased, b)) // with a delta, a losing bet may lose less
		}
	}
	c.bet(b.Minute, gain)
}

// theta is the part of the failures that is the new version's where it is just tolerable (section 2.3), with a bias of their
// odds (docs/decisions/0011).
func (c *comparison) theta(b Block, bias float64) float64 {
	weighted := c.rho * b.New.Invocations * bias
	return weighted / (weighted + b.Old.Invocations)
}

// gain is l_k, the logarithm of e_r^(1/D) of docs/statistics.md, section 2.3:
//
//	g   = log1p(theta (r-1)),  log a = log r - g,  log b = -g
//	l_k = [ x_c log a + x_b log b - delta n_c (a-1) ] / D
func (c *comparison) gain(k int, theta float64, b Block) float64 {
	g := math.Log1p(theta * (c.ratio[k] - 1))
	logA := c.logRatio[k] - g
	return (b.New.Errors*logA - b.Old.Errors*g - c.delta*b.New.Invocations*math.Expm1(logA)) / c.dispersion
}

// newComparison is E (sections 2.3 and 2.4).
func newComparison(p Params, h History) comparison {
	return comparison{newMixture(p.Experts, p.Share), p.Rho, p.Delta, h.dispersion(), true}
}

// newNonInferiority is E_H, which needs no share step: whether the new version is good enough is one question over the
// whole rollout (section 2.9). ExposureBias would make it bolder.
func newNonInferiority(p Params, h History) comparison {
	return comparison{newMixture(p.HealthyExperts, 0), p.HealthyRho, p.HealthyDelta, h.dispersion(), false}
}
