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
	f := requireFinish(t, first(older.decide()), InProgress)
	assert.Contains(t, f.Reason, "another")

	newer := atStep3()
	newer.token, newer.driver.ID = Token{}, "newer"
	w, d := requireWrite(t, first(newer.decide()))
	assert.Equal(t, routing3, w.Routing, "taking over moves no traffic")
	want := journal()
	want.Driver = "newer"
	assert.Equal(t, want, *d.Journal, "and changes nothing but the driver")
}

func TestRule2AClaimWithoutAnAnswerIsSeenOnTheAlias(t *testing.T) {
	s := atStep3()
	s.token = Token{}
	action, token := s.decide()
	assert.Equal(t, journal().ID, token.Rollout)
	requireKind(t, action, ShiftStep) // the driver of the journal simply goes on

	begins := atStart()
	action, token = begins.turn()
	claim := requireKind(t, action, Begin)
	begins.lose(claim, token)
	begins.snapshot.Alias = Alias{Routing: claim.Routing, Description: claim.Description, Revision: "r2"}
	begins.snapshot.Now = began.Add(2 * time.Second)
	action, token = begins.turn()
	assert.Equal(t, claim.Rollout, token.Rollout, "the confirmed claim is joined")
	requireKind(t, action, ShiftStep)
}

func TestRule3Begin(t *testing.T) {
	s := atStart()
	s.plan.PreTraffic = "smoke"
	s.snapshot.Readiness = nil
	assert.Equal(t, Look{TheAccount}, first(s.turn()), "nothing is written before pre-flight has passed")

	s.snapshot.Readiness = ready
	action, token := s.turn()
	w, d := requireWrite(t, action)
	assert.Equal(t, s.snapshot.Alias.Routing, w.Routing, "the claim moves no traffic")
	assert.Equal(t, 0, d.Journal.Step)
	assert.Equal(t, d.Journal.ID, w.Rollout)
	assert.Equal(t, "r1", w.Revision, "the fence")

	s.goOn(w, token)
	action, _ = s.turn()
	hook, ok := action.(RunHook)
	require.True(t, ok)
	assert.Equal(t, HookEvent{Stage: PreTraffic, RolloutID: w.Rollout, Function: "f", Alias: "live", OldVersion: "7", NewVersion: "8", StartedAt: began}, hook.Event)

	s.token.PreTraffic = true
	w, d = requireWrite(t, first(s.turn()))
	assert.Equal(t, Routing{Primary: "7", Secondary: "8", Weight: 10_00}, w.Routing)
	assert.Equal(t, 1, d.Journal.Step)
	assert.Equal(t, s.snapshot.Now, d.Journal.First)
}

func TestRule3WhatIsNotBegun(t *testing.T) {
	record := &RollbackRecord{ID: journal().ID, Old: "7", New: "8", Bad: []string{"8"}, Why: "errors"}
	other := journal()
	other.New, other.ID = "9", NewID(target, "7", "9", began)
	otherAtFull := other
	otherAtFull.Weight = Full
	held := journal()
	held.Held = true
	tests := map[string]struct {
		routing     Routing
		description Description
		force       bool
		outcome     Outcome // "" goes on to pre-flight
	}{
		"already there":                       {Routing{Primary: "8"}, Description{}, false, NoOp},
		"already there, once known to be bad": {Routing{Primary: "8"}, Description{Record: record}, false, NoOp},
		"a split that nothing explains":       {Routing{Primary: "7", Secondary: "8", Weight: 10_00}, Description{}, false, RolloutInProgress},
		"such a split, with force":            {Routing{Primary: "7", Secondary: "9", Weight: 10_00}, Description{}, true, ""},
		"a dead journal beside a split":       {Routing{Primary: "7", Secondary: "8", Weight: 20_00}, Description{Journal: new(journal())}, false, RolloutInProgress},
		"a dead journal beside one version":   {Routing{Primary: "7"}, Description{Journal: new(journal())}, false, ""},
		"another version's rollout":           {Routing{Primary: "7", Secondary: "9", Weight: 30_00}, Description{Journal: &other}, false, RolloutInProgress},
		"another version's rollout, by force": {Routing{Primary: "7", Secondary: "9", Weight: 30_00}, Description{Journal: &other}, true, ""},
		"another version's bake, by force":    {Routing{Primary: "9"}, Description{Journal: &otherAtFull}, true, ""},
		"a version known to be bad":           {Routing{Primary: "7"}, Description{Record: record}, false, KnownBadVersion},
		"a version known to be bad, by force": {Routing{Primary: "7"}, Description{Record: record}, true, ""},
		"a held rollout":                      {routing3, Description{Journal: &held}, false, Held},
		"a held rollout, by force":            {routing3, Description{Journal: &held}, true, ""},
		"away from the version asked for":     {Routing{Primary: "8", Secondary: "9", Weight: 10_00}, Description{}, true, RolloutInProgress},
		"mostly at the version asked for":     {Routing{Primary: "7", Secondary: "8", Weight: 90_00}, Description{}, true, RolloutInProgress},
		"hardly at the version asked for":     {Routing{Primary: "8", Secondary: "9", Weight: 90_00}, Description{}, true, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := atStart()
			s.driver.ID, s.plan.Force = "d", tt.force
			s.snapshot = Snapshot{Now: began.Add(time.Hour), Alias: alias(tt.routing, tt.description), Concurrency: &Concurrency{}}
			action, _ := s.turn()
			if tt.outcome == "" {
				assert.Equal(t, Look{TheAccount}, action)
				return
			}
			requireFinish(t, action, tt.outcome)
		})
	}
}

