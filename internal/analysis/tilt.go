package analysis

import "math"

// largestTilt keeps what is computed with a Tilt finite.
const largestTilt = 1e6

// Tilt sets the Tilt of each of the blocks, which are consecutive minutes of a rollout; share is Reading.Share.
//
// A shift within a minute makes it one of two weights. Failures of both versions that come mostly after the shift hit the
// new version more often than its part of the whole minute's calls lets expect. So where the old version's failures stand
// out from both neighbouring minutes, as many as stand out are taken to have come at the minute's highest weight. With
// odds n_c/n_b of a call, o of a call at the highest weight, and the part u of the old version's failures that stands out,
//
//	tilt = 1 - u + u o n_b/n_c
//
// is how many times the odds of a call the odds of a failure may be. It is at least 1 and makes every bet smaller, so that
// the guarantee of section 2.5 stays; docs/decisions/0011 says what it is good for.
func Tilt(blocks []Block, h History, share float64) {
	for i := range blocks {
		b := &blocks[i]
		before, highest := h.Usual, share
		if i > 0 {
			before = blocks[i-1].Old.rate()
		}
		usual := before
		if i+1 < len(blocks) {
			usual, highest = min(before, blocks[i+1].Old.rate()), min(share, blocks[i+1].share())
		}
		b.Tilt = b.tilt(b.outstanding(usual, h), highest)
	}
}

// outstanding is the part of the old version's failures by which its rate exceeds the usual one, where that is too much for
// a drift and for chance: half as much again, and four standard deviations of clusters of D.
func (b Block) outstanding(usual float64, h History) float64 {
	const sudden, deviations = 1.5, 4
	excess := b.Old.Errors - usual*b.Old.Invocations
	if b.Old.rate() < sudden*usual || excess <= deviations*math.Sqrt(h.dispersion()*(b.Old.Errors+1)) {
		return 0
	}
	return excess / b.Old.Errors
}

// tilt is that of the block, of whose failures a part may all have come at a share.
func (b Block) tilt(part, share float64) float64 {
	if part == 0 || share <= b.share() {
		return 1
	}
	odds := share / (1 - share)
	return min(1-part+part*odds*b.Old.Invocations/b.New.Invocations, largestTilt)
}

// share is the new version's part of the calls; 0 without calls.
func (b Block) share() float64 {
	if b.New.Invocations == 0 {
		return 0
	}
	return b.New.Invocations / (b.New.Invocations + b.Old.Invocations)
}
