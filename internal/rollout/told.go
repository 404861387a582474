package rollout

import (
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// Told is what a driver has told others of its rollout last. What the rollout is seen to be beyond it is told next.
type Told struct {
	Weight   Weight `json:"weight,omitempty"`
	Paused   bool   `json:"paused,omitempty"`
	Awaiting bool   `json:"awaiting,omitempty"`
	Approved bool   `json:"approved,omitempty"`
	Held     bool   `json:"held,omitempty"`
	// Over says that the end was told.
	Over bool `json:"over,omitempty"`
}

// Sight is what a turn has brought, for others to hear of.
type Sight struct {
	Plan    Plan
	Driver  Driver
	Command Command
	// Deadline is the driver's.
	Deadline Deadline
	Now      time.Time
	// Before is the live journal as it was read in the turn or, where none was, as the token had it before; nil for none.
	Before *Journal
	// Alias is as it was last read or written.
	Alias Alias
	// Assessment is how the rollout does; nil where nobody looked.
	Assessment *analysis.Assessment
	// End is how the driver's work ended; nil where it has not.
	End *Finish
}

// tellTime is the most that it takes to tell of one transition.
const tellTime = time.Second

// Tell says what others are to be told after a turn that has left the token, and notes it there as told: whoever drives tells
// them before the token is kept, so that what was not told is told again. While the rollout has to go back nothing is told,
// because that comes first: it is told once the way back is written, or the driver ends.
func (t Token) Tell(s Sight) (Token, []Transition) {
	n := &narrator{Sight: s, token: t}
	n.Now = s.Now.UTC().Truncate(time.Millisecond)
	if t.Told != nil {
		n.told = *t.Told
	}
	n.knows = t.Told != nil
	seen := []*Journal{s.Before}
	if s.Before == nil || !t.Written.IsZero() { // else the token's is what was read, or older
		seen = append(seen, t.Journal())
	}
	for _, j := range seen {
		if j != nil && j.ID == t.Rollout {
			n.journal(*j)
		}
	}
	n.over()
	if n.pressing() {
		return t, nil
	}
	if n.knows {
		t.Told = &n.told
	}
	return t, n.all
}

// TellFirst is Tell before an action that brings the rollout on: it waits for the next turn while a driver that died has left
// something untold, which would be passed over. Nothing is told where the action need not wait.
func (t Token) TellFirst(a Action, s Sight) (Token, []Transition) {
	if w, ok := a.(Write); !ok || !w.Kind.forward() {
		return t, nil
	}
	return t.Tell(s)
}

// narrator finds what is to be told.
type narrator struct {
	Sight
	token Token
	told  Told
	// knows says that something is told already, or was there before a person's call.
	knows bool
	all   []Transition
}

// pressing says that the way back comes first.
func (n *narrator) pressing() bool {
	j := n.token.Journal()
	if n.End != nil || j == nil || j.Held {
		return false
	}
	back := WayBack(n.Plan, n.Deadline, n.token)
	return n.token.Failure != nil || !back.IsZero() && back.Sub(n.Now) < time.Duration(len(n.all))*tellTime
}

// journal tells what a journal of the rollout has that was not told yet. What another driver writes that one tells.
func (n *narrator) journal(j Journal) {
	if n.Command == "" && j.Driver != n.Driver.ID {
		return
	}
	first := !n.knows
	if n.knows = true; first && n.Command != "" {
		n.told = n.standing(j)
		return
	}
	if first || j.Weight != n.told.Weight {
		n.moved(j, first)
	}
	n.changed(j, n.standing(j), first)
}

// changed tells what is different about a journal from what was told, beside its weight.
func (n *narrator) changed(j Journal, stand Told, first bool) {
	for _, change := range []struct {
		state State
		is    bool
	}{
		{StateAwaitingApproval, stand.Awaiting && !n.told.Awaiting},
		{StatePaused, stand.Paused && !n.told.Paused},
		{StateResumed, !stand.Paused && n.told.Paused && !j.Held},
		{StateApproved, stand.Approved && !n.told.Approved},
		{StateHeld, stand.Held && !n.told.Held},
		{StateTakenOver, first && n.token.Last == TakeOver},
	} {
		if change.is {
			n.say(change.state, j)
		}
	}
	n.told = stand
}

// standing is what is known of a journal once all of it is told. A step waits for its approval from the end of its hold on.
func (n *narrator) standing(j Journal) Told {
	waits := j.Approval == Wanted && !j.Held && !n.Plan.HoldEnd(j).After(n.Now)
	return Told{Weight: j.Weight, Paused: j.Paused, Awaiting: waits, Approved: j.Approval == Granted, Held: j.Held}
}

// moved tells of a weight that is new, and before it what must have been and was not seen, or not told: that the driver has begun
// the rollout, or that a person has let it go on.
func (n *narrator) moved(j Journal, first bool) {
	switch {
	case first && j.Weight > 0 && n.token.Last != TakeOver:
		n.say(StateStarted, n.before(j))
	case !first && j.Weight > n.told.Weight:
		n.released(n.before(j))
	}
	n.told = Told{Weight: j.Weight}
	switch {
	case j.Weight == 0:
		n.say(StateStarted, j)
	case n.Command == Promote && j.Weight == Full:
		n.say(StatePromoted, j)
	default:
		n.say(StateShifted, j)
	}
}

// before is a journal as it stood when it was told last.
func (n *narrator) before(j Journal) Journal {
	at, _ := n.Plan.position(n.told.Weight)
	j.Weight, j.Step = n.told.Weight, at+1
	return j
}

// released tells what let a rollout rise that was stopped at a journal.
func (n *narrator) released(j Journal) {
	if n.told.Paused {
		n.say(StateResumed, j)
	}
	at, exact := n.Plan.position(j.Weight)
	if exact && at >= 0 && n.Plan.Steps[at].Approve && !n.told.Approved && !n.Plan.Emergency {
		n.say(StateApproved, j)
	}
}

// own says that a person's call has done this: everything else the rollout's driver tells.
func (n *narrator) own(s State) bool {
	switch n.Command {
	case "":
		return true
	case Pause:
		return s == StatePaused && n.token.Last == ByPause
	case Resume:
		return (s == StateResumed || s == StateApproved) && n.token.Last == ByResume
	case Promote:
		return s == StatePromoted && n.token.Last == ByPromote
	case Rollback:
	}
	return false
}

// say tells of a state of a journal.
func (n *narrator) say(s State, j Journal) {
	if !n.own(s) {
		return
	}
	n.add(Transition{
		State: s, Rollout: j.ID, Old: j.Old, New: j.New, Weight: j.Weight, Step: j.Step, Steps: j.Steps, Reason: n.why(s, j),
	})
}

// why is the sentence of a state.
func (n *narrator) why(s State, j Journal) string {
	where := fmt.Sprintf("%s %% of the traffic is on version %s, step %d of %d", j.Weight, j.New, j.Step, j.Steps)
	switch s { //nolint:exhaustive // the others are told by where the rollout stands
	case StateStarted:
		return fmt.Sprintf("a rollout from version %s to version %s has begun, nothing is shifted yet", j.Old, j.New)
	case StateTakenOver:
		return "another driver goes on with it: " + where
	case StateAwaitingApproval:
		return "it waits for action resume: " + where
	case StateHeld:
		if n.token.Failure != nil {
			return "it failed and stays where it is, " + where + ": " + n.token.Failure.Why
		}
		return "it failed and stays where it is: " + where
	case StatePaused:
		return "it was paused, action resume lets it go on: " + where
	}
	if a := n.Assessment; a != nil && a.Reason != "" {
		where += "; " + a.Reason
	}
	return where
}

// add completes a transition.
func (n *narrator) add(t Transition) {
	t.At, t.Target, t.Driver, t.Command, t.Message = n.Now, n.Plan.Target, n.Driver, n.Command, n.Plan.Message
	if n.Assessment != nil {
		t.Verdict = n.Assessment.Verdict.String()
	}
	t.Reason = FirstLine(t.Reason, maxReason)
	n.all = append(n.all, t)
}
