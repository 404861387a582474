package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// autoPlan is a plan of type auto with a budget of failed calls.
func autoPlan(budget float64, a Auto) Plan {
	return Plan{Target: target, NewVersion: "8", Auto: &a, Poll: 15 * time.Second, Health: analysis.Health{MaxFailed: budget}}
}

// plainAuto is what a request of type auto says without more keys.
var plainAuto = Auto{Target: AutoTarget, Bake: AutoHold}

func TestAutoChoosesBudgetOverBlindTraffic(t *testing.T) {
	tests := map[string]struct {
		perSecond float64
		auto      Auto
		first     Weight
		steps     int
		hold      time.Duration
	}{
		"no traffic: the documented default":        {0, plainAuto, 1_00, 5, 172 * time.Second},
		"20 a second: 10/(20*135 s)":                {20, plainAuto, 37, 5, 172 * time.Second},
		"1 a second: 10/135":                        {1, plainAuto, 7_40, 4, 230 * time.Second},
		"a call now and then: half to compare with": {0.01, plainAuto, 50_00, 2, 10 * time.Minute},
		"more than the smallest weight can bear":    {10_000, plainAuto, 1, 5, 172 * time.Second},
		"longer steps by interval":                  {20, Auto{Target: AutoTarget, Hold: 5 * time.Minute, Bake: 5 * time.Minute}, 37, 2, 5 * time.Minute},
		"a target of an hour":                       {20, Auto{Target: time.Hour - Overhead, Bake: AutoHold}, 37, 7, 573 * time.Second},
		"a target of 6 minutes":                     {20, Auto{Target: 6*time.Minute - Overhead, Bake: AutoHold}, 37, 2, 200 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := autoPlan(10, tt.auto)
			schedule := p.For(Traffic{PerSecond: tt.perSecond})
			require.Len(t, schedule.Steps, tt.steps)
			assert.Equal(t, tt.first, schedule.Steps[0].Weight)
			assert.Equal(t, tt.hold, schedule.Steps[0].Hold)

			p.Poll = 5 * time.Minute
			assert.Equal(t, schedule.Steps, p.For(Traffic{PerSecond: tt.perSecond}).Steps, "the schedule is the same for every driver")
		})
	}
}

func TestEveryAutoScheduleKeepsItsBounds(t *testing.T) {
	blind := Plan{}.Blind()
	rapid.Check(t, func(t *rapid.T) {
		budget := rapid.Float64Range(.5, 10_000).Draw(t, "budget")
		auto := rapid.SampledFrom([]Auto{
			plainAuto,
			{Target: AutoTarget, Hold: 200 * time.Second, Bake: 200 * time.Second},
			{Target: 30*time.Minute - Overhead, Bake: AutoHold},
			{Target: AutoTarget},
			{Target: 9*time.Hour - Overhead, Hold: time.Hour, Bake: time.Hour},
			{Target: blind},
		}).Draw(t, "auto")
		plan := autoPlan(budget, auto)
		traffic := Traffic{PerSecond: rapid.OneOf(rapid.Just(0.), rapid.Float64Range(0, 1e5)).Draw(t, "per second")}
		p := plan.For(traffic)

		last := len(p.Steps) - 1
		assert.Equal(t, Full, p.Steps[last].Weight)
		assert.Zero(t, p.Steps[last].Least, "the bake is held whole")
		assert.LessOrEqual(t, p.Duration(), p.Auto.Target)
		for i, s := range p.Steps[:last] {
			assert.Less(t, s.Weight, p.Steps[i+1].Weight)
			assert.GreaterOrEqual(t, s.Hold, p.Blind(), "what a step did is seen before the next")
			assert.GreaterOrEqual(t, s.Calls, 1.0)
		}
		cost := p.Steps[0].Weight.Share() * traffic.PerSecond * p.Blind().Seconds()
		if p.ScheduleWarning(traffic) == "" {
			assert.LessOrEqual(t, cost, budget*(1+1e-9))
		}
		assert.Equal(t, p, plan.For(traffic).For(traffic), "the schedule does not hang on the one before")
	})
}

