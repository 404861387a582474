package durabletest

import (
	"context"
	"fmt"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Execution is GetDurableExecution: ErrNotFound where it has not been started, or is of another ARN.
func (x *Execution) Execution(_ context.Context, arn string) (target.Execution, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.Status == "" || arn != x.ARN() {
		return target.Execution{}, &target.Error{Kind: target.ErrNotFound, Action: "lambda:GetDurableExecution", Message: fmt.Sprintf("ResourceNotFoundException: no execution %s", arn)}
	}
	e := target.Execution{ARN: arn, Status: target.ExecutionStatus(x.Status), Started: x.started, Input: []byte(x.Input), Output: []byte(x.Result)}
	if x.Failure != nil {
		e.Error, e.Cause = x.Failure.Type, x.Failure.Message
	}
	return e, nil
}

// Running is ListDurableExecutionsByFunction, of a function that has no other execution.
func (x *Execution) Running(context.Context) (arns []string, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.Status == "RUNNING" {
		arns = []string{x.ARN()}
	}
	return arns, nil
}
