// Package loop drives a rollout from one call that lasts until it ends: it takes turns and sleeps between them.
package loop

import (
	"context"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/turn"
)

// Run takes turns until the work has ended, or the time has. tell is told of the events of every turn.
func Run(ctx context.Context, e turn.Engine, r request.Request, d rollout.Driver, end time.Time, tell func(...rollout.Event)) (rollout.Finish, rollout.Token) {
	var token rollout.Token
	for {
		result := e.Turn(ctx, r, d, rollout.Deadline{Process: end, Rollout: end}, token)
		tell(result.Events...)
		token = result.Token
		if result.End != nil {
			return *result.End, token
		}
		if !end.IsZero() && !result.Next.Before(end) || sleep(ctx, e.Clock, result.Next) != nil {
			result = e.Expire(r, d, token, "the invocation ends")
			tell(result.Events...)
			return *result.End, result.Token
		}
	}
}

// sleep waits until a time.
func sleep(ctx context.Context, clock target.Clock, until time.Time) error {
	return clock.Sleep(ctx, until.Sub(clock.Now()))
}
