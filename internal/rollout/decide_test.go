package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

func TestRule1AnAliasThatMovedBelongsToSomeoneElse(t *testing.T) {
	record := func(id string) Description {
		return Description{Owner: "front door", Record: &RollbackRecord{ID: id, Old: "7", New: "8", Why: "a person asked"}}
	}
	front := Description{Owner: "front door"}
	tests := map[string]struct {
		routing     Routing
		description Description
		outcome     Outcome
	}{
		"another weight under our journal":    {Routing{Primary: "7", Secondary: "8", Weight: 50_00}, Description{Owner: "front door", Journal: new(journal())}, Superseded},
		"another version":                     {Routing{Primary: "9"}, front, Superseded},
		"our journal is gone":                 {routing3, Description{Owner: "mine now"}, Superseded},
		"back at the old version, no record":  {Routing{Primary: "7"}, front, Superseded},
		"back, with another rollout's record": {Routing{Primary: "7"}, record("20250101-000000000-0000"), Superseded},
		"back, with our own record":           {Routing{Primary: "7"}, record(journal().ID), RolledBack},
		"our record, but not the old version": {Routing{Primary: "9"}, record(journal().ID), Superseded},
		"finished by another call":            {Routing{Primary: "8"}, front, InProgress},
		"at the new version, with new words":  {Routing{Primary: "8"}, Description{Owner: "mine now"}, Superseded},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := atStep3().seen()
			s.snapshot.Alias = alias(tt.routing, tt.description)
			requireFinish(t, first(s.turn()), tt.outcome)
		})
	}
}

func TestTheReasonOfTheLastDoubtOutlivesTheTimeToRead(t *testing.T) {
	s := atStep3()
	s.snapshot.Assessment = unread
	_, s.token = s.decide()
	s.snapshot.Assessment, s.deadline.Rollout = nil, s.snapshot.Now
	_, token := s.decide()
	assert.Contains(t, token.Failure.Why, "throttled")
}

func TestRule1OnlyTheOwnersTextChanged(t *testing.T) {
	s := atStep3()
	s.token.Alias = new(alias(s.journal.Routing(), Description{Owner: "an older text", Journal: &s.journal}))
	w, _ := requireWrite(t, first(s.decide()))
	assert.Equal(t, Weight(40_00), w.Routing.Weight, "the rollout carries on behind the new text")
}

func TestRule9TheBakeBeginsWhenLambdaHasMovedItsConcurrency(t *testing.T) {
	s := atFull()
	s.token.Moving = s.journal.Since
	action, token := s.decide()
	w, d := requireWrite(t, action)
	assert.Equal(t, Bake, w.Kind)
	assert.Equal(t, s.snapshot.Now, d.Journal.Since)
	s.goOn(w, token)
	requireWait(t, first(s.turn()), 15*time.Second, s.snapshot.Now)
}

func TestRule4AnotherScheduleGoesOnAtItsFirstStepNotBelow(t *testing.T) {
	s := atStep3()
	s.plan.Steps, s.plan.Poll = []Step{{Weight: 20_00, Hold: time.Hour}, {Weight: 50_00, Hold: time.Hour}, {Weight: Full}}, time.Second
	s.driver.ID, s.token = "newer", Token{}
	action, token := s.decide()
	w, d := requireWrite(t, action)
	assert.Equal(t, Weight(30_00), d.Journal.Weight)
	assert.Equal(t, 1, d.Journal.Step)
	s.goOn(w, token)
	w, d = requireWrite(t, first(s.decide()))
	assert.Equal(t, Weight(50_00), w.Routing.Weight, "a weight of another schedule is not held")
	assert.Equal(t, 2, d.Journal.Step)
}

