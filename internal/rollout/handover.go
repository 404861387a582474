package rollout

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// HandOff is what a driver may give to the stack's long engine.
type HandOff struct {
	// Engine is the engine's kind, such as EngineWorkflow; "" where the stack has none.
	Engine string
	// Unfit is what keeps this driver from giving anything to it, and what to change, as a clause; "" for nothing.
	Unfit string
	// Always gives it every plan, and not only those that the driver cannot run to their end.
	Always bool
	// Longest is how long a rollout can take there.
	Longest time.Duration
}

// LongestWorkflow is how long a rollout by a state machine may take: an execution's year, less an hour.
const LongestWorkflow = 365*24*time.Hour - time.Hour

const (
	// claimTime is for how long the engine's claim is waited for at the start of a rollout.
	claimTime = 15 * time.Second
	// claimLook is how long a driver waits before it looks for the claim again.
	claimLook = time.Second
	// handOverTime is how long before the reserve a running rollout is handed over, and handOverLook how often the alias is
	// looked at from then on, at least.
	handOverTime = time.Minute
	handOverLook = 5 * time.Second
	// mostNames is how many names an execution may have.
	mostNames = 99
)

// Takes says that a rollout which stands at the journal, or one that has not begun where it is nil, is to run at the engine and
// not at a driver that ends at end; a zero end is never.
func (h HandOff) Takes(p Plan, j *Journal, now, end time.Time) bool {
	return h.Engine != "" && h.Unfit == "" && (h.Always || p.approves(j) || !p.Fits(j, now, end))
}

// fits says whether the rollout can be run to its end, by the driver or by the engine.
func (h HandOff) fits(p Plan, j *Journal, now, end time.Time) bool {
	if h.Takes(p, j, now, end) {
		return p.Fits(j, now, now.Add(h.Longest))
	}
	return !h.Always && p.Fits(j, now, end)
}

// approves says that a person has still to approve a step after the one of the journal, or that one; any step where it is nil.
func (p Plan) approves(j *Journal) bool {
	if p.Emergency {
		return false
	}
	var run Journal
	if j != nil {
		run = *j
	}
	for _, step := range p.Steps {
		if step.Approve && (step.Weight > run.Weight || step.Weight == run.Weight && run.Approval == Wanted) {
			return true
		}
	}
	return false
}

// HandOver starts an execution of the long engine, once. It runs the rollout, or goes on with the one that runs.
type HandOver struct {
	Target
	NewVersion string
	// Rollout is the id of the rollout to go on with; "" for one that has not begun.
	Rollout string
	// Revision is the alias's when the hand-over began.
	Revision string
	// Number tells the names of executions apart that would be the same: 1 is the first.
	Number int
}

func (HandOver) action() {}

// Name is the execution's, of at most 64 characters: the same for the same request at the same state of the alias, so that two
// starts at once are one execution. input is what the execution is started with.
func (a HandOver) Name(input []byte) string {
	const function, alias, version, digits = 24, 16, 10, 8
	sum := sha256.Sum256([]byte(strings.Join([]string{a.Function, a.Alias, a.NewVersion, string(input), a.Revision}, "\x00")))
	name := fmt.Sprintf("%.*s-%.*s-%.*s-%s", function, a.Function, alias, a.Alias, version, a.NewVersion, hex.EncodeToString(sum[:])[:digits])
	if a.Number > 1 {
		name += fmt.Sprintf("-%d", a.Number)
	}
	return name
}

// Execution is how the execution stands that a rollout was handed over to.
type Execution struct {
	// Running says that it has not ended.
	Running bool
	// Started is when it was.
	Started time.Time
	// Err is why it could not be read; nil where it could.
	Err *CallError
}

// Handing is how far the hand-over of a rollout has come.
type Handing struct {
	// Since is when the engine was first to be started, and Revision the alias's then.
	Since    time.Time `json:"since"`
	Revision string    `json:"revision"`
	// Rollout is the id of the rollout that is handed over while it runs; "" for one that has not begun.
	Rollout string `json:"rollout,omitempty"`
	// Engine is the engine's kind.
	Engine string `json:"engine"`
	// Number and Name are those of the execution that was last to be started.
	Number int    `json:"number"`
	Name   string `json:"name,omitempty"`
	// Execution is its ARN, and Started when its start was answered; "" and zero until then.
	Execution string    `json:"execution,omitempty"`
	Started   time.Time `json:"started,omitzero"`
	// Presumed is the ARN that an execution of Name has whether or not its start was answered; "" where nobody can tell.
	Presumed string `json:"presumed,omitempty"`
	// Running says that it was seen so since: it is not one that had ended before.
	Running bool `json:"running,omitempty"`
	// Unsure says that a start was not answered, and may have been made.
	Unsure bool `json:"unsure,omitempty"`
}

// started says that an execution runs, or may.
func (h *Handing) started() bool { return h != nil && (h.Execution != "" || h.Unsure) }

// driver is the execution as it stands in a journal; "" before one was to be started.
func (h *Handing) driver() string {
	if h == nil || h.Name == "" {
		return ""
	}
	return DriverToken(h.Name)
}

// startedEngine is the call that starts an execution, in Trouble.
const startedEngine = "StartExecution"

// handOver starts the engine, with the rollout of an id or, where that is "", for one that has not begun.
func (d decision) handOver(rollout string) (Action, Token) {
	if d.token.Handing == nil {
		d.token.Handing = &Handing{Since: d.snapshot.Now, Revision: d.snapshot.Alias.Revision, Rollout: rollout, Engine: d.driver.HandOff.Engine, Number: 1}
	}
	h := d.token.Handing
	return HandOver{Target: d.plan.Target, NewVersion: d.plan.NewVersion, Rollout: h.Rollout, Revision: h.Revision, Number: h.Number}, d.token
}

