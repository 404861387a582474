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
func plan10() Plan { return Plan{Steps: linear(10, time.Minute), Poll: 15 * time.Second} }

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

func TestRule2TheNewerDriverKeepsTheRollout(t *testing.T) {
	older := atStep3()
	older.journal.Driver = "another"
	f := requireFinish(t, first(older.decide()), GoesOn)
	assert.Contains(t, f.Reason, "another")

	newer := atStep3()
	newer.progress, newer.situation.Driver = Progress{}, "newer"
	w, d := requireWrite(t, first(newer.decide()))
	assert.Equal(t, routing3, w.Routing, "taking over moves no traffic")
	want := journal()
	want.Driver = "newer"
	assert.Equal(t, want, *d.Journal, "and changes nothing but the driver")
}

func TestRule2AClaimWithoutAnAnswerIsSeenOnTheAlias(t *testing.T) {
	s := atStep3()
	s.progress = Progress{}
	action, progress := s.decide()
	assert.Equal(t, journal().ID, progress.Rollout)
	assert.IsType(t, Write{}, action, "the driver of the journal simply goes on")
}

func TestRule3Begin(t *testing.T) {
	s := Situation{Now: began, Routing: Routing{Primary: "7"}, Description: Description{Owner: "front door"}, Driver: "d"}
	action, _ := Decide(target, plan10(), s, Progress{})
	assert.Equal(t, Preflight{}, action, "nothing is written before pre-flight has passed")

	w, d := requireWrite(t, first(Decide(target, plan10(), s, Progress{Checked: true})))
	assert.Equal(t, s.Routing, w.Routing, "the claim moves no traffic")
	assert.Equal(t, 0, d.Journal.Step)
	assert.Equal(t, d.Journal.ID, w.Rollout)

	s.Description = d
	plan := plan10()
	plan.PreTraffic = "smoke"
	action, _ = Decide(target, plan, s, Progress{Rollout: w.Rollout})
	hook, ok := action.(RunHook)
	require.True(t, ok)
	assert.Equal(t, HookEvent{Stage: PreTraffic, RolloutID: w.Rollout, Function: "f", Alias: "live", OldVersion: "7", NewVersion: "8", StartedAt: began}, hook.Event)

	w, d = requireWrite(t, first(Decide(target, plan, s, Progress{Rollout: w.Rollout, PreTraffic: true})))
	assert.Equal(t, Routing{Primary: "7", Secondary: "8", Weight: 10_00}, w.Routing)
	assert.Equal(t, 1, d.Journal.Step)
}

func TestRule3WhatIsNotBegun(t *testing.T) {
	scar := &Scar{ID: journal().ID, Old: "7", New: "8", Bad: []string{"8"}, Why: "errors"}
	other := journal()
	other.New = "9"
	held := journal()
	held.Held = true
	tests := map[string]struct {
		routing     Routing
		description Description
		force       bool
		outcome     Outcome // "" goes on to pre-flight
	}{
		"already there":                       {Routing{Primary: "8"}, Description{}, false, NoOp},
		"already there, once known to be bad": {Routing{Primary: "8"}, Description{Scar: scar}, false, NoOp},
		"a split that nothing explains":       {Routing{Primary: "7", Secondary: "8", Weight: 10_00}, Description{}, false, RolloutInProgress},
		"such a split, with force":            {Routing{Primary: "7", Secondary: "9", Weight: 10_00}, Description{}, true, ""},
		"a dead journal beside a split":       {Routing{Primary: "7", Secondary: "8", Weight: 20_00}, Description{Journal: new(journal())}, false, RolloutInProgress},
		"a dead journal beside one version":   {Routing{Primary: "7"}, Description{Journal: new(journal())}, false, ""},
		"another version's rollout":           {Routing{Primary: "7", Secondary: "9", Weight: 30_00}, Description{Journal: &other}, false, RolloutInProgress},
		"another version's rollout, by force": {Routing{Primary: "7", Secondary: "9", Weight: 30_00}, Description{Journal: &other}, true, ""},
		"a version known to be bad":           {Routing{Primary: "7"}, Description{Scar: scar}, false, KnownBadVersion},
		"a version known to be bad, by force": {Routing{Primary: "7"}, Description{Scar: scar}, true, ""},
		"a held rollout":                      {routing3, Description{Journal: &held}, false, Held},
		"a held rollout, by force":            {routing3, Description{Journal: &held}, true, ""},
		"away from the version asked for":     {Routing{Primary: "8", Secondary: "9", Weight: 10_00}, Description{}, true, RolloutInProgress},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := plan10()
			plan.Force = tt.force
			s := Situation{Now: began.Add(time.Hour), Routing: tt.routing, Description: tt.description, Driver: "d"}
			action, _ := Decide(target, plan, s, Progress{})
			if tt.outcome == "" {
				assert.Equal(t, Preflight{}, action)
				return
			}
			requireFinish(t, action, tt.outcome)
		})
	}
}

func TestRule3ForceTakesASplitBackToItsPrimaryFirst(t *testing.T) {
	plan := plan10()
	plan.Force = true
	s := Situation{Now: began, Routing: Routing{Primary: "7", Secondary: "9", Weight: 60_00}, Description: Description{Owner: "front door"}, Driver: "d"}
	w, d := requireWrite(t, first(Decide(target, plan, s, Progress{Checked: true})))
	assert.Equal(t, Routing{Primary: "7"}, w.Routing)
	assert.Equal(t, "7", d.Journal.Old)
}

func TestRule3WeightsThatLambdaSetsItselfAreWaitedOut(t *testing.T) {
	s := Situation{Now: began, Routing: Routing{Primary: "7", Secondary: "6", Weight: 40_00}, Moving: true, Driver: "d"}
	action, _ := Decide(target, plan10(), s, Progress{})
	requireWait(t, action, 3*time.Second, began)
	_, progress := Decide(target, plan10(), s, Progress{})
	s.Now = began.Add(Patience)
	requireFinish(t, first(Decide(target, plan10(), s, progress)), RolloutInProgress)
}

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
