package sim

import (
	"context"
	"fmt"
	"slices"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

// DescribeExecution is the operation of Step Functions.
const DescribeExecution Operation = "DescribeExecution"

// ExecutionARN is the ARN of the account's state machine's execution of a name.
func ExecutionARN(name string) string {
	return "arn:aws:states:eu-west-1:123456789012:execution:meta-deployer-rollout:" + name
}

// StateMachine is the account's state machine as others see it.
type StateMachine struct{ world *World }

// StateMachine is the account's state machine as others see it.
func (w *World) StateMachine() StateMachine { return StateMachine{w} }

// SetExecution has an execution be as it is said, in the place of the one of its ARN.
func (w *World) SetExecution(e target.Execution) {
	w.executions = slices.DeleteFunc(w.executions, func(other target.Execution) bool { return other.ARN == e.ARN })
	w.executions = append(w.executions, e)
}

// Execution is DescribeExecution.
func (m StateMachine) Execution(ctx context.Context, arn string) (found target.Execution, err error) {
	err = m.world.call(ctx, DescribeExecution, func() error {
		i := slices.IndexFunc(m.world.executions, func(e target.Execution) bool { return e.ARN == arn })
		if i < 0 {
			return &Error{"ExecutionDoesNotExist", fmt.Sprintf("Execution Does Not Exist: '%s'", arn), target.ErrNotFound}
		}
		found = m.world.executions[i]
		return nil
	})
	return found, err
}
