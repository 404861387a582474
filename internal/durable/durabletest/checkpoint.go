package durabletest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/durable"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// State is a page of the execution's operations.
func (x *Execution) State(_ context.Context, arn, token, marker string) (durable.Page, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	from, err := strconv.Atoi(marker)
	if err != nil || arn != x.ARN() || token != x.current() || from > len(x.operations) {
		return durable.Page{}, refused("Invalid marker %q", marker)
	}
	return x.page(from), nil
}

// Checkpoint records updates as Lambda does.
func (x *Execution) Checkpoint(_ context.Context, arn, token string, updates []durable.Update) (durable.Recorded, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if token == "" {
		panic("a checkpoint without a token")
	}
	x.Checkpoints++
	fault := x.Faults[x.Checkpoints]
	switch fault {
	case Denied:
		return durable.Recorded{}, &target.Error{Kind: target.ErrDenied, Action: "lambda:CheckpointDurableExecution", Message: "AccessDeniedException: no"}
	case Unavailable:
		return durable.Recorded{}, unavailable("ServiceException: no")
	case Stale:
		x.valid = false
	case Lost, NoToken, Early:
	}
	if arn != x.ARN() || token != x.current() || !x.valid || x.Status != "RUNNING" {
		return durable.Recorded{}, fmt.Errorf("%w: Invalid checkpoint token", durable.ErrStale)
	}
	if err := x.record(updates); err != nil {
		return durable.Recorded{}, err
	}
	x.token++
	return x.recorded(fault)
}

// recorded is the answer to a checkpoint that was recorded.
func (x *Execution) recorded(fault Fault) (durable.Recorded, error) {
	switch fault {
	case Lost:
		return durable.Recorded{}, unavailable("connection reset by peer")
	case NoToken:
		x.valid = false
		return durable.Recorded{}, nil
	case Early:
		for _, o := range x.operations {
			o.due = x.Clock.Now()
		}
	case Stale, Denied, Unavailable:
	}
	x.elapse()
	recorded := durable.Recorded{Token: x.current()}
	for _, o := range x.operations {
		if o.unseen {
			o.unseen = false
			recorded.Operations = append(recorded.Operations, o.Operation)
		}
	}
	return recorded, nil
}

// record checks all updates, then makes them.
func (x *Execution) record(updates []durable.Update) error {
	if len(updates) == 0 {
		return errors.New("nothing to record: nobody here asks for that")
	}
	before := make([]operation, 0, len(x.operations))
	for _, o := range x.operations {
		before = append(before, *o)
	}
	lines, count, stored := len(x.History), x.Operations, x.Stored
	for _, u := range updates {
		if err := x.update(u); err != nil { // none of them is made
			x.operations, x.History, x.Operations, x.Stored = nil, x.History[:lines], count, stored
			for i := range before {
				x.operations = append(x.operations, &before[i])
			}
			return err
		}
	}
	return nil
}

var (
	idPattern      = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)
	namePattern    = regexp.MustCompile(`^[\x20-\x7e]{1,256}$`)
	subTypePattern = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,32}$`)
)

// allowed checks an update against the limits of the model.
func (x *Execution) allowed(u durable.Update) error {
	const largest, longest = 256 << 10, 31_622_400
	switch {
	case !idPattern.MatchString(u.ID) || !namePattern.MatchString(u.Name) || !subTypePattern.MatchString(u.SubType):
		return refused("Invalid id %q, name %q or sub-type %q", u.ID, u.Name, u.SubType)
	case len(u.Payload) > largest:
		return refused("the payload has %d bytes", len(u.Payload))
	case (u.Action == durable.Retry) != (u.Delay != 0), u.Delay < 0, u.Delay > longest:
		return refused("Invalid delay %d of %s", u.Delay, u.Action)
	case (u.Action == durable.Fail) != (u.Failure != nil), u.Failure != nil && u.Payload != "":
		return refused("Cannot provide a Payload or an Error for %s action.", u.Action)
	case x.Operations >= durable.MostOperations:
		return refused("it has %d operations", x.Operations)
	}
	return nil
}

// update makes one update, in the states that allow it.
func (x *Execution) update(u durable.Update) error {
	if err := x.allowed(u); err != nil {
		return err
	}
	if x.Stored += len(u.Payload); x.Stored > durable.MostStored {
		return refused("it stores %d bytes", x.Stored)
	}
	o := x.find(u.ID)
	if o != nil && (o.Type != u.Type || o.Name != u.Name || o.subType != u.SubType) {
		return refused("Inconsistent type, name or sub-type of %s", u.ID)
	}
	if o == nil {
		o = &operation{Operation: durable.Operation{ID: u.ID, Name: u.Name, Type: u.Type, Started: x.Clock.Now()}, subType: u.SubType}
		x.operations = append(x.operations, o)
		x.Operations++
	}
	o.unseen = true
	if u.Type == durable.Callback {
		if u.Action != durable.Start || o.Status != "" {
			return refused("Cannot start a CALLBACK that already exist.")
		}
		o.Status = durable.Started
		x.History = append(x.History, "CallbackStarted "+u.ID)
		return nil
	}
	return x.step(o, u)
}

// step is an update of a step. One that is begun loses what its last try has left.
func (x *Execution) step(o *operation, u durable.Update) error {
	is := func(allowed ...durable.Status) bool { return slices.Contains(allowed, o.Status) }
	switch {
	case u.Action == durable.Start && is("", durable.Ready):
		o.Status, o.Result = durable.Started, ""
		x.History = append(x.History, "StepStarted "+u.ID)
		return nil
	case !is("", durable.Started, durable.Ready):
		return refused("Invalid current STEP state to re-attempt.")
	}
	o.Result, o.Failure = u.Payload, u.Failure
	switch u.Action {
	case durable.Retry:
		o.Status, o.due = durable.Pending, x.Clock.Now().Add(time.Duration(u.Delay)*time.Second)
		o.Attempt++
		x.Operations++
		x.History = append(x.History, fmt.Sprintf("StepSucceeded %s %ds", u.ID, u.Delay))
	case durable.Succeed:
		o.Status = durable.Succeeded
		x.History = append(x.History, "StepSucceeded "+u.ID)
	case durable.Fail:
		o.Status = durable.Failed
		x.History = append(x.History, "StepFailed "+u.ID)
	default:
		return refused("Invalid STEP action.")
	}
	return nil
}

func (x *Execution) find(id string) *operation {
	for _, o := range x.operations {
		if o.ID == id {
			return o
		}
	}
	return nil
}

func refused(format string, values ...any) error {
	return &target.Error{Kind: target.ErrRefused, Action: "lambda:CheckpointDurableExecution", Message: "InvalidParameterValueException: " + fmt.Sprintf(format, values...)}
}

func unavailable(text string) error {
	return &target.Error{Kind: target.ErrUnavailable, Action: "lambda:CheckpointDurableExecution", Message: text}
}
