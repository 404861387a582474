package analysis

import (
	"math"

	"github.com/meta-deployer/meta-deployer/internal/analysis/sequential"
)

// maxExperts makes a mixture a value of fixed size. The specification's largest grid has eleven.
const maxExperts = 16

// mixture is an e-process: a stake of 1 spread over experts, each of which bets on every block, in natural logarithms
// (docs/statistics.md, section 2.4). Copying it copies the bets so far.
type mixture struct {
	experts  int
	ratio    [maxExperts]float64
	logRatio [maxExperts]float64
	logPrior [maxExperts]float64
	share    float64

	// stake is L_k, what each expert has now.
	stake [maxExperts]float64
	// logE is S, the logarithm of all stakes together.
	logE float64
	// minute is the latest minute with a bet, meaningless before the first.
	minute int64
	begun  bool
}

func newMixture(grid []Expert, share float64) mixture {
	m := mixture{experts: len(grid), share: share}
	for k, expert := range grid {
		m.ratio[k] = expert.Ratio
		m.logRatio[k] = math.Log(expert.Ratio)
		m.logPrior[k] = math.Log(expert.Prior)
	}
	m.stake = m.logPrior
	return m
}

// bet multiplies each expert's stake by what the block of that minute earned it; gain is l_k (section 2.4). Stakes are
// shared before the first bet of a minute later than all before. A block that tells no expert anything leaves logE as
// it is, to the last bit.
func (m *mixture) bet(minute int64, gain [maxExperts]float64) {
	switch {
	case !m.begun:
		m.begun, m.minute = true, minute
	case minute > m.minute:
		m.shareOut()
		m.minute = minute
	}
	if gain == [maxExperts]float64{} {
		return
	}
	for k := range m.experts {
		m.stake[k] += gain[k]
	}
	m.logE = sequential.LogSumExp(m.stake[:m.experts])
}

// shareOut deals a part of all stakes out again by the priors, so that an expert who lost early can still win later:
// fixed share (section 2.4). It does not change logE.
func (m *mixture) shareOut() {
	if m.share == 0 {
		return
	}
	keep, dealt := math.Log1p(-m.share), math.Log(m.share)+m.logE
	for k := range m.experts {
		m.stake[k] = sequential.LogAddExp(m.stake[k]+keep, m.logPrior[k]+dealt)
	}
}
