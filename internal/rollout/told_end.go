package rollout

import (
	"cmp"
	"fmt"
)

// over tells how the rollout has ended: by the driver's last write, which Lambda has answered, or as the driver says.
func (n *narrator) over() {
	outcome, why := n.token.ended(), ""
	if n.token.Failure != nil {
		why = n.token.Failure.Why
	}
	if n.End != nil {
		outcome, why = n.End.Outcome, n.End.Reason
	}
	state := endState(outcome)
	if n.End != nil && n.End.Outcome == InProgress && n.token.Handing != nil {
		state, n.Driver.Execution = StateHandedOver, n.End.Execution
	}
	switch {
	case state == "" || n.told.Over || state == StateHeld && (n.Command != "" || n.told.Held):
		return
	case state != StateRefused:
		n.told.Over, n.knows = true, true
	}
	n.add(n.ending(state, why))
}

// ending is the end as it is told.
func (n *narrator) ending(s State, why string) Transition {
	e := n.lastKnown(s)
	e.State, e.Reason = s, why
	switch s { //nolint:exhaustive // the others leave the alias as it was last known
	case StateSucceeded, StateSucceededUnverified:
		e.Weight = Full
		if a := n.Assessment; why == "" && a != nil {
			e.Reason = a.Reason
		}
	case StateRolledBack:
		e.Weight = 0
	case StateSuperseded:
		e.Weight = n.Alias.Routing.Share(e.New)
	case StateRollbackFailed:
		e.Reason += "; to put it back: " + RestoreCommand(n.Plan.Target, e.Old)
	case StateNotKnown:
		e.Reason += "; to see it: " + ShowCommand(n.Plan.Target)
	}
	if e.Reason == "" {
		e.Reason = fmt.Sprintf("all traffic is on version %s", e.New)
	}
	return e
}

// lastKnown is where the rollout stood when it was known last. A refused one has not begun; one that an earlier call has ended
// is known by the line that it has left.
func (n *narrator) lastKnown(s State) Transition {
	for _, j := range []*Journal{n.token.Journal(), n.Before} {
		if j != nil && s != StateRefused && (j.ID == n.token.Rollout || n.token.Rollout == "" && s == StateHeld) {
			return Transition{Rollout: j.ID, Old: j.Old, New: j.New, Step: j.Step, Steps: j.Steps, Weight: j.Weight}
		}
	}
	e := Transition{Rollout: cmp.Or(n.token.Rollout, n.Plan.Only), Old: n.Alias.Routing.Primary, New: cmp.Or(n.Plan.NewVersion, n.token.NewVersion)}
	switch record := ParseDescription(n.Alias.Description).Record; {
	case s == StateRefused:
		e.Rollout, e.Weight = "", n.Alias.Routing.Share(e.New)
	case s == StateRolledBack && record != nil:
		e.Rollout, e.Old, e.New = record.ID, record.Old, record.New
	}
	return e
}
