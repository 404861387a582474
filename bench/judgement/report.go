package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/meta-deployer/meta-deployer/bench/benchmarks"
)

// study is everything that was simulated, and how.
type study struct {
	rules  []rule
	cells  []cell
	seed   uint64
	effort effort
}

// report is the section of docs/benchmarks.md, without its markers.
func (s study) report() string {
	parts := []string{
		s.introduction(),
		"### Targets\n\n" + s.targetTable(),
		"### All rules\n\n" + s.ruleTable(),
		"![False rollbacks against failed requests](img/pareto.svg)\n\n![Time to rollback](img/seconds.svg)",
		"### Our default against each other rule\n\n" + s.duelTable(),
		"### Our default by kind of world and by traffic\n\n" + s.worldTable(),
		"### Our default at low traffic\n\n" + s.lowTable(),
		"### False rollbacks by kind of world\n\n" + s.falseTable(),
		"### Where we lose\n\n" + s.lossList(),
		"### One rollout each\n\n" + evidenceText,
		"### The rules\n\n" + s.ruleList(),
	}
	return strings.Join(parts, "\n\n")
}

const evidenceText = "The rollouts with the median time to rollback and the median peak of evidence among a hundred.\n\n" +
	"![Evidence over time: a bad version and a noisy but good one](img/evidence.svg)"

func (s study) introduction() string {
	rollouts := 0
	for _, c := range s.cells {
		rollouts += c.tallies[ourRule].ended.of
	}
	return fmt.Sprintf(`## Judgement

Written by `+"`make bench-judgement`"+`, seed %d: %d simulated rollouts in %d worlds (%d in each harmless world, %d in each other, at low traffic half as many), all judged by each of %d rules.

A world is a kind of noise, a schedule, a traffic of 1, 10, 100 or 1000 requests per second, an old version that fails 0, 0.1, 1 or 5 %% of them, and a new version that is as good or worse: 1.5, 3 or 10 times as many failures, 1 %% where there were none, half of all requests, or all. Requests arrive by chance (Poisson) and are routed by chance; CloudWatch shows every 10 s of them 60 s later, in minutes of its clock of which the newest grows, and rollouts begin anywhere in a minute. Going back takes no time. What nobody noticed is charged until the schedule ends, which goes by the clock for every rule but Flagger's: that the deployer also waits while both versions fail is left out.

At low traffic there are other kinds of world: of 0.1, 0.3, 1 and 10 requests per second, with traffic that comes and goes and failures that are not alike. They stand in a table of their own, and in no figure of the others.

Three kinds of world break an assumption of our test on purpose, and stand apart:

%s`, s.seed, rollouts, len(s.cells), s.effort.harmless, s.effort.bad, len(s.rules), brokenKinds())
}

func brokenKinds() string {
	var lines []string
	for _, k := range kinds() {
		if k.broken != "" {
			lines = append(lines, fmt.Sprintf("- *%s*: %s.", k.name, k.broken))
		}
	}
	return strings.Join(lines, "\n")
}

func (s study) targetTable() string {
	t := benchmarks.Table{Header: []string{"target", "found", "holds"}}
	for _, x := range targets(s.cells, s.rules) {
		t.Add(x.name, x.found, benchmarks.Yes(x.holds))
	}
	return t.String()
}

// sizes are the columns of what is caught.
func sizes() []string { return []string{"x1.5", "x3", "x10", "0 to 1 %", ">=50 %"} }

func (s study) ruleTable() string {
	t := benchmarks.Table{Header: slices.Concat([]string{"rule", "false rollbacks"}, sizes(), []string{"failed requests", "of >=50 %", "by world", "of >=50 %", "s to rollback", "x limit"})}
	for k, r := range s.rules {
		f := figuresOf(where(s.cells, sound), k)
		row := []string{r.emphasis(), r.falsely(f)}
		for _, size := range sizes() {
			row = append(row, percent(f.caught[size].rate()))
		}
		t.Add(append(row, number(f.failed.ofMeans()), number(f.failedGross.ofMeans()), number(f.failed.byWorld().mean()), number(f.failedGross.byWorld().mean()), fmt.Sprintf("%.0f", f.seconds), number(f.wald.geometric()))...)
	}
	return t.String() + `

In the worlds that break no assumption. *False rollbacks*: of harmless rollouts, with the standard error. Then what is caught, by the size of the regression (for *late onset* from the onset on). *Failed requests*: those of the new version on the mean over worlds, as a multiple of the oracle's; below 1 is a rule that goes back earlier than anybody could know why. Busy worlds weigh most in that mean; *by world* is the mean of the multiples of each world, in which all weigh the same. *s to rollback* where at least half of all requests fail. *x limit*: failed requests as a multiple of Wald's limit for known rates, the publish delay included; geometric mean over the worlds of independent failures in which the schedule is long enough to reach it.`
}

