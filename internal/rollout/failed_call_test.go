package rollout

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// blindly lets time pass in which the alias cannot be read, until something else than waiting follows.
func blindly(t *testing.T, s *stage, kind ErrorKind, most time.Duration) Action {
	t.Helper()
	until := s.snapshot.Now.Add(most)
	s.snapshot.Unread, s.snapshot.Assessment, s.snapshot.Alias = &CallError{Kind: kind, Text: "get-alias: no"}, nil, Alias{}
	for !s.snapshot.Now.After(until) {
		action, token := s.turn()
		if _, asks := action.(Look); asks {
			s.snapshot.Assessment = unread
			action, token = s.turn()
			s.snapshot.Assessment = nil
		}
		s.token = token
		wait, ok := action.(Wait)
		if !ok {
			return action
		}
		require.True(t, wait.Until.After(s.snapshot.Now), "time passes")
		s.snapshot.Now = wait.Until
	}
	return nil
}

func TestWhereOnlyReadingFailsTheWayBackIsWrittenWithTheLastRevision(t *testing.T) {
	t.Run("at the deadline", func(t *testing.T) {
		s := atStep3().seen()
		s.deadline.Rollout = s.snapshot.Now.Add(5 * time.Minute)
		w := requireKind(t, blindly(t, &s, Unavailable, 5*time.Minute), SendBack)
		assert.Equal(t, "r1", w.Revision)
		assert.Equal(t, Routing{Primary: "7"}, w.Routing)
		assert.Equal(t, s.deadline.Rollout.Add(-Reserve), s.snapshot.Now, "not earlier, not later")
		assert.Contains(t, s.token.Failure.Why, "because of AWS: get-alias: no")
	})
	t.Run("for a fail that stands", func(t *testing.T) {
		s, w, token := sendsBack(t)
		s.token = token.After(w, Result{At: s.snapshot.Now, Err: &CallError{Kind: Denied, Text: "update-alias: no"}})
		requireKind(t, blindly(t, &s, Unavailable, 0), SendBack)
	})
	t.Run("and again where its answer was lost", func(t *testing.T) {
		s, w, token := sendsBack(t)
		s.lose(w, token)
		again := blindly(t, &s, Unavailable, 5*time.Second)
		assert.Equal(t, "r1", requireKind(t, again, SendBack).Revision)
		s.lose(again.(Write), s.token)
		assert.IsType(t, Wait{}, first(s.turn()), "but not without a pause")
		assert.Equal(t, StateUnknown, Expire(s.plan, s.token, true, "").Outcome)
	})
	t.Run("not before", func(t *testing.T) {
		s := atStep3().seen()
		s.deadline.Rollout = s.snapshot.Now.Add(5 * time.Minute)
		assert.Nil(t, blindly(t, &s, Unavailable, 4*time.Minute))
	})
	t.Run("not by a driver that has nothing", func(t *testing.T) {
		s := atStart()
		s.deadline.Rollout = s.snapshot.Now.Add(30 * time.Minute)
		requireFinish(t, blindly(t, &s, Unavailable, time.Hour), PreflightFailed)
	})
	t.Run("it is held where it says so", func(t *testing.T) {
		s := atStep3().seen()
		s.plan.HoldOnFailure, s.deadline.Rollout = true, s.snapshot.Now.Add(time.Minute)
		requireKind(t, blindly(t, &s, Unavailable, time.Minute), Hold)
	})
	t.Run("by a person's call too", func(t *testing.T) {
		s := asked(nil)
		action, token := s.control(Rollback)
		s.token = token.After(action, Result{At: s.snapshot.Now, Err: &CallError{Kind: Denied, Text: "update-alias: no"}})
		s.snapshot.Unread, s.snapshot.Alias = &CallError{Text: "get-alias: no"}, Alias{}
		requireKind(t, first(s.command(Rollback)), SendBack)
	})
}

