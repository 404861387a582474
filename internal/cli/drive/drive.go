// Package drive runs a rollout in this process, with the caller's own credentials: the same turns as the deployer's, with nothing
// installed in the account.
package drive

import (
	"context"
	"log/slog"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/cli/payload"
	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Poll is how often health and the alias are looked at where the request does not say.
const Poll = 30 * time.Second

// Driver is this process.
type Driver struct {
	Accounts func(roleARN, externalID, session string) target.Account
	Clock    target.Clock
	// Region is where it works, and ID what it is called in the journal.
	Region, ID string
	// Seen is told of what happens; nil is nobody.
	Seen func(events ...rollout.Event)
	// Fatal is turn.Engine's.
	Fatal func(value any) bool
}

// Run brings a rollout to its end. When leave ends it stops at its next wait and leaves the alias where it stands: then left is
// true, and there is no ending. A call that is under way is finished first, unless ctx ends.
func (d Driver) Run(ctx, leave context.Context, raw []byte) (end ending.Ending, left bool) {
	clock := d.Clock
	clock.Sleep = func(ctx context.Context, duration time.Duration) error {
		if left = left || leave.Err() != nil; left {
			return context.Canceled
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(leave, cancel)()
		err := d.Clock.Sleep(ctx, duration)
		left = left || err != nil
		return err
	}
	end = d.handle(ctx, clock, raw, d.Seen)
	if left || ctx.Err() != nil {
		return ending.Ending{}, true
	}
	return end, false
}

// Ask does what a person asks for of a rollout that Run may be driving: rollback, promote, pause, resume, status.
func (d Driver) Ask(ctx context.Context, action request.Action, raw []byte) ending.Ending {
	d.ID += "-" + string(action)
	return d.handle(ctx, d.Clock, payload.Without(raw, action, "hand-off", "rollout-id", "force", "emergency"), nil)
}

// handle answers a request as the deployer does.
func (d Driver) handle(ctx context.Context, clock target.Clock, raw []byte, seen func(...rollout.Event)) ending.Ending {
	deployer := loop.Deployer{
		Accounts: d.Accounts, Clock: clock, Log: slog.New(slog.DiscardHandler), Fatal: d.Fatal,
		Caller: func(context.Context) (request.Home, string) { return request.Home{Region: d.Region, Poll: Poll}, d.ID },
		Watch: func(_ context.Context, events ...rollout.Event) {
			if seen != nil {
				seen(events...)
			}
		},
	}
	a, err := deployer.Handle(ctx, raw)
	if err != nil {
		return ending.Failed(answer.ErrorType(err), err.Error())
	}
	return ending.With(a)
}
