package main

import "fmt"

// kind is a kind of world: one line of the table.
type kind struct {
	name  string
	noise noise
	plans []plan
	// broken says which assumption of the test is false in these worlds; "" for none.
	broken string
	// traffic is when requests come.
	traffic traffic
	// clump is how many failures come at once on one version, on the mean; 0 is one.
	clump float64
	// shape is that of the gamma factor of each version and minute.
	shape int
	// late is how many seconds later than the others failed calls become visible.
	late int
	// low has worlds of low traffic, and stands apart from the others.
	low bool
	// onlyBad has no harmless worlds of its own: they are those of another kind.
	onlyBad bool
	// spotless has worlds too in which the old version never fails.
	spotless bool
}

// defect is what is wrong with the new version.
type defect struct {
	name string
	// factor is how many times as often the new version fails as the old one; 1 for none.
	factor float64
	// share is the part of all requests that fails besides.
	share float64
}

// harmless is no defect.
func harmless() defect { return defect{name: "harmless", factor: 1} }

// gross says whether at least half of all requests fail.
func (d defect) gross() bool { return d.share >= 0.5 }

// defects are the regressions worth simulating where the old version fails at the rate: no ratio of nothing, and nothing
// of a size that another of them has.
func defects(rate float64) []defect {
	half, whole := defect{">=50 %", 1, 0.5}, defect{">=50 %", 1, 1}
	switch rate {
	case 0:
		return []defect{{"0 to 1 %", 1, 0.01}, half, whole}
	case 0.05:
		return []defect{{"x1.5", 1.5, 0}, {"x3", 3, 0}, half, whole}
	default:
		return []defect{{"x1.5", 1.5, 0}, {"x3", 3, 0}, {"x10", 10, 0}, half, whole}
	}
}

// world is everything about a rollout but chance.
type world struct {
	kind   kind
	plan   plan
	rps    float64
	rate   float64
	defect defect
}

// harmless says whether a rollback in this world is a false one.
func (w world) harmless() bool { return w.defect == harmless() }

// traffics are the requests per second of the worlds.
func traffics() []float64 { return []float64{1, 10, 100, 1000} }

// lowTraffics are those of the worlds of low traffic.
func lowTraffics() []float64 { return []float64{0.1, 0.3, 1, 10} }

// traffics are the requests per second of the kind's worlds.
func (k kind) traffics() []float64 {
	if k.low {
		return lowTraffics()
	}
	return traffics()
}

// worlds are all worlds of the benchmark.
func worlds() []world {
	var all []world
	for _, k := range kinds() {
		for _, p := range k.plans {
			for _, rps := range k.traffics() {
				all = append(all, k.worlds(p, rps)...)
			}
		}
	}
	return all
}

// worlds are those of a kind with a plan and a traffic.
func (k kind) worlds(p plan, rps float64) []world {
	var all []world
	for _, rate := range []float64{0, 0.001, 0.01, 0.05} {
		if rate == 0 && !k.spotless {
			continue
		}
		if !k.onlyBad {
			all = append(all, world{k, p, rps, rate, harmless()})
		}
		for _, d := range defects(rate) {
			all = append(all, world{k, p, rps, rate, d})
		}
	}
	return all
}

// clump is how many failures come at once on one version, on the mean.
func (w world) clump() float64 { return max(1, w.kind.clump) }

// onset is the second of the rollout from which on the defect shows.
func (w world) onset() int {
	if w.kind.noise == lateOnset {
		return w.plan.length() / 2
	}
	return 0
}

// place names the world in its kind, but for the defect.
func (w world) place() string {
	return fmt.Sprintf("%g rps, %s failing, %s", w.rps, percent(w.rate), w.plan.name)
}

// String names the world in a sentence.
func (w world) String() string {
	was, is := percent(w.rate), percent(either(w.rate*w.defect.factor, w.defect.share))
	return fmt.Sprintf("%s, %g rps, %s to %s, %s", w.kind.name, w.rps, was, is, w.plan.name)
}
