package main

import (
	"math"
	"slices"
)

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

// deviation is the standard error of the rate.
func (s share) deviation() float64 {
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

// sample are values of which a mean or a median is wanted.
type sample []float64

// mean is the arithmetic mean; NaN of none.
func (s sample) mean() float64 {
	sum := 0.0
	for _, x := range s {
		sum += x
	}
	return sum / float64(len(s))
}

// geometric is the geometric mean; NaN of none.
func (s sample) geometric() float64 {
	sum := 0.0
	for _, x := range s {
		sum += math.Log(x)
	}
	return math.Exp(sum / float64(len(s)))
}

// median is the middle value, the upper of two; NaN of none.
func (s sample) median() float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	return slices.Sorted(slices.Values(s))[len(s)/2]
}

// figures are what a rule achieved in many worlds.
type figures struct {
	// falsely are the harmless rollouts that it rolled back.
	falsely share
	// worst is where it did so most often, of worlds of equally many rollouts.
	worst cell
	// caught are the others that it rolled back, by defect.
	caught map[string]share
	// failed is how many times as many calls failed as under the oracle, by world; failedGross where at least half of
	// all requests fail.
	failed, failedGross sample
	// seconds is the mean time to the rollback of a version that fails at least half of all requests.
	seconds float64
	// wald is how many times as many calls failed as any test needs, in the worlds of which that is known.
	wald sample
}

// figuresOf is what a rule achieved in the cells. Where the old version never fails, a rollback cannot be false by bad
// luck alone, so these worlds do not count for that.
func figuresOf(cells []cell, rule int) figures {
	f := figures{caught: map[string]share{}}
	var gross tally
	for _, c := range cells {
		t := c.tallies[rule]
		if c.world.harmless() {
			f.addHarmless(c, rule)
			continue
		}
		name := c.world.defect.name
		f.caught[name] = f.caught[name].plus(t.ended)
		times, ok := c.relative(rule)
		if ok {
			f.failed = append(f.failed, times)
		}
		if ok && c.world.defect.gross() {
			f.failedGross = append(f.failedGross, times)
			gross.ended, gross.seconds = gross.ended.plus(t.ended), gross.seconds+t.seconds
		}
		if limit, ok := c.world.waldLimit(); ok && c.world.kind.noise == independent {
			f.wald = append(f.wald, t.failed/float64(t.ended.of)/limit)
		}
	}
	f.seconds = gross.seconds / float64(gross.ended.hits)
	return f
}

func (f *figures) addHarmless(c cell, rule int) {
	if c.world.rate == 0 {
		return
	}
	f.falsely = f.falsely.plus(c.tallies[rule].ended)
	if f.worst.tallies == nil || c.tallies[rule].ended.hits > f.worst.tallies[rule].ended.hits {
		f.worst = c
	}
}

// where are the cells whose world is as asked.
func where(cells []cell, as func(world) bool) []cell {
	return slices.DeleteFunc(slices.Clone(cells), func(c cell) bool { return !as(c.world) })
}

// sound are the worlds in which no assumption of our test is broken.
func sound(w world) bool { return w.kind.broken == "" }

func ofKind(name string) func(world) bool {
	return func(w world) bool { return w.kind.name == name }
}

func withTraffic(rps float64) func(world) bool {
	return func(w world) bool { return sound(w) && w.rps == rps }
}
