package main

import "github.com/meta-deployer/meta-deployer/internal/analysis"

// comparison is our test at work. It says at every look what starting over with the whole table of visible minutes
// would say, but for the tilt of minutes long past: the newest two, which may still change, are judged on a copy and
// replaced at the next look.
type comparison struct {
	history analysis.History
	// settled has judged the minutes that will not change and whose neighbours will not, which are so many.
	settled analysis.Test
	minutes int
	// even takes every minute for one of a single weight.
	even bool
	// onlyWhole leaves the newest minute out while it grows.
	onlyWhole bool
	// standing is what the last look found.
	standing analysis.Standing
}

func newComparison(w world, h analysis.History) *comparison {
	p := analysis.DefaultParams()
	p.JudgedAlone = w.plan.bake() > 0
	return &comparison{history: h, settled: analysis.NewTest(p, h)}
}

func (c *comparison) look(v *view) answer {
	blocks := c.blocks(v)
	for len(blocks) > 2 {
		c.settled.Add(blocks[0])
		blocks = blocks[1:]
		c.minutes++
	}
	if c.onlyWhole && !v.whole() {
		blocks = blocks[:len(blocks)-1]
	}
	test := c.settled
	for _, b := range blocks {
		test.Add(b)
	}
	c.standing = test.Standing()
	if c.standing.Verdict == analysis.Fail {
		return rollBack
	}
	return carryOn
}

// blocks are the minutes that are not settled.
func (c *comparison) blocks(v *view) []analysis.Block {
	if c.even {
		return v.minutes[c.minutes:]
	}
	return v.blocks(c.minutes, c.history)
}

// compareWith is our test with what it is told of the past.
func compareWith(past func(*rollout) analysis.History) func(*rollout) judge {
	return func(r *rollout) judge { return newComparison(r.world, past(r)).look }
}

func historyOf(r *rollout) analysis.History { return analysis.NewHistory(r.history) }

// historyOfSingles is the history without what it says of bunches.
func historyOfSingles(r *rollout) analysis.History {
	h := historyOf(r)
	h.Dispersion = 1
	return h
}

func noHistory(*rollout) analysis.History { return analysis.History{} }

func compareEven(r *rollout) judge {
	c := newComparison(r.world, historyOf(r))
	c.even = true
	return c.look
}

func compareWhole(r *rollout) judge {
	c := newComparison(r.world, historyOf(r))
	c.onlyWhole = true
	return c.look
}