func TestTrafficIsTheBusiestTenMinutesOfTheSettledHour(t *testing.T) {
	start := time.Date(2026, 1, 5, 12, 0, 42, 0, time.UTC)
	since, until := TrafficSpan(start)
	assert.Equal(t, time.Date(2026, 1, 5, 11, 57, 0, 0, time.UTC), until, "what still grows is left out")
	var minutes []analysis.Minute
	for at := since.Add(-time.Hour); at.Before(start.Add(time.Hour)); at = at.Add(time.Minute) {
		calls := 1_000_000.0
		if !at.Before(since) && at.Before(until) {
			calls = 60
		}
		if !at.Before(since.Add(20*time.Minute)) && at.Before(since.Add(30*time.Minute)) {
			calls = 120
		}
		minutes = append(minutes, analysis.Minute{Start: at, Alias: analysis.Counts{Invocations: calls}})
	}
	assert.InDelta(t, 2.0, TrafficBefore(start, minutes).PerSecond, 1e-9)
	assert.Equal(t, TrafficBefore(start, minutes), TrafficBefore(start.Add(17*time.Second), minutes), "the same within a minute")
	assert.Zero(t, TrafficBefore(start, nil))
}

func TestAutoSaysWhatItCannotKeep(t *testing.T) {
	p := autoPlan(10, plainAuto)
	assert.Contains(t, p.ScheduleWarning(Traffic{}), "no calls are recorded of the hour before")
	assert.Contains(t, p.ScheduleWarning(Traffic{PerSecond: 10_000}), "even the smallest weight, 0.01 %, costs about 135 calls")
	assert.Empty(t, p.ScheduleWarning(Traffic{PerSecond: 20}))
	assert.Empty(t, plan10().ScheduleWarning(Traffic{}))
	assert.Equal(t, plan10(), plan10().For(Traffic{PerSecond: 20}), "another type keeps its schedule")
}

func TestEvidenceEndsAStep(t *testing.T) {
	seen := func(calls float64, doubtful bool) *analysis.Assessment {
		return &analysis.Assessment{Verdict: analysis.Pass, Step: analysis.Counts{Invocations: calls}, Doubtful: doubtful}
	}
	tests := map[string]struct {
		held       time.Duration
		assessment *analysis.Assessment
		goesOn     bool
	}{
		"enough calls that say nothing against it": {2 * time.Minute, seen(50, false), true},
		"not before its least":                     {2*time.Minute - time.Millisecond, seen(50, false), false},
		"too few calls of this step":               {2 * time.Minute, seen(49, false), false},
		"something speaks against it":              {2 * time.Minute, seen(50, true), false},
		"no data":                                  {2 * time.Minute, noData, false},
		"unread":                                   {2 * time.Minute, unread, false},
		"its longest hold ends it all the same":    {5 * time.Minute, seen(1, true), true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := atStep3()
			s.plan.Steps[2] = Step{Weight: 30_00, Hold: 5 * time.Minute, Least: 2 * time.Minute, Calls: 50}
			s.snapshot.Now, s.snapshot.Assessment = s.journal.Since.Add(tt.held), tt.assessment
			_, goesOn := first(s.decide()).(Write)
			assert.Equal(t, tt.goesOn, goesOn)
		})
	}
}

func TestNothingGoesForwardWithoutASchedule(t *testing.T) {
	s := atStep3()
	s.plan.Auto, s.plan.Health.MaxFailed = new(plainAuto), 10
	assert.Equal(t, Look{TheTraffic}, first(s.decide()))
	s.snapshot.NoTraffic = &CallError{Text: "throttled"}
	requireWait(t, first(s.decide()), 15*time.Second, s.snapshot.Now)

	s.snapshot.Assessment = fail
	w, _ := requireWrite(t, first(s.decide()))
	assert.Equal(t, Routing{Primary: "7"}, w.Routing, "going back needs none")
}

func TestNothingBeginsWithoutASchedule(t *testing.T) {
	s := atStart()
	s.plan.Auto, s.plan.Health.MaxFailed = new(plainAuto), 10
	s.plan = s.plan.For(Traffic{})
	assert.Equal(t, Look{TheTraffic}, first(s.turn()))

	s.snapshot.NoTraffic = &CallError{Text: "get-metric-data: throttled"}
	action, token := s.turn()
	assert.IsType(t, Wait{}, action)
	s.token, s.snapshot.Now = token, began.Add(startTime)
	f := requireFinish(t, first(s.turn()), PreflightFailed)
	assert.Contains(t, f.Reason, "get-metric-data: throttled")

	s.snapshot.NoTraffic.Kind, s.snapshot.Now = Denied, began
	s.token = Token{}
	s.snapshot.Readiness = &Readiness{Findings: []string{"give the permission"}}
	f = requireFinish(t, first(s.atNow(began.Add(glance)).turn()), PreflightFailed)
	assert.Equal(t, "give the permission", f.Reason, "pre-flight says it better")
	s.snapshot.Readiness = ready
	action, s.token = s.atNow(began).turn()
	assert.IsType(t, Wait{}, action, "a role may be new")
	f = requireFinish(t, first(s.atNow(began.Add(glance)).turn()), PreflightFailed)
	assert.Contains(t, f.Reason, "get-metric-data: throttled")
}