// afterHandOver takes what became of a start. A name that an ended execution has is not used again.
func (t Token) afterHandOver(r Result) Token {
	if t.Handing == nil {
		return t
	}
	h := *t.Handing
	h.Name, h.Presumed = r.Name, r.Execution
	switch {
	case r.Err == nil:
		h.Execution, h.Started, h.Running = r.Execution, r.At, false
		t = t.callSucceeded(startedEngine)
	case r.Err.Kind == Exists && h.Number < mostNames:
		h.Number++
	default:
		h.Unsure = h.Unsure || r.Err.Kind == Unavailable
		t = t.callFailed(startedEngine, *r.Err, r.At)
	}
	t.Handing = &h
	return t
}

// start is a driver's turn before it runs a rollout: it joins one, begins one, or waits for the engine that it has started.
func (d decision) start() (Action, Token) {
	switch claimed := d.live != nil && d.live.Driver == d.driver.ID; {
	case d.lookedOut() && !claimed:
		why := d.looksUsedUp()
		if t := d.token.Failing; t != nil {
			why += ", because of AWS: " + t.Error.Text
		}
		return d.startFailed(why)
	case d.token.Handing != nil && d.panics < maxPanics:
		return d.awaitClaim()
	}
	return d.join()
}

// awaitClaim is a driver that has handed over a rollout which it does not run itself: it answers when the engine's claim stands on
// the alias, or when it is known that the engine runs and the claim is not there yet.
func (d decision) awaitClaim() (Action, Token) {
	h := d.token.Handing
	if d.snapshot.Unread == nil && h.Name != "" {
		if record := d.description.Record; record != nil && record.Driver == h.driver() {
			return d.finish(RolledBack, record.Why)
		}
		if d.live != nil && d.live.Driver == h.driver() {
			d.token.Rollout = d.live.ID
			return d.handedOver(fmt.Sprintf("%s %s runs rollout %s", h.Engine, h.Name, d.live.ID))
		}
	}
	switch {
	case h.Execution == "":
		return d.startEngine()
	case d.snapshot.Execution == nil:
		return Look{TheExecution}, d.token
	}
	return d.awaitExecution(*d.snapshot.Execution)
}

// awaitExecution is an engine whose claim does not stand yet.
func (d decision) awaitExecution(e Execution) (Action, Token) {
	h := *d.token.Handing
	d.token.Handing = &h
	late := d.snapshot.Now.Sub(h.Started) >= claimTime || d.atDeadline()
	switch {
	case e.Err == nil && !e.Running && e.Started.Before(h.Since.Add(-clockSkew)):
		h.Execution, h.Number = "", h.Number+1 // its name is that of one that had ended before
		return d.startEngine()
	case e.Err == nil && !e.Running:
		return d.ofExecution(Finish{Outcome: InProgress, Ended: true, Reason: fmt.Sprintf("%s %s has ended", h.Engine, h.Name)})
	case e.Err == nil:
		h.Running = true
	}
	switch {
	case late && h.Running:
		return d.handedOver(fmt.Sprintf("%s %s runs and has claimed nothing yet", h.Engine, h.Name))
	case late && (d.atDeadline() || d.snapshot.Now.Sub(h.Started) >= startTime):
		return d.finish(StateUnknown, fmt.Sprintf("%s was handed over to execution %s, which cannot be read: %s", d.plan.Target, h.Execution, e.Err.Text))
	}
	return d.waitFor(claimLook)
}

// startEngine starts the engine, or starts it again after a while, unless that has failed for too long.
func (d decision) startEngine() (Action, Token) {
	h, t := d.token.Handing, d.token.Failing
	failing := t != nil && t.Call == startedEngine
	switch {
	case failing && (t.Last.Sub(t.Since) >= patience(t.Error.Kind) || t.Error.Kind == Exists || d.mustEnd()):
		return d.startFailed(fmt.Sprintf("the %s cannot be started: %s", h.Engine, t.Error.Text))
	case h.Number > mostNames:
		return d.startFailed(fmt.Sprintf("%d executions such as %s have ended already", mostNames, h.Name))
	}
	return d.handOver(h.Rollout)
}

// handedOver is the end of a driver whose rollout the engine runs.
func (d decision) handedOver(why string) (Action, Token) {
	return d.ofExecution(Finish{Outcome: InProgress, Reason: why})
}

// ofExecution names the execution at the end of a driver that has handed over to it.
func (d decision) ofExecution(f Finish) (Action, Token) {
	h := d.token.Handing
	f.Execution, f.Engine = cmp.Or(h.Execution, h.Presumed), h.Engine
	if !h.Started.IsZero() {
		f.EndsAt = d.plan.End(d.live, h.Started.Add(d.driver.HandOff.Longest))
	}
	return f, d.token
}

// expire is the end of a driver that has no more time to wait for the engine.
func (h *Handing) expire(why string) Finish {
	if h.Running {
		return Finish{Outcome: InProgress, Reason: fmt.Sprintf("execution %s runs and has claimed nothing yet", h.Name), Execution: h.Execution, Engine: h.Engine}
	}
	return Finish{Outcome: StateUnknown, Reason: fmt.Sprintf("execution %s may run it: %s", h.Name, why)}
}

// Version is the version that a driver of the plan goes to, as far as its token knows the one of a candidate.
func (t Token) Version(p Plan) string {
	if p.NewVersion == "" {
		return t.NewVersion
	}
	return p.NewVersion
}
