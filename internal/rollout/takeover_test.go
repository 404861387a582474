package rollout

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// taken is what a newer driver writes to take the rollout over.
func taken(t *testing.T, change func(*stage)) Journal {
	t.Helper()
	s := atStep3()
	s.progress, s.situation.Driver = Progress{}, "newer"
	change(&s)
	_, d := requireWrite(t, first(s.decide()))
	require.Equal(t, "newer", d.Journal.Driver)
	return *d.Journal
}

func TestAnEmergencyTakesAPauseBack(t *testing.T) {
	assert.True(t, taken(t, func(s *stage) { s.journal.Paused = true }).Paused)
	assert.False(t, taken(t, func(s *stage) { s.journal.Paused, s.plan.Emergency = true, true }).Paused)
}

func TestATakenOverStepIsApprovedAsItsPlanSays(t *testing.T) {
	approve := func(s *stage) { s.plan.Steps[2].Approve = true }
	assert.Equal(t, Wanted, taken(t, approve).Approval)
	for _, approval := range []Approval{Wanted, Granted} {
		assert.Equal(t, NotNeeded, taken(t, func(s *stage) { s.journal.Approval = approval }).Approval, "this plan wants none")
		assert.Equal(t, approval, taken(t, func(s *stage) { approve(s); s.journal.Approval = approval }).Approval)
	}
}

func TestAnEmergencyDoesNotGoBackForWantOfData(t *testing.T) {
	s := atStep3()
	s.plan.Emergency, s.plan.OnNoData, s.situation.Assessment = true, RollbackOnNoData, noData
	action, progress := s.decide()
	w, _ := requireWrite(t, action)
	assert.Equal(t, Weight(40_00), w.Routing.Weight)
	assert.Nil(t, progress.Failure)

	s.journal.Weight, s.journal.Step, s.situation.Routing = Full, 10, Routing{Primary: "8"}
	s.situation.Now = s.journal.Since.Add(time.Hour)
	w, _ = requireWrite(t, first(s.decide()))
	assert.Equal(t, Routing{Primary: "8"}, w.Routing)
}

func TestTheOwnersTextStaysWhereTheScarDoesNotFit(t *testing.T) {
	s := atStep3()
	s.situation.Assessment = fail
	owner := strings.Repeat("x", maxDescription-1)
	s.situation.Description = Description{Owner: owner, Journal: &s.journal}
	w, ok := first(Decide(target, s.plan, s.situation, s.progress)).(Write)
	require.True(t, ok)
	assert.Equal(t, Routing{Primary: "7"}, w.Routing)
	assert.Equal(t, owner, w.Description)
}
