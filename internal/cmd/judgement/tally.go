package main

import (
	"math"
	"runtime"
	"sync"
)

// tally is what a rule did in the rollouts of one world.
type tally struct {
	// ended is how many of so many rollouts were rolled back once the defect showed; in a harmless world, at all.
	ended share
	// seconds is how long those took, together.
	seconds float64
	// failed is how many calls of the new version failed in all rollouts.
	failed float64
}

func (t *tally) add(o outcome, w world) {
	t.ended.of++
	t.failed += o.failed
	if o.rolledBack && o.seconds > w.onset() {
		t.ended.hits++
		t.seconds += float64(o.seconds)
	}
}

// cell is a world and what each rule did in it.
type cell struct {
	world   world
	tallies []tally
}

// effort is how many rollouts are simulated in each harmless and in each other world.
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
	for i := range rollouts {
		r := newRollout(w, seed, number<<32+uint64(i))
		for k, rule := range rules {
			c.tallies[k].add(r.judgedBy(rule), w)
		}
	}
	return c
}

// relative is how many times as many calls failed under the rule as under the oracle; false where none failed.
func (c cell) relative(rule int) (float64, bool) {
	by := c.tallies[oracleRule].failed
	return c.tallies[rule].failed / by, by > 0
}

// share is a number of hits among some.
type share struct{ hits, of int }

func (s share) plus(t share) share { return share{s.hits + t.hits, s.of + t.of} }

// rate is the share of hits; 0 of nothing.
func (s share) rate() float64 {
	if s.of == 0 {
		return 0
	}
	return float64(s.hits) / float64(s.of)
}

// error is the standard error of the rate.
func (s share) error() float64 {
	if s.of == 0 {
		return 0
	}
	return math.Sqrt(s.rate() * (1 - s.rate()) / float64(s.of))
}

// upper is the upper 95 % confidence limit of the rate, by Wilson's score: more than 0 even without hits.
func (s share) upper() float64 {
	const z = 1.6448536269514722
	if s.of == 0 {
		return 1
	}
	n, p := float64(s.of), s.rate()
	return (p + z*z/(2*n) + z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))) / (1 + z*z/n)
}
