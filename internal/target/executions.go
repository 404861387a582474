package target

import (
	"context"
	"strings"
	"time"
)

// LongEngine is the stack's engine for what takes long: a state machine, or the alias of a durable function.
type LongEngine struct {
	Executions
	// Kind is the driver that it runs rollouts by, such as rollout.EngineWorkflow.
	Kind string
	// ARN is the engine's own.
	ARN string
	// Longest is how long a rollout may take there.
	Longest time.Duration
}

// Engine is one of the stack's engines for what takes long, as it is seen by whoever asks about its executions.
type Engine struct {
	Observer
	// Kind is the driver that it runs rollouts by, such as workflow.
	Kind string
	// Longest is how long a rollout may take there.
	Longest time.Duration
	// Owns says that an execution is one of the engine's, by its ARN.
	Owns func(arn string) bool
}

// Engines are those that there are: nil is one that the stack does not have.
func Engines(all ...*Engine) (engines []Engine) {
	for _, e := range all {
		if e != nil {
			engines = append(engines, *e)
		}
	}
	return engines
}

// Executions starts executions of the long engine, and tells about them.
type Executions interface {
	Observer
	// Start starts an execution of a name, or answers the one of that name and that input that runs. It fails with ErrExists
	// where the name is that of an execution that has ended, or of one with another input. After ErrUnavailable it may have been
	// started all the same: the same call again makes no second one while it runs.
	Start(ctx context.Context, name string, input []byte) (arn string, err error)
}

// Observer tells about the executions of an engine.
type Observer interface {
	// Execution tells about an execution. One that was started a moment ago may be ErrNotFound.
	Execution(ctx context.Context, arn string) (Execution, error)
	// Running are the executions that have not ended, the newest first: ErrUnavailable where there are too many to be read.
	Running(ctx context.Context) ([]string, error)
}

// Execution is an execution as its engine states it.
type Execution struct {
	ARN    string
	Status ExecutionStatus
	// Started is when it was.
	Started time.Time
	// Input is the request, and Output the answer of one that has succeeded; nil where the engine leaves it out.
	Input, Output []byte
	// Error and Cause are what one ended with that has failed.
	Error, Cause string
}

// ExecutionStatus is how an execution stands, by Step Functions' name. One that is neither of these has ended by itself as little
// as one that was aborted.
type ExecutionStatus string

// The statuses that matter.
const (
	ExecutionRunning   ExecutionStatus = "RUNNING"
	ExecutionSucceeded ExecutionStatus = "SUCCEEDED"
	ExecutionFailed    ExecutionStatus = "FAILED"
	ExecutionAborted   ExecutionStatus = "ABORTED"
)

// Owns says that an execution is one of the engine's.
func (e LongEngine) Owns(arn string) bool {
	return strings.HasPrefix(arn, e.ExecutionARN(""))
}

// ExecutionARN is the ARN of the engine's execution of a name, whether it exists or not. That of a durable one nobody knows before
// it was started: then it is one by which Executions finds it all the same, see ByName.
func (e LongEngine) ExecutionARN(name string) string {
	if !strings.Contains(e.ARN, ":stateMachine:") {
		return e.ARN + durableExecution + name
	}
	return strings.Replace(e.ARN, ":stateMachine:", ":execution:", 1) + ":" + name
}

// ByName says that an ARN is ExecutionARN's of a durable execution, and not the execution's own.
func (e LongEngine) ByName(arn string) bool { return strings.HasPrefix(arn, e.ARN+durableExecution) }

// durableExecution stands before the name in a durable execution's ARN.
const durableExecution = "/durable-execution/"

// ExecutionName is the name in an execution's ARN: what follows the last colon, or of a durable execution what follows the word.
func ExecutionName(arn string) string {
	if _, durable, is := strings.Cut(arn, durableExecution); is {
		name, _, _ := strings.Cut(durable, "/")
		return name
	}
	return arn[strings.LastIndexByte(arn, ':')+1:]
}
