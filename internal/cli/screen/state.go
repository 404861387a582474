// Package screen is a running rollout as one picture for a terminal, and what the keys below it ask for. It is pure: who has the
// terminal draws it.
package screen

import (
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/cli/show"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// State is what the picture shows.
type State struct {
	Target            rollout.Target
	Rollout, Old, New string
	Status            string
	Weight            rollout.Weight
	// Step counts from 1; 0 where it is not known, or nothing is shifted yet. Steps is how many there are; 0 where it is not known.
	Step, Steps int
	// Until is when the step's hold is over; zero where that is not known.
	Until   time.Time
	Verdict string
	Checks  []analysis.Check
	// Reason is the latest sentence about how it does.
	Reason string
	// Events are lines about what has happened, the oldest first.
	Events []string
	// Question is what a key has asked for and waits to be confirmed; "" for nothing.
	Question string

	schedule []answer.Step
	teller   show.Teller
}

// mostEvents is how many lines are kept.
const mostEvents = 50

// Note adds a line about what has happened.
func (s *State) Note(line string) {
	if s.Events = append(s.Events, line); len(s.Events) > mostEvents {
		s.Events = s.Events[1:]
	}
}

// Planned takes the plan before the rollout: its steps say how long each status is to last.
func (s *State) Planned(a answer.Answer) {
	s.schedule, s.Steps, s.Old, s.New = a.Steps, len(a.Steps), a.OldVersion, a.NewVersion
}

// Seen takes a status. at is now.
func (s *State) Seen(at time.Time, a answer.Answer) {
	before, verdict := s.Status+s.Weight.String(), s.Verdict
	s.Status, s.Weight, s.Rollout, s.Reason = a.Status, a.Weight, a.RolloutID, a.Reason
	if a.OldVersion != "" {
		s.Old, s.New = a.OldVersion, a.NewVersion
	}
	s.Until, s.Verdict = time.Time{}, ""
	if n := len(a.Steps); n > 0 {
		step := a.Steps[n-1]
		s.Verdict, s.Checks = step.Verdict, step.Checks
		if check := show.Deciding(step.Checks); check != nil {
			s.Reason = check.Name + ": " + check.Reason
		}
		s.place(step)
	}
	if before != s.Status+s.Weight.String() || verdict != s.Verdict {
		s.Note(show.Line(at, a))
	}
}

// place finds a step in the plan.
func (s *State) place(step answer.Step) {
	for i, planned := range s.schedule {
		if planned.Weight == step.Weight {
			s.Step = i + 1
			if planned.Until != nil {
				s.Until = step.From.Add(planned.Until.Sub(planned.From))
			}
		}
	}
}

// Happened takes the events of a rollout that this process drives by a plan.
func (s *State) Happened(p rollout.Plan, events ...rollout.Event) {
	for _, event := range events {
		switch e := event.(type) {
		case rollout.Turned:
			if a := e.Assessment; a != nil {
				s.Verdict, s.Checks, s.Reason = a.Verdict.String(), a.Checks, a.Reason
			}
			s.journal(p, e.Journal)
		case rollout.Changed:
			s.journal(p, e.Journal)
		case rollout.Transition:
			if e.State.Ends() {
				s.Status, s.Weight, s.Until = string(e.State), e.Weight, time.Time{}
			}
		case rollout.ScheduleChosen:
			s.Steps = len(e.Steps)
		}
	}
	for _, line := range s.teller.Lines(events...) {
		s.Note(line)
	}
}

// journal takes what the alias says of the rollout; nil says nothing.
func (s *State) journal(p rollout.Plan, j *rollout.Journal) {
	if j == nil {
		return
	}
	s.Rollout, s.Old, s.New, s.Weight, s.Step, s.Steps = j.ID, j.Old, j.New, j.Weight, j.Step, j.Steps
	s.Status, s.Until = "in-progress", time.Time{}
	switch {
	case j.Held:
		s.Status = "held"
	case j.Paused:
		s.Status = "paused"
	case j.Approval == rollout.Wanted:
		s.Status = "awaiting-approval"
	case p.Auto == nil && j.Weight > 0:
		s.Until = p.HoldEnd(*j)
	}
}
