package turn

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// perform does what was decided, and says when to come again or how it ended.
func (w *work) perform(ctx context.Context, action rollout.Action) Result {
	switch a := action.(type) {
	case rollout.Finish:
		return Result{Token: w.token, End: &a, Events: w.events}
	case rollout.Wait:
		return Result{Token: w.token, Next: a.Until, Failed: a.Retry, Events: w.events}
	case rollout.Write:
		w.write(ctx, a)
	case rollout.RunHook:
		w.runHook(ctx, a)
	case rollout.RunProbe:
		w.runProbe(ctx, a)
	case rollout.HandOver:
		w.handOver(ctx, a)
	}
	return Result{Token: w.token, Next: w.next(), Failed: w.failed, Events: w.events}
}

// next is when to come again after something was done: no later than when the way back must begin.
func (w *work) next() time.Time {
	now := w.Clock.Now()
	next := w.token.Next(now, w.deadline)
	if back := rollout.WayBack(w.request.Plan, w.deadline, w.token); back.After(now) && back.Before(next) {
		return back
	}
	return next
}

// callFailed notes a call that failed, and tells of it.
func (w *work) callFailed(at time.Time, call string, err rollout.CallError) {
	w.failed = true
	w.tell(rollout.CallFailed{At: at, Call: call, Err: err})
}

// write moves the alias if it still has the revision that the decision rests on.
func (w *work) write(ctx context.Context, a rollout.Write) {
	ctx, cancel := w.bounded(ctx, writeShare)
	defer cancel()
	result := rollout.Result{Asked: w.Clock.Now()}
	to := rollout.Alias{Routing: a.Routing, Description: a.Description, Revision: a.Revision}
	alias, err := w.Account.Aliases.UpdateAlias(ctx, w.request.Plan.Function, w.request.Plan.Alias, to)
	result.At, result.Alias = w.Clock.Now(), alias
	if err != nil {
		result.Err = target.CallError(fmt.Errorf("update-alias to %s: %w", a.Routing, err))
		w.callFailed(result.At, "UpdateAlias", *result.Err)
	} else {
		w.tell(rollout.Changed{At: result.At, Write: a, Journal: rollout.ParseDescription(a.Description).Journal})
	}
	w.token = w.token.After(a, result)
}

// runHook invokes a hook once.
func (w *work) runHook(ctx context.Context, a rollout.RunHook) {
	result := rollout.Result{Asked: w.Clock.Now()}
	payload, err := json.Marshal(a.Event)
	if err == nil {
		result.Answer, err = w.invoke(ctx, target.Invocation{Function: a.Function, Payload: payload}, a.Until)
	}
	result.At = w.Clock.Now()
	if err != nil {
		result.Err = target.CallError(err)
		w.callFailed(result.At, a.String(), *result.Err)
	}
	w.token = w.token.After(a, result)
	if err == nil {
		w.tell(rollout.HookAnswered{At: result.At, Stage: a.Stage, Function: a.Function, Passed: w.token.Failure == nil, Size: len(result.Answer.Body)})
	}
}

// runProbe invokes the new version with a probe once, and the old one where the answers are compared.
func (w *work) runProbe(ctx context.Context, a rollout.RunProbe) {
	result := rollout.Result{Asked: w.Clock.Now()}
	fresh, err := w.ask(ctx, a, a.NewVersion, a.Probe.Limit(a.Weight))
	var old *rollout.ProbeAnswer
	if err == nil && !fresh.Cut && a.Probe.Compare {
		var answer rollout.ProbeAnswer
		if answer, err = w.ask(ctx, a, a.OldVersion, rollout.Probe{}.Limit(a.Weight)); err == nil {
			old = &answer
		}
	}
	result.At = w.Clock.Now()
	if err != nil {
		result.Err = target.CallError(err)
		w.callFailed(result.At, "probe "+a.Probe.Name, *result.Err)
	} else {
		result.Probe = a.Probe.Judge(fresh, old)
		w.tell(rollout.Probed{At: result.At, Weight: a.Weight, Check: result.Probe.Check()})
	}
	w.token = w.token.After(a, result)
}

// ask invokes a version with a probe. It is not waited for any longer than limit, 0 is without end, nor beyond the way back.
func (w *work) ask(ctx context.Context, a rollout.RunProbe, version string, limit time.Duration) (rollout.ProbeAnswer, error) {
	until := a.Until
	if limit > 0 && w.Clock.Now().Add(limit).Before(until) {
		until = w.Clock.Now().Add(limit)
	}
	invocation := target.Invocation{Function: w.request.Plan.Function + ":" + version, Payload: a.Probe.Payload, TenantID: a.Probe.TenantID}
	answer, err := w.invoke(ctx, invocation, until)
	if err == nil && answer.Cut && !w.Clock.Now().Before(a.Until) {
		return answer, fmt.Errorf("version %s had not answered when the time ran out", version)
	}
	return answer, err
}

// invoke invokes a function once, and does not wait beyond until.
func (w *work) invoke(ctx context.Context, i target.Invocation, until time.Time) (a rollout.ProbeAnswer, err error) {
	asked := w.Clock.Now()
	call, cancel := w.Clock.Bound(ctx, until)
	defer cancel()
	reply, err := w.Account.Invoker.Invoke(call, i)
	a.Body, a.Failure, a.Took = reply.Body, reply.Failure, w.Clock.Now().Sub(asked)
	if err != nil && call.Err() != nil && ctx.Err() == nil {
		a.Cut, err = true, nil
	}
	return a, err
}
