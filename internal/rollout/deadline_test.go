package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// moving is a rollout at 100 % beside which Lambda has set weights of its own.
func moving() stage {
	s := atFull().seen()
	s.snapshot.Assessment = nil
	s.snapshot.Concurrency = &Concurrency{Moving: true}
	s.snapshot.Alias = at(s.journal)
	s.snapshot.Alias.Routing = Routing{Primary: "8", Secondary: "7", Weight: 40_00}
	return s
}

// Fault 1: the deadline comes before every wait.
func TestTheDeadlineCountsWhileLambdaMovesConcurrency(t *testing.T) {
	for name, set := range map[string]func(*stage, time.Time){
		"the driver's": func(s *stage, end time.Time) { s.deadline.Rollout = end },
		"the plan's":   func(s *stage, end time.Time) { s.plan.MaxDuration = end.Sub(began) },
	} {
		t.Run(name, func(t *testing.T) {
			s := moving()
			end := s.snapshot.Now.Add(5 * time.Minute)
			set(&s, end)
			for range 1000 {
				action, token := s.turn()
				if wait, ok := action.(Wait); ok {
					require.True(t, wait.Until.After(s.snapshot.Now))
					s.token, s.snapshot.Now = token, wait.Until
					continue
				}
				requireKind(t, action, SendBack)
				assert.Equal(t, end.Add(-Reserve), s.snapshot.Now)
				assert.Contains(t, token.Failure.Why, "the time ran out: Lambda was moving provisioned concurrency to version 8")
				assert.False(t, token.Failure.Bad)
				return
			}
			t.Fatal("it is waited for without end")
		})
	}
	s := moving()
	s.plan.HoldOnFailure, s.deadline.Rollout = true, s.snapshot.Now
	requireKind(t, first(s.turn()), Hold)
}

func TestTheDeadlineCountsBeforeAnythingHasBegun(t *testing.T) {
	s := atStart()
	s.snapshot.Alias = alias(Routing{Primary: "7", Secondary: "6", Weight: 40_00}, Description{})
	s.snapshot.Concurrency = &Concurrency{Moving: true}
	s.deadline.Rollout = began.Add(Reserve)
	f := requireFinish(t, first(s.turn()), PreflightFailed)
	assert.Contains(t, f.Reason, "provisioned concurrency")
}

func TestARelievedDriverDoesNotWaitForConcurrency(t *testing.T) {
	s := moving()
	s.deadline.Rollout = s.snapshot.Now
	newer := s.journal
	newer.Driver = "newer"
	s.snapshot.Alias.Description = at(newer).Description
	f := requireFinish(t, first(s.turn()), InProgress)
	assert.Contains(t, f.Reason, "driver newer has taken over")
}

func TestAHeldRolloutIsNotWaitedForWhileLambdaMovesConcurrency(t *testing.T) {
	s := moving()
	held := s.journal
	held.Held = true
	s.snapshot.Alias.Description = at(held).Description
	requireFinish(t, first(s.turn()), Held)
}

// Where Lambda cannot be asked whether the weights are its own they may be somebody's: nobody writes over them, whatever is due.
func TestWeightsThatNobodyCanExplainStay(t *testing.T) {
	unknown := func() stage {
		s := moving()
		s.snapshot.Concurrency = &Concurrency{Err: &CallError{Text: "get-provisioned-concurrency-config: throttled"}}
		return s
	}
	driver := unknown()
	driver.deadline.Rollout = driver.snapshot.Now
	assert.IsType(t, Wait{}, first(driver.turn()))
	driver.token.fail("errors", true)
	assert.IsType(t, Wait{}, first(driver.turn()))
	driver.snapshot.Concurrency = &Concurrency{Moving: true}
	requireKind(t, first(driver.turn()), SendBack)

	decisions := map[string]func(s stage) (Action, Token){
		"recover": func(s stage) (Action, Token) {
			return Recover(s.plan.ForRecover(), s.snapshot, s.driver, s.deadline, s.token)
		},
	}
	for _, command := range []Command{Rollback, Pause, Resume, Promote} {
		decisions[string(command)] = func(s stage) (Action, Token) { return Control(command, s.plan, s.snapshot, s.deadline, s.token) }
	}
	for name, decide := range decisions {
		t.Run(name, func(t *testing.T) {
			s := unknown()
			s.token = Token{}
			action, token := decide(s)
			assert.IsType(t, Wait{}, action)
			s.token, s.snapshot.Now = token, s.snapshot.Now.Add(startTime)
			end, ok := first(decide(s)).(Finish)
			require.True(t, ok)
			assert.Contains(t, []Outcome{PreflightFailed, StateUnknown}, end.Outcome)
			assert.Contains(t, end.Reason, "whether Lambda has split it cannot be read: get-provisioned-concurrency-config: throttled")

			s.token.Last, s.token.Rollout = SendBack, s.journal.ID
			assert.IsType(t, Wait{}, first(decide(s)))
		})
	}
}

