package main

import (
	"math/rand/v2"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// rollout is one rollout in a world, with everything that chance decides before its start. All rules judge the same
// rollout: as long as they leave the plan alone, the same requests fail.
type rollout struct {
	world world
	sky   sky
	past  past
	// memo has learnt from the past; see learnt.
	memo *analysis.Memo
	// before are the old version's calls in the minute of the start, before the start.
	before analysis.Counts
	// evaluated is the tick of each minute in which alarms are evaluated.
	evaluated int
	seed      [2]uint64
}

// outcome is how a rollout ended.
type outcome struct {
	rolledBack bool
	// seconds is how long it took.
	seconds int
	// failed is how many calls of the new version failed.
	failed float64
}

// newRollout is the rollout of that number in a world.
func newRollout(w world, seed, number uint64) *rollout {
	const golden = 0x9E3779B97F4A7C15 // an odd number with no pattern in its bits keeps neighbours apart
	random := rand.New(rand.NewPCG(seed, number*golden))
	r := &rollout{world: w, sky: newSky(w, random), evaluated: random.IntN(ticksPerMinute)}
	history := make([]analysis.Counts, historyMinutes)
	for minute := range history {
		history[minute] = r.earlier(random, minute*ticksPerMinute, (minute+1)*ticksPerMinute)
	}
	r.past = newPast(history)
	r.before = r.earlier(random, historyMinutes*ticksPerMinute, r.sky.start)
	r.seed = [2]uint64{random.Uint64(), random.Uint64()}
	return r
}

// learnt is a memo that has learnt from the past, which costs most of a comparison: rules take a copy.
func (r *rollout) learnt() *analysis.Memo {
	if r.memo == nil {
		r.memo = new(analysis.Memo)
		r.memo.LogH(r.past.counts, r.past.history, nil)
	}
	return r.memo
}

// earlier are the old version's calls while it had all traffic.
func (r *rollout) earlier(random *rand.Rand, from, to int) analysis.Counts {
	var failed, fine, poison float64
	for _, m := range r.sky.moments[from:to] {
		failed += m.requests * m.during(m.old)
		fine += m.requests * (1 - m.during(m.old))
		poison += m.poison
	}
	return r.draw(random, failed, fine).Plus(analysis.Counts{Invocations: poison, Errors: poison})
}

// draw are calls of which so many are expected to fail and not to fail. Poisson arrivals that are routed by chance are
// Poisson arrivals at each version.
func (r *rollout) draw(random *rand.Rand, failed, fine float64) analysis.Counts {
	clump := r.world.clump()
	errors := poisson(random, failed/clump)
	if r.world.kind.noise == geometricClumps {
		errors = geometrics(random, errors, clump)
	} else {
		errors *= clump
	}
	return analysis.Counts{Invocations: errors + poisson(random, fine), Errors: errors}
}

// judgedBy runs the rollout with a rule that may end it. Going back takes no time.
func (r *rollout) judgedBy(rule rule) outcome {
	random := rand.New(rand.NewPCG(r.seed[0], r.seed[1]))
	v := newView(r.sky.start%ticksPerMinute, r.before)
	v.late = r.world.kind.late
	look := rule.judge(r)
	var o outcome
	for at := 0; at < r.world.plan.length(); {
		weight, _ := r.world.plan.weight(at)
		v.shift(weight)
		f := r.serve(random, len(v.flows), at)
		for half := 1; half <= 2; half++ { // rules look every 5 s at most
			at += tick / 2
			o.seconds = len(v.flows)*tick + half*tick/2
			o.failed += f.new.Errors / 2
			if !rule.due(clock{r, o.seconds, at}) {
				continue
			}
			switch look(v.at(o.seconds)) {
			case rollBack:
				o.rolledBack = true
				return o
			case halt:
				at -= 60
			case carryOn:
			}
		}
		v.flows = append(v.flows, f)
	}
	return o
}

// serve is what happens in a tick of the rollout that is so many seconds into the plan.
func (r *rollout) serve(random *rand.Rand, number, at int) flow {
	m := r.sky.moments[r.sky.start+number]
	weight, since := r.world.plan.weight(at)
	good, bad := m.during(m.new), m.defective(r.world.defect)
	if at < r.world.onset() {
		bad = good
	}
	if r.world.kind.noise == coldStarts && since < 30 {
		good, bad = either(good, 0.02), either(bad, 0.02)
	}
	f := flow{good: m.known(good), bad: m.known(bad)}
	requests, old := weight*m.requests, m.during(m.old)
	f.new = r.draw(random, requests*bad, requests*(1-bad))
	f.old = r.draw(random, (m.requests-requests)*old, (m.requests-requests)*(1-old))
	if m.poison > 0 {
		f.addPoison(m, routed(random, m.poison, weight))
	}
	return f
}

// addPoison adds the attempts of bad requests, of which so many run on the new version.
func (f *flow) addPoison(m moment, onNew float64) {
	f.new = f.new.Plus(analysis.Counts{Invocations: onNew, Errors: onNew})
	f.old = f.old.Plus(analysis.Counts{Invocations: m.poison - onNew, Errors: m.poison - onNew})
}
