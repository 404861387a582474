package rollout

import (
	"fmt"
	"time"
)

// handOverAt is from when on a running rollout is handed over that its driver cannot finish; zero is never. A max-duration that
// ends first is the rollout's own end at every engine.
func (d decision) handOverAt() time.Time {
	h, end := d.driver.HandOff, d.deadline.Rollout
	if h.Engine == "" || h.Unfit != "" || end.IsZero() || !d.end().Equal(end) {
		return time.Time{}
	}
	return end.Add(-Reserve - handOverTime)
}

// leaving says that the time has come for handing the running rollout over.
func (d decision) leaving() bool {
	at := d.handOverAt()
	return !at.IsZero() && !d.snapshot.Now.Before(at)
}

// handMidway is what follows for handing over a running rollout; nil where nothing does, and the driver goes on as ever.
func (d *decision) handMidway() (action Action) {
	h := d.token.Handing
	switch {
	case h == nil && d.leaving() && d.unfinishable():
		action, d.token = d.handOver(d.live.ID)
	case h == nil:
	case h.Execution == "" && d.mayStartAgain():
		action, d.token = d.handOver(h.Rollout)
	case h.Execution != "" && !h.Running && d.snapshot.Execution == nil && !d.snapshot.JustWritten:
		action = Look{TheExecution}
	default:
		d.token = d.seenExecution()
	}
	return action
}

// unfinishable says that the driver cannot bring the rollout to its end: what is left of it takes longer, or it waits for
// something of which nobody knows how long it takes. The engine can.
func (d decision) unfinishable() bool {
	now := d.snapshot.Now
	waits := d.live.stopped() || d.holdOver() && !d.mayRise()
	return (waits || !d.plan.Fits(d.live, now, d.deadline.Rollout)) && d.plan.Fits(d.live, now, now.Add(d.driver.HandOff.Longest))
}

// mayStartAgain says that a start which failed is worth another try now.
func (d decision) mayStartAgain() bool {
	h, t := d.token.Handing, d.token.Failing
	if t == nil || t.Call != startedEngine {
		return h.Number <= mostNames
	}
	return t.Error.Kind != Exists && t.Last.Sub(t.Since) < max(patience(t.Error.Kind), 1) && !d.snapshot.Now.Before(t.Last.Add(t.pause(false)))
}

// seenExecution notes how the execution stands. Another one is started only in the place of one that had ended before.
func (d decision) seenExecution() Token {
	e := d.snapshot.Execution
	if e == nil || e.Err != nil {
		return d.token
	}
	h := *d.token.Handing
	switch {
	case e.Running:
		h.Running = true
	case e.Started.Before(h.Since.Add(-clockSkew)):
		h.Execution, h.Number = "", h.Number+1
	}
	t := d.token
	t.Handing = &h
	return t
}

// relieved is the end of a driver whose rollout another one has taken over: the engine, where it was handed over.
func (d decision) relieved() (Action, Token) {
	h := d.token.Handing
	if h.driver() == d.live.Driver {
		return d.handedOver(fmt.Sprintf("%s %s goes on with rollout %s at %s %%", h.Engine, h.Name, d.live.ID, d.live.Weight))
	}
	return d.finish(InProgress, fmt.Sprintf("driver %s has taken over rollout %s at %s %%", d.live.Driver, d.live.ID, d.live.Weight))
}
