// Package durable drives a rollout as a durable function: each look is a call of the worker that a state machine would call, and
// the execution suspends where the machine would wait.
package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/driver/workflow"
	protocol "github.com/meta-deployer/meta-deployer/internal/durable"
	"github.com/meta-deployer/meta-deployer/internal/notify"
)

// Function is the durable function.
type Function struct {
	// Worker takes the turns.
	Worker workflow.Worker
	// Service is where the execution is recorded.
	Service protocol.Service
	// Name is the function's, for people.
	Name string
}

// The names of the execution's operations. Whoever wakes an execution completes the open callback Control.
const (
	Step    = "poll"
	Control = "control"
)

// Invoke answers one invocation of an execution. It fails where Lambda has to make another, and with InvalidRequest where no
// execution invokes.
func (f Function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	f.Worker.Durable = true
	out, err := protocol.Poll{Service: f.Service, Step: Step, Control: Control, Look: f.look}.Invoke(ctx, payload)
	switch {
	case errors.As(err, new(protocol.NotDurable)):
		f.Worker.Log.WarnContext(ctx, "request refused", "bytes", len(payload), "reason", err.Error())
		return nil, answer.Invalid(fmt.Sprintf("%s, so that nobody would wait between two looks: invoke the alias of the function asynchronously, "+
			"aws lambda invoke --function-name %s:live --invocation-type Event --payload …", err, f.Name))
	case err != nil:
		f.Worker.Log.WarnContext(ctx, "interrupted", "reason", err.Error())
		return nil, err
	}
	return out, nil
}

// look is one call of the worker. A panic that it has not caught ends the execution: Lambda would call again for ever.
func (f Function) look(ctx context.Context, l protocol.Look) (found protocol.Found) {
	defer func() {
		if value := recover(); value != nil {
			notify.Panic(ctx, f.Worker.Log, f.Worker.Fatal, value)
			found = failed(protocol.Exhausted, "an internal error of the durable function; its log has the stack")
		}
	}()
	out, err := f.Worker.Invoke(ctx, f.event(l))
	if err != nil {
		return failed(answer.ErrorType(err), err.Error())
	}
	if wait, goesOn := workflow.Waits(out); goesOn {
		return protocol.Found{State: string(out), Wait: wait}
	}
	return protocol.Found{End: &protocol.End{Result: string(out)}}
}

func failed(errorType, message string) protocol.Found {
	return protocol.Found{End: &protocol.End{Failure: &protocol.Failure{Type: errorType, Message: message}}}
}

// event is what a state machine would call the worker with.
func (f Function) event(l protocol.Look) []byte {
	started := l.Started
	if started.IsZero() {
		started = f.Worker.Clock.Now()
	}
	last := []byte(l.State)
	switch {
	case l.First:
		last = nil
	case !json.Valid(last):
		last = []byte("{}")
	}
	raw, err := json.Marshal(map[string]any{
		"execution": l.ARN, "name": l.Name, "started": started.Format(time.RFC3339Nano), "request": asJSON(l.Input), "last": json.RawMessage(last),
		"woken": l.Woken,
	})
	if err != nil { // there is nothing in it that JSON has no form for
		panic(err)
	}
	return raw
}

// asJSON is a text as it is where that is JSON, else as a string: the request that it stands for is refused as such.
func asJSON(text string) any {
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return text
}
