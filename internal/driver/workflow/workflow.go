// Package workflow drives a rollout as the task of a state machine: each call takes the turns that follow at once, and answers
// how long the machine has to wait, or how the rollout has ended.
package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/driver/deadman"
	"github.com/meta-deployer/meta-deployer/internal/driver/step"
	"github.com/meta-deployer/meta-deployer/internal/health"
	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/turn"
)

// Worker answers the calls of a state machine, or of a durable function that stands in for one.
type Worker struct {
	// Accounts gives the account to work in: the worker's own, or the one of a role. session is how the worker shows in the trail
	// of that account.
	Accounts func(roleARN, externalID, session string) target.Account
	// Switches are where dead man's switches are set; nil is nowhere.
	Switches target.Switches
	// Engines are those of the stack of which an execution may run a rollout already; nil is none.
	Engines []target.Engine
	Clock   target.Clock
	Log     *slog.Logger
	// Caller tells of an invocation where the worker runs.
	Caller func(ctx context.Context) (home request.Home, id string)
	// Deployer is the name of the function that takes the actions that a workflow does not.
	Deployer string
	// Others hear of rollouts.
	Others notify.Others
	// Durable says that a durable function calls: a rollout that a newer driver keeps is an answer there, as with every other driver.
	Durable bool
	// Watch is told of every event beside the log; nil is nobody.
	Watch func(ctx context.Context, events ...rollout.Event)
	// Memory keeps what was read of the past between invocations; nil forgets it at the end of each.
	Memory *health.Memory
	// Fatal is turn.Engine's.
	Fatal func(value any) bool
}

const (
	// Longest is how long a rollout may take.
	Longest = rollout.LongestWorkflow
	// poll is how often a rollout is looked at whose request does not say.
	poll = 30 * time.Second
	// answerMargin is what is left of an invocation when work stops.
	answerMargin = 20 * time.Second
	// mostSteps is how many steps an answer has, the last ones.
	mostSteps = 20
)

// Invoke answers one call as bytes: what the machine carries to the next, or the rollout's answer. Its errors are the failures
// of package answer, by whose type the machine tells them apart. A panic is answered with a wait, but for the last of many.
func (w Worker) Invoke(ctx context.Context, payload []byte) (out []byte, err error) {
	c := call{Worker: w, log: w.Log}
	if err := c.read(payload); err != nil {
		w.Log.WarnContext(ctx, "request refused", "bytes", len(payload), "reason", err.Error())
		return nil, err
	}
	defer func() {
		if value := recover(); value != nil {
			notify.Panic(ctx, c.log, w.Fatal, value)
			if c.carried.Panics++; c.carried.Panics >= maxPanics {
				panic(value)
			}
			out, err = json.Marshal(c.pause(panicPause<<(c.carried.Panics-1), "an internal error of the worker; its log has the stack"))
		}
	}()
	value, err := c.handle(ctx)
	if err != nil {
		c.log.WarnContext(ctx, "ended", "error", answer.ErrorType(err), "reason", err.Error())
		return nil, err
	}
	return json.Marshal(value)
}

// A worker that panics outside of a turn is called again after panicPause, doubling; the last of maxPanics in a row fails the
// call.
const (
	panicPause = 30 * time.Second
	maxPanics  = 8
)

// handle takes the turns of a call, and answers the rollout's end or what to carry to the next call.
func (c *call) handle(ctx context.Context) (any, error) {
	home, _ := c.Caller(ctx)
	home.Poll, home.Long = poll, true
	driver := rollout.Driver{ID: rollout.DriverToken(c.name()), Engine: c.engine(), Execution: c.Execution, Continues: c.continues, Long: true}
	c.Others.Clock = c.Clock
	r, err := request.Parse(c.Request, home)
	if problems, ok := errors.AsType[*request.ProblemsError](err); ok {
		c.log.WarnContext(ctx, "request refused", "bytes", len(c.Request), "problems", problems.Problems)
		if problems.Changes() {
			return nil, c.refuse(ctx, problems.Target, driver, err.Error())
		}
	}
	switch {
	case err != nil:
		return nil, answer.Invalid(err.Error())
	case r.Action != request.Deploy:
		why := fmt.Sprintf("%s takes action deploy only: send action %s to the deployer, aws lambda invoke --function-name %s", c.callerName(), r.Action, c.Deployer)
		if !r.Action.Changes() {
			return nil, answer.Invalid(why)
		}
		return nil, c.refuse(ctx, r.Plan.Target, driver, why)
	}
	c.log = c.log.With("function", r.Plan.Function, "alias", r.Plan.Alias, "driver", driver.ID)
	c.log.InfoContext(ctx, "call", "calls", c.carried.Calls, "continues", c.continues, "request", string(request.Redacted(c.Request)))
	deadline := rollout.Deadline{Rollout: c.Started.Add(Longest)}
	if end, ok := ctx.Deadline(); ok {
		deadline.Process = end.Add(-answerMargin)
		bounded, cancel := c.Clock.Bound(ctx, deadline.Process)
		defer cancel()
		ctx = bounded
	}
	return c.turns(ctx, r, driver, deadline)
}

// refuse is a request that a worker does not take, of which the others hear.
func (c *call) refuse(ctx context.Context, t rollout.Target, d rollout.Driver, why string) error {
	notify.Guarded(ctx, c.log, c.Fatal, func() { c.Others.Refused(ctx, c.log, t, d, why) })
	return answer.Invalid(why)
}

// turns takes the turns.
func (c *call) turns(ctx context.Context, r request.Request, driver rollout.Driver, deadline rollout.Deadline) (any, error) {
	if c.Memory == nil {
		c.Memory = new(health.Memory)
	}
	record := answer.Resume(c.carried.Record, mostSteps)
	life := deadman.New(c.Switches, c.Clock, deadman.Input{
		Driver: driver.ID, Engine: driver.Engine, Execution: c.Execution, End: deadline.Rollout, Request: c.Request,
	})
	engine := turn.Engine{Account: c.Accounts(r.RoleARN, r.ExternalID, driver.ID), Clock: c.Clock, Memory: c.Memory, Engines: c.Engines, Raw: c.Request, SetSwitch: life.Set(), Fatal: c.Fatal}
	audience := notify.Audience{Log: c.log, Others: c.Others, Watch: c.Watch, Fatal: c.Fatal}
	result := step.Call(ctx, engine, r, driver, deadline, c.token, func(events ...rollout.Event) {
		audience.Tell(ctx, record.Tell, events...)
	})
	c.carry(result.Token, record)
	now, end := c.Clock.Now(), result.End
	if end == nil {
		return c.pause(result.Next.Sub(now), result.Token.Standing()), nil
	}
	warning := life.Release(ctx, *end, result.Token, driver, time.Time{}) // answerMargin is longer than that takes
	if warning != "" {
		c.log.WarnContext(ctx, "switch", "warning", warning)
	}
	switch a, err := record.Answer(r, *end, result.Token, now); {
	case end.Outcome == rollout.InProgress && !c.Durable:
		return nil, answer.Relieved(end.Reason)
	case err != nil:
		return nil, err
	default:
		if warning != "" {
			a.Warnings = append(a.Warnings, warning)
		}
		c.log.InfoContext(ctx, "ended", "status", a.Status, "reason", a.Reason)
		return a, nil
	}
}
