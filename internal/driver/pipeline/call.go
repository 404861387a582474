package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/driver/deadman"
	"github.com/meta-deployer/meta-deployer/internal/inspect"
	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/turn"
)

const (
	// workTime is for how long a call works, the time of a hook that runs at its end aside.
	workTime = time.Minute
	// poll is how often this driver looks where the request does not say.
	poll = 30 * time.Second
)

// Call works on a job until it has ended, or a minute is over, and is what CodePipeline is to be told. end is when the process
// has to be done. note is given on the way what to tell where the call does not return.
func (d Driver) Call(ctx context.Context, j Job, end time.Time, note func(Reply)) Reply {
	home, _ := d.Caller(ctx)
	home.Poll = poll
	d.Others.Clock = d.Clock
	now := d.Clock.Now()
	c, token := carriedBy(j, now)
	r, err := parse(j, home)
	if err != nil {
		d.Log.WarnContext(ctx, "request refused", "bytes", len(j.Request), "error", err.Error())
		named := r.Plan.Target
		if problems, ok := errors.AsType[*request.ProblemsError](err); ok && problems.Changes() {
			named = problems.Target
		}
		if named.Function != "" && r.Action.Changes() {
			driver := rollout.Driver{ID: rollout.DriverToken(c.Driver), Engine: rollout.EnginePipeline}
			notify.Guarded(ctx, d.Log, d.Fatal, func() { d.Others.Refused(ctx, d.Log, named, driver, err.Error()) })
		}
		return replyTo(answer.Answer{}, refusal(j, err), "")
	}
	log := d.Log.With("function", r.Plan.Function, "alias", r.Plan.Alias)
	w := work{
		Driver: d, request: r, carried: c, log: log, note: note, began: now, end: now.Add(workTime),
		driver:   rollout.Driver{ID: rollout.DriverToken(c.Driver), Engine: rollout.EnginePipeline, Continues: j.Continues},
		deadline: rollout.Deadline{Process: end, Began: now, Rollout: c.Began.Add(lifetime)},
		progress: progress{plan: r.Plan}, raw: json.RawMessage(j.Request), continues: j.Continues,
	}
	if end.Before(w.end) {
		w.end = end
	}
	log.InfoContext(ctx, "request", "request", string(request.Redacted([]byte(j.Request))), "driver", w.driver.ID, "continues", j.Continues)
	ctx, cancel := d.Clock.Bound(ctx, end)
	defer cancel()
	reply := w.reply(ctx, token)
	switch {
	case reply.Token != "":
		log.InfoContext(ctx, "goes on", "summary", reply.Message)
	case reply.Failure != "":
		log.WarnContext(ctx, "ended", "failure", reply.Failure, "reason", reply.Message)
	default:
		log.InfoContext(ctx, "ended", "summary", reply.Message)
	}
	return reply
}

// parse reads the job's request.
func parse(j Job, home request.Home) (request.Request, error) {
	if j.Refused != "" {
		return request.Request{}, errors.New(j.Refused)
	}
	r, err := request.Parse([]byte(j.Request), home)
	if err != nil {
		return r, err
	}
	switch r.Action {
	case request.Deploy, request.Plan, request.Rollback:
		return r, nil
	default:
		return r, fmt.Errorf(`action is %q: a pipeline's action takes "deploy", "plan" and "rollback"; send any other to the deployer, aws lambda invoke`, r.Action)
	}
}

// refusal is the failure of a job whose request cannot be read. In a call that goes on something may be running.
func refusal(j Job, problem error) error {
	if j.Continues {
		return answer.Failure(rollout.StateUnknown, "the request was read in an earlier call and cannot be read any more, so nobody drives what that has begun; "+
			"look at the alias, aws lambda get-alias, and send action rollback to the deployer where it is split; "+problem.Error())
	}
	return answer.Invalid(problem.Error())
}

