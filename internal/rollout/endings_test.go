package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var denied = CallError{Kind: Denied, Text: "not authorized"}

// sendsBack is a driver that has just decided to send its rollout back.
func sendsBack(t *testing.T) (stage, Write, Token) {
	t.Helper()
	s := atStep3().seen()
	s.snapshot.Assessment = fail
	action, token := s.decide()
	return s, requireKind(t, action, SendBack), token
}

// completes is a driver that has just decided to end its rollout.
func completes(t *testing.T) (stage, Write, Token) {
	t.Helper()
	s := atFull().seen()
	action, token := s.decide()
	return s, requireKind(t, action, Complete), token
}

// nextFrom is the alias at another rollout that has begun since, from a version to version 9.
func nextFrom(version string, w Weight) Alias {
	start := began.Add(20 * time.Minute)
	return at(Journal{
		ID: NewID(target, version, "9", start), Start: start, Since: start, First: start, Old: version, New: "9",
		Weight: w, Step: min(int(w), 1), Steps: 10, Driver: "d",
	})
}

func TestAnAnswerOfUpdateAliasCountsAsHavingSeenTheAlias(t *testing.T) {
	later := map[string]Alias{
		"as it was written":                 {},
		"edited since":                      alias(Routing{Primary: "7"}, Description{Owner: "mine now"}),
		"another rollout has begun":         nextFrom("7", 10_00),
		"another rollout from the new one":  nextFrom("8", 10_00),
		"somebody has moved it since":       alias(Routing{Primary: "9"}, Description{}),
		"another rollout was sent back too": alias(Routing{Primary: "7"}, Description{Owner: "front door", Record: &RollbackRecord{ID: "20261121-170454123-0000", Old: "7", New: "9"}}),
	}
	for name, found := range later {
		t.Run(name, func(t *testing.T) {
			for _, kind := range []WriteKind{SendBack, Complete} {
				s, w, token := sendsBack(t)
				want := RolledBack
				if kind == Complete {
					s, w, token = completes(t)
					want = Succeeded
				}
				s.goOn(w, token)
				if found.Revision != "" {
					s.snapshot.Alias = found
				}
				s.snapshot.Now = s.snapshot.Now.Add(30 * time.Minute)
				requireFinish(t, first(s.turn()), want)

				s.snapshot.Unread = &CallError{Text: "throttled"}
				requireFinish(t, first(s.turn()), want)
				assert.Equal(t, want, Expire(s.plan, s.token, true, "").Outcome)
			}
		})
	}
}

func TestWhatBecameOfAWayBackWithoutAnAnswerTheAliasTells(t *testing.T) {
	tests := map[string]struct {
		found   Alias
		outcome Outcome // "" goes back again
	}{
		"it was not made":                          {at(journal()), ""},
		"it was made":                              {alias(Routing{Primary: "7"}, Description{Owner: "front door", Record: &RollbackRecord{ID: journal().ID, Old: "7", New: "8", Why: "errors"}}), RolledBack},
		"and the description edited since":         {alias(Routing{Primary: "7"}, Description{Owner: "mine now"}), RolledBack},
		"and another rollout begun":                {nextFrom("7", 10_00), RolledBack},
		"and that one sent back too":               {alias(Routing{Primary: "7"}, Description{Owner: "front door", Record: &RollbackRecord{ID: "20261121-170454123-0000", Old: "7", New: "9"}}), RolledBack},
		"somebody put the new version live":        {alias(Routing{Primary: "8"}, Description{Owner: "mine now"}), Superseded},
		"somebody put a third version live":        {alias(Routing{Primary: "9"}, Description{}), Superseded},
		"somebody split it otherwise":              {alias(Routing{Primary: "7", Secondary: "8", Weight: 1}, Description{}), Superseded},
		"another rollout from another old version": {nextFrom("8", 10_00), Superseded},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, w, token := sendsBack(t)
			s.lose(w, token)
			s.snapshot.Alias, s.snapshot.Now = tt.found, began.Add(time.Hour)
			action, _ := s.turn()
			if tt.outcome == "" {
				requireKind(t, action, SendBack)
				return
			}
			f := requireFinish(t, action, tt.outcome)
			if tt.outcome == RolledBack {
				assert.Equal(t, "errors: 5 of 120", f.Reason, "this driver knows best why")
			}
		})
	}
}

