package sim

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Heard is an event that the bus of the account has taken.
type Heard struct {
	At time.Duration
	// By is the request id of the invocation that put it.
	By string
	target.BusEvent
}

// Heard are the events that the bus has taken, in their order.
func (w *World) Heard() []Heard { return slices.Clone(w.heard) }

// Bus is the account's event bus.
func (w *World) Bus() target.Bus { return bus{w} }

// bus is the event bus as who puts events sees it: one event a call, which takes time and may go wrong.
type bus struct{ world *World }

// Put is PutEvents with one entry.
func (b bus) Put(ctx context.Context, e target.BusEvent) error {
	return b.world.call(ctx, PutEvents, func() error {
		_, id := Caller(ctx)
		return b.world.hear(id, e)
	})
}

// PutEvent is an entry of PutEvents as other clients send it.
func (c Control) PutEvent(ctx context.Context, by string, e target.BusEvent) error {
	return c.world.call(ctx, PutEvents, func() error { return c.world.hear(by, e) })
}

// hear takes an event, or says which of EventBridge's rules it breaks.
func (w *World) hear(by string, e target.BusEvent) error {
	const most = 256 << 10
	var detail map[string]any
	switch {
	case e.Source == "" || e.Type == "" || len(e.Type) > 128:
		return refused("InvalidArgument", "Parameter Source or DetailType is not valid. Reason: it is required, and DetailType has at most 128 characters.")
	case json.Unmarshal(e.Detail, &detail) != nil || detail == nil:
		return refused("MalformedDetail", "Detail is malformed.")
	case len(e.Detail)+len(e.Source)+len(e.Type) > most:
		return refused("ValidationException", "Total size of the entries in the request is over the limit.")
	}
	w.heard = append(w.heard, Heard{At: w.elapsed, By: by, BusEvent: e})
	return nil
}
