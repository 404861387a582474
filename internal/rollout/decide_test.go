package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

var target = Target{Function: "f", Alias: "live", NewVersion: "8"}

var (
	pass     = &analysis.Assessment{Verdict: analysis.Pass, Reason: "errors: none"}
	fail     = &analysis.Assessment{Verdict: analysis.Fail, Reason: "errors: 5 of 120"}
	noData   = &analysis.Assessment{Verdict: analysis.Inconclusive, NoData: true, Reason: "errors: nothing seen"}
	unread   = &analysis.Assessment{Verdict: analysis.Inconclusive, Reason: "throttled"}
	routing3 = Routing{Primary: "7", Secondary: "8", Weight: 30_00}
)

// plan10 is ten steps of a minute each.
func plan10() Plan { return Plan{Steps: Linear(10, time.Minute), Poll: 15 * time.Second} }

// stage is one turn of the driver that runs journal(), at step 3 of plan10, its hold over.
type stage struct {
	plan      Plan
	journal   Journal
	situation Situation
	progress  Progress
}

func atStep3() stage {
	j := journal()
	return stage{
		plan: plan10(), journal: j, progress: Progress{Rollout: j.ID},
		situation: Situation{Now: j.Since.Add(time.Minute), Routing: routing3, Driver: j.Driver, Reserve: 2 * time.Second, Assessment: pass},
	}
}

// decide puts the journal on the alias and decides.
func (s stage) decide() (NextAction, Progress) {
	s.situation.Description = Description{Owner: "front door", Journal: &s.journal}
	return Decide(target, s.plan, s.situation, s.progress)
}

func requireWrite(t *testing.T, action NextAction) (Write, Description) {
	t.Helper()
	w, ok := action.(Write)
	require.True(t, ok, "%T %+v", action, action)
	d := ParseDescription(w.Description)
	assert.Equal(t, "front door", d.Owner, "the owner's text stays")
	return w, d
}

func requireFinish(t *testing.T, action NextAction, outcome Outcome) Finish {
	t.Helper()
	f, ok := action.(Finish)
	require.True(t, ok, "%T %+v", action, action)
	assert.Equal(t, outcome, f.Outcome, f.Reason)
	return f
}

func requireWait(t *testing.T, action NextAction, d time.Duration, now time.Time) {
	t.Helper()
	assert.Equal(t, Wait{Until: now.Add(d)}, action)
}

func TestRule1AnAliasThatMovedBelongsToSomeoneElse(t *testing.T) {
	scar := func(id string) Description {
		return Description{Owner: "front door", Scar: &Scar{ID: id, Old: "7", New: "8", Why: "a person asked"}}
	}
	tests := map[string]struct {
		routing     Routing
		description Description
		outcome     Outcome
	}{
		"another weight under our journal":   {Routing{Primary: "7", Secondary: "8", Weight: 50_00}, Description{Journal: new(journal())}, Superseded},
		"another version":                    {Routing{Primary: "9"}, Description{Owner: "front door"}, Superseded},
		"our journal is gone":                {routing3, Description{Owner: "mine now"}, Superseded},
		"back at the old version, no scar":   {Routing{Primary: "7"}, Description{Owner: "front door"}, Superseded},
		"back, with another rollout's scar":  {Routing{Primary: "7"}, scar("20250101-000000000-0000"), Superseded},
		"back, with our own scar":            {Routing{Primary: "7"}, scar(journal().ID), RolledBack},
		"our scar, but not the old version":  {Routing{Primary: "9"}, scar(journal().ID), Superseded},
		"finished by another call":           {Routing{Primary: "8"}, Description{Owner: "front door"}, GoesOn},
		"at the new version, with new words": {Routing{Primary: "8"}, Description{Owner: "mine now"}, Superseded},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := atStep3()
			s.progress.Owner = "front door"
			s.situation.Routing, s.situation.Description = tt.routing, tt.description
			action, _ := Decide(target, s.plan, s.situation, s.progress)
			requireFinish(t, action, tt.outcome)
		})
	}
}

func TestRule1NobodyFinishesARolloutBeforeItsTime(t *testing.T) {
	s := atStep3()
	_, progress := s.decide()
	s.situation.Routing, s.situation.Description = Routing{Primary: "8"}, Description{Owner: "front door"}
	requireFinish(t, first(Decide(target, s.plan, s.situation, progress)), Superseded)
	s.situation.Now = s.situation.Now.Add(7 * time.Minute)
	requireFinish(t, first(Decide(target, s.plan, s.situation, progress)), GoesOn)
}

