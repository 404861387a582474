package main

import "github.com/meta-deployer/meta-deployer/internal/analysis"

// comparison is our test at work. It says at every look what starting over with the whole table of visible minutes
// would say: the newest minute, which may still grow, is judged on a copy and replaced at the next look.
type comparison struct {
	// settled has judged the minutes that will not change, which are so many.
	settled analysis.Test
	minutes int
	// onlyWhole leaves the newest minute out while it grows.
	onlyWhole bool
	// standing is what the last look found.
	standing analysis.Standing
}

func newComparison(w world, h analysis.History) *comparison {
	p := analysis.DefaultParams()
	p.JudgedAlone = w.plan.bake() > 0
	return &comparison{settled: analysis.NewTest(p, h)}
}

func (c *comparison) look(v *view) answer {
	newest := len(v.minutes) - 1
	for ; c.minutes < newest; c.minutes++ {
		c.settled.Add(v.minutes[c.minutes])
	}
	test := c.settled
	if !c.onlyWhole || v.whole() {
		test.Add(v.minutes[newest])
	}
	c.standing = test.Standing()
	if c.standing.Verdict == analysis.Fail {
		return rollBack
	}
	return carryOn
}

// compareWith is our test with what it is told of the past.
func compareWith(past func(*rollout) analysis.History) func(*rollout) judge {
	return func(r *rollout) judge { return newComparison(r.world, past(r)).look }
}

func historyOf(r *rollout) analysis.History { return analysis.NewHistory(r.history) }

func noHistory(*rollout) analysis.History { return analysis.History{} }

func compareWhole(r *rollout) judge {
	c := newComparison(r.world, historyOf(r))
	c.onlyWhole = true
	return c.look
}
