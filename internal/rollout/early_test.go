package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// unseen is a look at which nothing of what the shift did is visible yet: no data, or the passing verdict of an alarm.
func unseen(v analysis.Verdict) *analysis.Assessment {
	return &analysis.Assessment{Verdict: v, NoData: v == analysis.Inconclusive, Reason: "nothing is visible yet"}
}

// atFirst is a rollout at its first step, its hold of a minute over.
func atFirst() stage {
	s := atStep3()
	s.journal.Weight, s.journal.Step, s.journal.Since, s.journal.First = 10_00, 1, began, began
	s.snapshot.Now = began.Add(time.Minute)
	return s
}

func TestTooEarlyIsNotNoData(t *testing.T) {
	bake := func(s *stage) { *s = atFull(); s.snapshot.Now = s.journal.Since.Add(time.Minute) }
	hold0 := func(s *stage) { s.plan.Steps[0].Hold = 0 }
	tests := map[string]struct {
		change func(*stage)
		goesOn bool
	}{
		"after the first shift":       {func(*stage) {}, false},
		"at a later step":             {func(s *stage) { s.journal.Weight, s.journal.Step = 20_00, 2 }, false},
		"at a weight of another plan": {func(s *stage) { s.journal.Weight = 15_00 }, false},
		"afresh at 100 %":             {bake, false},
		"at a hold of 0":              {hold0, true},
		"at the next one with a hold": {func(s *stage) { hold0(s); s.journal.Weight, s.journal.Step = 20_00, 2 }, false},
		"at a bake of 0":              {func(s *stage) { bake(s); s.plan.Steps[9].Hold = 0 }, true},
		"in an emergency":             {func(s *stage) { s.plan.Emergency = true }, true},
		"in an emergency's bake":      {func(s *stage) { bake(s); s.plan.Emergency = true }, true},
		"health-check false":          {func(s *stage) { s.plan.Health.Off = true }, true},
		"an alias without calls":      {func(s *stage) { s.snapshot.Assessment.Quiet = true }, true},
		"once it is seen":             {func(s *stage) { s.snapshot.Assessment.Seen = true }, true},
		"after three minutes":         {func(s *stage) { s.snapshot.Now = began.Add(3 * time.Minute) }, true},
		"a moment before":             {func(s *stage) { s.snapshot.Now = began.Add(3*time.Minute - time.Millisecond) }, false},
		"three minutes at 100 %":      {func(s *stage) { bake(s); s.snapshot.Now = s.journal.Since.Add(3 * time.Minute) }, true},
		"a moment before at 100 %":    {func(s *stage) { bake(s); s.snapshot.Now = s.journal.Since.Add(3*time.Minute - 1e6) }, false},
		"no time left for it":         {func(s *stage) { s.plan.MaxDuration = 10*time.Minute + Overhead }, true},
		"some time left for it":       {func(s *stage) { s.plan.MaxDuration = 10*time.Minute + Overhead + time.Second }, false},
		"the driver has no time for it": {func(s *stage) {
			s.deadline.Rollout = s.snapshot.Now.Add(9*time.Minute + Overhead)
		}, true},
	}
	for name, tt := range tests {
		for _, verdict := range []analysis.Verdict{analysis.Inconclusive, analysis.Pass} {
			t.Run(name+", "+verdict.String(), func(t *testing.T) {
				s := atFirst()
				s.snapshot.Assessment = unseen(verdict)
				quietly := s.snapshot.Assessment
				tt.change(&s)
				s.snapshot.Assessment = quietly
				action, _ := s.decide()
				_, writes := action.(Write)
				assert.Equal(t, tt.goesOn, writes, "%T", action)
				if wait, waits := action.(Wait); waits {
					assert.True(t, wait.Until.After(s.snapshot.Now))
				}
			})
		}
	}
}

func TestWhatCannotHaveBeenSeenIsWaitedOutWhateverThePolicySays(t *testing.T) {
	for _, policy := range []NoDataPolicy{AdvanceOnNoData, HoldOnNoData, RollbackOnNoData} {
		s := atFirst()
		s.plan.OnNoData, s.snapshot.Assessment = policy, unseen(analysis.Inconclusive)
		requireWait(t, first(s.decide()), 15*time.Second, s.snapshot.Now)
		_, promoted := s.control(Promote)
		assert.Nil(t, promoted.Failure, "a promote waits too")

		s.snapshot.Now = began.Add(latestSight)
		action, _ := s.decide()
		switch policy {
		case AdvanceOnNoData:
			requireKind(t, action, ShiftStep)
		case HoldOnNoData:
			assert.IsType(t, Wait{}, action)
		case RollbackOnNoData:
			requireKind(t, action, SendBack)
		}
	}
}

func TestAFailureIsNeverTooEarly(t *testing.T) {
	s := atFirst()
	s.snapshot.Assessment = &analysis.Assessment{Verdict: analysis.Fail, Reason: "an alarm is red"}
	requireKind(t, first(s.decide()), SendBack)
}