func TestRule5AFailureGoesBackInTheSameTurn(t *testing.T) {
	tests := map[string]struct {
		change func(*stage)
		bad    []string
	}{
		"a failed check":                     {func(s *stage) { s.snapshot.Assessment = fail }, []string{"8"}},
		"a failed check within the hold":     {func(s *stage) { s.snapshot.Assessment = fail; s.snapshot.Now = s.journal.Since }, []string{"8"}},
		"a failed check while paused":        {func(s *stage) { s.snapshot.Assessment = fail; s.journal.Paused = true }, []string{"8"}},
		"a failed check, awaiting approval":  {func(s *stage) { s.snapshot.Assessment = fail; s.journal.Approval = Wanted }, []string{"8"}},
		"a failed check in an emergency":     {func(s *stage) { s.snapshot.Assessment = fail; s.plan.Emergency = true }, []string{"8"}},
		"a standing failure, since healthy":  {func(s *stage) { s.token.Failure = &Failure{Why: "hook", Bad: true} }, []string{"8"}},
		"the driver's end with its reserve":  {func(s *stage) { s.deadline.Rollout = s.snapshot.Now.Add(Reserve) }, nil},
		"the plan's own end":                 {func(s *stage) { s.plan.MaxDuration = s.snapshot.Now.Sub(s.journal.Start) + Reserve }, nil},
		"no data, and the policy says so":    {func(s *stage) { s.snapshot.Assessment = noData; s.plan.OnNoData = RollbackOnNoData }, nil},
		"a bad version is remembered once":   {func(s *stage) { s.snapshot.Assessment = fail; s.journal.Bad = []string{"8", "3"} }, []string{"3", "8"}},
		"a deadline keeps what is known bad": {func(s *stage) { s.deadline.Rollout = s.snapshot.Now; s.journal.Bad = []string{"3"} }, []string{"3"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := atStep3()
			tt.change(&s)
			action, token := s.decide()
			w, d := requireWrite(t, action)
			assert.Equal(t, Routing{Primary: "7"}, w.Routing)
			assert.Equal(t, SendBack, w.Kind)
			require.NotNil(t, d.Record)
			assert.Equal(t, tt.bad, d.Record.Bad)
			assert.Equal(t, journal().ID, d.Record.ID)
			assert.Equal(t, journal().Driver, d.Record.Driver)
			require.NotNil(t, token.Failure)

			s.goOn(w, token)
			f := requireFinish(t, first(s.turn()), RolledBack)
			assert.Equal(t, token.Failure.Why, f.Reason)
		})
	}
}

func TestRule5OnFailureHold(t *testing.T) {
	s := atStep3()
	s.plan.HoldOnFailure, s.snapshot.Assessment = true, fail
	s.journal.Paused = true
	action, token := s.decide()
	w, d := requireWrite(t, action)
	assert.Equal(t, routing3, w.Routing, "it stops where it is")
	assert.True(t, d.Journal.Held)
	assert.False(t, d.Journal.Paused, "what is held is not also paused")
	s.goOn(w, token)
	requireFinish(t, first(s.turn()), Held)
}

func TestRule6ForwardNeedsTheHoldAndTheVerdict(t *testing.T) {
	hold := func(s *stage) { s.plan.OnNoData = HoldOnNoData }
	tests := map[string]struct {
		verdict *analysis.Assessment
		since   time.Duration
		change  func(*stage)
		forward bool
		wait    time.Duration
	}{
		"held and passing":                  {pass, time.Minute, nil, true, 0},
		"passing within the hold":           {pass, 10 * time.Second, nil, false, 15 * time.Second},
		"the hold ends before the poll":     {pass, 50 * time.Second, nil, false, 10 * time.Second},
		"no data, advance":                  {noData, time.Minute, nil, true, 0},
		"no data, hold":                     {noData, time.Hour, hold, false, 15 * time.Second},
		"a failed read is never healthy":    {unread, time.Hour, nil, false, 15 * time.Second},
		"just written, nothing was looked":  {nil, time.Second, func(s *stage) { s.snapshot.JustWritten = true }, false, 15 * time.Second},
		"paused":                            {pass, time.Hour, func(s *stage) { s.journal.Paused = true }, false, 15 * time.Second},
		"awaiting approval":                 {pass, time.Hour, func(s *stage) { s.journal.Approval = Wanted }, false, 15 * time.Second},
		"approved":                          {pass, time.Hour, func(s *stage) { s.journal.Approval = Granted }, true, 0},
		"no-data rollback waits for people": {noData, time.Hour, func(s *stage) { s.plan.OnNoData = RollbackOnNoData; s.journal.Paused = true }, false, 15 * time.Second},
		"an emergency waits for nothing":    {unread, 0, func(s *stage) { s.plan.Emergency = true }, true, 0},
		"a wait ends at the deadline": {pass, time.Second, func(s *stage) {
			s.deadline.Rollout = s.journal.Since.Add(6*time.Second + Reserve)
		}, false, 5 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := atStep3()
			s.snapshot.Now, s.snapshot.Assessment = s.journal.Since.Add(tt.since), tt.verdict
			if tt.change != nil {
				tt.change(&s)
			}
			action, _ := s.decide()
			if !tt.forward {
				requireWait(t, action, tt.wait, s.snapshot.Now)
				return
			}
			w, d := requireWrite(t, action)
			assert.Equal(t, Weight(40_00), w.Routing.Weight)
			assert.Equal(t, s.snapshot.Now, d.Journal.Since)
			assert.Equal(t, NotNeeded, d.Journal.Approval)
		})
	}
}

