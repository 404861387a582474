package sim

import (
	"context"
	"slices"
	"time"
)

// agenda is what will happen, in order of time and, within a moment, of entry.
type agenda []entry

type entry struct {
	at time.Duration
	do func()
	// ctx is what the entry waits for besides its time: when it ends, the entry is due at once. nil is nothing.
	ctx context.Context
}

func (a *agenda) add(e entry) {
	i, _ := slices.BinarySearchFunc(*a, e.at, func(e entry, at time.Duration) int {
		if e.at <= at {
			return -1
		}
		return 1
	})
	*a = slices.Insert(*a, i, e)
}

// take removes what is next, if that is due no later than limit.
func (a *agenda) take(limit time.Duration) (entry, bool) {
	next := max(0, slices.IndexFunc(*a, func(e entry) bool { return e.ctx != nil && e.ctx.Err() != nil }))
	if len(*a) == 0 {
		return entry{}, false
	}
	e := (*a)[next]
	if e.at > limit && (e.ctx == nil || e.ctx.Err() == nil) {
		return entry{}, false
	}
	*a = slices.Delete(*a, next, next+1)
	return e, true
}

// At has something happen at a moment, at once if that is past. What it does may change the world, not wait in it.
func (w *World) At(at time.Duration, do func()) {
	w.agenda.add(entry{at: max(at, w.elapsed), do: do})
}

// Advance lets the time pass, and everything happen that is due.
func (w *World) Advance(d time.Duration) { w.wait(context.Background(), w.elapsed+d) }

// Drain lets the time pass until every process has ended.
func (w *World) Drain() {
	for w.processes > 0 && w.step(forever) {
	}
}

// wait lets the time pass until a moment or the end of ctx. A process leaves that to whoever lets the time pass.
func (w *World) wait(ctx context.Context, until time.Duration) {
	if w.current != nil {
		w.current.wait(ctx, until)
		return
	}
	for ctx.Err() == nil && w.step(until) {
	}
	if ctx.Err() == nil {
		w.elapsed = max(w.elapsed, until)
	}
}

// step does what is next on the agenda; it is false when nothing is due by limit.
func (w *World) step(limit time.Duration) bool {
	e, due := w.agenda.take(limit)
	if !due {
		return false
	}
	if e.ctx == nil || e.ctx.Err() == nil {
		w.elapsed = max(w.elapsed, e.at)
	}
	e.do()
	return true
}
