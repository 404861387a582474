// Package durabletest plays Lambda's side of a durable execution in tests, on any clock: it invokes a function, records its
// checkpoints by the rules and limits of the service's model, and can betray everything that a driver believes of it.
package durabletest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/durable"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Execution is one durable execution. Its fields are set before Run.
type Execution struct {
	Clock       target.Clock
	Name, Input string
	// Timeout is its ExecutionTimeout; 0 is a year.
	Timeout time.Duration
	// PageSize is how many operations a page has, the event's too; 0 is all. EmptyFirst has the event's page empty.
	PageSize   int
	EmptyFirst bool
	// Times spells a time in an event; nil is milliseconds.
	Times func(time.Time) any
	// Faults are what becomes of checkpoints, by their number from 1 on.
	Faults map[int]Fault

	// How it has gone.
	Status      string
	Result      string
	Failure     *durable.Failure
	History     []string
	Invocations int
	Checkpoints int
	Stored      int
	Operations  int

	// mu is held but while the function runs, or nothing happens.
	mu         sync.Mutex
	started    time.Time
	operations []*operation
	token      int
	valid      bool
	wake       context.CancelFunc
}

// Fault is what becomes of a checkpoint.
type Fault string

// The faults. Stale is a token that another invocation has replaced; Lost is an answer that does not arrive; NoToken an answer
// without a token; Denied and Unavailable are errors; Early is a timer that is due before the answer is there.
const (
	Stale       Fault = "stale"
	Lost        Fault = "lost"
	NoToken     Fault = "no token"
	Denied      Fault = "denied"
	Unavailable Fault = "unavailable"
	Early       Fault = "early"
)

// operation is one with what the service knows besides.
type operation struct {
	durable.Operation
	subType string
	due     time.Time
	// unseen says that the function was not told of it as it is.
	unseen bool
}

// What Lambda does with an invocation that failed: it is made again later and later, so often in a row.
const (
	mostCrashes = 5
	firstPause  = 5 * time.Second
)

// Run invokes a function until the execution has ended.
func (x *Execution) Run(invoke func(event []byte) ([]byte, error)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.start()
	crashes := 0
	for x.Status == "RUNNING" {
		x.elapse()
		if x.Status != "RUNNING" {
			return
		}
		x.Invocations++
		x.token++
		x.valid = true
		event := x.event()
		x.mu.Unlock()
		answer, err := invoke(event)
		x.mu.Lock()
		x.valid = false
		if x.Status != "RUNNING" {
			return
		}
		x.History = append(x.History, "InvocationCompleted")
		if err == nil {
			err = x.take(answer)
		}
		if err == nil {
			crashes = 0
			x.suspend()
			continue
		}
		if crashes++; crashes == mostCrashes {
			x.end("FAILED", "", &durable.Failure{Type: "Invocation", Message: err.Error()})
			return
		}
		x.sleep(context.Background(), firstPause<<(crashes-1))
	}
}

// sleep lets others at the execution meanwhile.
func (x *Execution) sleep(ctx context.Context, d time.Duration) {
	x.mu.Unlock()
	defer x.mu.Lock()
	_ = x.Clock.Sleep(ctx, d)
}

func (x *Execution) start() {
	x.started, x.Status, x.wake = x.Clock.Now(), "RUNNING", func() {}
	if x.Timeout == 0 {
		x.Timeout = 365 * 24 * time.Hour
	}
	x.operations = []*operation{{Operation: durable.Operation{ID: "id", Name: x.Name, Type: durable.Execution, Status: durable.Started, Started: x.started, Input: x.Input}}}
	x.Operations, x.Stored = 1, len(x.Input)
}

// elapse lets what is due happen.
func (x *Execution) elapse() {
	now := x.Clock.Now()
	for _, o := range x.operations {
		if o.Status == durable.Pending && !o.due.After(now) {
			o.Status, o.unseen = durable.Ready, true
		}
	}
	if !x.started.Add(x.Timeout).After(now) {
		x.end("TIMED_OUT", "", nil)
	}
}

