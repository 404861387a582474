package sim

import (
	"context"
	"iter"
	"time"
)

// process is something that takes its time in the world while other things happen. Exactly one runs at a time, until it
// waits.
type process struct {
	world *World
	next  func() (struct{}, bool)
	yield func(struct{}) bool
	// ahead is by how much the clock of its host is ahead of the world's.
	ahead time.Duration
}

// Go starts a process at a moment. It runs whenever somebody lets the time pass: another caller that waits, Advance or
// Drain. A panic of the process reaches that one.
func (w *World) Go(at time.Duration, run func()) {
	w.processes++
	w.At(at, func() {
		p := &process{world: w}
		p.next, _ = iter.Pull(func(yield func(struct{}) bool) {
			p.yield = yield
			run()
		})
		p.resume()
	})
}

// resume lets the process run until it waits or ends.
func (p *process) resume() {
	w, waits := p.world, false
	outer := w.current
	w.current = p
	defer func() {
		w.current = outer
		if !waits {
			w.processes--
		}
	}()
	_, waits = p.next()
}

// wait suspends the process until a moment or the end of ctx.
func (p *process) wait(ctx context.Context, until time.Duration) {
	p.world.agenda.add(entry{at: until, do: p.resume, ctx: ctx})
	p.yield(struct{}{})
}
