package sim

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// The operations of Lambda on durable executions that whoever does not run them uses.
const (
	GetDurableExecution   Operation = "GetDurableExecution"
	ListDurableExecutions Operation = "ListDurableExecutionsByFunction"
	InvokeDurable         Operation = "InvokeDurable"
)

// durableFunction is the ARN of a version of the account's durable function, and what follows it before an execution's name.
const durableFunction = "arn:aws:lambda:eu-west-1:123456789012:function:meta-deployer-durable:7/durable-execution/"

// DurableARN is the ARN of the durable function's execution of a name.
func DurableARN(name string) string { return durableFunction + name + "/id" }

// Durables is the account's durable function as those see it who ask what runs there. World.SetExecution says what does.
func (w *World) Durables() target.Engine {
	return target.Engine{Observer: durables{w}, Kind: rollout.EngineDurable, Longest: rollout.LongestWorkflow, Owns: func(arn string) bool {
		return strings.HasPrefix(arn, durableFunction)
	}}
}

// DurableEngine is the same as a long engine. What it starts Machine.Run is told of.
func (w *World) DurableEngine() *target.LongEngine {
	return &target.LongEngine{
		Executions: durables{w}, Kind: rollout.EngineDurable, ARN: "arn:aws:lambda:eu-west-1:123456789012:function:meta-deployer-durable:live", Longest: rollout.LongestWorkflow,
	}
}

type durables struct{ world *World }

var durableName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// Start is Invoke, by an event, with a name: of the same name and input it is the same execution, also one that has ended.
func (d durables) Start(ctx context.Context, name string, input []byte) (arn string, err error) {
	err = d.world.call(ctx, InvokeDurable, func() error {
		if !durableName.MatchString(name) {
			return refused("InvalidParameterValueException", "Invalid durable execution name: "+name)
		}
		arn = DurableARN(name)
		if e := d.world.execution(arn); e != nil {
			if string(e.Input) == string(input) {
				return nil
			}
			return &Error{"DurableExecutionAlreadyStartedException", "Execution already started: " + arn, target.ErrExists}
		}
		d.world.executions = append(d.world.executions, &target.Execution{ARN: arn, Status: target.ExecutionRunning, Started: d.world.Now(), Input: slices.Clone(input)})
		if d.world.Machine.Run != nil {
			d.world.Machine.Run(Started{ARN: arn, Name: name, Input: input, At: d.world.Now()})
		}
		return nil
	})
	return arn, err
}

// Execution is GetDurableExecution.
func (d durables) Execution(ctx context.Context, arn string) (found target.Execution, err error) {
	err = d.world.call(ctx, GetDurableExecution, func() error {
		if _, name, _ := strings.Cut(arn, ":live/durable-execution/"); name != "" {
			arn = DurableARN(name) // by its name, as target.LongEngine has it before it knows the id
		}
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
