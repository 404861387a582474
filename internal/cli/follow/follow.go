// Package follow brings a rollout on its way at a deployer and follows it by asking for its status, so that no connection
// stays open for longer than a question takes.
package follow

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/cli/payload"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Deployer is a stack's deployer as its callers reach it. Errors are those of the ports.
type Deployer interface {
	// Ask waits for the reply; failed says that it is a function error.
	Ask(ctx context.Context, request []byte) (reply []byte, failed bool, err error)
	// Send does not wait for what becomes of it.
	Send(ctx context.Context, request []byte) error
}

// Follower follows one rollout.
type Follower struct {
	Deployer Deployer
	Clock    target.Clock
	// Every is how often the status is asked for, and Timeout for how long the rollout is followed; 0 is without end, and
	// longestEvent for one that was begun by an event.
	Every, Timeout time.Duration
	// Planned is told of the plan before anything is begun, and Seen of every status. Both may be nil.
	Planned, Seen func(answer.Answer)
}

const (
	// shortAnswer bounds the wait for a status or a plan, and longAnswer that for everything else: an invocation takes 15
	// minutes at the longest.
	shortAnswer = 2 * time.Minute
	longAnswer  = 16 * time.Minute
	// longestEvent is more than a deployer that an event has begun takes: after it nobody drives the rollout any more.
	longestEvent = 20 * time.Minute
	// retryTime is for how long a status that cannot be asked for is asked for again.
	retryTime = 3 * time.Minute
	// beginning is for how long a rollout that was sent may take until it is seen.
	beginning = 6 * time.Minute
)

// Ask makes one request and waits for its answer.
func (f Follower) Ask(ctx context.Context, action request.Action, raw []byte) ending.Ending {
	limit := longAnswer
	if action == request.Status || action == request.Plan {
		limit = shortAnswer
	}
	ctx, cancel := f.Clock.Bound(ctx, f.Clock.Now().Add(limit))
	defer cancel()
	reply, failed, err := f.Deployer.Ask(ctx, raw)
	if err != nil {
		return ending.Failed(ending.CallFailed, "the deployer cannot be asked: "+target.Explain(err))
	}
	return ending.Of(reply, failed)
}

// Deploy looks whether a rollout may begin, begins it and follows it to its end: at the long engine where the stack has one and
// the request does not refuse to be handed over, else by an event. With wait false it only sees it begin. It ends early, with the
// zero Ending, when ctx ends: the rollout goes on.
func (f Follower) Deploy(ctx context.Context, raw []byte, wait bool) ending.Ending {
	raw = payload.Default(raw, "hand-off", "always")
	plan := f.Ask(ctx, request.Plan, payload.Without(raw, request.Plan, "rollout-id"))
	switch {
	case plan.Failure != nil:
		return plan
	case plan.Answer.Status == "no-op":
		return plan
	case plan.Answer.Refusal != "":
		return ending.Failed(plan.Answer.Refusal, strings.Join(plan.Answer.Findings, "\n"))
	}
	if f.Planned != nil {
		f.Planned(plan.Answer)
	}
	status := Question(raw)
	before := f.Ask(ctx, request.Status, status)
	if before.Failure != nil {
		return before
	}
	c := &course{before: before.Answer, version: plan.Answer.NewVersion, unjudged: unjudged(raw), sent: true, begins: f.Clock.Now()}
	if plan.Answer.Driver == rollout.EngineDeployer {
		if f.Timeout == 0 {
			f.Timeout = longestEvent
		}
		if err := f.Deployer.Send(ctx, payload.Without(raw, request.Deploy, "hand-off")); err != nil {
			return ending.Failed(ending.CallFailed, "the deployer cannot be invoked: "+target.Explain(err))
		}
		return f.watch(ctx, status, c, wait)
	}
	handed := f.Ask(ctx, request.Deploy, raw)
	if handed.Failure != nil || handed.Answer.Execution == "" {
		return handed
	}
	end, over := f.execution(ctx, status, handed.Answer.Execution, c, wait)
	if over {
		return end
	}
	return f.watch(ctx, status, c, wait)
}