// Fault 4: a bake that could not be written is written later.
func TestAThrottledBakeIsMadeAgain(t *testing.T) {
	s := moving()
	_, s.token = s.turn()
	for _, result := range []Result{{Err: &CallError{Text: "throttled"}}, {Err: &CallError{Kind: Moved, Text: "moved"}}} {
		s.snapshot = Snapshot{Now: s.snapshot.Now.Add(time.Minute), Alias: at(s.journal), Assessment: pass}
		action, token := s.turn()
		w := requireKind(t, action, Bake)
		assert.Equal(t, s.snapshot.Now, ParseDescription(w.Description).Journal.Since)
		result.Asked, result.At = s.snapshot.Now, s.snapshot.Now
		s.token = token.After(w, result)
	}
	s.snapshot.Now = s.snapshot.Now.Add(time.Minute)
	action, token := s.turn()
	w := requireKind(t, action, Bake)
	lost := s
	s.goOn(w, token)
	s.snapshot.Now = s.snapshot.Now.Add(59 * time.Second)
	requireWait(t, first(s.turn()), time.Second, s.snapshot.Now)

	lost.lose(w, token)
	lost.snapshot.Alias, lost.snapshot.Now = s.snapshot.Alias, lost.snapshot.Now.Add(time.Second)
	assert.IsType(t, Wait{}, first(lost.turn()), "one whose answer alone was lost is not")
	lost.token.Moving = lost.snapshot.Now.Add(-time.Hour)
	assert.IsType(t, Wait{}, first(lost.turn()), "nor by an old token")
}

func TestAPassingRolloutThatLacksOnlyItsLastWriteMakesItFirst(t *testing.T) {
	ending := func(left time.Duration) stage {
		s := atFull()
		s.deadline.Rollout = s.snapshot.Now.Add(left)
		return s
	}
	t.Run("having just passed", func(t *testing.T) {
		requireKind(t, first(ending(Reserve).decide()), Complete)
		requireKind(t, first(ending(Reserve/2+1*time.Millisecond).decide()), Complete)
		requireKind(t, first(ending(Reserve/2).decide()), SendBack)
	})
	t.Run("having tried", func(t *testing.T) {
		for name, result := range map[string]CallError{"throttled": {Text: "throttled"}, "changed meanwhile": {Kind: Moved}} {
			s := ending(Reserve + time.Second)
			action, token := s.decide()
			s.token = token.After(requireKind(t, action, Complete), Result{Asked: s.snapshot.Now, At: s.snapshot.Now.Add(time.Second), Err: &result})
			s.snapshot.Now, s.snapshot.Assessment = s.snapshot.Now.Add(2*time.Second), nil
			requireKind(t, first(s.decide()), Complete)
			s.snapshot.Now = s.deadline.Rollout.Add(-Reserve / 2)
			requireKind(t, first(s.decide()), SendBack)
			_ = name
		}
	})
	t.Run("having tried for long", func(t *testing.T) {
		s := ending(time.Minute)
		for range 12 {
			action, token := s.decide()
			w := requireKind(t, action, Complete)
			s.token = token.After(w, Result{Asked: s.snapshot.Now, At: s.snapshot.Now, Err: &CallError{Text: "throttled"}})
			next := s.token.Next(s.snapshot.Now, Deadline{})
			assert.LessOrEqual(t, next.Sub(s.snapshot.Now), time.Second, "the reserve is not slept away")
			s.snapshot.Now = next
		}
	})
	t.Run("not otherwise", func(t *testing.T) {
		for name, change := range map[string]func(*stage){
			"nobody has looked":       func(s *stage) { s.snapshot.Assessment = nil },
			"it does not pass":        func(s *stage) { s.snapshot.Assessment = unread },
			"it fails":                func(s *stage) { s.snapshot.Assessment = fail },
			"the bake is not over":    func(s *stage) { s.journal.Since = s.snapshot.Now.Add(-time.Second) },
			"paused":                  func(s *stage) { s.journal.Paused = true },
			"not at 100 %":            func(s *stage) { s.journal.Weight = 90_00 },
			"its hook has not passed": func(s *stage) { s.plan.PostTraffic = "verify" },
			"another write has failed": func(s *stage) {
				s.snapshot.Assessment = nil
				s.token.Failing, s.token.Last = &FailedCall{Call: "UpdateAlias", Count: 1, Since: began, Last: began}, ShiftStep
			},
		} {
			t.Run(name, func(t *testing.T) {
				s := ending(Reserve)
				change(&s)
				requireKind(t, first(s.decide()), SendBack)
			})
		}
	})
}

