package main

import (
	"fmt"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// What the benchmark is to show: how many times as many calls may fail under our default as under the oracle.
const (
	targetFailed      = 1.4
	targetFailedGross = 1.1
)

// target is something the benchmark is to show, and what it shows.
type target struct {
	name  string
	found string
	holds bool
}

// targets are judged in the worlds whose assumptions hold.
func targets(cells []cell, rules []rule) []target {
	held := figuresOf(where(cells, sound), ourRule)
	return []target{
		falseRollbacks(cells),
		failedOnTheMean("failed requests at most %g times the oracle's, on the mean over the worlds", targetFailed, held.failed),
		failedByWorld(targetFailed, cells, func(f figures) burden { return f.failed }),
		failedOnTheMean("at most %g times where at least half of all requests fail", targetFailedGross, held.failedGross),
		failedByWorld(targetFailedGross, cells, func(f figures) burden { return f.failedGross }),
		unbeaten(cells, rules),
	}
}

// failedOnTheMean is that the mean over the worlds is at most so many times the oracle's.
func failedOnTheMean(name string, atMost float64, b burden) target {
	return target{
		name:  fmt.Sprintf(name, atMost),
		found: fmt.Sprintf("%.2f times: %.0f failed requests of a rollout on the mean over %d worlds, the oracle %.0f", b.ofMeans(), b.own.mean(), len(b.own), b.least.mean()),
		holds: b.ofMeans() <= atMost,
	}
}

// failedByWorld is that the mean of what is found in each world is at most so many times the oracle's.
func failedByWorld(atMost float64, cells []cell, of func(figures) burden) target {
	times := of(figuresOf(where(cells, sound), ourRule)).byWorld()
	var traffic []string
	for _, rps := range traffics() {
		mean := of(figuresOf(where(cells, withTraffic(rps)), ourRule)).byWorld().mean()
		traffic = append(traffic, fmt.Sprintf("%.2f at %g", mean, rps))
	}
	return target{
		name:  "the same by world, where every world counts the same",
		found: fmt.Sprintf("mean %.2f, geometric mean %.2f, median %.2f; by requests per second the mean is %s", times.mean(), times.geometric(), times.median(), strings.Join(traffic, ", ")),
		holds: times.mean() <= atMost,
	}
}

// falseRollbacks is to be at most alpha in each kind of world that breaks no assumption.
func falseRollbacks(cells []cell) target {
	alpha := analysis.DefaultParams().Alpha
	t := target{name: fmt.Sprintf("false rollbacks at most %s in every kind of world that breaks no assumption", percent(alpha)), holds: true}
	var above []string
	for _, k := range kinds() {
		f := figuresOf(where(cells, ofKind(k.name)), ourRule)
		if k.broken == "" && f.falsely.rate() > alpha {
			t.holds = false
			above = append(above, fmt.Sprintf("%s %s (worst: %s, %s)", k.name, rate(f.falsely), f.worst.world.place(), percent(f.worst.tallies[ourRule].ended.rate())))
		}
	}
	all := figuresOf(where(cells, sound), ourRule).falsely
	t.found = fmt.Sprintf("%s of %d rollouts, with 95 %% confidence at most %s", rate(all), all.of, percent(all.upper()))
	if !t.holds {
		t.found += "; above it: " + strings.Join(above, ", ")
	}
	return t
}

// unbeaten is that each rival is worse than ours on at least one axis.
func unbeaten(cells []cell, rules []rule) target {
	t := target{name: "every other rule beaten on at least one axis", holds: true}
	beaten, rivals := 0, 0
	for _, d := range duels(cells, rules) {
		rivals++
		if d.fewerFalse() || d.fewerFailed() {
			beaten++
		}
	}
	t.found, t.holds = fmt.Sprintf("%d of %d", beaten, rivals), beaten == rivals
	return t
}

// duel is our default against a rival on both axes.
type duel struct {
	rival     string
	us, other figures
}

func duels(cells []cell, rules []rule) []duel {
	held := where(cells, sound)
	us := figuresOf(held, ourRule)
	var all []duel
	for k, r := range rules {
		if r.role == rival {
			all = append(all, duel{r.name, us, figuresOf(held, k)})
		}
	}
	return all
}

func (d duel) fewerFalse() bool { return d.us.falsely.rate() < d.other.falsely.rate() }

func (d duel) fewerFailed() bool { return d.more() < 1 }

// more is how many times as many requests fail under our default as under the rival, by world.
func (d duel) more() float64 { return d.us.failed.byWorld().mean() / d.other.failed.byWorld().mean() }

// String says who won.
func (d duel) String() string {
	switch {
	case d.fewerFalse() && d.fewerFailed():
		return "beaten on both"
	case d.fewerFalse():
		return fmt.Sprintf("beaten on false rollbacks; **we lose** on failed requests by a factor of %.2f", d.more())
	case d.fewerFailed():
		return fmt.Sprintf("beaten on failed requests; **we lose** on false rollbacks by %.2f points", 100*(d.us.falsely.rate()-d.other.falsely.rate()))
	default:
		return "**we lose** on both"
	}
}
