package analysis

import (
	"math"

	"github.com/meta-deployer/meta-deployer/internal/analysis/sequential"
)

// maxMetrics makes a Combination a value of fixed size: errors, and slow invocations at two thresholds (the
// specification, section 2.11).
const maxMetrics = 3

// LatencyWeight is the stake on each latency threshold beside errors (docs/statistics.md, section 2.11).
const LatencyWeight = 0.15

// Weighted is a metric's test, before its first block, and its part of the stake.
type Weighted struct {
	Test   Test
	Weight float64
}

// Combination judges several metrics of the same rollout together. The average of their evidence is evidence whatever
// their dependence, so that all of them together say Fail of a tolerable version with probability Alpha at most (the
// specification, section 2.11). It is a value, as Test is. Use Combine.
type Combination struct {
	metrics   int
	tests     [maxMetrics]Test
	logWeight [maxMetrics]float64
	evidence  runningMax
}

// Combine puts metrics together, at most three. The first, errors, has what the others leave of the weight, which must
// be more than none, and its Alpha and Beta hold for all.
func Combine(first Test, others ...Weighted) Combination {
	c := Combination{metrics: 1 + len(others), evidence: runningMax{alpha: first.evidence.alpha}}
	rest := 1.0
	for i, o := range others {
		c.tests[i+1], c.logWeight[i+1] = o.Test, math.Log(o.Weight)
		rest -= o.Weight
	}
	c.tests[0], c.logWeight[0] = first, math.Log(rest)
	return c
}

// Add takes the next block of each metric, in the order of Combine; the zero Block is none. logH is what the environment
// filter says of the first after its block. The evidence counts once all have been taken.
func (c *Combination) Add(logH float64, blocks ...Block) {
	var logs [maxMetrics]float64
	for i := range c.metrics {
		c.tests[i].AddFiltered(blocks[i], logH)
		logs[i] = c.logWeight[i] + c.tests[i].evidence.now
	}
	c.evidence.see(sequential.LogSumExp(logs[:c.metrics]))
}

// lead is which metric has the most part in the evidence now.
func (c *Combination) lead() int {
	lead, most := 0, math.Inf(-1)
	for i := range c.metrics {
		if part := c.logWeight[i] + c.tests[i].evidence.now; part > most {
			lead, most = i, part
		}
	}
	return lead
}

// Standing is the verdict on all metrics together. The weakest decides whether the new version is good enough: every
// metric must be healthy (section 2.11).
func (c *Combination) Standing() Standing {
	healthy := math.Inf(1)
	for i := range c.metrics {
		healthy = min(healthy, c.tests[i].nonInferiority.logE)
	}
	return c.evidence.standing(healthy, c.tests[0].beta)
}

// Metric is the test of one metric alone, in the order of Combine, as far as it has come.
func (c *Combination) Metric(i int) Test { return c.tests[i] }
