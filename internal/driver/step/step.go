// Package step drives a rollout from many short calls: each takes the turns that follow at once and ends at the first wait,
// and whoever calls waits and calls again.
package step

import (
	"context"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/turn"
)

// retries is for how long a turn that failed is tried again within a call.
const retries = 15 * time.Second

// Call takes all turns until the first wait, the end of the work, or of this call's time; a turn that failed is tried again
// for a while. tell is told of the events of every turn. The result's Next is when to call again, with its Token: a whole
// number of seconds from now, one at least. Events is empty.
func Call(ctx context.Context, e turn.Engine, r request.Request, d rollout.Driver, dl rollout.Deadline, t rollout.Token, tell func(...rollout.Event)) turn.Result {
	var failing time.Time
	for {
		result := e.Turn(ctx, r, d, dl, t)
		tell(result.Events...)
		result.Events, t = nil, result.Token
		if result.End != nil {
			return result
		}
		now := e.Clock.Now()
		switch {
		case !result.Failed:
			failing = time.Time{}
		case failing.IsZero():
			failing = now
		}
		goesOn := !result.Next.After(now) || result.Failed && result.Next.Sub(failing) <= retries
		outOfTime := !dl.Process.IsZero() && !result.Next.Before(dl.Process)
		if !goesOn || outOfTime || e.Clock.Sleep(ctx, result.Next.Sub(now)) != nil {
			now = e.Clock.Now()
			result.Token, result.Next = t.AfterCall(r.Plan, d, dl, now, result.Next, result.Failed)
			result.Next = now.Add(wholeSeconds(result.Next.Sub(now)))
			return result
		}
	}
}

// wholeSeconds rounds up.
func wholeSeconds(d time.Duration) time.Duration {
	return max(time.Second, (d + time.Second - 1).Truncate(time.Second))
}
