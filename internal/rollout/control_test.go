package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// asked is a person's call at the rollout, before its first turn.
func asked(change func(*stage)) stage {
	s := atStep3()
	s.token = Token{}
	if change != nil {
		change(&s)
	}
	return s
}

func TestControl(t *testing.T) {
	full := func(s *stage) { s.journal.Weight, s.journal.Step = Full, 10 }
	paused := func(s *stage) { s.journal.Paused = true }
	held := func(s *stage) { s.journal.Held = true }
	approve := func(s *stage) { s.journal.Approval = Wanted }
	claim := func(s *stage) { s.journal.Weight, s.journal.Step = 0, 0 }

	t.Run("what changes nothing is a no-op", func(t *testing.T) {
		for _, command := range []Command{Rollback, Pause, Resume, Promote} {
			s := asked(nil)
			s.snapshot.Alias = alias(Routing{Primary: "7"}, Description{Owner: "front door", Journal: new(journal())})
			requireFinish(t, first(s.command(command)), NoOp)
		}
		requireFinish(t, first(asked(paused).control(Pause)), NoOp)
		requireFinish(t, first(asked(held).control(Pause)), NoOp)
		requireFinish(t, first(asked(nil).control(Resume)), NoOp)
		requireFinish(t, first(asked(full).control(Promote)), NoOp)
	})
	t.Run("pause and resume keep the driver", func(t *testing.T) {
		s := asked(nil)
		action, token := s.control(Pause)
		w, d := requireWrite(t, action)
		assert.Equal(t, routing3, w.Routing)
		assert.True(t, d.Journal.Paused)
		assert.Equal(t, journal().Driver, d.Journal.Driver)
		s.goOn(w, token)
		requireFinish(t, first(s.command(Pause)), Paused)

		s.token, s.journal.Approval = Token{}, Wanted
		action, token = s.control(Resume)
		w, d = requireWrite(t, action)
		assert.False(t, d.Journal.Paused)
		assert.Equal(t, Granted, d.Journal.Approval)
		s.goOn(w, token)
		requireFinish(t, first(s.command(Resume)), InProgress)
	})
	t.Run("resume approves", func(t *testing.T) {
		_, d := requireWrite(t, first(asked(approve).control(Resume)))
		assert.Equal(t, Granted, d.Journal.Approval)
	})
	t.Run("rollback", func(t *testing.T) {
		for name, tt := range map[string]struct {
			change func(*stage)
			bad    []string
		}{"running": {nil, nil}, "held is bad": {held, []string{"8"}}, "baking": {full, nil}, "claimed": {claim, nil}} {
			s := asked(tt.change)
			action, token := s.control(Rollback)
			w, d := requireWrite(t, action)
			assert.Equal(t, Routing{Primary: "7"}, w.Routing, name)
			assert.Equal(t, tt.bad, d.Record.Bad, name)
			assert.Equal(t, journal().Driver, d.Record.Driver, "whose rollout it was, whoever sent it back")
			s.goOn(w, token)
			requireFinish(t, first(s.command(Rollback)), RolledBack)
		}
	})
	t.Run("rollback gives the message", func(t *testing.T) {
		_, d := requireWrite(t, first(asked(func(s *stage) { s.plan.Message = "orders fail" }).control(Rollback)))
		assert.Contains(t, d.Record.Why, "a person asked for it (action rollback): orders fail")
	})
	t.Run("promote", func(t *testing.T) {
		s := asked(paused)
		action, token := s.control(Promote)
		w, d := requireWrite(t, action)
		assert.Equal(t, Routing{Primary: "8"}, w.Routing)
		assert.Equal(t, journal().Driver, d.Journal.Driver)
		assert.False(t, d.Journal.Paused)
		s.goOn(w, token)
		requireFinish(t, first(s.command(Promote)), InProgress)
	})
	t.Run("promote goes back on a failure", func(t *testing.T) {
		w, d := requireWrite(t, first(asked(func(s *stage) { s.snapshot.Assessment = fail }).control(Promote)))
		assert.Equal(t, Routing{Primary: "7"}, w.Routing)
		assert.Equal(t, []string{"8"}, d.Record.Bad)
	})
	t.Run("promote looks first", func(t *testing.T) {
		assert.Equal(t, Look{TheHealth}, first(asked(func(s *stage) { s.snapshot.Assessment = nil }).control(Promote)))
	})
	t.Run("promote waits for a verdict, then leaves it", func(t *testing.T) {
		for _, change := range []func(*stage){
			claim,
			func(s *stage) { s.snapshot.Assessment = unread },
			func(s *stage) { s.snapshot.Assessment, s.plan.OnNoData = noData, HoldOnNoData },
		} {
			s := asked(change)
			requireWait(t, first(s.control(Promote)), 15*time.Second, s.snapshot.Now)
			s.deadline.Rollout = s.snapshot.Now
			requireFinish(t, first(s.control(Promote)), Held)
		}
		requireWrite(t, first(asked(func(s *stage) { s.snapshot.Assessment = noData }).control(Promote)))
	})
	t.Run("promote goes back without data where it says so", func(t *testing.T) {
		_, d := requireWrite(t, first(asked(func(s *stage) { s.snapshot.Assessment, s.plan.OnNoData = noData, RollbackOnNoData }).control(Promote)))
		assert.Empty(t, d.Record.Bad)
	})
	t.Run("promote refuses a held rollout", func(t *testing.T) {
		requireFinish(t, first(asked(held).control(Promote)), Held)
	})
}