func TestRule3ForceTakesASplitBackToWhatServesTheMost(t *testing.T) {
	for weight, old := range map[Weight]string{40_00: "7", 50_00: "7", 50_01: "9", 60_00: "9", Full: "9"} {
		s := atStart()
		s.plan.Force = true
		s.snapshot.Concurrency = &Concurrency{}
		s.snapshot.Alias = alias(Routing{Primary: "7", Secondary: "9", Weight: weight}, Description{Owner: "front door"})
		w, d := requireWrite(t, first(s.turn()))
		assert.Equal(t, Routing{Primary: old}, w.Routing, "at %s %%", weight)
		assert.Equal(t, old, d.Journal.Old)
	}
}

func TestRule3WeightsThatLambdaSetsItselfAreWaitedOut(t *testing.T) {
	for name, c := range map[string]*Concurrency{"moving": {Moving: true}, "it cannot be asked": {Err: &CallError{Text: "throttled"}}} {
		t.Run(name, func(t *testing.T) {
			s := atStart()
			s.snapshot.Alias = alias(Routing{Primary: "7", Secondary: "6", Weight: 40_00}, Description{})
			assert.Equal(t, Look{TheConcurrency}, first(s.turn()))
			s.snapshot.Concurrency = c
			action, token := s.turn()
			requireWait(t, action, 3*time.Second, began)
			s.token, s.snapshot.Now = token, began.Add(PrepareTime)
			requireFinish(t, first(s.turn()), RolloutInProgress)
		})
	}
}

func TestAVersionThatIsPreparedIsNotWaitedForWithoutEnd(t *testing.T) {
	s := atStart()
	s.snapshot.Readiness = &Readiness{Pending: "version 8 is Pending"}
	action, token := s.turn()
	requireWait(t, action, 2*time.Second, began)
	s.token, s.snapshot.Now = token, began.Add(PrepareTime-time.Second)
	requireWait(t, first(s.turn()), 2*time.Second, s.snapshot.Now)
	s.snapshot.Now = began.Add(PrepareTime)
	f := requireFinish(t, first(s.turn()), PreflightFailed)
	assert.Contains(t, f.Reason, "version 8 is Pending, still after 5m0s")

	s.snapshot.Now, s.deadline.Rollout, s.plan.Steps = began.Add(time.Minute), began.Add(3*time.Minute), []Step{{Weight: Full}}
	assert.IsType(t, Wait{}, first(s.turn()))
	s.snapshot.Now = began.Add(3*time.Minute - Reserve)
	assert.IsType(t, Finish{}, first(s.turn()), "nor beyond the driver's end")
}

func TestADriverThatIsNotTheFirstBeginsNothing(t *testing.T) {
	s := atStart()
	s.driver.Continues = true
	requireFinish(t, first(s.turn()), Superseded)

	s.snapshot.Alias = alias(Routing{Primary: "8"}, Description{})
	requireFinish(t, first(s.turn()), NoOp)

	s.snapshot.Alias, s.driver.ID = at(journal()), "d"
	requireKind(t, first(s.turn()), TakeOver)
}

func TestAClaimThatIsThrottledHasAnEnd(t *testing.T) {
	s := atStart()
	for s.snapshot.Now.Sub(began) < startTime {
		action, token := s.turn()
		requireKind(t, action, Begin)
		s.token = token.After(action, Result{Err: &CallError{Kind: Unavailable, Text: "throttled"}, At: s.snapshot.Now})
		s.snapshot.Now = s.snapshot.Now.Add(5 * time.Second)
	}
	action, token := s.turn()
	requireKind(t, action, Begin)
	s.token = token.After(action, Result{Err: &CallError{Kind: Unavailable, Text: "throttled"}, At: s.snapshot.Now})
	f := requireFinish(t, first(s.turn()), PreflightFailed)
	assert.Equal(t, "the alias cannot be written: throttled", f.Reason)

	w, _ := requireWrite(t, action)
	s.snapshot.Alias = Alias{Routing: w.Routing, Description: w.Description, Revision: "r2"}
	_, isFinish := first(s.turn()).(Finish)
	assert.False(t, isFinish, "it was written after all, and runs")
}