func TestAReadOlderThanTheOwnWriteIsStale(t *testing.T) {
	s := atStep3()
	action, token := s.decide()
	w := requireKind(t, action, ShiftStep)
	s.goOn(w, token)
	now := s.snapshot.Now
	old := Alias{Revision: "r1"}
	assert.True(t, s.token.Stale(old, now.Add(5*time.Second)))
	assert.True(t, s.token.Stale(old, now.Add(staleReads-1)))
	assert.False(t, s.token.Stale(old, now.Add(staleReads)), "then it is somebody else's doing")
	assert.False(t, s.token.Stale(s.snapshot.Alias, now))
	assert.False(t, s.token.Stale(Alias{Revision: "of somebody else"}, now))

	s.snapshot.Now = now.Add(time.Minute)
	s.snapshot.Alias.Revision = "r2"
	action, token = s.turn()
	s.goOn(requireKind(t, action, ShiftStep), token)
	for _, revision := range []string{"r1", "r2"} {
		assert.True(t, s.token.Stale(Alias{Revision: revision}, s.snapshot.Now), "those before it are older still")
	}
	for range 5 {
		s.goOn(w, s.token)
	}
	assert.LessOrEqual(t, len(s.token.Replaced), 3, "a few are enough")
}

func TestWhatIsSaidNotToBeThereIsLookedAtAgain(t *testing.T) {
	t.Run("the alias of a running rollout", func(t *testing.T) {
		s := atStep3().seen()
		start := s.snapshot.Now
		w := requireKind(t, blindly(t, &s, NotFound, time.Minute), SendBack)
		assert.InDelta(t, glance, s.snapshot.Now.Sub(start), float64(5*time.Second))
		assert.False(t, s.token.Failure.Bad, "reads that lie are nobody's fault: the way back is written")
		s.token = s.token.After(w, Result{Asked: s.snapshot.Now, At: s.snapshot.Now, Err: &CallError{Kind: NotFound, Text: "update-alias: no"}})
		f := requireFinish(t, blindly(t, &s, NotFound, time.Minute), Superseded)
		assert.Contains(t, f.Reason, "the alias was deleted", "a write says so too")
	})
	t.Run("after it could not be read for long", func(t *testing.T) {
		s := atStep3().seen()
		assert.Nil(t, blindly(t, &s, Unavailable, time.Minute))
		s.snapshot.Unread, s.snapshot.Assessment = &CallError{Kind: NotFound, Text: "get-alias: not found"}, unread
		assert.IsType(t, Wait{}, first(s.turn()), "said once only")
	})
	t.Run("and back the next moment", func(t *testing.T) {
		s := atStep3().seen()
		assert.Nil(t, blindly(t, &s, NotFound, 2*time.Second))
		s.snapshot.Unread, s.snapshot.Assessment = nil, pass
		requireKind(t, first(s.decide()), ShiftStep)
	})
	t.Run("a role that may not read yet", func(t *testing.T) {
		s := atStep3().seen()
		s.deadline.Rollout = s.snapshot.Now.Add(10 * time.Minute)
		requireKind(t, blindly(t, &s, Denied, 20*time.Minute), SendBack)
		assert.Equal(t, s.deadline.Rollout.Add(-Reserve), s.snapshot.Now, "a running rollout goes on trying")

		s = atStart()
		requireFinish(t, blindly(t, &s, Denied, time.Minute), PreflightFailed)
		assert.GreaterOrEqual(t, s.snapshot.Now.Sub(began), glance)
	})
	t.Run("for a person's call", func(t *testing.T) {
		for _, kind := range []ErrorKind{NotFound, Denied} {
			s := asked(nil)
			s.snapshot.Now = began
			s.snapshot.Unread = &CallError{Kind: kind, Text: "get-alias: no"}
			action, token := s.command(Rollback)
			assert.IsType(t, Wait{}, action)
			s.token, s.snapshot.Now = token, began.Add(glance)
			requireFinish(t, first(s.command(Rollback)), PreflightFailed)
		}
	})
	t.Run("a write that may not be made yet", func(t *testing.T) {
		s := atStep3().seen()
		start := s.snapshot.Now
		for range 50 {
			action, token := s.decide()
			if w := requireKind(t, action, ShiftStep); w.Kind == ShiftStep {
				s.token = token.After(w, Result{Asked: s.snapshot.Now, At: s.snapshot.Now, Err: &denied})
			}
			if s.token.Failure != nil {
				break
			}
			s.snapshot.Now = s.token.Next(s.snapshot.Now, Deadline{})
		}
		require.NotNil(t, s.token.Failure)
		assert.Contains(t, s.token.Failure.Why, "going on was refused: not authorized")
		assert.False(t, s.token.Failure.Bad)
		assert.InDelta(t, glance, s.snapshot.Now.Sub(start), float64(5*time.Second))
		requireKind(t, first(s.decide()), SendBack)
	})
	t.Run("what pre-flight does not find", func(t *testing.T) {
		s := atStart()
		s.snapshot.Readiness = &Readiness{Findings: []string{"version 8 does not exist: publish it"}, Momentary: true}
		action, token := s.turn()
		requireWait(t, action, time.Second, began)
		s.token, s.snapshot.Now = token, began.Add(glance)
		f := requireFinish(t, first(s.turn()), PreflightFailed)
		assert.Equal(t, "version 8 does not exist: publish it", f.Reason)
	})
}

