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
	s.token, s.driver.ID = Token{}, "newer"
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
	s.plan.Emergency, s.plan.OnNoData, s.snapshot.Assessment = true, RollbackOnNoData, noData
	action, token := s.decide()
	w, _ := requireWrite(t, action)
	assert.Equal(t, Weight(40_00), w.Routing.Weight)
	assert.Nil(t, token.Failure)

	s.journal.Weight, s.journal.Step = Full, 10
	s.snapshot.Now = s.journal.Since.Add(time.Hour)
	w, _ = requireWrite(t, first(s.decide()))
	assert.Equal(t, Routing{Primary: "8"}, w.Routing)
}

func TestAnEmergencyDoesNotEndItsBakeWithoutAVerdict(t *testing.T) {
	s := atFull()
	s.plan.Emergency, s.snapshot.Assessment = true, unread
	requireWait(t, first(s.decide()), 15*time.Second, s.snapshot.Now)
	s.snapshot.Assessment = pass
	requireKind(t, first(s.decide()), Complete)
	s.snapshot.Now = s.journal.Since.Add(time.Minute - time.Millisecond)
	requireWait(t, first(s.decide()), time.Millisecond, s.snapshot.Now)
}

func TestTheOwnersTextStaysWhereTheRecordDoesNotFit(t *testing.T) {
	s := atStep3()
	s.snapshot.Assessment = fail
	owner := strings.Repeat("x", maxDescription-length(s.journal.text(nil))-1)
	s.snapshot.Alias = alias(s.journal.Routing(), Description{Owner: owner, Journal: &s.journal})
	w, ok := first(s.turn()).(Write)
	require.True(t, ok)
	assert.Equal(t, Routing{Primary: "7"}, w.Routing)
	assert.True(t, strings.HasPrefix(w.Description, owner))
	assert.LessOrEqual(t, length(w.Description), maxDescription)

	d := decision{description: Description{Owner: strings.Repeat("x", maxDescription-1)}, live: &s.journal}
	action, _ := d.restore(SendBack, Routing{Primary: "7"}, &RollbackRecord{ID: s.journal.ID, Old: "7", New: "8"}, "")
	assert.Equal(t, d.description.Owner, action.(Write).Description)
}
