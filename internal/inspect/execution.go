package inspect

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// OfExecution answers how an execution of one of the stack's engines stands: in-progress while it runs, then what it has ended with, an
// answer or a failure. One that was stopped, or whose end says nothing of the rollout, is told by what the alias says.
func (i Inspector) OfExecution(ctx context.Context, r request.Request, arn string) (answer.Answer, error) {
	at := slices.IndexFunc(i.Engines, func(e target.Engine) bool { return e.Owns(arn) })
	if at < 0 {
		return answer.Answer{}, answer.Invalid(fmt.Sprintf("execution is %s: give one of this stack's state machine or durable function, or function-name and alias instead", arn))
	}
	engine := i.Engines[at]
	var e target.Execution
	err := i.retried(ctx, func() (err error) {
		e, err = engine.Execution(ctx, arn)
		return err
	})
	if err != nil {
		return answer.Answer{}, answer.Failure(rollout.PreflightFailed, fmt.Sprintf("execution %s cannot be read, nothing was changed: %s", arn, target.Explain(err)))
	}
	e.ARN = arn
	return i.ofExecution(ctx, r, engine, e)
}

func (i Inspector) ofExecution(ctx context.Context, r request.Request, engine target.Engine, e target.Execution) (answer.Answer, error) {
	if own, err := request.Parse(e.Input, request.Home{Long: true}); err == nil {
		if given := r.Plan.Target; !isOf(given, own.Plan.Target) {
			return answer.Answer{}, answer.Invalid(fmt.Sprintf("execution is of %s, and not of %s: leave function-name and alias out", own.Plan.Target, given))
		}
		r.Plan = own.Plan
	}
	name := target.ExecutionName(e.ARN)
	switch e.Status {
	case target.ExecutionRunning:
		return i.byAlias(ctx, r, engine, e, "in-progress", fmt.Sprintf("%s %s runs it", engine.Kind, name))
	case target.ExecutionSucceeded:
		var a answer.Answer
		switch known := json.Unmarshal(e.Output, &a) == nil; {
		case known && a.Status == string(rollout.InProgress):
			return i.byAlias(ctx, r, engine, e, a.Status, a.Reason)
		case known && a.Status != "":
			a.Execution = e.ARN
			return a, nil
		}
	case target.ExecutionFailed:
		if e.Error == "TakenOver" {
			return i.byAlias(ctx, r, engine, e, "in-progress", message(e.Cause))
		}
		if failed := answer.OfType(e.Error, message(e.Cause)); failed != nil {
			return answer.Answer{}, failed
		}
	case target.ExecutionAborted:
	}
	return i.byAlias(ctx, r, engine, e, "", strings.TrimSpace(fmt.Sprintf("%s %s ended as %s %s", engine.Kind, name, e.Status, e.Error)))
}

// isOf says that what was given of a target, if anything, is an execution's own.
func isOf(given, own rollout.Target) bool {
	return (given.Function == "" || given.Function == own.Function) && (given.Alias == "" || given.Alias == own.Alias)
}

// byAlias is the status of the alias that an execution is about, as status says or, where that is "", as the alias does.
func (i Inspector) byAlias(ctx context.Context, r request.Request, engine target.Engine, e target.Execution, status, why string) (answer.Answer, error) {
	a := answer.New(r.Plan.Target, status, "what it is about is not known")
	if r.Plan.Function != "" && r.Plan.Alias != "" {
		var err error
		if a, err = i.Status(ctx, r); err != nil {
			return a, err
		}
	}
	if a.Execution = e.ARN; e.Status == target.ExecutionRunning {
		a.Driver = engine.Kind
		a.EndsAt = answer.At(r.Plan.End(started(a), e.Started.Add(engine.Longest)))
	}
	a.Reason = why + "; " + a.Status + ": " + a.Reason
	if status != "" {
		a.Status = status
	}
	if a.Status == "" {
		return answer.Answer{}, answer.Failure(rollout.StateUnknown, why+", and what alias it was about cannot be read: give function-name and alias too")
	}
	return a, nil
}

// started is the journal of the rollout that an answer tells of, as far as its end hangs on it; nil without one.
func started(a answer.Answer) *rollout.Journal {
	if a.StartedAt == nil {
		return nil
	}
	return &rollout.Journal{Start: *a.StartedAt}
}

// message is what a cause says: Lambda's failure is JSON around it.
func message(cause string) string {
	var failure struct {
		ErrorMessage string `json:"errorMessage"`
	}
	if json.Unmarshal([]byte(cause), &failure) == nil && failure.ErrorMessage != "" {
		return failure.ErrorMessage
	}
	return cause
}
