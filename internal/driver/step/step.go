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

// shortWait is how long a wait is that a call sits out itself.
const shortWait = time.Second

// Call takes all turns until the first wait of a second or more, the end of the work, or of this call's time. tell is told of
// the events of every turn. The result's Next is when to call again, with its Token; Events is empty.
func Call(ctx context.Context, e turn.Engine, r request.Request, d rollout.Driver, dl rollout.Deadline, t rollout.Token, tell func(...rollout.Event)) turn.Result {
	for {
		result := e.Turn(ctx, r, d, dl, t)
		tell(result.Events...)
		result.Events, t = nil, result.Token
		pause := result.Next.Sub(e.Clock.Now())
		outOfTime := !dl.Process.IsZero() && !result.Next.Before(dl.Process)
		if result.End != nil || pause >= shortWait || outOfTime || e.Clock.Sleep(ctx, pause) != nil {
			return result
		}
	}
}
