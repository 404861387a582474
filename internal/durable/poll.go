package durable

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Poll is an execution that looks at something until it has ended.
type Poll struct {
	Service Service
	// Step is the name of the step that looks, and Control the one of the callback that wakes the execution for another look; ""
	// is none. A further step or callback of the name has a number behind it as its id.
	Step, Control string
	// Look is one look. What it panics with is the invocation's end.
	Look func(context.Context, Look) Found
}

// Look is what a look is told.
type Look struct {
	// ARN is the execution's, Name its name, and Started when it began; zero where that could not be read.
	ARN, Name string
	Started   time.Time
	// Input is what it was started with; "{}" for nothing.
	Input string
	// State is what the last look has left; "" where that is lost. First says that there was none.
	State string
	First bool
	// Woken says that somebody has completed the callback since the last look.
	Woken bool
}

// Found is what a look has found: how to go on, or the end.
type Found struct {
	// State is what the next look is told, and Wait when it is due: in whole seconds from now, rounded up.
	State string
	Wait  time.Duration
	// End is how it has ended; nil where it has not.
	End *End
}

// End is how an execution ends: with a result, or with a failure.
type End struct {
	Result  string
	Failure *Failure
}

// Exhausted is the type of the failure of an execution that Lambda's limits keep from going on, or refuses to record for.
const Exhausted = "DriverFailed"

// Invoke answers one invocation. It fails with NotDurable, and with Interrupted where Lambda has to make another.
func (p Poll) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	e, err := parse(payload)
	if err != nil {
		return nil, err
	}
	x, err := begin(ctx, p.Service, e)
	if err == nil {
		var r reply
		if r, err = p.looks(ctx, x); err == nil {
			return r.encode(), nil
		}
	}
	if target.Permanent(err) && !errors.Is(err, ErrStale) {
		return ended(End{Failure: &Failure{Type: Exhausted, Message: "Lambda refuses to record where the execution stands: " + target.Explain(err)}}).encode(), nil
	}
	return nil, Interrupted{err}
}

// looks looks as often as it is due, and suspends.
func (p Poll) looks(ctx context.Context, x *execution) (reply, error) {
	started, err := x.started()
	if err != nil {
		return reply{}, err
	}
	l := Look{ARN: x.arn, Name: x.name(started), Started: started.Started, Input: started.Input}
	if l.Input == "" {
		l.Input = "{}"
	}
	for ctx.Err() == nil {
		at := p.standing(x)
		switch at.step.Status {
		case Pending:
			return reply{Status: Pending}, nil
		case Succeeded:
			return ended(End{Result: at.step.Result}), nil
		case Failed:
			return ended(End{Failure: at.failure()}), nil
		case Started, Ready:
		}
		l.State, l.First, l.Woken = at.state, at.first, at.woken
		found := p.Look(ctx, l)
		if found.End != nil {
			// The answer ends the execution, recorded or not; recorded, a crash before it is there costs nothing.
			if updates := at.closing(*found.End); x.exceeds(updates) == "" {
				_, _ = x.service.Checkpoint(ctx, x.arn, x.token, updates)
			}
			return ended(*found.End), nil
		}
		updates := append(at.opening(p.Control), at.again(found)...)
		if problem := x.exceeds(updates); problem != "" {
			return ended(End{Failure: &Failure{Type: Exhausted, Message: problem}}), nil
		}
		recorded, err := x.service.Checkpoint(ctx, x.arn, x.token, updates)
		if err != nil {
			return reply{}, err
		}
		if recorded.Token == "" {
			return reply{Status: Pending}, nil
		}
		x.token = recorded.Token
		if err := x.take(ctx, recorded.Page); err != nil {
			return reply{}, err
		}
	}
	return reply{}, fmt.Errorf("the invocation's time is over: %w", ctx.Err())
}

