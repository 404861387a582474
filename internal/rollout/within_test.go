package rollout

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fullToken has all that a token may carry, with texts of so many characters.
func fullToken(most int) Token {
	long := strings.Repeat("x", most)
	a := at(journal())
	a.Description += strings.Repeat("y", max(0, maxDescription-len(a.Description)))
	return Token{
		Format: tokenFormat, Began: began, NewVersion: "8", Rollout: journal().ID, Alias: &a, Written: began, Replaced: []string{"aaaaaaa", "bbbbbbb", "ccccccc"},
		ReplacedAt: began, Last: ShiftStep, Tried: &Attempt{Kind: Complete, Until: began}, PreTraffic: true, PostTraffic: true, Probed: 3, ProbedAt: 30_00,
		Failure: &Failure{Why: long, Bad: true, Plain: true}, Moving: began, Late: time.Second, Inconclusive: long, Unverified: true,
		Failing: &FailedCall{Call: "UpdateAlias", Since: began, Last: began, Count: 12, Error: CallError{Kind: Denied, Text: long}}, Panics: 2,
	}
}

func TestATokenGivesUpItsTextsBeforeAnythingElse(t *testing.T) {
	full := fullToken(maxWhy)
	whole, err := json.Marshal(full)
	require.NoError(t, err)
	assert.Equal(t, whole, full.Within(len(whole)), "what fits stays whole")

	for room := len(whole) - 1; ; room-- {
		raw := full.Within(room)
		if raw == nil {
			assert.Less(t, room, 1400, "a full token still fits beside what a driver carries itself")
			break
		}
		require.LessOrEqual(t, len(raw), room)
		got, ok := ParseToken(raw)
		require.True(t, ok)
		assert.NotEmpty(t, got.Failure.Why)
		got.Failure.Why, got.Failing.Error.Text, got.Inconclusive = full.Failure.Why, full.Failing.Error.Text, full.Inconclusive
		require.Equal(t, full, got, "nothing but texts is shorter")
	}
	assert.Equal(t, strings.Repeat("x", maxWhy), full.Failing.Error.Text, "the token itself is as it was")
	assert.Equal(t, strings.Repeat("x", maxWhy), full.Failure.Why)
}

// A hook that has too little time left in this call is left to the next one; where no call has enough, it is not.
func TestAHookBeginsOnlyWhereTheCallHasTheTimeForIt(t *testing.T) {
	s := atStep3()
	s.plan.PreTraffic, s.journal.Weight, s.journal.Step, s.snapshot.Assessment = "check", 0, 0, nil
	now := s.snapshot.Now
	for name, tt := range map[string]struct {
		began, process, waits time.Duration
	}{
		"time enough":                {-30 * time.Second, longestHook, 0},
		"too little":                 {-50 * time.Second, longestHook - time.Second, longestHook - time.Second},
		"no call has more":           {-time.Second, longestHook - 2*time.Second, 0},
		"a call that began just now": {0, longestHook, 0},
	} {
		s.deadline = Deadline{Began: now.Add(tt.began), Process: now.Add(tt.process), Rollout: now.Add(24 * time.Hour)}
		for range 2 {
			action := first(s.decide())
			if tt.waits > 0 {
				assert.Equal(t, Wait{Until: now.Add(tt.waits)}, action, name)
			} else {
				_, waits := action.(Wait)
				assert.False(t, waits, name)
			}
			s.plan.PreTraffic, s.plan.Probes = "", []Probe{{Name: "ping"}}
		}
		s.plan.PreTraffic, s.plan.Probes = "check", nil
	}
	s.deadline.Began, s.deadline.Process = time.Time{}, now.Add(time.Minute)
	assert.IsType(t, RunHook{}, first(s.decide()), "no other call follows")
}

// A driver whose token is older than what it did last takes a rollout that could have come to its end since for ended.
func TestARolloutThatCouldHaveEndedSinceIsOver(t *testing.T) {
	s := atStep3().seen()
	end := s.plan.soonest(s.journal)
	assert.Equal(t, s.journal.Since.Add(8*time.Minute), end, "this hold and those of seven steps")
	s.snapshot.Alias = alias(Routing{Primary: "8"}, Description{Owner: "front door"})

	s.snapshot.Now = end.Add(-time.Second)
	requireFinish(t, first(s.turn()), InProgress)
	s.snapshot.Now = end
	requireFinish(t, first(s.turn()), NoOp)
	s.driver.ID = "another"
	requireFinish(t, first(s.turn()), InProgress)

	p := s.plan
	p.Emergency, p.Steps[9].Hold = true, 5*time.Minute
	assert.Equal(t, s.journal.Since.Add(5*time.Minute), p.soonest(s.journal), "an emergency holds nothing but the bake")
	p.Emergency, p.Steps = false, []Step{{Weight: 30_00, Hold: time.Hour, Least: time.Minute}, {Weight: 60_00, Hold: time.Hour, Least: 2 * time.Minute}, {Weight: Full, Hold: time.Minute}}
	assert.Equal(t, s.journal.Since.Add(4*time.Minute), p.soonest(s.journal), "evidence may end a step early")
}

// Without its token a driver does not know its id either: the line of a way back is taken for its own.
func TestADriverWithoutItsTokenFindsItsEnd(t *testing.T) {
	s := atStart()
	j := journal()
	s.driver = Driver{ID: "another", Continues: true}
	s.snapshot.Alias = alias(Routing{Primary: "7"}, Description{Owner: "front door", Record: &RollbackRecord{
		ID: j.ID, Driver: j.Driver, Old: "7", New: "8", Why: "errors: 5 of 120",
	}})
	f := requireFinish(t, first(s.turn()), RolledBack)
	assert.Equal(t, "errors: 5 of 120", f.Reason)
	s.driver.Continues = false
	requireKind(t, first(s.turn()), Begin)
}

// Nor does it know that nothing was touched.
func TestADriverWithoutItsTokenThatCannotReadSaysNotThatNothingWasTouched(t *testing.T) {
	s := atStart()
	s.driver = Driver{ID: "another", Continues: true}
	unread := func(kind ErrorKind, at time.Time) {
		s.snapshot.Unread, s.snapshot.Now = &CallError{Kind: kind, Text: "no"}, at
	}
	for kind, outcome := range map[ErrorKind]Outcome{Refused: StateUnknown, Denied: StateUnknown, NotFound: PreflightFailed} {
		s.token = Token{}
		unread(kind, began)
		_, s.token = s.turn()
		unread(kind, began.Add(startTime))
		requireFinish(t, first(s.turn()), outcome)
		s.driver.Continues = false
		requireFinish(t, first(s.turn()), PreflightFailed)
		s.driver.Continues = true
	}
}

// Its rollout may be on the way: it is worth trying until time is up, or its looks.
func TestADriverWithoutItsTokenReadsUntilItCan(t *testing.T) {
	s := atStart()
	s.driver = Driver{ID: "another", Continues: true, Long: true}
	s.snapshot.Unread = &CallError{Kind: Unavailable, Text: "throttled"}
	s.deadline.Rollout = began.Add(time.Hour)
	_, s.token = s.turn()
	s.snapshot.Now = began.Add(30 * time.Minute)
	require.IsType(t, Wait{}, first(s.turn()))
	s.token.Looks = MostLooks
	requireFinish(t, first(s.turn()), StateUnknown)
	s.token.Looks, s.snapshot.Now = 0, s.deadline.Rollout
	requireFinish(t, first(s.turn()), StateUnknown)
}
