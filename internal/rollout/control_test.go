package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestControl(t *testing.T) {
	control := func(s stage, action Action) (NextAction, Progress) {
		s.situation.Description = Description{Owner: "front door", Journal: &s.journal}
		return Control(action, target, s.plan, s.situation, s.progress)
	}
	foreign := func(change func(*stage)) stage {
		s := atStep3()
		s.progress, s.situation.Driver = Progress{}, "a person's call"
		if change != nil {
			change(&s)
		}
		return s
	}
	full := func(s *stage) { s.journal.Weight, s.situation.Routing = Full, Routing{Primary: "8"} }
	paused := func(s *stage) { s.journal.Paused = true }
	held := func(s *stage) { s.journal.Held = true }
	approve := func(s *stage) { s.journal.Approval = Wanted }
	claim := func(s *stage) { s.journal.Weight, s.situation.Routing = 0, Routing{Primary: "7"} }
	gone := func(s *stage) { s.situation.Routing = Routing{Primary: "7"} }

	t.Run("what changes nothing is a no-op", func(t *testing.T) {
		for _, action := range []Action{Rollback, Pause, Resume, Promote} {
			requireFinish(t, first(control(foreign(gone), action)), NoOp)
		}
		requireFinish(t, first(control(foreign(paused), Pause)), NoOp)
		requireFinish(t, first(control(foreign(held), Pause)), NoOp)
		requireFinish(t, first(control(foreign(nil), Resume)), NoOp)
		requireFinish(t, first(control(foreign(full), Promote)), NoOp)
	})
	t.Run("pause and resume keep the driver", func(t *testing.T) {
		s := foreign(nil)
		action, progress := control(s, Pause)
		w, d := requireWrite(t, action)
		assert.Equal(t, routing3, w.Routing)
		assert.True(t, d.Journal.Paused)
		assert.Equal(t, journal().Driver, d.Journal.Driver)
		s.journal, s.progress = *d.Journal, progress
		requireFinish(t, first(control(s, Pause)), IsPaused)

		s.progress, s.journal.Approval = Progress{}, Wanted
		action, progress = control(s, Resume)
		_, d = requireWrite(t, action)
		assert.False(t, d.Journal.Paused)
		assert.Equal(t, Granted, d.Journal.Approval)
		s.journal, s.progress = *d.Journal, progress
		requireFinish(t, first(control(s, Resume)), GoesOn)
	})
	t.Run("resume approves", func(t *testing.T) {
		_, d := requireWrite(t, first(control(foreign(approve), Resume)))
		assert.Equal(t, Granted, d.Journal.Approval)
	})
	t.Run("rollback", func(t *testing.T) {
		for name, tt := range map[string]struct {
			change func(*stage)
			bad    []string
		}{"running": {nil, nil}, "held is bad": {held, []string{"8"}}, "baking": {full, nil}, "claimed": {claim, nil}} {
			s := foreign(tt.change)
			action, progress := control(s, Rollback)
			w, d := requireWrite(t, action)
			assert.Equal(t, Routing{Primary: "7"}, w.Routing, name)
			assert.Equal(t, tt.bad, d.Scar.Bad, name)
			s.situation.Routing, s.situation.Description = w.Routing, d
			requireFinish(t, first(Control(Rollback, target, s.plan, s.situation, progress)), SentBack)
		}
	})
	t.Run("promote", func(t *testing.T) {
		s := foreign(paused)
		action, progress := control(s, Promote)
		w, d := requireWrite(t, action)
		assert.Equal(t, Routing{Primary: "8"}, w.Routing)
		assert.Equal(t, journal().Driver, d.Journal.Driver)
		assert.False(t, d.Journal.Paused)
		s.situation.Routing, s.journal, s.progress = w.Routing, *d.Journal, progress
		requireFinish(t, first(control(s, Promote)), GoesOn)
	})
	t.Run("promote goes back on a failure", func(t *testing.T) {
		w, d := requireWrite(t, first(control(foreign(func(s *stage) { s.situation.Assessment = fail }), Promote)))
		assert.Equal(t, Routing{Primary: "7"}, w.Routing)
		assert.Equal(t, []string{"8"}, d.Scar.Bad)
	})
	t.Run("promote waits for a verdict, then leaves it", func(t *testing.T) {
		for _, change := range []func(*stage){
			claim,
			func(s *stage) { s.situation.Assessment = unread },
			func(s *stage) { s.situation.Assessment, s.plan.OnNoData = noData, HoldOnNoData },
		} {
			s := foreign(change)
			requireWait(t, first(control(s, Promote)), 15*time.Second, s.situation.Now)
			s.situation.End = s.situation.Now
			requireFinish(t, first(control(s, Promote)), Held)
		}
		requireWrite(t, first(control(foreign(func(s *stage) { s.situation.Assessment = noData }), Promote)))
	})
	t.Run("promote refuses a held rollout", func(t *testing.T) {
		requireFinish(t, first(control(foreign(held), Promote)), Held)
	})
}
