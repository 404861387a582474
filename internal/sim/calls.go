package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Operation is a call to the account, by AWS's name.
type Operation string

// The operations.
const (
	GetAlias       Operation = "GetAlias"
	UpdateAlias    Operation = "UpdateAlias"
	GetVersion     Operation = "GetFunctionConfiguration"
	GetConcurrency Operation = "GetProvisionedConcurrencyConfig"
	GetMetrics     Operation = "GetMetricData"
	DescribeAlarms Operation = "DescribeAlarms"
	Invoke         Operation = "Invoke"
	DryRun         Operation = "DryRun"
	everyOperation Operation = ""
)

// callTimeout is when the deployer gives up a call, as internal/cloud does.
const callTimeout = 10 * time.Second

// Effect is what a fault does to a call.
type Effect string

// The effects. Those that say nothing of it leave the call undone.
const (
	// None lets the call be: for a fault that only takes time, or has somebody else act.
	None        Effect = ""
	Throttled   Effect = "throttled"
	ServerError Effect = "server-error"
	Denied      Effect = "denied"
	// NotFound is what Lambda says of what was there a moment ago, or will be in a moment.
	NotFound Effect = "not-found"
	// ReplyLost does what was asked and loses the answer.
	ReplyLost Effect = "reply-lost"
	// KilledBefore and KilledAfter end the process of the caller, before or after the call is done.
	KilledBefore Effect = "killed-before"
	KilledAfter  Effect = "killed-after"
)

// Fault is what goes wrong with calls.
type Fault struct {
	// On is the operation; "" is any.
	On Operation
	// Call is the first call of On that is hit, from 1, and Times how many are from there on. Call 0 is every call; Times
	// 0 is one, of every call all.
	Call, Times int
	// During is when calls are hit; without an end for ever, so that the zero Span is always.
	During Span
	Effect Effect
	// Takes is how long the call takes; 0 is the World's Latency. Beyond ten seconds the caller gives it up, but for
	// Invoke.
	Takes time.Duration
	// Before and After happen right before and right after the call takes effect: a third party. May be nil.
	Before, After func()
}

func (f Fault) hits(op Operation, nth int, now time.Duration) bool {
	during := f.During.contains(now) || f.During.Until == 0 && f.During.From <= now
	if f.On != everyOperation && f.On != op || !during {
		return false
	}
	return f.Call == 0 && (f.Times == 0 || nth <= f.Times) || f.Call > 0 && nth >= f.Call && nth < f.Call+max(1, f.Times)
}

// Calls is how often the account was asked for an operation; "" counts all.
func (w *World) Calls(op Operation) int { return w.calls[op] }

// fault counts a call and finds what goes wrong with it.
func (w *World) fault(op Operation) Fault {
	w.calls[op]++
	w.calls[everyOperation]++
	for _, f := range w.Faults {
		nth := w.calls[op]
		if f.On == everyOperation {
			nth = w.calls[everyOperation]
		}
		if f.hits(op, nth, w.elapsed) {
			return f
		}
	}
	return Fault{}
}

// call is one call to the account: it takes effect halfway through its time.
func (w *World) call(ctx context.Context, op Operation, do func() error) error {
	f := w.fault(op)
	takes := w.Latency
	if f.Takes > 0 {
		takes = f.Takes
	}
	if op != Invoke && takes > callTimeout {
		ctx, cancel := w.bound(ctx, w.hostNow().Add(callTimeout))
		defer cancel()
		return w.perform(ctx, f, takes, do)
	}
	return w.perform(ctx, f, takes, do)
}

// perform makes a call, with what goes wrong with it.
func (w *World) perform(ctx context.Context, f Fault, takes time.Duration, do func() error) error {
	if err := w.sleep(ctx, takes/2); err != nil {
		return unavailable(err)
	}
	if f.Before != nil {
		f.Before()
	}
	err := w.effect(ctx, f, do)
	if f.After != nil {
		f.After()
	}
	if f.Effect == KilledAfter {
		w.kill(ctx, "a call was done")
	}
	if late := w.sleep(ctx, takes-takes/2); late != nil {
		return unavailable(late)
	}
	return err
}

// effect does what the fault leaves of a call.
func (w *World) effect(ctx context.Context, f Fault, do func() error) error {
	switch f.Effect {
	case Throttled:
		return throttled()
	case ServerError:
		return &Error{"ServiceException", "An internal error occurred", target.ErrUnavailable}
	case Denied:
		return &Error{"AccessDeniedException", "no identity-based policy allows it", target.ErrDenied}
	case NotFound:
		return notFound("not found, for a moment")
	case KilledBefore:
		w.kill(ctx, "a call was to be done")
	case ReplyLost:
		_ = do()
		return fmt.Errorf("%w: %w", target.ErrUnavailable, ErrReplyLost)
	case None, KilledAfter:
	}
	return do()
}

// kill ends the process of the caller.
func (w *World) kill(ctx context.Context, why string) {
	i, _ := ctx.Value(invocationKey{}).(Invocation)
	i.die(w.elapsed, why)
}

// unavailable is a call whose context ended.
func unavailable(err error) error { return fmt.Errorf("%w: %w", target.ErrUnavailable, err) }