func TestAHoldCountsFromWhenTheShiftWasSeen(t *testing.T) {
	s := atStep3()
	action, progress := s.decide()
	_, d := requireWrite(t, action)
	s.journal, s.progress = *d.Journal, progress
	s.situation.Routing = s.journal.Routing()
	s.situation.Now = s.journal.Since.Add(20 * time.Second)
	_, s.progress = s.decide()
	s.situation.Now = s.journal.Since.Add(70 * time.Second)
	requireWait(t, first(s.decide()), 10*time.Second, s.situation.Now)
	s.situation.Now = s.journal.Since.Add(80 * time.Second)
	requireWrite(t, first(s.decide()))
}

func TestTheReasonOfTheLastDoubtOutlivesTheTimeToRead(t *testing.T) {
	s := atStep3()
	s.situation.Assessment = unread
	_, s.progress = s.decide()
	s.situation.Assessment, s.situation.End = nil, s.situation.Now
	_, progress := s.decide()
	assert.Contains(t, progress.Failure.Why, "throttled")
}

func TestRule1OnlyTheOwnersTextChanged(t *testing.T) {
	s := atStep3()
	s.progress.Owner = "an older text"
	w, _ := requireWrite(t, first(s.decide()))
	assert.Equal(t, Weight(40_00), w.Routing.Weight, "the rollout carries on behind the new text")
}

func first(a NextAction, _ Progress) NextAction { return a }

func TestRule9TheBakeBeginsWhenLambdaHasMovedItsConcurrency(t *testing.T) {
	s := atStep3()
	s.journal.Weight, s.journal.Step, s.progress.Moving = Full, 10, s.journal.Since
	s.situation.Routing = Routing{Primary: "8"}
	action, progress := s.decide()
	_, d := requireWrite(t, action)
	assert.Equal(t, s.situation.Now, d.Journal.Since)
	s.journal, s.progress = *d.Journal, progress
	requireWait(t, first(s.decide()), 15*time.Second, s.situation.Now)
}

func TestRule4AnotherScheduleGoesOnAtItsFirstStepNotBelow(t *testing.T) {
	s := atStep3()
	s.plan = Plan{Steps: []Step{{Weight: 20_00, Hold: time.Hour}, {Weight: 50_00, Hold: time.Hour}, {Weight: Full}}, Poll: time.Second}
	s.situation.Driver, s.progress = "newer", Progress{}
	_, d := requireWrite(t, first(s.decide()))
	assert.Equal(t, Weight(30_00), d.Journal.Weight)
	assert.Equal(t, 1, d.Journal.Step)
	s.journal, s.progress = *d.Journal, Progress{Rollout: d.Journal.ID}
	w, d := requireWrite(t, first(s.decide()))
	assert.Equal(t, Weight(50_00), w.Routing.Weight, "a weight of another schedule is not held")
	assert.Equal(t, 2, d.Journal.Step)
}

func TestRule5AFailureGoesBackInTheSameTurn(t *testing.T) {
	tests := map[string]struct {
		change func(*stage)
		bad    []string
	}{
		"a failed check":                     {func(s *stage) { s.situation.Assessment = fail }, []string{"8"}},
		"a failed check within the hold":     {func(s *stage) { s.situation.Assessment = fail; s.situation.Now = s.journal.Since }, []string{"8"}},
		"a failed check while paused":        {func(s *stage) { s.situation.Assessment = fail; s.journal.Paused = true }, []string{"8"}},
		"a failed check, awaiting approval":  {func(s *stage) { s.situation.Assessment = fail; s.journal.Approval = Wanted }, []string{"8"}},
		"a failed check in an emergency":     {func(s *stage) { s.situation.Assessment = fail; s.plan.Emergency = true }, []string{"8"}},
		"a latched failure, since healthy":   {func(s *stage) { s.progress.Failure = &Failure{Why: "hook", Bad: true} }, []string{"8"}},
		"the driver's end with its reserve":  {func(s *stage) { s.situation.End = s.situation.Now.Add(2 * time.Second) }, nil},
		"the plan's own end":                 {func(s *stage) { s.plan.MaxDuration = s.situation.Now.Sub(s.journal.Start) }, nil},
		"no data, and the policy says so":    {func(s *stage) { s.situation.Assessment = noData; s.plan.OnNoData = RollbackOnNoData }, nil},
		"a bad version is remembered once":   {func(s *stage) { s.situation.Assessment = fail; s.journal.Bad = []string{"8", "3"} }, []string{"3", "8"}},
		"a deadline keeps what is known bad": {func(s *stage) { s.situation.End = s.situation.Now; s.journal.Bad = []string{"3"} }, []string{"3"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := atStep3()
			tt.change(&s)
			action, progress := s.decide()
			w, d := requireWrite(t, action)
			assert.Equal(t, Routing{Primary: "7"}, w.Routing)
			require.NotNil(t, d.Scar)
			assert.Equal(t, tt.bad, d.Scar.Bad)
			assert.Equal(t, journal().ID, d.Scar.ID)
			require.NotNil(t, progress.Failure)

			s.situation.Routing, s.situation.Description = w.Routing, d
			f := requireFinish(t, first(Decide(target, s.plan, s.situation, progress)), RolledBack)
			assert.Equal(t, progress.Failure.Why, f.Reason)
		})
	}
}