// work is one call.
type work struct {
	Driver
	request  request.Request
	carried  carried
	driver   rollout.Driver
	deadline rollout.Deadline
	log      *slog.Logger
	note     func(Reply)
	// began is when the call did, and end when it has worked long enough.
	began, end time.Time
	record     answer.Recorder
	progress   progress
	// raw is the request as it was sent, and continues says that there was a call before.
	raw       json.RawMessage
	continues bool
	// life is the driver's dead man's switch; nil where it has none.
	life *deadman.Switch
}

// reply does what the request asks for.
func (w *work) reply(ctx context.Context, t rollout.Token) Reply {
	account := w.Accounts(w.request.RoleARN, w.request.ExternalID, w.driver.ID)
	if w.request.Action == request.Plan {
		ctx, cancel := w.Clock.Bound(ctx, w.end)
		defer cancel()
		a, err := inspect.Inspector{Account: account, Clock: w.Clock, Memory: w.Memory, End: w.deadline.Rollout}.Plan(ctx, w.request)
		return replyTo(a, err, "")
	}
	w.holdSwitch(ctx)
	return w.turns(ctx, turn.Engine{Account: account, Clock: w.Clock, Memory: w.Memory, Engines: w.Engines, Raw: w.raw, SetSwitch: w.life.Set(), Fatal: w.Fatal}, t)
}

// holdSwitch moves the dead man's switch of the calls before on: this call is a sign of life. One that cannot be moved is no
// reason to stop, the next call moves it.
func (w *work) holdSwitch(ctx context.Context) {
	if w.Switches == nil || w.request.Action != request.Deploy {
		return
	}
	w.life = deadman.New(w.Switches, w.Clock, deadman.Input{
		Driver: w.driver.ID, Engine: rollout.EnginePipeline, End: deadman.PipelineEnd(w.began), Request: w.raw,
	})
	if !w.continues {
		return
	}
	if err := w.life.Move(ctx, w.Switches); err != nil && !errors.Is(err, target.ErrNotFound) {
		w.log.WarnContext(ctx, "switch", "warning", "the dead man's switch "+w.driver.ID+" could not be moved on: "+err.Error())
	}
}

// turns takes turns, and waits for the next as long as the call works.
func (w *work) turns(ctx context.Context, e turn.Engine, t rollout.Token) Reply {
	w.note(w.progress.reply(w.carried, t, w.began))
	for {
		result := e.Turn(ctx, w.request, w.driver, w.deadline, t)
		w.tell(ctx, result.Events...)
		if t = result.Token; result.End != nil {
			return w.ended(ctx, *result.End, t)
		}
		goesOn := w.progress.reply(w.carried, t, w.Clock.Now())
		w.note(goesOn)
		switch {
		case result.Next.Before(w.end) && w.Clock.Sleep(ctx, result.Next.Sub(w.Clock.Now())) == nil:
		case !w.deadline.Rollout.After(result.Next):
			result = e.Expire(w.request, w.driver, t, "the driver's day is over")
			w.tell(ctx, result.Events...)
			return w.ended(ctx, *result.End, result.Token)
		default:
			return goesOn
		}
	}
}

// ended is the reply for how the work has ended.
func (w *work) ended(ctx context.Context, f rollout.Finish, t rollout.Token) Reply {
	if warning := w.life.Release(ctx, f, t, w.driver, w.deadline.Process.Add(grace/2)); warning != "" {
		w.log.WarnContext(ctx, "switch", "warning", warning)
	}
	a, err := w.record.Answer(w.request, f, t, w.Clock.Now())
	return replyTo(a, err, t.Rollout)
}

// tell tells everybody of what has happened.
func (w *work) tell(ctx context.Context, events ...rollout.Event) {
	record := func(events ...rollout.Event) {
		w.record.Tell(events...)
		w.progress.tell(events...)
	}
	notify.Audience{Log: w.log, Others: w.Others, Watch: w.Watch, Fatal: w.Fatal}.Tell(ctx, record, events...)
}
