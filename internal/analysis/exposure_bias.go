package analysis

import "math"

// largestBias keeps what is computed with an ExposureBias finite.
const largestBias = 1e6

// ExposureBias sets the ExposureBias of each of the blocks, which are the minutes of a rollout in order. newest is the new version's highest
// share of the traffic in the last of them, and present its share now; 0 where nobody knows, and then there is none.
//
// A shift within a minute makes it one of two weights. Failures of both versions that come after the shift hit the new
// version more often than its part of the whole minute's calls lets expect. So where the old version's failures stand out
// from both neighbouring minutes, as many as stand out are taken to have come at the minute's highest weight. With odds
// n_c/n_b of a call, o of a call at the highest weight, and the part u of the old version's failures that stands out,
//
//	bias = 1 - u + u o n_b/n_c
//
// is how many times the odds of a call the odds of a failure may be (docs/decisions/0011). It is at least 1 and makes no bet
// against the new version larger, so that the guarantee of section 2.5 of the specification stays. A jump to most of the
// traffic leaves the old version too few calls to show an incident: there u is what two standard deviations may hide. At
// all the traffic nothing is left to compare with, and only what stands out counts.
func ExposureBias(blocks []Block, h History, newest, present float64) {
	last := len(blocks) - 1
	for i := range blocks {
		usual, highest := math.Inf(1), newest
		if i > 0 && blocks[i-1].Old.tells() {
			usual = blocks[i-1].Old.rate()
		} else if h.known() {
			usual = h.Usual
		}
		if i < last {
			highest = min(present, blocks[i+1].share())
			if blocks[i+1].Old.tells() {
				usual = min(usual, blocks[i+1].Old.rate())
			}
		}
		blocks[i].ExposureBias = blocks[i].exposureBias(usual, highest, h)
	}
}

// tells says whether a neighbour's counts can be compared with.
func (c Counts) tells() bool { return c.Invocations > 0 && c.consistent() }

// exposureBias is that of a block whose highest weight and usual failure rate are known; +Inf for no rate to compare with.
func (b Block) exposureBias(usual, highest float64, h History) float64 {
	if !(highest > b.share()) || math.IsInf(usual, 1) {
		return 1
	}
	const jump, most = 3, 0.5
	ratio := highest / (1 - highest) * b.Old.Invocations / b.New.Invocations
	part := b.outstanding(usual, h)
	if ratio >= jump && most < highest && highest < 1 {
		part = b.hidden(usual, h)
	}
	if part == 0 {
		return 1
	}
	return min(1-part+part*ratio, largestBias)
}

// outstanding is the part of the old version's failures by which its rate exceeds the usual one, where that is too much for
// a drift and for chance: half as much again, and four standard deviations of clusters of D.
func (b Block) outstanding(usual float64, h History) float64 {
	const sudden, deviations = 1.5, 4
	excess := b.Old.Errors - usual*b.Old.Invocations
	if b.Old.rate() < sudden*usual || excess <= deviations*b.deviation(h) {
		return 0
	}
	return excess / b.Old.Errors
}

// hidden is the part of them that may stand out without being seen to: where a small weight becomes a large one, the few
// calls that the old version has left are too few to show an incident.
func (b Block) hidden(usual float64, h History) float64 {
	const deviations = 2
	excess := b.Old.Errors - usual*b.Old.Invocations + deviations*b.deviation(h)
	return min(max(excess/max(b.Old.Errors, 1), 0), 1)
}

// deviation is that of the number of the old version's failures.
func (b Block) deviation(h History) float64 {
	return math.Sqrt(h.dispersion() * (b.Old.Errors + 1))
}

// share is the new version's part of the calls; 0 without calls.
func (b Block) share() float64 {
	if b.New.Invocations == 0 {
		return 0
	}
	return b.New.Invocations / (b.New.Invocations + b.Old.Invocations)
}
