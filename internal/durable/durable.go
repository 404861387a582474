// Package durable is a driver for the checkpoint protocol of Lambda durable functions, as small as one kind of function needs
// it: one that looks at something again and again until it has ended, and suspends in between. An execution of it is one step
// that is tried again, with what the last look left as its payload, beside an open callback that whoever has news completes.
// docs/decisions/0020 says why it is not AWS's own library.
package durable

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Service is what a running execution asks of Lambda. Its errors wrap ErrStale, or one of package target's.
type Service interface {
	// Checkpoint records updates, all or none, in exchange for the token, and gives the next one.
	Checkpoint(ctx context.Context, execution, token string, updates []Update) (Recorded, error)
	// State is another page of an execution's operations.
	State(ctx context.Context, execution, token, marker string) (Page, error)
}

// ErrStale is a token that another invocation's has replaced, or an execution that has ended: nothing was recorded.
var ErrStale = errors.New("the checkpoint token is not the execution's any more")

// Page is a part of an execution's operations, and where the next is; "" where this is the last.
type Page struct {
	Operations []Operation
	NextMarker string
}

// Recorded is what a checkpoint answers.
type Recorded struct {
	// Token is for the next checkpoint. "" is none: this invocation may make no more.
	Token string
	// Page has the operations that have changed.
	Page
}

// Operation is one of an execution, as Lambda knows it.
type Operation struct {
	ID, Name string
	Type     Type
	Status   Status
	// Started is when it began; zero where that could not be read.
	Started time.Time
	// Input is what the execution was started with; of Execution.
	Input string
	// Attempt counts the tries, and Result and Failure are what the last one left; of Step and Callback.
	Attempt int
	Result  string
	Failure *Failure
}

// Update is a change of an operation.
type Update struct {
	ID, Name, SubType string
	Type              Type
	Action            Action
	// Payload is what a try leaves; "" leaves none.
	Payload string
	// Failure is why it failed; of Fail.
	Failure *Failure
	// Delay is after how many seconds the next try is; of Retry.
	Delay int32
}

// Failure is an error in an execution.
type Failure struct {
	Type, Message string
}

// Type is a kind of operation, called as Lambda calls it.
type Type string

// The types that are used here.
const (
	Execution Type = "EXECUTION"
	Step      Type = "STEP"
	Callback  Type = "CALLBACK"
)

// Status is how an operation stands, called as Lambda calls it.
type Status string

// The statuses. A step is Pending until its next try is due, then Ready.
const (
	Started   Status = "STARTED"
	Pending   Status = "PENDING"
	Ready     Status = "READY"
	Succeeded Status = "SUCCEEDED"
	Failed    Status = "FAILED"
)

// Action is a kind of update, called as Lambda calls it.
type Action string

// The actions that are used here.
const (
	Start   Action = "START"
	Retry   Action = "RETRY"
	Succeed Action = "SUCCEED"
	Fail    Action = "FAIL"
)

// Lambda's limits, and our own below them (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, API_StepOptions).
const (
	// MostOperations is how many operations an execution may have, each try of a step being one.
	MostOperations = 3_000
	// MostStored is how many bytes an execution may store in all.
	MostStored = 100_000_000
	// MaxState is how large the payload is that a look may leave: with MostOperations of them there is room for the input and the
	// result.
	MaxState = 32_000
	// MaxResult is how large a result may be: what Lambda took of each payload before it took a megabyte.
	MaxResult = 256_000
	// minDelay and maxDelay are how long a step may wait for its next try.
	minDelay, maxDelay = time.Second, 366 * 24 * time.Hour
	// mostPages is more pages than MostOperations fill, of a thousand each.
	mostPages = 10
	// mostWakes is how many callbacks are opened, one after the other. What wakes later is heard at the next look.
	mostWakes = 64
)

// NotDurable is an event that no durable execution sends.
type NotDurable struct{}

func (NotDurable) Error() string { return "the event is not of a durable execution" }

// Interrupted is an invocation that could not record what it found. Lambda makes another, which goes on from what was recorded
// last.
type Interrupted struct{ cause error }

func (i Interrupted) Error() string {
	return "the execution goes on in another invocation: " + i.cause.Error()
}

func (i Interrupted) Unwrap() error { return i.cause }

// reply is what an invocation answers.
type reply struct {
	Status Status
	Result *string    `json:",omitempty"`
	Error  *wireError `json:",omitempty"`
}

// wireError is a failure as Lambda spells it.
type wireError struct {
	ErrorType, ErrorMessage string
}

// encode is the reply as bytes.
func (r reply) encode() []byte {
	raw, err := json.Marshal(r)
	if err != nil { // there is nothing in it that JSON has no form for
		panic(err)
	}
	return raw
}