// Contract 7: what a driver saw a second ago is read again for some seconds before it is believed to be gone.
func TestWhatWasSeenAMomentAgoIsNotBelievedToBeGoneAtOnce(t *testing.T) {
	for name, found := range map[string]Alias{
		"the journal is not there":  alias(Routing{Primary: "7"}, Description{Owner: "front door"}),
		"the routing is another":    alias(Routing{Primary: "9"}, Description{}),
		"another rollout has begun": nextFrom("7", 0),
	} {
		t.Run(name, func(t *testing.T) {
			s := atStep3()
			_, s.token = s.decide()
			start := s.snapshot.Now
			s.snapshot.Alias, s.snapshot.Assessment = found, nil
			for s.snapshot.Now.Sub(start) < glance {
				action, token := s.turn()
				requireWait(t, action, time.Second, s.snapshot.Now)
				s.token, s.snapshot.Now = token, s.snapshot.Now.Add(time.Second)
			}
			requireFinish(t, first(s.turn()), Superseded)
		})
	}
	s := atStep3()
	_, s.token = s.decide()
	s.token.Seen = s.snapshot.Now.Add(time.Hour)
	s.snapshot.Alias = alias(Routing{Primary: "9"}, Description{})
	requireFinish(t, first(s.turn()), Superseded) // a time that has not come is none
}

// One failed read after a long wait is one failed read.
func TestPatienceCountsFromTheFirstFailureInARow(t *testing.T) {
	s := atStart()
	s.snapshot.Readiness = &Readiness{Pending: "version 8 is Pending"}
	_, s.token = s.turn()
	s.snapshot.Now = began.Add(2 * time.Minute)
	preflight := s
	preflight.snapshot.Readiness = &Readiness{Err: &CallError{Text: "throttled"}}
	assert.IsType(t, Wait{}, first(preflight.turn()))
	s.snapshot.Unread = &CallError{Text: "throttled"}
	assert.IsType(t, Wait{}, first(s.turn()))

	promote := asked(func(s *stage) { s.snapshot.Assessment = unread })
	_, promote.token = promote.control(Promote)
	promote.snapshot.Now = promote.snapshot.Now.Add(2 * time.Minute)
	promote.snapshot.Unread = &CallError{Text: "throttled"}
	assert.IsType(t, Wait{}, first(promote.command(Promote)))
}

