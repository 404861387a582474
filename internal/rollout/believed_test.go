package rollout

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Fault 9: a request by "@candidate" goes on with the version in the journal, wherever the candidate points by now.
func TestACandidateGoesOnWithTheVersionInTheJournal(t *testing.T) {
	byCandidate := func(change func(*stage)) stage {
		s := atStep3()
		s.token, s.driver.ID = Token{}, "restarted"
		s.plan.NewVersion, s.plan.Candidate = "", "next"
		s.snapshot.Candidate = &Candidate{Version: "9"}
		if change != nil {
			change(&s)
		}
		return s
	}
	own := func(s *stage) { s.driver.ID = journal().Driver }
	t.Run("a restarted driver", func(t *testing.T) {
		_, d := requireWrite(t, first(byCandidate(nil).decide()))
		assert.Equal(t, "8", d.Journal.New)
		assert.Equal(t, "restarted", d.Journal.Driver)
	})
	t.Run("without asking", func(t *testing.T) {
		requireKind(t, first(byCandidate(func(s *stage) { s.snapshot.Candidate = nil }).decide()), TakeOver)
	})
	t.Run("its own one, by force", func(t *testing.T) {
		s := byCandidate(func(s *stage) { own(s); s.plan.Force = true })
		requireKind(t, first(s.decide()), ShiftStep)
	})
	t.Run("its own one that was held", func(t *testing.T) {
		requireFinish(t, first(byCandidate(func(s *stage) { own(s); s.journal.Held = true }).decide()), Held)
	})
	t.Run("its own that went back", func(t *testing.T) {
		s := byCandidate(own)
		s.snapshot.Alias = alias(Routing{Primary: "7"}, Description{Record: &RollbackRecord{ID: journal().ID, Driver: s.driver.ID, Old: "7", New: "8", Why: "errors"}})
		requireFinish(t, first(s.turn()), RolledBack)
	})
	t.Run("somebody else's, by force", func(t *testing.T) {
		s := byCandidate(func(s *stage) { s.plan.Force, s.snapshot.Readiness = true, ready })
		_, d := requireWrite(t, first(s.decide()))
		assert.Equal(t, "9", d.Journal.New)
	})
	t.Run("what it pointed at when it was asked", func(t *testing.T) {
		s := byCandidate(func(s *stage) { s.snapshot.Candidate = nil })
		s.snapshot.Alias = alias(Routing{Primary: "7"}, Description{Owner: "front door"})
		assert.Equal(t, Look{TheCandidate}, first(s.turn()))
		s.snapshot.Candidate = &Candidate{Version: "8"}
		_, s.token = s.turn()
		s.snapshot.Candidate, s.snapshot.Readiness = nil, ready
		_, d := requireWrite(t, first(s.turn()))
		assert.Equal(t, "8", d.Journal.New)
	})
	t.Run("one that cannot be read is tried for a minute", func(t *testing.T) {
		s := byCandidate(func(s *stage) {
			s.snapshot.Candidate = &Candidate{Finding: "alias next cannot be read", Err: &CallError{Text: "throttled"}}
		})
		s.snapshot.Alias, s.snapshot.Readiness = alias(Routing{Primary: "7"}, Description{}), &Readiness{Findings: []string{"and more"}}
		action, token := s.turn()
		require.IsType(t, Wait{}, action)
		s.token, s.snapshot.Now = token, s.snapshot.Now.Add(startTime)
		f := requireFinish(t, first(s.turn()), PreflightFailed)
		assert.Equal(t, "alias next cannot be read; and more", f.Reason)
	})
}

// Issue 9, 20: a journal that no rollout of this alias can have written moves nothing.
func TestAForgedJournalIsDead(t *testing.T) {
	forge := func(change func(*Journal)) Journal {
		j := journal()
		change(&j)
		return j
	}
	elsewhere := Target{Function: "g", Alias: "live"}
	tests := map[string]Journal{
		"the id of another function": forge(func(j *Journal) { j.ID = NewID(elsewhere, j.Old, j.New, j.Start) }),
		"the id of other versions":   forge(func(j *Journal) { j.ID = NewID(target, "1", "8", j.Start) }),
		"another old version":        forge(func(j *Journal) { j.Old = "1" }),
		"old and new the same": forge(func(j *Journal) {
			j.Old, j.Weight = "8", Full
			j.ID = NewID(target, "8", "8", j.Start)
		}),
		"a start in the future": forge(func(j *Journal) {
			j.Start = began.Add(2 * time.Hour)
			j.Since, j.ID = j.Start, NewID(target, j.Old, j.New, j.Start)
		}),
	}
	for name, j := range tests {
		t.Run(name, func(t *testing.T) {
			found := at(j)
			assert.Nil(t, ParseDescription(found.Description).Live(target, found.Routing, began.Add(time.Hour)))
			for _, command := range []Command{Rollback, Pause, Resume, Promote} {
				s := asked(func(s *stage) { s.snapshot.Alias, s.snapshot.Concurrency = found, &Concurrency{} })
				s.snapshot.Now = began.Add(time.Hour)
				assert.IsType(t, Finish{}, first(s.command(command)), "it moves nothing")

				s.snapshot.Concurrency.Moving = true
				assert.IsType(t, Finish{}, first(s.command(command)), "nor while Lambda moves concurrency")
			}
		})
	}
	soon := forge(func(j *Journal) {
		j.Start = began.Add(clockSkew)
		j.ID = NewID(target, j.Old, j.New, j.Start)
	})
	assert.NotNil(t, Description{Journal: &soon}.Live(target, soon.Routing(), began), "clocks differ a little")
}

