package turn

import (
	"context"
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// engineTime bounds a call to the long engine: the rollout that runs meanwhile has to be looked at.
const engineTime = 5 * time.Second

// handOver starts an execution of the long engine, once.
func (w *work) handOver(ctx context.Context, a rollout.HandOver) {
	ctx, cancel := w.engineCall(ctx)
	defer cancel()
	result := rollout.Result{Asked: w.Clock.Now()}
	input, err := request.HandedOver(w.Raw, a.NewVersion, a.Rollout)
	if err == nil {
		result.Name = a.Name(input)
		result.Execution = w.Long.ExecutionARN(result.Name)
		var arn string
		if arn, err = w.Long.Start(ctx, result.Name, input); err == nil {
			result.Execution = arn
		}
	}
	if result.At = w.Clock.Now(); err != nil {
		result.Err = target.CallError(fmt.Errorf("start-execution %s: %w", result.Name, err))
		w.callFailed(result.At, "StartExecution", *result.Err)
	} else {
		w.tell(rollout.HandedOver{At: result.At, Engine: w.Long.Kind, Execution: result.Execution, Rollout: a.Rollout})
	}
	w.token = w.token.After(a, result)
}

// execution is how the execution stands that the rollout was handed over to.
func (w *work) execution(ctx context.Context) *rollout.Execution {
	ctx, cancel := w.engineCall(ctx)
	defer cancel()
	e, err := w.Long.Execution(ctx, w.token.Handing.Execution)
	if err != nil {
		return &rollout.Execution{Err: target.CallError(fmt.Errorf("describe-execution: %w", err))}
	}
	return &rollout.Execution{Running: e.Status == target.ExecutionRunning, Started: e.Started}
}

// find finds the ARN of an execution whose start was not answered, where its engine has to be asked for it by its name. One that
// is not found is looked for again in the next turn.
func (w *work) find(ctx context.Context) {
	if h := w.token.Handing; h == nil || w.Long == nil || !w.Long.ByName(h.Presumed) {
		return
	}
	ctx, cancel := w.engineCall(ctx)
	defer cancel()
	if e, err := w.Long.Execution(ctx, w.token.Handing.Presumed); err == nil {
		handing := *w.token.Handing
		handing.Presumed = e.ARN
		w.token.Handing = &handing
	}
}

// living finds the execution that runs the rollout on the alias: the one whose driver stands in the journal. Where an engine cannot
// be asked and no other has it, nobody knows.
func (w *work) living(ctx context.Context, j rollout.Journal) *rollout.Living {
	ctx, cancel := w.engineCall(ctx)
	defer cancel()
	found := new(rollout.Living)
	for _, e := range w.Engines {
		switch l, err := w.livingAt(ctx, e, j); {
		case err != nil:
			found.Err = target.CallError(err)
		case l.Execution != "":
			return l
		}
	}
	return found
}

// livingAt is living of one engine.
func (w *work) livingAt(ctx context.Context, engine target.Engine, j rollout.Journal) (*rollout.Living, error) {
	running, err := engine.Running(ctx)
	if err != nil {
		return nil, fmt.Errorf("the running executions of the %s: %w", engine.Kind, err)
	}
	for _, arn := range running {
		name := target.ExecutionName(arn)
		if rollout.DriverToken(name) != j.Driver {
			continue
		}
		e, err := engine.Execution(ctx, arn)
		if err != nil {
			return nil, fmt.Errorf("execution %s of the %s: %w", name, engine.Kind, err)
		}
		if e.Status == target.ExecutionRunning {
			return &rollout.Living{
				Execution: arn, Name: name, Engine: engine.Kind, Longest: engine.Longest, Started: e.Started, Same: request.Same(e.Input, w.Raw),
			}, nil
		}
	}
	return new(rollout.Living), nil
}

// engineCall is a context for a call to the engine, which ends before the way back has to begin.
func (w *work) engineCall(ctx context.Context) (context.Context, context.CancelFunc) {
	end := w.Clock.Now().Add(engineTime)
	if back := rollout.WayBack(w.request.Plan, w.deadline, w.token); !back.IsZero() && back.Before(end) {
		end = back
	}
	return w.Clock.Bound(ctx, end)
}