// Fault 10: how long the driver took to come again is not how long its write took.
func TestALateTurnIsNotTakenForALateWrite(t *testing.T) {
	s := atStep3()
	action, token := s.decide()
	s.goOn(action.(Write), token)
	s.snapshot.Now = s.snapshot.Now.Add(10 * time.Second)
	requireWait(t, first(s.turn()), 15*time.Second, s.snapshot.Now)
	s.snapshot.Now = s.journal.Since.Add(time.Minute)
	requireKind(t, first(s.turn()), ShiftStep)
}

func TestAHoldCountsFromWhenTheShiftWasAnswered(t *testing.T) {
	s := atStep3()
	action, token := s.decide()
	w := action.(Write)
	answer := Alias{Routing: w.Routing, Description: w.Description, Revision: "r2"}
	asked := s.snapshot.Now.Add(100 * time.Millisecond)
	s.token = token.After(w, Result{Asked: asked, At: asked.Add(20 * time.Second), Alias: answer})
	s.snapshot.Alias, s.journal = answer, *ParseDescription(w.Description).Journal
	s.snapshot.Now = s.journal.Since.Add(70 * time.Second)
	requireWait(t, first(s.turn()), 10*time.Second, s.snapshot.Now)
	s.snapshot.Now = s.journal.Since.Add(80 * time.Second)
	action, token = s.turn()
	w = requireKind(t, action, ShiftStep)

	s.goOn(w, token)
	s.snapshot.Now = s.journal.Since.Add(time.Minute)
	requireKind(t, first(s.turn()), ShiftStep) // the next step's write was quick
}

func TestAShiftWhoseAnswerWasLostHoldsFromWhenItWasGivenUp(t *testing.T) {
	s := atStep3()
	s.token.Late = 30 * time.Second
	s = s.seen()
	s.snapshot.Now = s.snapshot.Now.Add(30 * time.Second)
	action, token := s.decide()
	w := requireKind(t, action, ShiftStep)
	s.token = token.After(w, Result{Asked: s.snapshot.Now, At: s.snapshot.Now.Add(10 * time.Second), Err: &CallError{Text: "no answer"}})

	notMade := s
	notMade.snapshot.Now = s.snapshot.Now.Add(10 * time.Second)
	_, token = notMade.decide()
	assert.Equal(t, 30*time.Second, token.Late, "the present step stands as long as ever")

	s.snapshot.Alias = Alias{Routing: w.Routing, Description: w.Description, Revision: "r2"}
	s.journal = *ParseDescription(w.Description).Journal
	s.snapshot.Now = s.journal.Since.Add(11 * time.Second)
	_, s.token = s.turn()
	s.snapshot.Now = s.journal.Since.Add(time.Minute)
	requireWait(t, first(s.turn()), 10*time.Second, s.snapshot.Now)
}

func TestAStepOfAnotherCallHoldsFromItsOwnTime(t *testing.T) {
	s := atStep3()
	s.token.Late = 30 * time.Second
	s = s.seen()
	s.journal.Weight, s.journal.Step, s.journal.Since = Full, 10, s.snapshot.Now
	s.snapshot.Now = s.journal.Since.Add(time.Minute)
	requireKind(t, first(s.decide()), Complete) // a person has promoted it
}

func TestEveryWaitEndsInTheFuture(t *testing.T) {
	for _, left := range []time.Duration{0, time.Millisecond, Reserve - time.Millisecond, Reserve, Reserve + time.Millisecond, time.Minute} {
		s := atFull()
		s.plan.HoldOnFailure, s.deadline.Rollout = true, s.snapshot.Now.Add(left)
		s.snapshot.Assessment = unread
		for _, change := range []func(*stage){
			func(*stage) {},
			func(s *stage) { s.snapshot.Unread = &CallError{Text: "throttled"} },
			func(s *stage) { s.journal.Paused = true },
			func(s *stage) { s.token.Failing = &FailedCall{Call: "UpdateAlias", Count: 3, Last: s.snapshot.Now} },
		} {
			v := s.seen()
			change(&v)
			if wait, ok := first(v.decide()).(Wait); ok {
				assert.True(t, wait.Until.After(v.snapshot.Now), "%s left", left)
			}
		}
	}
}

func TestAShiftThatWasRefusedAsMovedMakesNobodyLate(t *testing.T) {
	s := atStep3().seen()
	older := s.journal
	older.Since = older.Since.Add(-time.Minute)
	s.token.Alias = new(at(older)) // a read that was old
	s.token.Tried = &Attempt{Kind: ShiftStep, Until: s.snapshot.Now}
	_, token := s.decide()
	assert.Zero(t, token.Late)
}