func TestMinInvocationsAreWaitedForAtEachStep(t *testing.T) {
	few := func() *analysis.Assessment {
		return &analysis.Assessment{Verdict: analysis.Inconclusive, NoData: true, Seen: true, TooFew: true, Reason: "3 of 100"}
	}
	end := journal().Since.Add(time.Minute)
	tests := map[string]struct {
		change func(*stage)
		goesOn bool
	}{
		"at the end of the hold":          {func(*stage) {}, false},
		"a moment before three minutes":   {func(s *stage) { s.snapshot.Now = end.Add(3*time.Minute - 1e6) }, false},
		"three minutes after it":          {func(s *stage) { s.snapshot.Now = end.Add(3 * time.Minute) }, true},
		"once what came after it is seen": {func(s *stage) { s.snapshot.Assessment.HoldSeen = true }, true},
		"once there are enough":           {func(s *stage) { s.snapshot.Assessment.TooFew = false }, true},
		"in an emergency":                 {func(s *stage) { s.plan.Emergency = true }, true},
		"at a hold of 0":                  {func(s *stage) { s.plan.Steps[2].Hold = 0 }, true},
		"at a bake of 0":                  {func(s *stage) { s.journal.Weight, s.journal.Step, s.plan.Steps[9].Hold = Full, 10, 0 }, true},
		"in a bake":                       {func(s *stage) { s.journal.Weight, s.journal.Step = Full, 10 }, false},
		"for an alias without calls":      {func(s *stage) { s.snapshot.Assessment.Quiet = true }, true},
		"counted from a late write":       {func(s *stage) { s.token.Late, s.snapshot.Now = time.Minute, end.Add(3*time.Minute) }, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := atStep3()
			s.snapshot.Assessment = few()
			tt.change(&s)
			_, writes := first(s.decide()).(Write)
			assert.Equal(t, tt.goesOn, writes)
		})
	}
}

func TestAwaited(t *testing.T) {
	p := Plan{Steps: []Step{{Weight: 10_00}, {Weight: 50_00, Hold: time.Minute}, {Weight: Full, Hold: time.Minute}}}
	at := func(w Weight) *Journal { return &Journal{Weight: w, First: began, Since: began.Add(time.Hour)} }
	assert.Zero(t, p.Awaited(at(0)), "before the first shift")
	assert.Zero(t, p.Awaited(at(10_00)), "a step that is not held")
	assert.Equal(t, began, p.Awaited(at(50_00)), "the first shift")
	assert.Equal(t, began, p.Awaited(at(20_00)), "at a weight of another plan too")
	assert.Equal(t, began.Add(time.Hour), p.Awaited(at(Full)), "the shift to 100 %")
	emergency, unchecked := p, p
	emergency.Emergency, unchecked.Health.Off = true, true
	assert.Zero(t, emergency.Awaited(at(50_00)))
	assert.Zero(t, unchecked.Awaited(at(50_00)))
}

func TestWhatIsExpectedCountsWhatCannotBeSeenYet(t *testing.T) {
	p := Plan{Target: target, NewVersion: "8", Poll: time.Second, Steps: []Step{{Weight: 10_00, Hold: time.Minute}, {Weight: Full, Hold: time.Minute}}}
	assert.True(t, p.Fits(nil, began, began.Add(2*usualSight+Overhead+600*time.Millisecond)))
	assert.False(t, p.Fits(nil, began, began.Add(2*usualSight+Overhead)))

	j := journal()
	j.Weight, j.Step, j.Since, j.First = 10_00, 1, began, began
	assert.Equal(t, 2*usualSight-time.Minute, p.remaining(&j, began.Add(time.Minute)))
	assert.Equal(t, usualSight, p.remaining(&j, began.Add(time.Hour)))
	j.Weight, j.Step = Full, 2
	assert.Equal(t, usualSight-time.Minute, p.remaining(&j, began.Add(time.Minute)))
	assert.Zero(t, p.remaining(&j, began.Add(time.Hour)), "it is never less than nothing")
}

// A rollout with the very room that its plan wants ends before its deadline, however late CloudWatch is.
func TestAPlanThatFitsEndsInTime(t *testing.T) {
	for _, plan := range []Plan{
		{Steps: []Step{{Weight: 10_00, Hold: time.Minute}, {Weight: Full, Hold: time.Minute}}},
		{Steps: []Step{{Weight: Full, Hold: time.Minute}}},
		{Steps: Linear(10, time.Minute)},
	} {
		plan.Target, plan.NewVersion, plan.Poll = target, "8", 15*time.Second
		s := atStart()
		s.plan, s.plan.MaxDuration = plan, plan.Duration()+Overhead
		for range 10_000 {
			s.snapshot.Assessment = nil
			if j := ParseDescription(s.snapshot.Alias.Description).Journal; j != nil && j.Weight > 0 {
				s.snapshot.Assessment = unseen(analysis.Inconclusive)
			}
			action, token := s.turn()
			s.token = token
			switch a := action.(type) {
			case Wait:
				require.True(t, a.Until.After(s.snapshot.Now))
				s.snapshot.Now = a.Until
				continue
			case Write:
				require.NotEqual(t, SendBack, a.Kind, "%s after %s", a.Why, s.snapshot.Now.Sub(began))
				s.goOn(a, token)
				s.snapshot.Now = s.snapshot.Now.Add(100 * time.Millisecond)
				continue
			}
			requireFinish(t, action, SucceededUnverified)
			assert.Less(t, s.snapshot.Now.Sub(began), s.plan.MaxDuration-Reserve)
			break
		}
	}
}
