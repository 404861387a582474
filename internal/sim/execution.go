package sim

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// The operations of Step Functions.
const (
	StartExecution    Operation = "StartExecution"
	DescribeExecution Operation = "DescribeExecution"
	ListExecutions    Operation = "ListExecutions"
)

// RolloutMachine is the ARN of the account's state machine.
const RolloutMachine = "arn:aws:states:eu-west-1:123456789012:stateMachine:meta-deployer-rollout"

// ExecutionARN is the ARN of its execution of a name.
func ExecutionARN(name string) string {
	return "arn:aws:states:eu-west-1:123456789012:execution:meta-deployer-rollout:" + name
}

// Started is an execution that has just begun.
type Started struct {
	ARN, Name string
	Input     []byte
	At        time.Time
}

// Machine is how the account's state machine behaves. The zero Machine runs nothing: its executions stay as they are.
type Machine struct {
	// Run is told of every execution that begins, and runs it: World.EndExecution says how it ended. May be nil.
	Run func(Started)
	// Late is how long after its start an execution can be described: until then it does not exist.
	Late time.Duration
	// Forgetful answers a start with an execution that has ended, of that name and input.
	Forgetful bool
}

// validExecution holds names to what Step Functions takes: up to 80 characters, without blanks, brackets, wildcards, controls and
// some others.
func validExecution(name string) bool {
	return name != "" && len(name) <= 80 && !strings.ContainsAny(name, "<>{}[]?*\"#%\\^|~`$&,;:/") && !strings.ContainsFunc(name, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	})
}

// startExecution is StartExecution without a client: the same name and input while it runs is the same execution.
func (w *World) startExecution(name string, input []byte) (string, error) {
	if !validExecution(name) {
		return "", refused("InvalidName", "Invalid Name: '"+name+"'")
	}
	arn := ExecutionARN(name)
	if e := w.execution(arn); e != nil {
		if string(e.Input) == string(input) && (e.Status == target.ExecutionRunning || w.Machine.Forgetful) {
			return arn, nil
		}
		return "", &Error{"ExecutionAlreadyExists", "Execution Already Exists: '" + arn + "'", target.ErrExists}
	}
	w.executions = append(w.executions, &target.Execution{ARN: arn, Status: target.ExecutionRunning, Started: w.Now(), Input: slices.Clone(input)})
	if w.Machine.Run != nil {
		w.Machine.Run(Started{ARN: arn, Name: name, Input: input, At: w.Now()})
	}
	return arn, nil
}

func (w *World) execution(arn string) *target.Execution {
	for _, e := range w.executions {
		if e.ARN == arn {
			return e
		}
	}
	return nil
}

// Executions are all that were started, the oldest first.
func (w *World) Executions() (all []target.Execution) {
	for _, e := range w.executions {
		all = append(all, *e)
	}
	return all
}

// SetExecution has an execution be as it is said, in the place of the one of its ARN, whoever started it.
func (w *World) SetExecution(e target.Execution) {
	e.Started = w.Now()
	if known := w.execution(e.ARN); known != nil {
		e.Started = known.Started
		*known = e
		return
	}
	w.executions = append(w.executions, &e)
}

// EndExecution ends a running execution: with its output, or with an error and its cause.
func (w *World) EndExecution(arn string, status target.ExecutionStatus, output []byte, failure, cause string) {
	if e := w.execution(arn); e != nil && e.Status == target.ExecutionRunning {
		e.Status, e.Output, e.Error, e.Cause = status, output, failure, cause
	}
}

// LongEngine is the account's state machine as the deployer sees it.
func (w *World) LongEngine() *target.LongEngine {
	return &target.LongEngine{Executions: account{world: w}, Kind: rollout.EngineWorkflow, ARN: RolloutMachine, Longest: rollout.LongestWorkflow}
}

// Engines is the same state machine as those see it who ask what runs there: a stack has no durable function unless told so.
func (w *World) Engines() []target.Engine {
	return []target.Engine{{Observer: account{world: w}, Kind: rollout.EngineWorkflow, Longest: rollout.LongestWorkflow, Owns: w.LongEngine().Owns}}
}

// Start is StartExecution.
func (a account) Start(ctx context.Context, name string, input []byte) (arn string, err error) {
	err = a.world.call(ctx, StartExecution, func() error {
		arn, err = a.world.startExecution(name, input)
		return err
	})
	return arn, err
}

// Execution is DescribeExecution.
func (a account) Execution(ctx context.Context, arn string) (found target.Execution, err error) {
	err = a.world.call(ctx, DescribeExecution, func() error {
		e := a.world.execution(arn)
		if e == nil || !strings.HasPrefix(arn, ExecutionARN("")) || a.world.Now().Sub(e.Started) < a.world.Machine.Late {
			return &Error{"ExecutionDoesNotExist", fmt.Sprintf("Execution Does Not Exist: '%s'", arn), target.ErrNotFound}
		}
		found = *e
		return nil
	})
	return found, err
}

// Running is ListExecutions with the filter RUNNING.
func (a account) Running(ctx context.Context) (arns []string, err error) {
	err = a.world.call(ctx, ListExecutions, func() error {
		arns = a.world.running(ExecutionARN(""))
		return nil
	})
	return arns, err
}

// running are the executions that have not ended of those whose ARN begins so, the newest first.
func (w *World) running(prefix string) (arns []string) {
	for _, e := range slices.Backward(w.executions) {
		if e.Status == target.ExecutionRunning && strings.HasPrefix(e.ARN, prefix) {
			arns = append(arns, e.ARN)
		}
	}
	return arns
}
