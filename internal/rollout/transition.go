package rollout

import "time"

// Transition is a change in how a rollout stands, of which others hear. It is told after the write that it tells of.
type Transition struct {
	At    time.Time
	State State
	// Rollout is the rollout's id; "" where none has begun.
	Rollout string
	Target
	// Old and New are its versions; "" for one that is not known.
	Old, New string
	// Weight is the share of New.
	Weight Weight
	// Step counts from 1; 0 before the first shift. Steps is how many the plan has.
	Step, Steps int
	// Verdict is that of the look that it follows from; "" where nobody looked.
	Verdict string
	// Reason is one line for people, never empty.
	Reason string
	// Message is the caller's why; "" for none.
	Message string
	// Driver is who tells.
	Driver Driver
	// Command is what a person asked for, where a call for that tells; "" where the rollout's own driver does.
	Command Command
}

func (Transition) event() {}
func (NotSent) event()    {}

// NotSent is a transition of which the others could not be told.
type NotSent struct {
	At time.Time
	Transition
	Err CallError
}

// State is how a rollout stands after a transition.
type State string

// The states, each called as its value.
const (
	StateStarted             State = "started"
	StateShifted             State = "shifted"
	StatePaused              State = "paused"
	StateResumed             State = "resumed"
	StateAwaitingApproval    State = "awaiting-approval"
	StateApproved            State = "approved"
	StatePromoted            State = "promoted"
	StateHeld                State = "held"
	StateTakenOver           State = "taken-over"
	StateHandedOver          State = "handed-over"
	StateSucceeded           State = "succeeded"
	StateSucceededUnverified State = "succeeded-unverified"
	StateRolledBack          State = "rolled-back"
	StateSuperseded          State = "superseded"
	StateRollbackFailed      State = "rollback-failed"
	StateNotKnown            State = "state-unknown"
	StateRefused             State = "refused"
)

// States are all of them.
func States() []State {
	return []State{
		StateStarted, StateShifted, StatePaused, StateResumed, StateAwaitingApproval, StateApproved, StatePromoted, StateHeld, StateTakenOver,
		StateHandedOver, StateSucceeded, StateSucceededUnverified, StateRolledBack, StateSuperseded, StateRollbackFailed, StateNotKnown, StateRefused,
	}
}

// Ends says that the rollout is over in the state, or stays where it is for good.
func (s State) Ends() bool {
	switch s {
	case StateSucceeded, StateSucceededUnverified, StateRolledBack, StateHeld, StateSuperseded, StateRollbackFailed, StateNotKnown:
		return true
	case StateStarted, StateShifted, StatePaused, StateResumed, StateAwaitingApproval, StateApproved, StatePromoted, StateTakenOver, StateHandedOver, StateRefused:
	}
	return false
}

// endState is the state that an outcome is told as; "" for one that is none: it is no end, or another driver's to tell.
func endState(o Outcome) State {
	switch o {
	case Succeeded:
		return StateSucceeded
	case SucceededUnverified:
		return StateSucceededUnverified
	case RolledBack:
		return StateRolledBack
	case Held:
		return StateHeld
	case Superseded:
		return StateSuperseded
	case RollbackFailed:
		return StateRollbackFailed
	case StateUnknown:
		return StateNotKnown
	case PreflightFailed, RolloutInProgress, KnownBadVersion, DoesNotFit:
		return StateRefused
	case NoOp, InProgress, Paused:
	}
	return ""
}

// Refusal is a request that was not taken, of which only its target is known.
func Refusal(t Target, d Driver, why string, now time.Time) Transition {
	return Transition{At: now.UTC().Truncate(time.Millisecond), State: StateRefused, Target: t, Driver: d, Reason: FirstLine(why, maxReason)}
}

// maxReason is how long a transition's reason is, in characters.
const maxReason = 1000