func TestARefusedWayBackIsMadeAgainWithTheOwnersTextAlone(t *testing.T) {
	refused := Result{Asked: began, At: began, Err: &CallError{Kind: Refused, Text: "ValidationException"}}
	for name, decide := range map[string]func(stage) (Action, Token){
		"by the driver": stage.decide,
		"by a person":   func(s stage) (Action, Token) { return s.control(Rollback) },
		"by a promote":  func(s stage) (Action, Token) { return s.control(Promote) },
	} {
		t.Run(name, func(t *testing.T) {
			s := atStep3()
			s.snapshot.Assessment = fail
			action, token := decide(s)
			s.token = token.After(requireKind(t, action, SendBack), refused)
			action, token = decide(s)
			w := requireKind(t, action, SendBack)
			assert.Equal(t, "front door", w.Description)
			again := s
			again.goOn(w, token)
			again.snapshot.Now = again.snapshot.Now.Add(time.Minute)
			requireFinish(t, first(again.turn()), RolledBack)

			s.token = token.After(w, refused)
			assert.True(t, s.token.Next(began, Deadline{}).After(began), "and not without a pause for ever")
		})
	}
}

func TestTheRecordIsPrintableAndCutAtAWord(t *testing.T) {
	s := atStep3()
	s.plan.Probes = []Probe{{Name: "ping", EveryStep: true}}
	why := "expected ok\x1b[31m\a got\r \u202enothing " + strings.Repeat("words and ", 60) + "\nand a line"
	s.token.fail(why, true)
	_, d := requireWrite(t, first(s.decide()))
	assert.True(t, strings.HasPrefix(d.Record.Why, "expected ok(31m got nothing words and"), d.Record.Why)
	assert.Regexp(t, `(words|and)…$`, d.Record.Why)
}

func TestAPauseAfterAFailedCallGrowsAndIsShortOnTheWayBack(t *testing.T) {
	ms := time.Millisecond
	tests := map[string]struct {
		failed   FailedCall
		pressing bool
		want     time.Duration
	}{
		"first":                           {FailedCall{Call: "UpdateAlias", Count: 1}, false, 200 * ms},
		"third":                           {FailedCall{Call: "UpdateAlias", Count: 3}, false, 800 * ms},
		"at last":                         {FailedCall{Call: "UpdateAlias", Count: 100}, false, 5 * time.Second},
		"on the way back":                 {FailedCall{Call: "UpdateAlias", Count: 100}, true, time.Second},
		"first on the way back":           {FailedCall{Call: "UpdateAlias", Count: 1}, true, 200 * ms},
		"the alias was changed":           {FailedCall{Call: "UpdateAlias", Count: 1, Error: CallError{Kind: Moved}}, false, 0},
		"the alias was changed again":     {FailedCall{Call: "UpdateAlias", Count: 2, Error: CallError{Kind: Moved}}, false, 400 * ms},
		"a hook":                          {FailedCall{Call: invokedHook, Count: 1}, false, time.Second},
		"a probe, at last":                {FailedCall{Call: invokedProbe, Count: 9}, false, 10 * time.Second},
		"a count that nobody has reached": {FailedCall{Call: "UpdateAlias", Count: -7}, false, 200 * ms},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, tt.failed.pause(tt.pressing)) })
	}
}

// The clock goes on between a call's failure and the question when to come again.
func TestAfterAFailedCallTheNextTurnComesLater(t *testing.T) {
	s := atStep3()
	action, token := s.decide()
	now := s.snapshot.Now
	failed := token.After(action, Result{Asked: now, At: now, Err: &CallError{Text: "throttled"}})
	assert.Equal(t, now.Add(200*time.Millisecond), failed.Next(now, Deadline{}))
	assert.Equal(t, now.Add(200*time.Millisecond), failed.Next(now.Add(time.Millisecond), Deadline{}))
	assert.Equal(t, now.Add(time.Second), failed.Next(now.Add(time.Second), Deadline{}), "never in the past")
	s.goOn(action.(Write), failed)
	assert.Equal(t, now, s.token.Next(now, Deadline{}), "after one that succeeded at once")
}