// What was known to be bad before a rollout is known after it, as long as it is not the version that it brings.
func TestVersionsKnownToBeBadAreRemembered(t *testing.T) {
	s := atStart()
	s.plan.Force = true
	s.snapshot.Alias = alias(Routing{Primary: "7"}, Description{Owner: "front door", Record: &RollbackRecord{ID: journal().ID, Old: "7", New: "6", Bad: []string{"5", "8", "6"}, Why: "errors"}})
	action, token := s.turn()
	w, d := requireWrite(t, action)
	assert.Equal(t, []string{"5", "6"}, d.Journal.Bad, "the one that is tried again is not")
	s.goOn(w, token)

	action, token = s.turn()
	w, d = requireWrite(t, action)
	assert.Equal(t, []string{"5", "6"}, d.Journal.Bad, "from step to step")
	s.goOn(w, token)

	taking := s
	taking.token, taking.driver.ID = Token{}, "newer"
	_, d = requireWrite(t, first(taking.turn()))
	assert.Equal(t, []string{"5", "6"}, d.Journal.Bad, "from driver to driver")

	paused := s
	paused.token = Token{}
	_, d = requireWrite(t, first(paused.command(Pause)))
	assert.Equal(t, []string{"5", "6"}, d.Journal.Bad)
	_, d = requireWrite(t, first(paused.command(Rollback)))
	assert.Equal(t, []string{"5", "6"}, d.Record.Bad, "a person's rollback blames nobody")

	s.snapshot.Assessment = fail
	_, d = requireWrite(t, first(s.turn()))
	assert.Equal(t, []string{"5", "6", "8"}, d.Record.Bad)

	s.snapshot.Alias = alias(Routing{Primary: "7"}, Description{Journal: &Journal{
		ID: journal().ID, Start: began, Old: "7", New: "9", Weight: 10_00, Steps: 10, Step: 1, Since: began, First: began, Driver: "d", Bad: []string{"8"},
	}})
	s.token, s.plan.Force = Token{}, false
	f := requireFinish(t, first(s.turn()), KnownBadVersion)
	assert.Contains(t, f.Reason, "version 8 was sent back here before", "a dead journal remembers too")
}

// crowded is a stage whose owner has filled up the description since the rollout began.
func crowded(change func(*stage)) stage {
	s := atStep3()
	change(&s)
	free := maxDescription - length(s.journal.text(nil)) - 1
	s.snapshot.Alias = alias(s.journal.Routing(), Description{Owner: strings.Repeat("x", free), Journal: &s.journal})
	return s
}

func TestWhereThereIsNoRoomAPersonIsRefusedAndTheRolloutGoesOn(t *testing.T) {
	s := crowded(func(*stage) {})
	s.token = Token{}
	f := requireFinish(t, first(s.command(Pause)), PreflightFailed)
	assert.Contains(t, f.Reason, "no room for the journal")
	s.token.Rollout = s.journal.ID
	w, ok := first(s.turn()).(Write)
	require.True(t, ok)
	assert.Equal(t, ShiftStep, w.Kind, "the next step's journal is no longer than this one's")

	s = crowded(func(s *stage) { s.journal.Approval = Wanted })
	s.token = Token{}
	requireFinish(t, first(s.command(Resume)), PreflightFailed)

	s = crowded(func(s *stage) {
		s.journal.Weight, s.journal.Step = 0, 0
		s.journal.Since, s.journal.First = began, began
	})
	s.deadline.Rollout = s.snapshot.Now.Add(time.Minute)
	action, token := s.turn()
	requireWait(t, action, 15*time.Second, s.snapshot.Now)
	s.token, s.snapshot.Now = token, s.deadline.Rollout.Add(-Reserve)
	w, ok = first(s.turn()).(Write)
	require.True(t, ok)
	assert.Equal(t, SendBack, w.Kind)
	assert.Equal(t, Routing{Primary: "7"}, w.Routing)

	s = crowded(func(s *stage) { s.plan.HoldOnFailure, s.snapshot.Assessment = true, fail })
	action, token = s.turn()
	assert.IsType(t, Wait{}, action, "what cannot be marked as held stays where it is")
	assert.Equal(t, Held, Expire(s.plan, token, true, "the end").Outcome)
}
