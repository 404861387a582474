package main

import "math"

// waldLimit is how many failed calls of the new version no test of known rates can avoid on average, as a fluid that
// flows by the plan: those until the expected information is enough and has become visible (docs/statistics.md, section
// 3). It is false where the plan ends before.
func (w world) waldLimit() (failed float64, ok bool) {
	bad := either(w.rate*w.defect.factor, w.defect.share)
	enough, perCall := needed(), divergence(bad, w.rate)
	if w.rate == 0 {
		enough, perCall = 1, bad // the first failure tells all
	}
	calls, enoughAt := 0.0, math.MaxInt
	for at := range w.plan.length() {
		weight, _ := w.plan.weight(at)
		calls += weight * w.rps
		if calls*perCall >= enough {
			enoughAt = min(enoughAt, at)
		}
		if at-publishDelay >= enoughAt {
			return calls * bad, true
		}
	}
	return 0, false
}

// divergence is the expected log likelihood ratio of a call that fails with probability p rather than q.
func divergence(p, q float64) float64 {
	return times(p, math.Log(p/q)) + times(1-p, math.Log((1-p)/(1-q)))
}