// suspend waits for what comes first: a timer, a wake, the end.
func (x *Execution) suspend() {
	for x.Status == "RUNNING" && !slices.ContainsFunc(x.operations, func(o *operation) bool { return o.unseen }) {
		next := x.started.Add(x.Timeout)
		for _, o := range x.operations {
			if o.Status == durable.Pending && o.due.Before(next) {
				next = o.due
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		x.wake = cancel
		x.sleep(ctx, next.Sub(x.Clock.Now()))
		cancel()
		x.elapse()
	}
}

// Wake completes the open callback of a name, as SendDurableExecutionCallbackSuccess does. It is false where none is open.
func (x *Execution) Wake(name string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, o := range x.operations {
		if o.Type == durable.Callback && o.Name == name && o.Status == durable.Started {
			o.Status, o.unseen = durable.Succeeded, true
			x.History = append(x.History, "CallbackSucceeded "+o.ID)
			x.wake()
			return true
		}
	}
	return false
}

// Stop is StopDurableExecution.
func (x *Execution) Stop() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.end("STOPPED", "", nil)
	x.wake()
}

func (x *Execution) end(status, result string, failure *durable.Failure) {
	if x.Status == "RUNNING" {
		x.Status, x.Result, x.Failure = status, result, failure
	}
}

// take takes a function's answer.
func (x *Execution) take(answer []byte) error {
	var r struct {
		Status string
		Result *string
		Error  *struct{ ErrorType, ErrorMessage string }
	}
	decoder := json.NewDecoder(strings.NewReader(string(answer)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return fmt.Errorf("invalid output: %w", err)
	}
	switch {
	case r.Status == "SUCCEEDED" && r.Result != nil && r.Error == nil:
		x.end(r.Status, *r.Result, nil)
	case r.Status == "FAILED" && r.Result == nil && r.Error != nil:
		x.end(r.Status, "", &durable.Failure{Type: r.Error.ErrorType, Message: r.Error.ErrorMessage})
	case r.Status != "PENDING" || r.Result != nil || r.Error != nil:
		return errors.New("Invalid Status in invocation output.") //nolint:revive,staticcheck // Lambda's words
	case !slices.ContainsFunc(x.operations, func(o *operation) bool {
		return o.unseen || o.Status == durable.Pending || o.Type == durable.Callback && o.Status == durable.Started
	}):
		return errors.New("Cannot return PENDING status with no pending operations.") //nolint:revive,staticcheck // Lambda's words
	}
	return nil
}

// event is what an invocation is called with.
func (x *Execution) event() []byte {
	page := x.page(0)
	if x.EmptyFirst {
		page = durable.Page{NextMarker: "0"}
	}
	spell := x.Times
	if spell == nil {
		spell = func(t time.Time) any { return t.UnixMilli() }
	}
	operations := []any{}
	for _, o := range page.Operations {
		wire := map[string]any{"Id": o.ID, "Name": o.Name, "Type": o.Type, "Status": o.Status, "StartTimestamp": spell(o.Started)}
		switch o.Type {
		case durable.Execution:
			wire["ExecutionDetails"] = map[string]any{"InputPayload": o.Input}
		case durable.Step:
			details := map[string]any{"Attempt": o.Attempt, "Result": o.Result}
			if o.Failure != nil {
				details["Error"] = map[string]any{"ErrorType": o.Failure.Type, "ErrorMessage": o.Failure.Message}
			}
			wire["StepDetails"] = details
		case durable.Callback:
			wire["CallbackDetails"] = map[string]any{"CallbackId": "callback of " + o.ID}
		}
		operations = append(operations, wire)
	}
	for _, o := range x.operations {
		o.unseen = false
	}
	raw, _ := json.Marshal(map[string]any{
		"DurableExecutionArn": x.ARN(), "CheckpointToken": x.current(),
		"InitialExecutionState": map[string]any{"Operations": operations, "NextMarker": page.NextMarker},
		"UpdatedOperationIds":   []string{},
	})
	return raw
}

// ARN is the execution's.
func (x *Execution) ARN() string {
	return "arn:aws:lambda:eu-west-1:123456789012:function:meta-deployer-durable:7/durable-execution/" + x.Name + "/id"
}

func (x *Execution) current() string { return fmt.Sprintf("token-%d", x.token) }

// page is a page of the operations from an index on.
func (x *Execution) page(from int) durable.Page {
	end := len(x.operations)
	if x.PageSize > 0 {
		end = min(end, from+x.PageSize)
	}
	var p durable.Page
	for _, o := range x.operations[from:end] {
		p.Operations = append(p.Operations, o.Operation)
	}
	if end < len(x.operations) {
		p.NextMarker = fmt.Sprint(end)
	}
	return p
}
