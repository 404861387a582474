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

// lower is the lower 95 % confidence limit of the rate, by Wilson's score.
func (s share) lower() float64 { return 1 - share{s.of - s.hits, s.of}.upper() }

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

// burden are the failed calls of a rollout in some worlds, under a rule and under the oracle, each a mean over rollouts.
// There are two ways to say how many times as many they are, and they differ: in busy worlds more fails.
type burden struct{ own, least sample }

// add takes a world in, unless nothing fails there under the oracle, or the rule judged nothing.
func (b *burden) add(own, least float64) {
	if least > 0 && !math.IsNaN(own) {
		b.own, b.least = append(b.own, own), append(b.least, least)
	}
}

// ofMeans is how many times the oracle's mean over the worlds the rule's is.
func (b burden) ofMeans() float64 { return b.own.mean() / b.least.mean() }

// byWorld is how many times the oracle's the rule's is in each world: every world counts the same.
func (b burden) byWorld() sample {
	times := make(sample, len(b.own))
	for i, own := range b.own {
		times[i] = own / b.least[i]
	}
	return times
}

// figures are what a rule achieved in many worlds.
type figures struct {
	// falsely are the harmless rollouts that it rolled back.
	falsely share
	// worst is where it did so most often, of worlds of equally many rollouts.
	worst cell
	// caught are the others that it rolled back, by defect.
	caught map[string]share
	// failed are the calls that failed; failedGross where at least half of all requests fail.
	failed, failedGross burden
	// seconds is the mean time to the rollback of a version that fails at least half of all requests.
	seconds float64
	// wald is how many times as many calls failed as any test needs, in the worlds of which that is known.
	wald sample
}

// figuresOf is what a rule achieved in the cells. Where nothing ever fails, no rollback can be false, so these worlds do
// not count for that.
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
		own, least := c.failed(rule), c.failed(oracleRule)
		f.failed.add(own, least)
		if c.world.defect.gross() {
			f.failedGross.add(own, least)
			gross.ended, gross.seconds = gross.ended.plus(t.ended), gross.seconds+t.seconds
		}
		if limit, ok := c.world.waldLimit(); ok && c.world.kind.noise == independent && !math.IsNaN(own) {
			f.wald = append(f.wald, own/limit)
		}
	}
	f.seconds = gross.seconds / float64(gross.ended.hits)
	return f
}

func (f *figures) addHarmless(c cell, rule int) {
	if c.world.rate == 0 && c.world.kind.noise != incidents {
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

// sound are the worlds in which no assumption of our test is broken, but for those of low traffic.
func sound(w world) bool { return w.kind.broken == "" && !w.kind.low }

func ofKind(name string) func(world) bool {
	return func(w world) bool { return w.kind.name == name }
}

func withTraffic(rps float64) func(world) bool {
	return func(w world) bool { return sound(w) && w.rps == rps }
}
