package analysis

// What G tolerates where the new version has all traffic and nothing is there to compare with (docs/statistics.md,
// section 2.7).
const (
	// aloneFactor times the reference rate, and at least aloneFloor, with a history.
	aloneFactor = 4
	aloneFloor  = 0.02
	// aloneUnknown is the rate without a history.
	aloneUnknown = 0.05
)

// guard is the history guard G: evidence that the new version fails more often than the old one ever did in the hours
// before, which tells more than the comparison does when errors are rare (docs/statistics.md, section 2.7).
type guard struct {
	mixture
	// reference is History.Reference, 0 for none.
	reference                 float64
	delta, follow, dispersion float64
	// alone is Params.GuardAlone.
	alone bool
}

func newGuard(p Params, h History) guard {
	return guard{newMixture(p.GuardExperts, p.Share), h.Reference, p.Delta, p.GuardFollow, h.dispersion(), p.GuardAlone}
}

// add bets on a countable block (section 2.7):
//
//	l_k = [ x_c log r_k - (r_k - 1) q n_c ] / D
func (g *guard) add(b Block) {
	q, ok := g.tolerated(b)
	if !ok {
		return
	}
	var gain [maxExperts]float64
	for k := range g.experts {
		gain[k] = (b.New.Errors*g.logRatio[k] - (g.ratio[k]-1)*q*b.New.Invocations) / g.dispersion
	}
	g.bet(b.Minute, gain)
}

// tolerated is q, the error rate that the guard takes for normal in the block, and whether it may judge the block at
// all (section 2.7). Beside the old version it needs a history, and as many calls of the old version as of the new: a
// shared incident then lifts q with it, by the block's ExposureBias too. Alone nothing does but
// an incident that may go on, hence the wider rates.
func (g *guard) tolerated(b Block) (q float64, ok bool) {
	known := g.reference > 0
	switch {
	case g.alone && (b.Old.Invocations > 0 || !known):
		return 0, false
	case b.Old.Invocations == 0 && known:
		return max(aloneFactor*g.reference, aloneFloor, g.follow*b.Incident) + g.delta, true
	case b.Old.Invocations == 0:
		return aloneUnknown + g.delta, true
	case known && b.Old.Invocations >= b.New.Invocations:
		return max(g.reference+g.delta, g.follow*max(1, b.ExposureBias)*b.Old.Errors/b.Old.Invocations), true
	default:
		return 0, false
	}
}