// falsely is what stands under false rollbacks; the oracle has no regression to look for in a harmless world.
func (r rule) falsely(f figures) string {
	if r.role == yardstick {
		return "–"
	}
	return rate(f.falsely)
}

func (r rule) emphasis() string {
	switch r.role {
	case ours:
		return "**" + r.name + "**"
	case rival:
		return r.name
	default:
		return "*" + r.name + "*"
	}
}

func (s study) duelTable() string {
	t := benchmarks.Table{Header: []string{"rule", "false rollbacks, ours : theirs", "failed requests by world, ours : theirs", "verdict"}}
	for _, d := range duels(s.cells, s.rules) {
		t.Add(d.rival,
			percent(d.us.falsely.rate())+" : "+percent(d.other.falsely.rate()),
			number(d.us.failed.byWorld().mean())+" : "+number(d.other.failed.byWorld().mean()),
			d.String())
	}
	return t.String()
}

func (s study) worldTable() string {
	t := s.newWorlds()
	for _, k := range usualKinds() {
		t.add(k.emphasis(), ofKind(k.name), world.place)
	}
	for _, rps := range traffics() {
		t.add(fmt.Sprintf("%g rps", rps), withTraffic(rps), func(w world) string { return w.kind.name + ", " + w.place() })
	}
	return t.String() + `

Kinds of world in italics break an assumption. *Late onset* has no harmless worlds of its own.`
}

// lowTable are the worlds of low traffic.
func (s study) lowTable() string {
	t := s.newWorlds()
	for _, k := range lowKinds() {
		t.add(k.emphasis(), ofKind(k.name), world.place)
	}
	for _, rps := range lowTraffics() {
		t.add(fmt.Sprintf("%g rps", rps), func(w world) bool { return w.kind.low && w.rps == rps }, func(w world) string { return w.kind.name + ", " + w.place() })
	}
	return t.String() + `

Sessions of five minutes come fifteen minutes apart, bursts of 20 s two minutes apart, and in gamma minutes the traffic of each minute is another, with a coefficient of variation of 1. Clumps of 4 and 12 are that on the mean, geometric, and all on one version. Storms and ramps hit both versions alike: a third fails for a minute while callers try again, three times the traffic; or up to 40 %, rising for three minutes. Where the rate follows the load it goes with its square. Failures seen late show a minute after the rest of their minute, as timeouts do.`
}

// worldRows is a table with a row for some worlds.
type worldRows struct {
	benchmarks.Table
	cells []cell
}

func (s study) newWorlds() worldRows {
	return worldRows{benchmarks.Table{Header: []string{"worlds", "false rollbacks", "worst world", "caught, less than 50 %", "oracle", "caught, >=50 %", "oracle", "failed requests by world", "of >=50 %"}}, s.cells}
}

func (t *worldRows) add(name string, as func(world) bool, place func(world) string) {
	us, best := figuresOf(where(t.cells, as), ourRule), figuresOf(where(t.cells, as), oracleRule)
	falsely, worst := "–", "–"
	if us.falsely.of > 0 {
		falsely = rate(us.falsely)
	}
	if us.falsely.hits > 0 {
		worst = percent(us.worst.tallies[ourRule].ended.rate()) + ": " + place(us.worst.world)
	}
	t.Add(name, falsely, worst,
		percent(us.caughtSlight().rate()), percent(best.caughtSlight().rate()),
		percent(us.caught[">=50 %"].rate()), percent(best.caught[">=50 %"].rate()),
		number(us.failed.byWorld().mean()), number(us.failedGross.byWorld().mean()))
}