func TestALookIsMadeWhereTheDecisionHangsOnIt(t *testing.T) {
	look := Look{TheHealth}
	tests := map[string]struct {
		change func(*stage)
		asked  bool
	}{
		"within a hold":              {func(s *stage) { s.snapshot.Now = s.journal.Since.Add(time.Second) }, true},
		"while paused":               {func(s *stage) { s.journal.Paused = true }, true},
		"not before the first shift": {func(s *stage) { s.journal.Weight, s.journal.Step = 0, 0 }, false},
		"not right after a write": {func(s *stage) {
			s.snapshot.JustWritten, s.snapshot.Now = true, s.journal.Since.Add(time.Second)
		}, false},
		"but where the step is not held":  {func(s *stage) { s.snapshot.JustWritten = true }, true},
		"not once it is known to fail":    {func(s *stage) { s.token.Failure = &Failure{Why: "errors"} }, false},
		"not where it is held":            {func(s *stage) { s.journal.Held = true }, false},
		"not where the way back is due":   {func(s *stage) { s.deadline.Rollout = s.snapshot.Now.Add(Reserve) }, false},
		"not where another driver has it": {func(s *stage) { s.journal.Driver = "newer" }, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := atStep3()
			s.snapshot.Assessment = nil
			tt.change(&s)
			assert.Equal(t, tt.asked, first(s.decide()) == Action(look))
		})
	}
}

func TestRule9BakeHookAndDone(t *testing.T) {
	s := atFull()
	s.plan.PostTraffic = "verify"

	s.snapshot.Now = s.journal.Since.Add(59 * time.Second)
	requireWait(t, first(s.decide()), time.Second, s.snapshot.Now)
	s.snapshot.Now = s.journal.Since.Add(time.Minute)
	s.snapshot.Assessment = unread
	requireWait(t, first(s.decide()), 15*time.Second, s.snapshot.Now)
	s.snapshot.Assessment = pass
	hook, ok := first(s.decide()).(RunHook)
	require.True(t, ok)
	assert.Equal(t, PostTraffic, hook.Stage)

	for verdict, outcome := range map[*analysis.Assessment]Outcome{pass: Succeeded, noData: SucceededUnverified} {
		last := s
		last.token.PostTraffic, last.snapshot.Assessment = true, verdict
		action, token := last.decide()
		w, d := requireWrite(t, action)
		assert.Equal(t, Routing{Primary: "8"}, w.Routing)
		assert.Equal(t, Description{Owner: "front door"}, d, "the owner's text is back exactly")
		last.goOn(w, token)
		requireFinish(t, first(last.turn()), outcome)
	}
}

func TestPlansThatDoNotFitAreRefusedBeforeAnything(t *testing.T) {
	s := atStart()
	s.snapshot.Readiness = nil
	s.deadline.Rollout = began.Add(5 * time.Minute)
	f := requireFinish(t, first(s.turn()), DoesNotFit)
	assert.Contains(t, f.Reason, "still takes")
	s.deadline.Rollout = began.Add(15 * time.Minute)
	assert.Equal(t, Look{TheAccount}, first(s.turn()))

	late := atStep3()
	late.driver.ID, late.token = "newer", Token{}
	late.deadline.Rollout = late.snapshot.Now.Add(8*time.Minute + 30*time.Second)
	assert.IsType(t, Write{}, first(late.decide()), "what is left of a running rollout is what has to fit")

	late.deadline.Rollout = late.snapshot.Now.Add(time.Minute)
	f = requireFinish(t, first(late.decide()), DoesNotFit)
	assert.Contains(t, f.Reason, "rollout "+late.journal.ID+" stays at 30 % on version 8, action rollback ends it: the plan still takes")
	late.token = late.token.callFailed("UpdateAlias", CallError{Text: "update-alias: throttled"}, late.snapshot.Now)
	f = requireFinish(t, first(late.decide()), DoesNotFit)
	assert.Contains(t, f.Reason, "action rollback ends it: it could not be taken over (update-alias: throttled), and the plan still takes")
}