// exceeds says which of Lambda's limits updates would exceed; "" for none.
func (x *execution) exceeds(updates []Update) string {
	if n := x.count(); n+len(updates) > MostOperations {
		return fmt.Sprintf("the execution has %d operations, and Lambda takes %d", n, MostOperations)
	}
	for _, u := range updates {
		most := MaxState
		if u.Action == Succeed {
			most = MaxResult
		}
		if len(u.Payload) > most {
			return fmt.Sprintf("the payload of operation %s has %d bytes: at most %d are recorded", u.ID, len(u.Payload), most)
		}
	}
	return ""
}

// ended is the reply that ends an execution.
func ended(e End) reply {
	if f := e.Failure; f != nil {
		return reply{Status: Failed, Error: &wireError{ErrorType: f.Type, ErrorMessage: f.Message}}
	}
	return reply{Status: Succeeded, Result: &e.Result}
}

// standing is where a poll stands.
type standing struct {
	// step is the step to look in; without a status where it has not begun.
	step Operation
	// state is what the last look has left, and first says that there was none.
	state string
	first bool
	// woken says that the last callback was completed, and not heard yet.
	woken bool
	// control is the number of the callback that is to be opened; 0 where one is open, or there are no more.
	control int
}

// standing finds the step to look in. A step that waits is left as it is, for Lambda takes no update of it: where its execution
// is woken, the look is another step's.
func (p Poll) standing(x *execution) standing {
	s := standing{first: true}
	steps, number := p.latest(x, p.Step)
	for _, o := range steps {
		s.step, s.state, s.first = o, o.Result, s.first && o.Attempt == 0
	}
	if number == 0 {
		s.step = Operation{ID: p.Step, Name: p.Step}
	}
	if p.Control == "" {
		return s
	}
	controls, last := p.latest(x, p.Control)
	if last > 0 && controls[len(controls)-1].Status == Started {
		return s
	}
	s.woken = last > 0
	if last < mostWakes {
		s.control = last + 1
	}
	if last > 0 && number <= last && s.step.Status == Pending {
		s.step = Operation{ID: numbered(p.Step, last+1), Name: p.Step}
	}
	return s
}

// latest are the operations of a name, as they were begun, with the number of the last one; 0 for none. A number may be left
// out.
func (p Poll) latest(x *execution, name string) (all []Operation, last int) {
	for n := 1; n <= mostWakes+1; n++ {
		if o, ok := x.operations[numbered(name, n)]; ok {
			all, last = append(all, o), n
		}
	}
	return all, last
}

// numbered is the id of the n-th operation of a name.
func numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	return name + "-" + strconv.Itoa(n)
}

// failure is what a step that failed was recorded with.
func (s standing) failure() *Failure {
	if s.step.Failure != nil {
		return s.step.Failure
	}
	return &Failure{Type: Exhausted, Message: "the execution was recorded as failed, without why"}
}

// opening opens the next callback where none is open.
func (s standing) opening(name string) []Update {
	if s.control == 0 {
		return nil
	}
	return []Update{{ID: numbered(name, s.control), Name: name, Type: Callback, SubType: "Callback", Action: Start}}
}

// again begins the try that was made, and leaves the next: both at once, for a step that has begun has lost its payload.
func (s standing) again(f Found) []Update {
	wait := min(max(minDelay, (f.Wait+time.Second-1).Truncate(time.Second)), maxDelay)
	u := s.update(Retry)
	u.Payload, u.Delay = f.State, int32(wait/time.Second)
	return append(s.beginning(), u)
}

// closing begins the last try, and ends the step with it.
func (s standing) closing(e End) []Update {
	u := s.update(Succeed)
	if u.Payload, u.Failure = e.Result, e.Failure; e.Failure != nil {
		u.Action = Fail
	}
	return append(s.beginning(), u)
}

// beginning begins a try where it has not begun.
func (s standing) beginning() []Update {
	if s.step.Status == Started {
		return nil
	}
	return []Update{s.update(Start)}
}

func (s standing) update(a Action) Update {
	return Update{ID: s.step.ID, Name: s.step.Name, Type: Step, SubType: "WaitForCondition", Action: a}
}
