package analysis

import (
	"math"

	"github.com/meta-deployer/meta-deployer/internal/analysis/sequential"
)

// Test compares the new version with the old one, block by block, and may be looked at after each: it is a sequential
// test, built of e-processes, that says Fail of a tolerable version with probability Alpha at most however often it is
// asked (docs/statistics.md, sections 2.5, 2.7 to 2.9 and 2.16). It is a value: a copy goes its own way, and the same blocks in
// the same order make equal Tests. Use NewTest.
type Test struct {
	comparison     comparison
	guard          guard
	nonInferiority comparison
	guardWeight    float64
	filterWeight   float64
	// logH is the filter's evidence, as it was last told.
	logH     float64
	beta     float64
	evidence runningMax
}

// Standing is where a test stands after the blocks so far. Evidence is in natural logarithms: exp(Unhealthy) to 1 is what
// a gambler who bet on a bad version from the start would have made of 1.
type Standing struct {
	// Verdict is Fail once the evidence has ever reached 1/Alpha, else Pass while Healthy reaches log(1/Beta), else
	// Inconclusive (docs/statistics.md, section 2.8).
	Verdict Verdict
	// Unhealthy is log E_total, the evidence against the new version now.
	Unhealthy float64
	// Peak is the largest Unhealthy so far, at least 0; exp(-Peak) is an always-valid p-value (section 2.5).
	Peak float64
	// Healthy is log E_H, the evidence that the new version is good enough (section 2.9).
	Healthy float64
}

// NewTest is a Test before its first block.
func NewTest(p Params, h History) Test {
	t := Test{
		comparison:     newComparison(p, h),
		guard:          newGuard(p, h),
		nonInferiority: newNonInferiority(p, h),
		filterWeight:   p.FilterWeight,
		beta:           p.Beta,
		evidence:       runningMax{alpha: p.Alpha},
	}
	if h.Reference > 0 || p.JudgedAlone {
		t.guardWeight = p.GuardWeight
	}
	if p.FilterWeight > 0 && h.Kept < p.MinKept {
		t.filterWeight = 1
	}
	return t
}

// Add takes the next block. A block that grows is added as one more block of the same minute, or replaced by starting
// over. Blocks without calls of the new version, and those with more errors than invocations, are skipped (the
// specification, section 2.1).
func (t *Test) Add(b Block) { t.AddFiltered(b, t.logH) }

// AddFiltered is Add where the environment filter has log H after the block. Without a FilterWeight it makes no difference.
func (t *Test) AddFiltered(b Block, logH float64) {
	if !b.countable() {
		return
	}
	t.logH = logH
	t.comparison.add(b)
	t.nonInferiority.add(b)
	if t.guardWeight > 0 {
		t.guard.add(b)
	}
	t.evidence.see(t.total())
}

// Standing is the verdict and its evidence now.
func (t *Test) Standing() Standing {
	return t.evidence.standing(t.nonInferiority.logE, t.beta)
}

// Comparison is log E, the evidence of the concurrent comparison alone (section 2.4).
func (t *Test) Comparison() float64 { return t.comparison.logE }

// Guard is log G, the evidence of the history guard alone; 0 while it is left out (section 2.7).
func (t *Test) Guard() float64 { return t.guard.logE }

// total is log E_total, of E_total = (1-w) E + w G, where w is the guard's weight (section 2.7) or of E_total = (1-w) E + w H,
// where it is the filter's (section 2.16.3).
func (t *Test) total() float64 {
	switch {
	case t.filterWeight == 1:
		return t.logH
	case t.filterWeight > 0:
		return weighted(t.comparison.logE, t.logH, t.filterWeight)
	case t.guardWeight > 0:
		return weighted(t.comparison.logE, t.guard.logE, t.guardWeight)
	}
	return t.comparison.logE
}

// weighted is the logarithm of (1-w) exp(x) + w exp(y).
func weighted(x, y, w float64) float64 { return sequential.LogAddExp(math.Log1p(-w)+x, math.Log(w)+y) }

// runningMax remembers the largest evidence: what was unhealthy once stays so (docs/statistics.md, section 2.8).
type runningMax struct {
	alpha     float64
	now, peak float64
}

// see takes log E_total as it is after a block.
func (m *runningMax) see(logE float64) {
	m.now, m.peak = logE, max(m.peak, logE)
}

// standing gives the verdict, with log E_H and the error probability it is allowed (sections 2.8 and 2.9).
func (m *runningMax) standing(healthy, beta float64) Standing {
	s := Standing{Verdict: Inconclusive, Unhealthy: m.now, Peak: m.peak, Healthy: healthy}
	switch {
	case m.peak >= -math.Log(m.alpha):
		s.Verdict = Fail
	case healthy >= -math.Log(beta):
		s.Verdict = Pass
	}
	return s
}
