package sim

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/request"
)

const (
	// forever is later than anything.
	forever = time.Duration(math.MaxInt64)
	// DefaultTimeout is how long an invocation may take: the longest that Lambda allows.
	DefaultTimeout = 15 * time.Minute
)

// Home is where every world is.
func Home() request.Home { return request.Home{Region: "eu-west-1", Account: "123456789012"} }

// Invocation is one run of a function on Lambda.
type Invocation struct {
	// ID is its request id; "" is the next of a fixed sequence.
	ID string
	// Timeout is how long Lambda lets it run before it kills it; 0 is DefaultTimeout.
	Timeout time.Duration
	// KilledAt is when its process dies, in whatever it does; 0 is never.
	KilledAt time.Duration
	// Skew is by how much the clock of its host is ahead of AWS's, behind where it is negative. All that the invocation
	// knows of time goes by that clock, its deadline too; metrics, alarms and everything else in the world go by AWS's.
	Skew time.Duration

	// end is when it is over at the latest.
	end time.Duration
}

// Killed is what a process of the world panics with when it dies. The world never recovers it: no code of the process
// runs after it but deferred functions.
type Killed struct {
	// ID is the invocation's request id.
	ID string
	At time.Duration
	// Why is what it was doing.
	Why string
}

type invocationKey struct{}

// Begin is the context that Lambda gives an invocation that begins now: it has the deadline, in virtual time by the host's
// clock, and the request id. The invocation it returns has its id. Until the CancelFunc is called Clock is the host's.
func (w *World) Begin(i Invocation) (context.Context, Invocation, context.CancelFunc) {
	w.invocations++
	if i.ID == "" {
		i.ID = requestID(w.invocations)
	}
	if i.Timeout == 0 {
		i.Timeout = DefaultTimeout
	}
	i.end = w.elapsed + i.Timeout
	ahead := w.hostAhead()
	*ahead = i.Skew
	ctx, cancel := w.bound(context.WithValue(context.Background(), invocationKey{}, i), w.start.Add(i.end+i.Skew))
	return ctx, i, func() {
		*ahead = 0
		cancel()
	}
}

// requestID is a text like Lambda's request ids.
func requestID(n uint64) string {
	h := n * 0x9E3779B97F4A7C15
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", h>>32, h>>16&0xffff, h&0xfff, h>>24&0xfff, h&0xffffffffffff)
}

// Caller tells of an invocation's context what a deployer wants to know of it.
func Caller(ctx context.Context) (home request.Home, id string) {
	i, _ := ctx.Value(invocationKey{}).(Invocation)
	return Home(), i.ID
}

// IsKill says that a panic is the end of a process of the world.
func IsKill(value any) bool {
	_, killed := value.(Killed)
	return killed
}

// bounded is a context that ends at a moment of virtual time.
type bounded struct {
	context.Context
	end time.Time
}

// Deadline is in virtual time.
func (b bounded) Deadline() (time.Time, bool) { return b.end, true }

// Err is DeadlineExceeded where the virtual time ran out.
func (b bounded) Err() error {
	if b.Context.Err() == nil {
		return nil
	}
	return context.Cause(b.Context)
}

// bound is a context that ends at a moment of virtual time by the host's clock, or with its parent.
func (w *World) bound(parent context.Context, end time.Time) (context.Context, context.CancelFunc) {
	if sooner, ok := parent.Deadline(); ok && sooner.Before(end) {
		end = sooner
	}
	ctx, cancel := context.WithCancelCause(parent)
	w.At(w.sinceByHost(end), func() { cancel(context.DeadlineExceeded) })
	if !end.After(w.hostNow()) {
		cancel(context.DeadlineExceeded)
	}
	return bounded{ctx, end}, func() { cancel(context.Canceled) }
}

// sleep lets virtual time pass. It ends early with the context, and the process with its invocation.
func (w *World) sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	until := w.elapsed + max(d, 0)
	if end, ok := ctx.Deadline(); ok {
		until = min(until, w.sinceByHost(end))
	}
	i, mortal := ctx.Value(invocationKey{}).(Invocation)
	if mortal {
		until = min(until, i.death())
	}
	w.wait(ctx, until)
	if mortal && w.elapsed >= i.death() {
		i.die(w.elapsed, i.cause())
	}
	return ctx.Err()
}

// death is when the invocation's process ends, whatever it does.
func (i Invocation) death() time.Duration {
	if i.KilledAt > 0 {
		return min(i.KilledAt, i.end)
	}
	return i.end
}

func (i Invocation) cause() string {
	if i.KilledAt == i.death() {
		return "it was killed"
	}
	return "its time was over"
}

func (i Invocation) die(at time.Duration, why string) {
	panic(Killed{ID: i.ID, At: at, Why: why})
}
