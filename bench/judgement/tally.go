package main

import (
	"runtime"
	"sync"
)

// tally is what a rule did in the rollouts of one world.
type tally struct {
	// ended is how many of so many rollouts were rolled back once the defect showed; in a harmless world, at all.
	ended share
	// seconds is how long those took from then on, together.
	seconds float64
	// failed is how many calls of the new version failed in all rollouts.
	failed float64
}

func (t *tally) add(o outcome, w world) {
	t.ended.of++
	t.failed += o.failed
	if o.rolledBack && o.seconds > w.onset() {
		t.ended.hits++
		t.seconds += float64(o.seconds - w.onset())
	}
}

// cell is a world and what each rule did in it.
type cell struct {
	world   world
	tallies []tally
}

// effort is how many rollouts are simulated in each harmless and in each other world; of low traffic half as many.
type effort struct{ harmless, bad int }

// simulate runs all rules in all worlds. What comes out depends on the seed alone, not on how many work on it.
func simulate(all []world, rules []rule, seed uint64, e effort) []cell {
	cells := make([]cell, len(all))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				cells[i] = newCell(all[i], rules, seed, uint64(i), e)
			}
		})
	}
	for i := range all {
		next <- i
	}
	close(next)
	workers.Wait()
	return cells
}

// newCell is the world of that number.
func newCell(w world, rules []rule, seed, number uint64, e effort) cell {
	c := cell{w, make([]tally, len(rules))}
	rollouts := e.bad
	if w.harmless() {
		rollouts = e.harmless
	}
	if w.kind.low {
		rollouts = (rollouts + 1) / 2
	}
	for i := range rollouts {
		r := newRollout(w, seed, number<<32+uint64(i))
		for k, rule := range rules {
			if rule.judges(uint64(i)) {
				c.tallies[k].add(r.judgedBy(rule), w)
			}
		}
	}
	return c
}

// failed is how many calls of the new version failed under the rule, in a rollout on the mean; NaN where it judged none.
func (c cell) failed(rule int) float64 {
	t := c.tallies[rule]
	return t.failed / float64(t.ended.of)
}
