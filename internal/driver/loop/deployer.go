package loop

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/driver/deadman"
	"github.com/meta-deployer/meta-deployer/internal/health"
	"github.com/meta-deployer/meta-deployer/internal/inspect"
	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/turn"
)

// Deployer answers requests: the function that is invoked for every action, and runs a rollout to its end where that fits.
type Deployer struct {
	// Accounts gives the account to work in: the deployer's own, or the one of a role. session is how the deployer shows in
	// the trail of that account.
	Accounts func(roleARN, externalID, session string) target.Account
	// Switches are where dead man's switches are set; nil is nowhere.
	Switches target.Switches
	Clock    target.Clock
	Log      *slog.Logger
	// Caller tells of an invocation where the deployer runs and the invocation's id, which is the driver's id.
	Caller func(ctx context.Context) (home request.Home, id string)
	// Others hear of rollouts.
	Others notify.Others
	// Watch is told of every event beside the log; nil is nobody.
	Watch func(ctx context.Context, events ...rollout.Event)
	// Memory keeps what was read of the past between invocations; nil forgets it at the end of each.
	Memory *health.Memory
	// Long is the stack's long engine, and HandOff the stack's setting: whether what does not fit an invocation goes there. A nil
	// Long is none.
	Long    *target.LongEngine
	HandOff bool
	// Engines are those of the stack of which an execution may run a rollout already; nil is none.
	Engines []target.Engine
	// Wake has the engine look at once that suspends while it runs the rollout of a driver, by the driver's token; nil is for a
	// stack without one. A driver that no such engine runs is no error.
	Wake func(ctx context.Context, driver string) error
	// Fatal is turn.Engine's.
	Fatal func(value any) bool
}

// answerMargin is what is left of an invocation when work stops, to answer in.
const answerMargin = 400 * time.Millisecond

// Invoke answers one request as bytes, so that what is not even JSON is refused like any other bad request.
func (d Deployer) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	a, err := d.Handle(ctx, payload)
	if err != nil {
		return nil, err
	}
	return json.Marshal(a)
}

// Handle answers one request. Its errors are the failures of package answer, by whose type callers tell them apart.
func (d Deployer) Handle(ctx context.Context, raw json.RawMessage) (answer.Answer, error) {
	home, id := d.Caller(ctx)
	driver := rollout.Driver{ID: rollout.DriverToken(id), Engine: rollout.EngineDeployer}
	d.Others.Clock = d.Clock
	raw, _ = request.FromDashboard(raw)
	r, err := request.Parse(raw, home)
	if err != nil {
		if problems, ok := errors.AsType[*request.ProblemsError](err); ok {
			d.Log.WarnContext(ctx, "request refused", "bytes", len(raw), "problems", problems.Problems)
			if problems.Changes() {
				notify.Guarded(ctx, d.Log, d.Fatal, func() { d.Others.Refused(ctx, d.Log, problems.Target, driver, err.Error()) })
			}
		}
		return answer.Answer{}, answer.Invalid(err.Error())
	}
	log := d.Log.With("function", r.Plan.Function, "alias", r.Plan.Alias)
	log.InfoContext(ctx, "request", "request", string(request.Redacted(raw)), "driver", driver.ID)
	var end time.Time
	if deadline, ok := ctx.Deadline(); ok {
		end = deadline.Add(-answerMargin)
		bounded, cancel := d.Clock.Bound(ctx, end)
		defer cancel()
		ctx = bounded
	}
	driver.HandOff = d.handOff(r, raw)
	a, err := d.answer(ctx, r, raw, driver, end, log)
	if err != nil {
		log.WarnContext(ctx, "ended", "error", answer.ErrorType(err), "reason", err.Error())
		return answer.Answer{}, err
	}
	log.InfoContext(ctx, "ended", "status", a.Status, "reason", a.Reason)
	return a, nil
}

// answer does what the request asks for.
func (d Deployer) answer(ctx context.Context, r request.Request, raw []byte, driver rollout.Driver, end time.Time, log *slog.Logger) (answer.Answer, error) {
	if d.Memory == nil {
		d.Memory = new(health.Memory)
	}
	inspector := inspect.Inspector{Account: d.Accounts(r.RoleARN, r.ExternalID, driver.ID), Clock: d.Clock, Memory: d.Memory, End: end, Long: d.Long, HandOff: driver.HandOff, Engines: d.Engines}
	switch r.Action {
	case request.Status:
		if r.Execution != "" {
			return inspector.OfExecution(ctx, r, r.Execution)
		}
		return inspector.Status(ctx, r)
	case request.Plan:
		return inspector.Plan(ctx, r)
	case request.Rehearse:
		return inspector.Rehearse(ctx, r)
	case request.Promote:
		r.Plan.Health.MinInvocations = 0
	case request.Deploy, request.Rollback, request.Pause, request.Resume, request.Recover:
	}
	return d.drive(ctx, inspector, r, raw, driver, log)
}

// drive takes the turns that the request asks for, to their end.
func (d Deployer) drive(ctx context.Context, inspector inspect.Inspector, r request.Request, raw []byte, driver rollout.Driver, log *slog.Logger) (answer.Answer, error) {
	end := inspector.End
	var record answer.Recorder
	changed := false
	life := deadman.New(d.Switches, d.Clock, deadman.Input{Driver: driver.ID, Engine: driver.Engine, End: d.longest(end), Request: raw})
	engine := turn.Engine{Account: inspector.Account, Clock: d.Clock, Memory: d.Memory, Long: d.Long, Raw: raw, Engines: d.Engines, SetSwitch: life.Set(), Fatal: d.Fatal}
	audience := notify.Audience{Log: log, Others: d.Others, Watch: d.Watch, Fatal: d.Fatal}
	finish, token := Run(ctx, engine, r, driver, end, func(events ...rollout.Event) {
		changed = changed || slices.ContainsFunc(events, isChange)
		audience.Tell(ctx, record.Tell, events...)
	})
	warning := life.Release(ctx, finish, token, driver, lastMoment(end))
	if warning != "" {
		log.WarnContext(ctx, "switch", "warning", warning)
	}
	if finish.Ended {
		return inspector.OfExecution(ctx, r, finish.Execution)
	}
	a, err := record.Answer(r, finish, token, d.Clock.Now())
	if err == nil && changed && r.Action != request.Deploy {
		a.Warnings = append(a.Warnings, d.wake(ctx, record.Driver(), log)...)
	}
	if warning != "" {
		a.Warnings = append(a.Warnings, warning)
	}
	return a, err
}

// lastMoment is until when the answer may be kept back; zero is without end.
func lastMoment(end time.Time) time.Time {
	if end.IsZero() {
		return end
	}
	return end.Add(answerMargin / 2)
}

// longest is when an invocation has ended, also one whose end nobody has told.
func (d Deployer) longest(end time.Time) time.Time {
	if end.IsZero() {
		return d.Clock.Now().Add(15 * time.Minute)
	}
	return end.Add(answerMargin)
}
