package notify

import (
	"context"
	"log/slog"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Others is who hears of rollouts from outside: those who listen on a bus, and CloudWatch, by metrics in the log. The zero
// Others is nobody.
type Others struct {
	// Bus takes the transitions; nil where nobody listens.
	Bus target.Bus
	// Clock is the driver's.
	Clock target.Clock
	// Installation is the name of the deployer, by which its metrics are told from another's; "" writes none.
	Installation string
}

const (
	// source and eventType are what listeners choose by.
	source    = "meta-deployer"
	eventType = "Rollout State Change"
	// sendTime is for how long it is tried to send one event, all tries together, and grace how long beyond the end of the
	// driver's work.
	sendTime = time.Second
	grace    = 200 * time.Millisecond
	// firstPause is how long the pause is before the second try; it doubles.
	firstPause = 50 * time.Millisecond
	// shortest is the least that one try is given.
	shortest = 250 * time.Millisecond
)

// Tell sends the transitions one after the other, and writes the metrics. It answers which could not be sent; that is a
// warning, and nothing else comes of it.
func (o Others) Tell(ctx context.Context, log *slog.Logger, events ...rollout.Event) (notSent []rollout.Event) {
	for _, event := range events {
		if o.Installation != "" {
			o.measure(ctx, log, event)
		}
		if t, ok := event.(rollout.Transition); ok && o.Bus != nil {
			if err := o.send(ctx, t); err != nil {
				failed := rollout.NotSent{At: o.Clock.Now(), Transition: t, Err: *target.CallError(err)}
				Log{log}.Tell(ctx, failed)
				notSent = append(notSent, failed)
			}
		}
	}
	return notSent
}

// Refused tells the log and the others of a request that was not taken.
func (o Others) Refused(ctx context.Context, log *slog.Logger, t rollout.Target, d rollout.Driver, why string) {
	refusal := rollout.Refusal(t, d, why, o.Clock.Now())
	Log{log}.Tell(ctx, refusal)
	o.Tell(ctx, log, refusal)
}

// send tries to send a transition, also where the driver's own time is up a moment later.
func (o Others) send(ctx context.Context, t rollout.Transition) error {
	end := o.Clock.Now().Add(sendTime)
	if over, ok := ctx.Deadline(); ok && over.Add(grace).Before(end) {
		end = over.Add(grace)
	}
	ctx, cancel := o.Clock.Bound(context.WithoutCancel(ctx), end)
	defer cancel()
	event := target.BusEvent{Source: source, Type: eventType, Detail: DetailOf(t).encode(), At: t.At}
	for pause := firstPause; ; pause *= 2 {
		err := o.try(ctx, end, event)
		if err == nil || target.Permanent(err) || !o.Clock.Now().Add(pause).Before(end) || o.Clock.Sleep(ctx, pause) != nil {
			return err
		}
	}
}

// try sends an event once. It takes half of the time that is left, so that a lost answer leaves time for another try.
func (o Others) try(ctx context.Context, end time.Time, e target.BusEvent) error {
	now := o.Clock.Now()
	ctx, cancel := o.Clock.Bound(ctx, now.Add(max(end.Sub(now)/2, shortest)))
	defer cancel()
	return o.Bus.Put(ctx, e)
}