func TestWhatBecameOfALastWriteWithoutAnAnswerTheAliasTells(t *testing.T) {
	tests := map[string]struct {
		found   Alias
		outcome Outcome // "" ends it again
	}{
		"it was not made":                  {at(atFull().journal), ""},
		"it was made":                      {alias(Routing{Primary: "8"}, Description{Owner: "front door"}), Succeeded},
		"and the description edited since": {alias(Routing{Primary: "8"}, Description{Owner: "mine now"}), Succeeded},
		"and another rollout begun":        {nextFrom("8", 10_00), Succeeded},
		"a person sent it back":            {alias(Routing{Primary: "7"}, Description{Owner: "front door", Record: &RollbackRecord{ID: journal().ID, Old: "7", New: "8", Why: "a person"}}), RolledBack},
		"somebody put the old one live":    {alias(Routing{Primary: "7"}, Description{}), Superseded},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, w, token := completes(t)
			s.lose(w, token)
			s.snapshot.Alias, s.snapshot.Now = tt.found, began.Add(time.Hour)
			action, _ := s.turn()
			if tt.outcome == "" {
				requireKind(t, action, Complete)
				return
			}
			requireFinish(t, action, tt.outcome)
		})
	}
}

// Fault 2: a rollback is found again by the driver whose rollout it was, whoever wrote it.
func TestADriverThatIsStartedAgainFindsItsOwnEnding(t *testing.T) {
	for name, why := range map[string]string{"deadline": "the time ran out", "no data": "no data", "a person": "a person asked for it (action rollback)"} {
		t.Run(name, func(t *testing.T) {
			s := atStart()
			s.plan.Force = true
			s.snapshot.Alias = alias(Routing{Primary: "7"}, Description{Owner: "front door", Record: &RollbackRecord{ID: journal().ID, Driver: s.driver.ID, Old: "7", New: "8", Why: why}})
			f := requireFinish(t, first(s.turn()), RolledBack)
			assert.Equal(t, why, f.Reason)

			another := s
			another.driver.ID = "another"
			requireKind(t, first(another.turn()), Begin)
		})
	}
	s := atStart()
	s.snapshot.Alias = alias(Routing{Primary: "7"}, Description{Owner: "front door", Record: &RollbackRecord{ID: journal().ID, Driver: s.driver.ID, Old: "7", New: "8", Bad: []string{"8"}, Why: "errors"}})
	requireFinish(t, first(s.turn()), RolledBack)
	s.driver.ID = "another"
	requireFinish(t, first(s.turn()), KnownBadVersion)
	s.plan.NewVersion, s.driver.ID = "9", journal().Driver
	requireKind(t, first(s.turn()), Begin)
	s.snapshot.Alias.Routing, s.plan.NewVersion = Routing{Primary: "6"}, "8"
	requireFinish(t, first(s.turn()), KnownBadVersion)
}

// Fault 6: whoever was relieved and looks late finds that the newer driver has finished.
func TestARelievedDriverThatLooksLateIsNotSuperseded(t *testing.T) {
	s := atStep3().seen()
	s.snapshot.Alias = alias(Routing{Primary: "8"}, Description{Owner: "front door"})
	f := requireFinish(t, first(s.turn()), InProgress)
	assert.Contains(t, f.Reason, "another call has finished rollout "+journal().ID)

	s.snapshot.Alias = at(journal())
	s.snapshot.Alias.Description = alias(routing3, Description{Owner: "front door", Journal: new(taken(t, func(*stage) {}))}).Description
	f = requireFinish(t, first(s.turn()), InProgress)
	assert.Contains(t, f.Reason, "driver newer has taken over")
}

