package rollout

import (
	"fmt"
	"time"
)

// Living is the execution of an engine of the stack that runs the rollout on the alias already.
type Living struct {
	// Execution is its ARN, and Name its name; "" where no execution runs it.
	Execution, Name string
	// Engine is its engine's kind, and Longest how long a rollout may take there.
	Engine  string
	Longest time.Duration
	// Started is when it was.
	Started time.Time
	// Same says that it runs it by the same request.
	Same bool
	// Err is why that could not be found out; nil where it could.
	Err *CallError
}

// asksEngine says that a rollout which another driver runs may be an execution's of one of the stack's engines: one that lives and
// has the same request keeps it.
func (d decision) asksEngine() bool {
	return !d.plan.Force && d.snapshot.Living == nil
}

// keptByEngine is a running rollout that a living engine keeps; nil where none does.
func (d decision) keptByEngine(j Journal) (Action, Token) {
	l := d.snapshot.Living
	switch {
	case l == nil || d.plan.Force:
		return nil, d.token
	case l.Err != nil && !d.late(glance):
		return d.tryLater(time.Second)
	case l.Execution == "" || !l.Same:
		return nil, d.token
	}
	d.token.Rollout = j.ID
	return Finish{
		Outcome: InProgress, Execution: l.Execution, Engine: l.Engine,
		EndsAt: d.plan.End(&j, l.Started.Add(l.Longest)),
		Reason: fmt.Sprintf("%s %s runs rollout %s at %s %% by this request", l.Engine, l.Name, j.ID, j.Weight),
	}, d.token
}
