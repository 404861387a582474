package main

import (
	"slices"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// publishDelay is how many seconds after the end of a tick CloudWatch shows it.
const publishDelay = 60

// flow is what happened in one tick, and what an oracle knows of it: the rates at which the new version would fail in
// that tick without and with its defect.
type flow struct {
	new, old  analysis.Counts
	good, bad float64
}

// view is the table of minutes as CloudWatch shows it at a moment of the rollout.
type view struct {
	// now is how many seconds ago the rollout was asked for.
	now int
	// phase is how many ticks of that minute were over then.
	phase int
	// minutes are the visible minutes, the newest of which may still grow.
	minutes []analysis.Block
	// weight is the new version's present share of the traffic since a second, shifted; it was before, before.
	weight, before float64
	shifted        int
	// total are the new version's visible calls.
	total analysis.Counts
	// shown is how many ticks of the rollout are visible, and shownLate of how many the failures are too.
	shown, shownLate int
	// late is how many seconds later than the others failed calls become visible.
	late int

	// flows are all ticks so far, visible or not.
	flows []flow
}

// newView begins with the calls of the old version in the minute of the start, before the start.
func newView(phase int, before analysis.Counts) *view {
	return &view{phase: phase, minutes: []analysis.Block{{Old: before}}}
}

// at moves the view to a later second.
func (v *view) at(now int) *view {
	v.now = now
	visible := func(number, late int) bool { return number < len(v.flows) && (number+1)*tick+publishDelay+late <= now }
	for ; visible(v.shown, 0); v.shown++ {
		f := v.flows[v.shown]
		v.show(v.shown, flow{new: fine(f.new), old: fine(f.old)})
	}
	for ; visible(v.shownLate, v.late); v.shownLate++ {
		f := v.flows[v.shownLate]
		v.show(v.shownLate, flow{new: failed(f.new), old: failed(f.old)})
	}
	return v
}

// fine are the calls that succeed, and failed those that do not.
func fine(c analysis.Counts) analysis.Counts {
	return analysis.Counts{Invocations: c.Invocations - c.Errors}
}

func failed(c analysis.Counts) analysis.Counts {
	return analysis.Counts{Invocations: c.Errors, Errors: c.Errors}
}

// shift notes the weight from now on.
func (v *view) shift(weight float64) {
	if weight != v.weight {
		v.weight, v.before, v.shifted = weight, v.weight, len(v.flows)*tick
	}
}

// highest is the highest weight of the newest visible minute.
func (v *view) highest() float64 {
	if v.minuteOf(v.shifted) <= v.minutes[len(v.minutes)-1].Minute {
		return v.weight
	}
	return v.before
}

// blocks are the visible minutes, as our test wants them.
func (v *view) blocks(h analysis.History) []analysis.Block {
	blocks := slices.Clone(v.minutes)
	analysis.SharedIncident(blocks, h)
	analysis.ExposureBias(blocks, h, v.highest(), v.weight)
	return blocks
}

// show adds calls of the tick of that number to the table, which has no gaps.
func (v *view) show(number int, f flow) {
	minute := v.minuteOf(number * tick)
	if newest := v.minutes[len(v.minutes)-1]; newest.Minute < minute {
		v.minutes = append(v.minutes, analysis.Block{Minute: minute})
	}
	m := &v.minutes[minute-v.minutes[0].Minute]
	m.New, m.Old = m.New.Plus(f.new), m.Old.Plus(f.old)
	v.total = v.total.Plus(f.new)
}

// minuteOf is the wall clock's minute of a second of the rollout, counted from that of the start.
func (v *view) minuteOf(second int) int64 {
	return int64((second + v.phase*tick) / 60)
}

// whole says whether all of the newest minute is visible.
func (v *view) whole() bool { return (v.shown+v.phase)%ticksPerMinute == 0 }

// since sums the new version's visible calls from a minute on.
func (v *view) since(minute int64) analysis.Counts {
	var c analysis.Counts
	for _, b := range v.minutes {
		if b.Minute >= minute {
			c = c.Plus(b.New)
		}
	}
	return c
}

// failing is the share of calls that failed; 0 without calls.
func failing(c analysis.Counts) float64 {
	if c.Invocations == 0 {
		return 0
	}
	return c.Errors / c.Invocations
}