// Fault 3, S9: nothing is answered as untouched that a write may have reached.
func TestExpire(t *testing.T) {
	claimed, lost, begins := atStart(), atStart(), atStart()
	action, token := begins.turn()
	claim := requireKind(t, action, Begin)
	claimed.goOn(claim, token)
	lost.lose(claim, token)
	back, w, t2 := sendsBack(t)
	back.lose(w, t2)
	failed, _, t2 := sendsBack(t)
	failed.token = t2
	held := failed
	held.plan.HoldOnFailure = true

	command := func(c Command, change func(*stage), answered bool) stage {
		s := asked(change)
		action, token := s.control(c)
		w := action.(Write)
		if answered {
			s.goOn(w, token)
		} else {
			s.lose(w, token)
		}
		return s
	}
	paused := func(s *stage) { s.journal.Paused = true }
	waiting := asked(func(s *stage) { s.snapshot.Assessment = unread })
	_, waiting.token = waiting.control(Promote)
	unpaused := command(Pause, nil, false)
	_, unpaused.token = unpaused.control(Pause)
	refused := asked(nil)
	action, token = refused.control(Pause)
	refused.token = token.After(action, Result{Err: &denied})

	for name, tt := range map[string]struct {
		stage   stage
		deploys bool
		outcome Outcome
	}{
		"nothing was written":                     {begins, true, PreflightFailed},
		"a claim without an answer":               {lost, true, StateUnknown},
		"a claim":                                 {claimed, true, RollbackFailed},
		"a running rollout":                       {atStep3().seen(), true, RollbackFailed},
		"a failed one":                            {failed, true, RollbackFailed},
		"a failed one that was to be held":        {held, true, Held},
		"a way back without an answer":            {back, true, StateUnknown},
		"a promote without an answer":             {command(Promote, nil, false), false, StateUnknown},
		"a promote that was done":                 {command(Promote, nil, true), false, InProgress},
		"a promote that waits for a verdict":      {waiting, false, PreflightFailed},
		"a pause without an answer":               {command(Pause, nil, false), false, StateUnknown},
		"a pause that was done":                   {command(Pause, nil, true), false, Paused},
		"a pause that was seen not to be done":    {unpaused, false, PreflightFailed},
		"a pause that is refused":                 {refused, false, PreflightFailed},
		"a resume that was done":                  {command(Resume, paused, true), false, InProgress},
		"a person's rollback without an answer":   {command(Rollback, nil, false), false, StateUnknown},
		"a person's rollback that was done":       {command(Rollback, nil, true), false, RolledBack},
		"a promote that sent it back, and did":    {command(Promote, func(s *stage) { s.snapshot.Assessment = fail }, true), false, RolledBack},
		"a promote that sent it back, unanswered": {command(Promote, func(s *stage) { s.snapshot.Assessment = fail }, false), false, StateUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			f := Expire(tt.stage.plan, tt.stage.token, tt.deploys, "the invocation ends")
			assert.Equal(t, tt.outcome, f.Outcome, f.Reason)
		})
	}
	f := Expire(lost.plan, lost.token, true, "the invocation ends")
	assert.Contains(t, f.Reason, "connection reset", "the last thing that went wrong")
}

func TestAStartThatFailsIsUnknownWhereAClaimMayHaveBeenWritten(t *testing.T) {
	for name, kind := range map[string]ErrorKind{"throttled": Unavailable, "denied": Denied, "not found": NotFound, "refused": Refused} {
		t.Run(name, func(t *testing.T) {
			for _, want := range []Outcome{PreflightFailed, StateUnknown} {
				s := atStart()
				if want == StateUnknown {
					action, token := s.turn()
					s.lose(requireKind(t, action, Begin), token)
				}
				s.snapshot.Unread, s.snapshot.Alias = &CallError{Kind: kind, Text: "get-alias: no"}, Alias{}
				for range 100 {
					action, token := s.turn()
					if f, ok := action.(Finish); ok {
						assert.Equal(t, want, f.Outcome, f.Reason)
						assert.NotEmpty(t, f.Reason)
						break
					}
					require.True(t, action.(Wait).Until.After(s.snapshot.Now))
					s.token, s.snapshot.Now = token, action.(Wait).Until
				}
				assert.LessOrEqual(t, s.snapshot.Now.Sub(began), startTime+5*time.Second, "it has an end")
			}
		})
	}
}

// Fault 7: killed at its last write, a driver has the token of the turn before.
func TestADriverWhoseTokenIsOlderThanItsLastWriteFindsItsRolloutOver(t *testing.T) {
	s := atFull().seen()
	s.snapshot.Alias = alias(Routing{Primary: "8"}, Description{Owner: "front door"})
	f := requireFinish(t, first(s.turn()), NoOp)
	assert.Contains(t, f.Reason, "is over: alias live points at version 8 alone")

	early := s
	early.snapshot.Now = s.journal.Since.Add(time.Minute - time.Millisecond)
	requireFinish(t, first(early.turn()), InProgress) // it cannot have been its own

	s.driver.ID = "another"
	requireFinish(t, first(s.turn()), InProgress)
}