func TestACommandForASplitThatNothingExplainsSaysHowToMendIt(t *testing.T) {
	for _, command := range []Command{Rollback, Pause, Resume, Promote} {
		s := asked(func(s *stage) { s.snapshot.Concurrency = &Concurrency{} })
		s.snapshot.Alias = alias(routing3, Description{Owner: "front door"})
		f := requireFinish(t, first(s.command(command)), RolloutInProgress)
		assert.Contains(t, f.Reason, "aws lambda update-alias --function-name f --name live --function-version 7 ", command)
	}
}

func TestACommandThatNamesAnotherVersionTouchesNothing(t *testing.T) {
	for _, command := range []Command{Rollback, Pause, Resume, Promote} {
		s := asked(func(s *stage) { s.plan.NewVersion = "9" })
		f := requireFinish(t, first(s.control(command)), RolloutInProgress)
		assert.Contains(t, f.Reason, "names version 9, and rollout "+journal().ID+" to version 8")

		s.plan.NewVersion = ""
		assert.NotEqual(t, RolloutInProgress, outcomeOf(first(s.control(command))), "no version is any")
	}
}

// outcomeOf is a finish's outcome, "" of any other action.
func outcomeOf(a Action) Outcome {
	if f, ok := a.(Finish); ok {
		return f.Outcome
	}
	return ""
}

// The next rollout is none of the business of a call that was meant for the one before.
func TestAPersonsRollbackDoesNotGoOnWithTheNextRollout(t *testing.T) {
	next := journal()
	next.Start = began.Add(20 * time.Minute)
	next.ID = NewID(target, "7", "8", next.Start)
	for _, command := range []Command{Rollback, Pause, Resume, Promote} {
		s := asked(func(s *stage) { s.token.Rollout = journal().ID })
		s.journal, s.snapshot.Now = next, next.Start.Add(time.Minute)
		requireFinish(t, first(s.control(command)), NoOp)
	}

	s := asked(nil)
	action, token := s.control(Rollback)
	s.lose(requireKind(t, action, SendBack), token)
	s.journal, s.snapshot.Now = next, next.Start.Add(time.Minute)
	f := requireFinish(t, first(s.control(Rollback)), RolledBack)
	assert.Contains(t, f.Reason, "a person asked", "its own was done: the next one began from the old version")
}