// Wait follows the rollout that is on to its end. It ends early, with the zero Ending, when ctx ends.
func (f Follower) Wait(ctx context.Context, raw []byte, version string) ending.Ending {
	status := Question(raw)
	before := f.Ask(ctx, request.Status, status)
	if before.Failure != nil {
		return before
	}
	if a := before.Answer; a.Status == "idle" {
		if version == "" || a.NewVersion == version && a.Weight == full {
			return before
		}
		return ending.Failed(ending.NotBegun, a.Reason)
	}
	c := &course{before: before.Answer, version: before.Answer.NewVersion, unjudged: unjudged(raw), begins: f.Clock.Now()}
	if end, over := c.next(before.Answer, f.Clock.Now()); over {
		return end
	}
	return f.watch(ctx, status, c, true)
}

// Question is the request for the status of a rollout.
func Question(raw []byte) []byte {
	return payload.Without(raw, request.Status, "hand-off", "rollout-id", "force", "emergency", "message", "new-version")
}

// unjudged says that the request asks for no health check: then nothing has to be seen for a success.
func unjudged(raw []byte) bool {
	r, err := request.Parse(raw, request.Home{})
	return err == nil && r.Plan.Health.Off
}

// execution asks for the status of an execution until it has ended, with its own answer, and for that of the alias, which says
// whether it is paused or waits for somebody. over is false where it does not run the rollout any more: then the alias says how
// that goes on.
func (f Follower) execution(ctx context.Context, status []byte, arn string, c *course, wait bool) (end ending.Ending, over bool) {
	answered := f.Clock.Now()
	for ctx.Err() == nil {
		is := f.Ask(ctx, request.Status, payload.With(status, "execution", arn))
		switch {
		case is.Failure != nil && is.Failure.Type != ending.CallFailed, is.Failure == nil && is.Answer.Status != "in-progress":
			return is, true
		case is.Failure == nil && is.Answer.Driver == "":
			return ending.Ending{}, false
		case is.Failure == nil:
			is = f.carried(ctx, status, is.Answer)
		}
		now := f.Clock.Now()
		switch {
		case is.Failure == nil:
			answered = now
			c.next(is.Answer, now)
			if f.Seen != nil {
				f.Seen(is.Answer)
			}
			if !wait && c.begun() {
				return is, true
			}
		case now.Sub(answered) > retryTime:
			return is, true
		}
		if f.late(c.begins) {
			return f.timedOut(c), true
		}
		if f.Clock.Sleep(ctx, f.Every) != nil {
			break
		}
	}
	return ending.Ending{}, true
}

// carried is what the alias says of the rollout that an execution runs.
func (f Follower) carried(ctx context.Context, status []byte, running answer.Answer) ending.Ending {
	is := f.Ask(ctx, request.Status, status)
	if is.Failure != nil {
		return is
	}
	is.Answer.Driver, is.Answer.Execution, is.Answer.EndsAt = running.Driver, running.Execution, running.EndsAt
	return ending.With(is.Answer)
}

// late says that it was followed for long enough.
func (f Follower) late(began time.Time) bool {
	return f.Timeout > 0 && f.Clock.Now().Sub(began) > f.Timeout
}

func (f Follower) timedOut(c *course) ending.Ending {
	return ending.Failed(ending.TimedOut, fmt.Sprintf("it was followed for %s and has not ended: %s", f.Timeout, c.last.Reason))
}

// watch asks for the status until it is that of an end.
func (f Follower) watch(ctx context.Context, status []byte, c *course, wait bool) ending.Ending {
	answered := f.Clock.Now()
	for ctx.Err() == nil {
		is := f.Ask(ctx, request.Status, status)
		now := f.Clock.Now()
		switch {
		case is.Failure == nil:
			answered = now
			if f.Seen != nil {
				f.Seen(is.Answer)
			}
			if end, over := c.next(is.Answer, now); over {
				return end
			}
			if !wait && c.begun() {
				return is
			}
		case now.Sub(answered) > retryTime:
			return is
		}
		if f.late(c.begins) {
			return f.timedOut(c)
		}
		if f.Clock.Sleep(ctx, f.Every) != nil {
			break
		}
	}
	return ending.Ending{}
}
