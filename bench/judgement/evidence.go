package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// recording is one rollout under our default, look by look.
type recording struct {
	world    world
	outcome  outcome
	evidence []evidence
	minutes  []analysis.Block
	phase    int
}

// evidence is log E after a look.
type evidence struct {
	second int
	log    float64
}

// peak is the strongest evidence.
func (r recording) peak() float64 {
	return slices.MaxFunc(r.evidence, func(a, b evidence) int { return cmp.Compare(a.log, b.log) }).log
}

// record runs a rollout under our default.
func record(r *rollout) recording {
	rec := recording{world: r.world, phase: r.sky.start % ticksPerMinute}
	test := newComparison(r)
	var seen *view
	rec.outcome = r.judgedBy(rule{due: everyPoll, judge: func(*rollout) judge {
		return func(v *view) answer {
			seen = v
			a := test.look(v)
			rec.evidence = append(rec.evidence, evidence{v.now, test.standing.Unhealthy})
			return a
		}
	}})
	rec.minutes = seen.at(math.MaxInt).minutes
	return rec
}

// typical is the recording in the middle of a hundred of a world, by what is measured of them. Those that do not fit are
// left out.
func typical(w world, seed uint64, fits func(*rollout) bool, measure func(recording) float64) recording {
	var all []recording
	for number := uint64(0); len(all) < 100; number++ {
		if r := newRollout(w, seed, number); fits(r) {
			all = append(all, record(r))
		}
	}
	slices.SortStableFunc(all, func(a, b recording) int { return cmp.Compare(measure(a), measure(b)) })
	return all[len(all)/2]
}

// badRecording is typical of a version that fails three times as often as the old one.
func badRecording(seed uint64) recording {
	w := world{kinds()[0], gradual()[0], 10, 0.01, defect{"x3", 3, 0}}
	return typical(w, seed, func(*rollout) bool { return true }, func(r recording) float64 { return float64(r.outcome.seconds) })
}

// noisyRecording is typical of a harmless version that meets one incident, in the middle of its plan.
func noisyRecording(seed uint64) recording {
	w := world{kinds()[1], gradual()[0], 10, 0.01, harmless()}
	struck := func(ticks []moment) bool {
		return slices.ContainsFunc(ticks, func(m moment) bool { return m.incident > 0 })
	}
	const from, to, end = 3 * ticksPerMinute, 7 * ticksPerMinute, 10 * ticksPerMinute
	return typical(w, seed, func(r *rollout) bool {
		ticks := r.sky.moments[r.sky.start:]
		return struck(ticks[from:to]) && !struck(ticks[:from]) && !struck(ticks[to:end])
	}, recording.peak)
}

// evidencePicture shows a bad rollout and, below, a noisy but good one.
func (s study) evidencePicture() string {
	p := &picture{width: 860, height: 920}
	badRecording(s.seed).draw(p, "A bad version, three times as many failures")
	p.printf("<g transform=\"translate(0 455)\">\n")
	noisyRecording(s.seed).draw(p, "A good version, in an incident that hits both")
	p.printf("</g>\n")
	return p.String()
}

// draw shows the failure rates of both versions by the minute, and the evidence at each look.
func (r recording) draw(p *picture, title string) {
	p.title(title)
	p.text(20, 50, startsAt, mutedColor, r.world.String())
	x := axis{0, float64(r.world.plan.length()), 80, 820, false}
	r.drawWeights(p, x)
	r.drawRates(p, x, axis{0, r.highestRate(), 230, 100, false})
	r.drawEvidence(p, x, axis{0.01, 1000, 420, 270, true})
}

// drawWeights marks where steps begin.
func (r recording) drawWeights(p *picture, x axis) {
	at := 0
	p.text(x.begin-8, 80, endsAt, mutedColor, "weight")
	for _, s := range r.world.plan.steps {
		p.line(x.at(float64(at)), 84, x.at(float64(at)), 420, gridColor, "")
		p.text(x.at(float64(at)+float64(s.hold)/2), 80, centered, mutedColor, percent(s.weight))
		p.text(x.at(float64(at)), 440, centered, mutedColor, fmt.Sprintf("%d s", at))
		at += s.hold
	}
}

func (r recording) highestRate() float64 {
	highest := 0.0
	for _, b := range r.minutes {
		highest = max(highest, failing(b.New), failing(b.Old))
	}
	return highest * 1.15
}

func (r recording) drawRates(p *picture, x, y axis) {
	for _, share := range []float64{0, 0.5, 1} {
		p.line(x.begin, y.at(share*y.to), x.end, y.at(share*y.to), gridColor, "")
		p.text(x.begin-8, y.at(share*y.to)+4, endsAt, mutedColor, percent(share*y.to))
	}
	p.text(x.end-170, 50, endsAt, inkColor, "failing, by the minute:")
	p.text(x.end-84, 50, endsAt, oursColor, "new version")
	p.text(x.end, 50, endsAt, mutedColor, "old version")
	var newer, older []point
	for _, b := range r.minutes {
		middle := x.at(float64(b.Minute*60+30) - float64(r.phase*tick))
		if b.New.Invocations > 0 {
			newer = append(newer, point{middle, y.at(failing(b.New))})
		}
		if b.Old.Invocations > 0 {
			older = append(older, point{middle, y.at(failing(b.Old))})
		}
	}
	p.polyline(older, othersColor, 2)
	p.polyline(newer, oursColor, 2)
	for _, q := range newer {
		p.circle(q.x, q.y, 4, oursColor)
	}
}

func (r recording) drawEvidence(p *picture, x, y axis) {
	for _, odds := range []float64{0.01, 0.1, 1, 10, 100, 1000} {
		p.line(x.begin, y.at(odds), x.end, y.at(odds), gridColor, "")
		p.text(x.begin-8, y.at(odds)+4, endsAt, mutedColor, fmt.Sprintf("%g:1", odds))
	}
	p.text(x.begin+8, y.end+4, startsAt, inkColor, "evidence against the new version, at each look")
	p.line(x.begin, y.at(100), x.end, y.at(100), alarmColor, "stroke-dasharray=\"4 4\"")
	p.text(x.end, y.at(100)-6, endsAt, alarmColor, "100:1 rolls back")
	var points []point
	for _, e := range r.evidence {
		points = append(points, point{x.at(float64(e.second)), y.at(math.Exp(e.log))})
	}
	p.polyline(points, oursColor, 2)
	for _, q := range points {
		p.circle(q.x, q.y, 3.5, oursColor)
	}
	last, end := points[len(points)-1], r.evidence[len(points)-1]
	if r.outcome.rolledBack {
		p.circle(last.x, last.y, 7, alarmColor)
		p.text(last.x+12, last.y+16, startsAt, alarmColor, fmt.Sprintf("rolled back after %d s at %.0f:1", end.second, math.Exp(end.log)))
	}
}
