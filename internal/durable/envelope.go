package durable

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// envelope is the event of an invocation.
type envelope struct {
	DurableExecutionArn   string
	CheckpointToken       string
	InitialExecutionState struct {
		Operations []wireOperation
		NextMarker string
	}
}

// wireOperation is an operation as events have it: AWS's client reads it from answers only, in which times are spelled otherwise.
type wireOperation struct {
	Id, Name         string //nolint:revive // as it is spelled on the wire
	Type             Type
	Status           Status
	StartTimestamp   json.RawMessage
	ExecutionDetails struct{ InputPayload string }
	StepDetails      struct {
		Attempt int
		Result  string
		Error   *wireError
	}
	CallbackDetails struct{ Result string }
}

// operation is the same in our words.
func (w wireOperation) operation() Operation {
	o := Operation{
		ID: w.Id, Name: w.Name, Type: w.Type, Status: w.Status, Started: moment(w.StartTimestamp), Input: w.ExecutionDetails.InputPayload,
		Attempt: w.StepDetails.Attempt, Result: w.StepDetails.Result + w.CallbackDetails.Result,
	}
	if e := w.StepDetails.Error; e != nil {
		o.Failure = &Failure{Type: e.ErrorType, Message: e.ErrorMessage}
	}
	return o
}

// moment reads a time: as milliseconds or seconds since 1970, or as text. Which of them Lambda sends is not documented. It is
// zero where it cannot be read.
func moment(raw json.RawMessage) time.Time {
	var number float64
	if json.Unmarshal(raw, &number) == nil && number > 0 {
		const latestSecond = 1e11
		if number < latestSecond {
			number *= 1000
		}
		return time.UnixMilli(int64(number)).UTC()
	}
	var text string
	_ = json.Unmarshal(raw, &text)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

// parse reads an event.
func parse(payload []byte) (envelope, error) {
	var e envelope
	if err := json.Unmarshal(payload, &e); err != nil || e.DurableExecutionArn == "" || e.CheckpointToken == "" {
		return e, NotDurable{}
	}
	return e, nil
}

// execution is what an invocation knows of its execution.
type execution struct {
	service    Service
	arn, token string
	operations map[string]Operation
}

// begin is the execution of an event, with all its operations: the event has the first page of them, which may be empty.
func begin(ctx context.Context, s Service, e envelope) (*execution, error) {
	x := &execution{service: s, arn: e.DurableExecutionArn, token: e.CheckpointToken, operations: map[string]Operation{}}
	page := Page{NextMarker: e.InitialExecutionState.NextMarker}
	for _, o := range e.InitialExecutionState.Operations {
		page.Operations = append(page.Operations, o.operation())
	}
	return x, x.take(ctx, page)
}

// take takes a page of operations, and the pages after it.
func (x *execution) take(ctx context.Context, page Page) error {
	for range mostPages {
		for _, o := range page.Operations {
			x.operations[o.ID] = o
		}
		if page.NextMarker == "" {
			return nil
		}
		var err error
		if page, err = x.service.State(ctx, x.arn, x.token, page.NextMarker); err != nil {
			return err
		}
	}
	return fmt.Errorf("the execution's operations have more than %d pages", mostPages)
}

// started is the operation that stands for the execution itself.
func (x *execution) started() (Operation, error) {
	for _, o := range x.operations {
		if o.Type == Execution {
			return o, nil
		}
	}
	return Operation{}, fmt.Errorf("the execution has no operation %s", Execution)
}

// name is the execution's: its operation's, or a part of its ARN, …/durable-execution/NAME/ID.
func (x *execution) name(o Operation) string {
	if o.Name != "" {
		return o.Name
	}
	parts := strings.Split(x.arn, "/")
	return parts[max(0, len(parts)-2)]
}

// count is how many operations the execution has, as Lambda counts them.
func (x *execution) count() int {
	n := len(x.operations)
	for _, o := range x.operations {
		n += o.Attempt
	}
	return n
}
