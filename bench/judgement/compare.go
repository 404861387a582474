package main

import "github.com/meta-deployer/meta-deployer/internal/analysis"

// comparison is our test at work. It says at every look what starting over with the whole table of visible minutes says.
type comparison struct {
	params analysis.Params
	past   past
	// judged is the past's history as the test takes it.
	judged analysis.History
	memo   *analysis.Memo
	// even takes every minute for one of a single weight.
	even bool
	// onlyWhole leaves the newest minute out while it grows.
	onlyWhole bool
	// standing is what the last look found.
	standing analysis.Standing

	// blocks are those of the last look, and after what the test was after each of them: what has not changed is not judged
	// again.
	blocks []analysis.Block
	after  []analysis.Test
}

// past is what a test is told of the time before the rollout.
type past struct {
	counts  []analysis.Counts
	history analysis.History
}

func newPast(counts []analysis.Counts) past { return past{counts, analysis.NewHistory(counts)} }

// newComparison is our default in a rollout.
func newComparison(r *rollout) *comparison {
	memo := *r.learnt() // a copy, since rules go different ways
	return &comparison{params: analysis.DefaultParams(), past: r.past, judged: r.past.history.Clumped(memo.Environment()), memo: &memo}
}

func (c *comparison) look(v *view) answer {
	blocks := v.blocks(c.past.history)
	if c.even {
		blocks = v.minutes
	}
	if c.onlyWhole && !v.whole() {
		blocks = blocks[:len(blocks)-1]
	}
	var logH []float64
	if c.params.FilterWeight > 0 {
		logH = c.memo.LogH(c.past.counts, c.past.history, blocks)
	}
	test := analysis.NewTest(c.params, c.judged)
	for i, b := range blocks {
		if i < len(c.blocks) && c.blocks[i] == b {
			test = c.after[i]
			continue
		}
		if c.blocks, c.after = c.blocks[:i], c.after[:i]; logH == nil {
			test.Add(b)
		} else {
			test.AddFiltered(b, logH[i])
		}
		c.blocks, c.after = append(c.blocks, b), append(c.after, test)
	}
	c.standing = test.Standing()
	return rollBackIf(c.standing.Verdict == analysis.Fail)
}

func compare(r *rollout) judge { return newComparison(r).look }

func compareEven(r *rollout) judge {
	c := newComparison(r)
	c.even = true
	return c.look
}

func compareWhole(r *rollout) judge {
	c := newComparison(r)
	c.onlyWhole = true
	return c.look
}

// compareAfter is our default with another past.
func compareAfter(p func(*rollout) past) func(*rollout) judge {
	return func(r *rollout) judge {
		c := &comparison{params: analysis.DefaultParams(), past: p(r), memo: new(analysis.Memo)}
		c.memo.LogH(c.past.counts, c.past.history, nil)
		c.judged = c.past.history.Clumped(c.memo.Environment())
		return c.look
	}
}

func nothing(*rollout) past { return past{} }

// lastMinutes is a past of so many minutes.
func lastMinutes(n int) func(*rollout) past {
	return func(r *rollout) past { return newPast(r.past.counts[len(r.past.counts)-n:]) }
}

// inPeriods is the past in periods of so many minutes.
func inPeriods(minutes int) func(*rollout) past {
	return func(r *rollout) past {
		periods := make([]analysis.Counts, len(r.past.counts)/minutes)
		for i, c := range r.past.counts {
			periods[i/minutes] = periods[i/minutes].Plus(c)
		}
		return newPast(periods)
	}
}

// guarded is what the default was before the filter: .8 E + .2 G (docs/statistics.md, section 2.7).
func guarded(r *rollout) *comparison {
	p := analysis.DefaultParams()
	p.FilterWeight, p.GuardWeight, p.JudgedAlone = 0, 0.2, r.world.plan.bake() > 0
	return &comparison{params: p, past: r.past, judged: r.past.history}
}

func compareGuarded(r *rollout) judge { return guarded(r).look }

// compareSingles takes failures that come in bunches for as many as they are.
func compareSingles(r *rollout) judge {
	c := guarded(r)
	c.past.history.Dispersion, c.judged.Dispersion = 1, 1
	return c.look
}
