package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRule2TheNewerDriverKeepsTheRollout(t *testing.T) {
	older := atStep3()
	older.journal.Driver = "another"
	f := requireFinish(t, first(older.decide()), GoesOn)
	assert.Contains(t, f.Reason, "another")

	newer := atStep3()
	newer.progress, newer.situation.Driver = Progress{}, "newer"
	w, d := requireWrite(t, first(newer.decide()))
	assert.Equal(t, routing3, w.Routing, "taking over moves no traffic")
	want := journal()
	want.Driver = "newer"
	assert.Equal(t, want, *d.Journal, "and changes nothing but the driver")
}

func TestRule2AClaimWithoutAnAnswerIsSeenOnTheAlias(t *testing.T) {
	s := atStep3()
	s.progress = Progress{}
	action, progress := s.decide()
	assert.Equal(t, journal().ID, progress.Rollout)
	assert.IsType(t, Write{}, action, "the driver of the journal simply goes on")
}

func TestRule3Begin(t *testing.T) {
	s := Situation{Now: began, Routing: Routing{Primary: "7"}, Description: Description{Owner: "front door"}, Driver: "d"}
	action, _ := Decide(target, plan10(), s, Progress{})
	assert.Equal(t, Preflight{}, action, "nothing is written before pre-flight has passed")

	w, d := requireWrite(t, first(Decide(target, plan10(), s, Progress{Checked: true})))
	assert.Equal(t, s.Routing, w.Routing, "the claim moves no traffic")
	assert.Equal(t, 0, d.Journal.Step)
	assert.Equal(t, d.Journal.ID, w.Rollout)

	s.Description = d
	plan := plan10()
	plan.PreTraffic = "smoke"
	action, _ = Decide(target, plan, s, Progress{Rollout: w.Rollout})
	hook, ok := action.(RunHook)
	require.True(t, ok)
	assert.Equal(t, HookEvent{Stage: PreTraffic, RolloutID: w.Rollout, Function: "f", Alias: "live", OldVersion: "7", NewVersion: "8", StartedAt: began}, hook.Event)

	w, d = requireWrite(t, first(Decide(target, plan, s, Progress{Rollout: w.Rollout, PreTraffic: true})))
	assert.Equal(t, Routing{Primary: "7", Secondary: "8", Weight: 10_00}, w.Routing)
	assert.Equal(t, 1, d.Journal.Step)
}

func TestRule3WhatIsNotBegun(t *testing.T) {
	scar := &Scar{ID: journal().ID, Old: "7", New: "8", Bad: []string{"8"}, Why: "errors"}
	other := journal()
	other.New = "9"
	held := journal()
	held.Held = true
	tests := map[string]struct {
		routing     Routing
		description Description
		force       bool
		outcome     Outcome // "" goes on to pre-flight
	}{
		"already there":                       {Routing{Primary: "8"}, Description{}, false, NoOp},
		"already there, once known to be bad": {Routing{Primary: "8"}, Description{Scar: scar}, false, NoOp},
		"a split that nothing explains":       {Routing{Primary: "7", Secondary: "8", Weight: 10_00}, Description{}, false, RolloutInProgress},
		"such a split, with force":            {Routing{Primary: "7", Secondary: "9", Weight: 10_00}, Description{}, true, ""},
		"a dead journal beside a split":       {Routing{Primary: "7", Secondary: "8", Weight: 20_00}, Description{Journal: new(journal())}, false, RolloutInProgress},
		"a dead journal beside one version":   {Routing{Primary: "7"}, Description{Journal: new(journal())}, false, ""},
		"another version's rollout":           {Routing{Primary: "7", Secondary: "9", Weight: 30_00}, Description{Journal: &other}, false, RolloutInProgress},
		"another version's rollout, by force": {Routing{Primary: "7", Secondary: "9", Weight: 30_00}, Description{Journal: &other}, true, ""},
		"a version known to be bad":           {Routing{Primary: "7"}, Description{Scar: scar}, false, KnownBadVersion},
		"a version known to be bad, by force": {Routing{Primary: "7"}, Description{Scar: scar}, true, ""},
		"a held rollout":                      {routing3, Description{Journal: &held}, false, Held},
		"a held rollout, by force":            {routing3, Description{Journal: &held}, true, ""},
		"away from the version asked for":     {Routing{Primary: "8", Secondary: "9", Weight: 10_00}, Description{}, true, RolloutInProgress},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := plan10()
			plan.Force = tt.force
			s := Situation{Now: began.Add(time.Hour), Routing: tt.routing, Description: tt.description, Driver: "d"}
			action, _ := Decide(target, plan, s, Progress{})
			if tt.outcome == "" {
				assert.Equal(t, Preflight{}, action)
				return
			}
			requireFinish(t, action, tt.outcome)
		})
	}
}

func TestRule3ForceTakesASplitBackToItsPrimaryFirst(t *testing.T) {
	plan := plan10()
	plan.Force = true
	s := Situation{Now: began, Routing: Routing{Primary: "7", Secondary: "9", Weight: 60_00}, Description: Description{Owner: "front door"}, Driver: "d"}
	w, d := requireWrite(t, first(Decide(target, plan, s, Progress{Checked: true})))
	assert.Equal(t, Routing{Primary: "7"}, w.Routing)
	assert.Equal(t, "7", d.Journal.Old)
}

func TestRule3WeightsThatLambdaSetsItselfAreWaitedOut(t *testing.T) {
	s := Situation{Now: began, Routing: Routing{Primary: "7", Secondary: "6", Weight: 40_00}, Moving: true, Driver: "d"}
	action, _ := Decide(target, plan10(), s, Progress{})
	requireWait(t, action, 3*time.Second, began)
	_, progress := Decide(target, plan10(), s, Progress{})
	s.Now = began.Add(Patience)
	requireFinish(t, first(Decide(target, plan10(), s, progress)), RolloutInProgress)
}
