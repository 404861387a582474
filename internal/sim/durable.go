package sim

import (
	"context"
	"fmt"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// The operations of Lambda on durable executions that whoever does not run them uses.
const (
	GetDurableExecution   Operation = "GetDurableExecution"
	ListDurableExecutions Operation = "ListDurableExecutionsByFunction"
)

// durableFunction is the ARN of a version of the account's durable function, and what follows it before an execution's name.
const durableFunction = "arn:aws:lambda:eu-west-1:123456789012:function:meta-deployer-durable:7/durable-execution/"

// DurableARN is the ARN of the durable function's execution of a name.
func DurableARN(name string) string { return durableFunction + name + "/id" }

// Durables is the account's durable function as those see it who ask what runs there. World.SetExecution says what does.
func (w *World) Durables() target.Engine {
	return target.Engine{Observer: durables{w}, Kind: "durable", Longest: rollout.LongestWorkflow, Owns: func(arn string) bool {
		return strings.HasPrefix(arn, durableFunction)
	}}
}

type durables struct{ world *World }

// Execution is GetDurableExecution.
func (d durables) Execution(ctx context.Context, arn string) (found target.Execution, err error) {
	err = d.world.call(ctx, GetDurableExecution, func() error {
		e := d.world.execution(arn)
		if e == nil || !strings.HasPrefix(arn, durableFunction) {
			return &Error{"ResourceNotFoundException", fmt.Sprintf("Durable execution not found: %s", arn), target.ErrNotFound}
		}
		found = *e
		return nil
	})
	return found, err
}

// Running is ListDurableExecutionsByFunction for what is RUNNING.
func (d durables) Running(ctx context.Context) (arns []string, err error) {
	err = d.world.call(ctx, ListDurableExecutions, func() error {
		arns = d.world.running(durableFunction)
		return nil
	})
	return arns, err
}