func TestRule5OnFailureHold(t *testing.T) {
	s := atStep3()
	s.plan.HoldOnFailure, s.situation.Assessment = true, fail
	action, progress := s.decide()
	w, d := requireWrite(t, action)
	assert.Equal(t, routing3, w.Routing, "it stops where it is")
	assert.True(t, d.Journal.Held)
	s.journal, s.progress = *d.Journal, progress
	requireFinish(t, first(s.decide()), Held)
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
		"nothing was read":                  {nil, time.Hour, nil, false, 15 * time.Second},
		"paused":                            {pass, time.Hour, func(s *stage) { s.journal.Paused = true }, false, 15 * time.Second},
		"awaiting approval":                 {pass, time.Hour, func(s *stage) { s.journal.Approval = Wanted }, false, 15 * time.Second},
		"approved":                          {pass, time.Hour, func(s *stage) { s.journal.Approval = Granted }, true, 0},
		"no-data rollback waits for people": {noData, time.Hour, func(s *stage) { s.plan.OnNoData = RollbackOnNoData; s.journal.Paused = true }, false, 15 * time.Second},
		"an emergency waits for nothing":    {unread, 0, func(s *stage) { s.plan.Emergency = true }, true, 0},
		"a wait ends at the deadline": {pass, time.Second, func(s *stage) {
			s.situation.End = s.journal.Since.Add(8 * time.Second)
		}, false, 5 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := atStep3()
			s.situation.Now, s.situation.Assessment = s.journal.Since.Add(tt.since), tt.verdict
			if tt.change != nil {
				tt.change(&s)
			}
			action, _ := s.decide()
			if !tt.forward {
				requireWait(t, action, tt.wait, s.situation.Now)
				return
			}
			w, d := requireWrite(t, action)
			assert.Equal(t, Weight(40_00), w.Routing.Weight)
			assert.Equal(t, s.situation.Now, d.Journal.Since)
			assert.Equal(t, NotNeeded, d.Journal.Approval)
		})
	}
}

func TestRule9BakeHookAndDone(t *testing.T) {
	s := atStep3()
	s.journal.Weight, s.journal.Step = Full, 10
	s.situation.Routing = Routing{Primary: "8"}
	s.plan.PostTraffic = "verify"

	s.situation.Now = s.journal.Since.Add(59 * time.Second)
	requireWait(t, first(s.decide()), time.Second, s.situation.Now)
	s.situation.Now = s.journal.Since.Add(time.Minute)
	s.situation.Assessment = unread
	requireWait(t, first(s.decide()), 15*time.Second, s.situation.Now)
	s.situation.Assessment = pass
	hook, ok := first(s.decide()).(RunHook)
	require.True(t, ok)
	assert.Equal(t, PostTraffic, hook.Stage)

	for verdict, outcome := range map[*analysis.Assessment]Outcome{pass: Succeeded, noData: SucceededUnverified} {
		s.progress.PostTraffic, s.situation.Assessment = true, verdict
		action, progress := s.decide()
		w, d := requireWrite(t, action)
		assert.Equal(t, Routing{Primary: "8"}, w.Routing)
		assert.Equal(t, Description{Owner: "front door"}, d, "the owner's text is back exactly")
		last := s.situation
		last.Description = d
		requireFinish(t, first(Decide(target, s.plan, last, progress)), outcome)
	}
}

func TestPlansThatDoNotFitAreRefusedBeforeAnything(t *testing.T) {
	s := Situation{Now: began, Routing: Routing{Primary: "7"}, Driver: "d", End: began.Add(5 * time.Minute)}
	f := requireFinish(t, first(Decide(target, plan10(), s, Progress{})), DoesNotFit)
	assert.Contains(t, f.Reason, "durable")
	s.End = began.Add(11 * time.Minute)
	assert.Equal(t, Preflight{}, first(Decide(target, plan10(), s, Progress{})))

	late := atStep3()
	late.situation.Driver, late.progress = "newer", Progress{}
	late.situation.End = late.situation.Now.Add(7*time.Minute + 10*time.Second)
	assert.IsType(t, Write{}, first(late.decide()), "what is left of a running rollout is what has to fit")
}
