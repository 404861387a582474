package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// What the benchmark is to show: how many times as many calls may fail under our default as under the oracle, by world.
const (
	targetFailed      = 1.42
	targetFailedGross = 1.1
	// where there is a request a second.
	targetFailedLow = 1.3
	// targetCaughtLow is how many of the regressions below 50 % are to be caught there.
	targetCaughtLow = 0.12
	// targetBroken is by how much more false rollbacks there may be, where an assumption is broken, than before the filter.
	targetBroken = 0.03
)

// target is something the benchmark is to show, and what it shows.
type target struct {
	name  string
	found string
	holds bool
}

// targets are what the benchmark is to show: failed requests in the worlds of usual traffic, false rollbacks everywhere.
func targets(cells []cell, rules []rule) []target {
	all := func(f figures) burden { return f.failed }
	gross := func(f figures) burden { return f.failedGross }
	usual, slow := where(cells, sound), where(cells, withTraffic(1))
	list := []target{
		falseRollbacks("in every kind of world and at every traffic", cells, ourRule),
		failedByWorld("failed requests, by world", targetFailed, usual, all),
		failedByWorld("the same where at least half of all requests fail", targetFailedGross, usual, gross),
		failedByWorld("failed requests at 1 request a second", targetFailedLow, slow, all),
		failedByWorld("the same where at least half of all requests fail", targetFailedLow, slow, gross),
		caughtLow(slow),
	}
	for k, r := range rules {
		if r.pastless {
			list = append(list, falseRollbacks("the same of "+r.name, cells, k))
		}
	}
	return append(list, brokenNoWorse(cells, rules), unbeaten(cells, rules))
}

// failedByWorld is that the mean of what is found in each world, as a multiple of the oracle's, is at most so much.
func failedByWorld(name string, atMost float64, cells []cell, of func(figures) burden) target {
	times := of(figuresOf(cells, ourRule)).byWorld()
	return target{
		name:  fmt.Sprintf("%s: at most %g times the oracle's on the mean", name, atMost),
		found: fmt.Sprintf("mean %.2f, geometric mean %.2f, median %.2f of %d worlds", times.mean(), times.geometric(), times.median(), len(times)),
		holds: times.mean() <= atMost,
	}
}

// caughtLow is that enough of the slight regressions are caught where there is little traffic.
func caughtLow(cells []cell) target {
	us, best := figuresOf(cells, ourRule).caughtSlight(), figuresOf(cells, oracleRule).caughtSlight()
	return target{
		name:  fmt.Sprintf("at 1 request a second at least %s caught of what fails less than half of all requests", percent(targetCaughtLow)),
		found: fmt.Sprintf("%s of %d, the oracle %s", rate(us), us.of, percent(best.rate())),
		holds: us.rate() >= targetCaughtLow,
	}
}

// falseRollbacks is to be at most alpha in each kind of world that breaks no assumption, at each traffic: as far as chance lets
// one say that it is more.
func falseRollbacks(name string, cells []cell, rule int) target {
	alpha := analysis.DefaultParams().Alpha
	t := target{name: fmt.Sprintf("false rollbacks at most %s %s", percent(alpha), name), holds: true}
	var all share
	var above []string
	for _, k := range kinds() {
		if k.broken != "" {
			continue
		}
		for _, rps := range k.traffics() {
			f := figuresOf(where(cells, func(w world) bool { return w.kind.name == k.name && w.rps == rps }), rule)
			all = all.plus(f.falsely)
			if f.falsely.rate() > alpha {
				above = append(above, fmt.Sprintf("%s at %g rps %s (%d of %d, with 95 %% confidence at least %s)", k.name, rps, percent(f.falsely.rate()), f.falsely.hits, f.falsely.of, percent(f.falsely.lower())))
				t.holds = t.holds && f.falsely.lower() <= alpha
			}
		}
	}
	t.found = fmt.Sprintf("%s of %d rollouts", rate(all), all.of)
	if len(above) > 0 {
		t.found += "; more than that: " + strings.Join(above, ", ")
	}
	return t
}

// brokenNoWorse is that where an assumption is broken the filter makes it little worse.
func brokenNoWorse(cells []cell, rules []rule) target {
	before := slices.IndexFunc(rules, func(r rule) bool { return r.name == "compare, guarded" })
	t := target{name: fmt.Sprintf("where an assumption is broken at most %s more false rollbacks than before the filter", percent(targetBroken)), holds: true}
	var found []string
	for _, k := range kinds() {
		if k.broken == "" {
			continue
		}
		now, then := figuresOf(where(cells, ofKind(k.name)), ourRule).falsely, figuresOf(where(cells, ofKind(k.name)), before).falsely
		t.holds = t.holds && now.rate()-then.rate() <= targetBroken
		found = append(found, fmt.Sprintf("%s %s instead of %s", k.name, percent(now.rate()), percent(then.rate())))
	}
	t.found = strings.Join(found, ", ")
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
