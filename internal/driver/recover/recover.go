// Package recover ends the rollouts of drivers that are dead. It is told of them by Step Functions, by Lambda, and by the dead
// man's switches that drivers set; whether there is something to do, and what, package rollout decides.
package recover

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/health"
	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/turn"
)

// Recoverer is the function that is called when a driver may be dead.
type Recoverer struct {
	// Accounts gives the account to work in: the function's own, or the one of a role. session is how it shows in the trail of that
	// account.
	Accounts func(roleARN, externalID, session string) target.Account
	// Workflows tells how the stack's workflows do, and Durables how its durable executions do.
	Workflows, Durables Executions
	// Switches are where dead man's switches are; nil where the stack has none.
	Switches Switches
	Clock    target.Clock
	Log      *slog.Logger
	// Caller tells of an invocation where the function runs.
	Caller func(ctx context.Context) (home request.Home, id string)
	// Watch is told of every event beside the log; nil is nobody.
	Watch func(ctx context.Context, events ...rollout.Event)
	// Others hear of rollouts.
	Others notify.Others
	// Memory keeps what was read of the past between invocations; nil forgets it at the end of each.
	Memory *health.Memory
	// Fatal is turn.Engine's.
	Fatal func(value any) bool
}

// Executions tells of the executions of an engine of the stack. Errors are as of target.Account.
type Executions interface {
	Execution(ctx context.Context, arn string) (target.Execution, error)
}

// Switches deletes dead man's switches, as target.Switches does.
type Switches interface {
	DeleteSwitch(ctx context.Context, driver string) error
}

// ExecutionUnread is an execution of which nobody knows whether it runs: it is asked again.
type ExecutionUnread struct{ message string }

func (e ExecutionUnread) Error() string { return e.message }

const (
	// answerMargin is what is left of an invocation when work stops: a switch is deleted, and the answer given.
	answerMargin = 3 * time.Second
	// releaseTime is how long the answer waits for a switch to be deleted.
	releaseTime = 2 * time.Second
)

// Invoke works on one event. It fails where Lambda has to call again: answer.RollbackFailed, answer.StateUnknown and
// ExecutionUnread.
func (c Recoverer) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	a, err := c.Handle(ctx, payload)
	if err != nil {
		c.Log.WarnContext(ctx, "ended", "error", answer.ErrorType(err), "reason", err.Error())
		return nil, err
	}
	c.Log.InfoContext(ctx, "ended", "status", a.Status, "reason", a.Reason)
	return json.Marshal(a)
}

// Handle is Invoke before its answer is JSON.
func (c Recoverer) Handle(ctx context.Context, payload []byte) (answer.Answer, error) {
	l, known := parse(payload)
	if !known {
		c.Log.InfoContext(ctx, "called", "bytes", len(payload))
		return nothing("the event tells of no driver that has ended"), nil
	}
	c.Log.InfoContext(ctx, "called", "bytes", len(payload), "driver", l.driver, "execution", l.execution, "ended", l.how, "by-switch", l.bySwitch)
	if now := c.Clock.Now(); l.execution == "" && now.Before(l.until) {
		return nothing(fmt.Sprintf("driver %s may run until %s", l.driver, l.until.UTC().Format(time.RFC3339))), nil
	}
	alive, err := c.ask(ctx, &l)
	switch {
	case err != nil:
		return answer.Answer{}, err
	case alive:
		return nothing(fmt.Sprintf("driver %s lives: its execution is RUNNING", l.driver)), nil
	}
	a, err := c.recover(ctx, l)
	if err != nil {
		return answer.Answer{}, err
	}
	// An execution that was stopped may have a worker still, which claims an alias a moment later: then the switch is needed.
	if l.bySwitch || a.Status != string(rollout.NoOp) {
		c.release(ctx, l.driver, &a)
	}
	return a, nil
}

// nothing is the answer where there is nothing to do.
func nothing(reason string) answer.Answer {
	return answer.New(rollout.Target{}, string(rollout.NoOp), reason)
}

// ask finds out what only the engine can tell: whether an execution lives and how it ended, and its request where the event has
// none.
func (c Recoverer) ask(ctx context.Context, l *lost) (alive bool, err error) {
	if l.execution == "" || l.how != "" && l.request != nil {
		return false, nil
	}
	engine := c.Workflows
	if isDurable(l.execution) {
		engine = c.Durables
	}
	e, err := engine.Execution(ctx, l.execution)
	if err != nil {
		return false, ExecutionUnread{fmt.Sprintf("execution %s cannot be read, so nobody knows whether it runs: %s", l.execution, target.Explain(err))}
	}
	if l.how == "" {
		l.how = howEnded(l.execution, string(e.Status))
	}
	if l.request == nil {
		l.request = e.Input
	}
	return e.Status == target.ExecutionRunning, nil
}

// recover does what rollout decides for the dead driver.
func (c Recoverer) recover(ctx context.Context, l lost) (answer.Answer, error) {
	home, _ := c.Caller(ctx)
	r, err := request.Parse(l.request, home)
	switch {
	case err != nil && l.bySwitch:
		return answer.Answer{}, answer.Failure(rollout.StateUnknown, "driver "+l.driver+" is dead, and its request cannot be read any more, so nobody knows which alias it leaves; "+err.Error())
	case err != nil:
		return nothing("no rollout began by a request that is refused"), nil
	case r.Action != request.Deploy:
		return nothing("action " + string(r.Action) + " leaves nothing behind"), nil
	}
	r.Action, r.Plan = request.Recover, r.Plan.ForRecover()
	log := c.Log.With("function", r.Plan.Function, "alias", r.Plan.Alias, "driver", l.driver)
	log.InfoContext(ctx, "request", "request", string(request.Redacted(l.request)))
	var end time.Time
	if deadline, ok := ctx.Deadline(); ok {
		end = deadline.Add(-answerMargin)
		bounded, cancel := c.Clock.Bound(ctx, end)
		defer cancel()
		ctx = bounded
	}
	if c.Memory == nil {
		c.Memory = new(health.Memory)
	}
	var record answer.Recorder
	engine := turn.Engine{Account: c.Accounts(r.RoleARN, r.ExternalID, l.driver), Clock: c.Clock, Memory: c.Memory, Fatal: c.Fatal}
	driver := rollout.Driver{ID: l.driver, Engine: rollout.EngineRecover, Execution: l.execution, Ended: l.how}
	c.Others.Clock = c.Clock
	audience := notify.Audience{Log: log, Others: c.Others, Watch: c.Watch, Fatal: c.Fatal}
	finish, token := loop.Run(ctx, engine, r, driver, end, func(events ...rollout.Event) {
		audience.Tell(ctx, record.Tell, events...)
	})
	return record.Answer(r, finish.Recovered(), token, c.Clock.Now())
}

// release deletes the switch of a driver that has nothing left to be done for. One that stays calls again, and finds that.
func (c Recoverer) release(ctx context.Context, driver string, a *answer.Answer) {
	if c.Switches == nil {
		return
	}
	ctx, cancel := c.Clock.Bound(ctx, c.Clock.Now().Add(releaseTime))
	defer cancel()
	if err := c.Switches.DeleteSwitch(ctx, driver); err != nil {
		warning := "the dead man's switch " + driver + " could not be deleted: " + target.Explain(err)
		c.Log.WarnContext(ctx, "switch", "warning", warning)
		a.Warnings = append(a.Warnings, warning)
	}
}