func (k kind) emphasis() string {
	if k.broken != "" {
		return "*" + k.name + "*"
	}
	return k.name
}

// caughtSlight is what is caught of regressions that fail less than half of all requests.
func (f figures) caughtSlight() share {
	var all share
	for name, s := range f.caught {
		if name != ">=50 %" {
			all = all.plus(s)
		}
	}
	return all
}

func (s study) falseTable() string {
	return s.falselyBy(func(r rule) bool { return r.role == ours || r.role == variant }) + "\n\n" +
		s.falselyBy(func(r rule) bool { return r.role == rival }) + "\n\n" + s.partsText()
}

// falselyBy has a row for each kind of world and a column for each of some rules.
func (s study) falselyBy(shown func(rule) bool) string {
	t := benchmarks.Table{Header: []string{"worlds"}}
	for _, r := range s.rules {
		if shown(r) {
			t.Header = append(t.Header, r.emphasis())
		}
	}
	for _, k := range kinds() {
		if k.onlyBad {
			continue
		}
		row := []string{k.emphasis()}
		for i, r := range s.rules {
			if shown(r) {
				row = append(row, percent(figuresOf(where(s.cells, ofKind(k.name)), i).falsely.rate()))
			}
		}
		t.Add(row...)
	}
	return t.String()
}

// partsText says what parts of our default cost and bring: the filter, the tilt, the growing minute, D.
func (s study) partsText() string {
	incident := ofKind("shared incidents")
	find := func(name string) int { return slices.IndexFunc(s.rules, func(r rule) bool { return r.name == name }) }
	falsely := func(rule int) string { return rate(figuresOf(where(s.cells, incident), rule).falsely) }
	failed := func(rule int) string { return number(figuresOf(where(s.cells, sound), rule).failed.byWorld().mean()) }
	gross := func(rule int) string {
		return number(figuresOf(where(s.cells, sound), rule).failedGross.byWorld().mean())
	}
	everywhere := func(rule int) string { return rate(figuresOf(where(s.cells, sound), rule).falsely) }
	even, whole, guarded, singles := find("compare, even minutes"), find("compare, whole minutes"), find("compare, guarded"), find("compare, D = 1")
	return fmt.Sprintf(`The variants that are our default with a part left out or with another history judge one rollout in five.

The filter saves failed requests: %s times the oracle's by world, %s without it; where at least half fail %s and %s. Without it D costs most, which counts failures that come in bunches as fewer: with D = 1 %s and %s, but %s of all harmless rollouts are rolled back instead of %s, and %s with the filter.

A shift within a minute of the clock makes that minute one of two weights. If an incident covers only its later part, the new version has a larger part in it than its part of the minute's calls. Without a tilt for that it is blamed: %s false rollbacks in *shared incidents* instead of %s. Looking at the newest minute while it grows changes false rollbacks little (without it %s) and saves failed requests: %s times the oracle's, %s without it.`,
		failed(ourRule), failed(guarded), gross(ourRule), gross(guarded), failed(singles), gross(singles), everywhere(singles), everywhere(guarded), everywhere(ourRule),
		falsely(even), falsely(ourRule), falsely(whole), failed(ourRule), failed(whole))
}

func (s study) lossList() string {
	var lines []string
	for k, r := range s.rules {
		if r.role != rival {
			continue
		}
		for _, l := range losses(s.cells, k) {
			lines = append(lines, fmt.Sprintf("- **%s**. %v.", r.name, l))
		}
	}
	if len(lines) == 0 {
		return "Nowhere."
	}
	return fmt.Sprintf("Worlds in which another rule catches more than our default (by three standard errors), and rolls back no more than 1 %% of the harmless rollouts there; the worst %d for each rule.\n\n", lossesPerRival) +
		strings.Join(lines, "\n")
}

func (s study) ruleList() string {
	var lines []string
	for _, r := range s.rules {
		lines = append(lines, "- "+r.emphasis()+": "+r.about+".")
	}
	return strings.Join(lines, "\n")
}

func number(x float64) string {
	if math.IsNaN(x) {
		return "–"
	}
	return fmt.Sprintf("%.2f", x)
}
