package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTheWeightBefore(t *testing.T) {
	p := Plan{Steps: []Step{{Weight: 10_00}, {Weight: 50_00}, {Weight: Full}}}
	for w, want := range map[Weight]Weight{0: 0, 10_00: 0, 50_00: 10_00, Full: 50_00, 30_00: 30_00} {
		assert.Equal(t, want, p.Before(w), "at %s %%", w)
	}
	assert.Equal(t, Full, Plan{}.Before(Full), "nobody knows")
}

func TestARolloutEndsWithItsDriverOrItsPlan(t *testing.T) {
	j := journal()
	at := func(d time.Duration) time.Time { return began.Add(d) }
	hour := Plan{MaxDuration: time.Hour}
	assert.Zero(t, Plan{}.End(&j, time.Time{}))
	assert.Equal(t, at(time.Minute), Plan{}.End(&j, at(time.Minute)))
	assert.Equal(t, at(time.Hour), hour.End(&j, time.Time{}))
	assert.Equal(t, at(time.Hour), hour.End(&j, at(2*time.Hour)))
	assert.Equal(t, at(time.Minute), hour.End(&j, at(time.Minute)))
	assert.Equal(t, at(2*time.Hour), hour.End(nil, at(2*time.Hour)), "nothing has begun")
}

func TestAPlanFitsWithItsOverhead(t *testing.T) {
	p := plan10()
	takes := p.Takes()
	assert.True(t, p.Fits(nil, began, time.Time{}), "without an end everything fits")
	assert.False(t, p.Fits(nil, began, began.Add(takes)))
	assert.False(t, p.Fits(nil, began, began.Add(takes+Overhead)), "every step has its calls too")
	assert.True(t, p.Fits(nil, began, began.Add(takes+Overhead+10*300*time.Millisecond)))
	assert.False(t, p.Fits(nil, began, began.Add(takes+Overhead+10*300*time.Millisecond-1)))
}

func TestAPlanLeavesTenSecondsAndARolloutGoesBackEightBeforeItsEnd(t *testing.T) {
	assert.Equal(t, 10*time.Second, Overhead)
	assert.Equal(t, 8*time.Second, Reserve)

	s := atStep3()
	s.deadline.Rollout = s.snapshot.Now.Add(8*time.Second + time.Millisecond)
	requireKind(t, first(s.decide()), ShiftStep)
	s.deadline.Rollout = s.snapshot.Now.Add(8 * time.Second)
	requireKind(t, first(s.decide()), SendBack)
}

func TestASchedule(t *testing.T) {
	canary := Plan{Steps: []Step{{Weight: 10_00, Hold: time.Minute}, {Weight: Full, Hold: time.Minute}}}
	s := canary.Schedule(nil, began)
	assert.Equal(t, []Scheduled{
		{Step: canary.Steps[0], From: began, Until: began.Add(usualSight)},
		{Step: canary.Steps[1], From: began.Add(usualSight), Until: began.Add(2 * usualSight)},
	}, s)
	assert.Equal(t, 2*usualSight, canary.Takes(), "plan and what fits reckon with it")

	j := Journal{Weight: 10_00, First: began, Since: began}
	s = canary.Schedule(&j, began.Add(usualSight))
	assert.Equal(t, []Scheduled{{Step: canary.Steps[1], From: began.Add(usualSight), Until: began.Add(2 * usualSight)}}, s, "what follows a journal")
	assert.Empty(t, canary.Schedule(&Journal{Weight: Full}, began))
}

func TestTakesCountsWhatIsWaitedFor(t *testing.T) {
	step := func(w Weight, hold time.Duration) Step { return Step{Weight: w, Hold: hold} }
	minute := time.Minute
	tests := map[string]struct {
		plan Plan
		want time.Duration
	}{
		"a canary waits for its first shift and for 100 %": {Plan{Steps: []Step{step(10_00, minute), step(Full, minute)}}, 2 * usualSight},
		"long holds wait for nothing":                      {Plan{Steps: []Step{step(10_00, 5*minute), step(Full, 5*minute)}}, 10 * minute},
		"a hold of 0 does not, the next one does":          {Plan{Steps: []Step{step(10_00, 0), step(50_00, minute), step(Full, 3*minute)}}, usualSight + 3*minute},
		"a later step has waited already":                  {Plan{Steps: []Step{step(10_00, 3*minute), step(50_00, minute), step(Full, 3*minute)}}, 7 * minute},
		"a bake of 0 waits for nothing":                    {Plan{Steps: []Step{step(10_00, 3*minute), step(Full, 0)}}, 3 * minute},
		"all at once":                                      {Plan{Steps: []Step{step(Full, minute)}}, usualSight},
		"all at once without a bake":                       {Plan{Steps: []Step{step(Full, 0)}}, 0},
		"an emergency":                                     {Plan{Emergency: true, Steps: []Step{step(Full, minute)}}, minute},
		"the health check is off":                          {Plan{Health: off, Steps: []Step{step(10_00, minute), step(Full, minute)}}, 2 * minute},
		"min-invocations are not counted in":               {Plan{Health: atLeast100, Steps: []Step{step(10_00, 3*minute), step(Full, 3*minute)}}, 6 * minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, tt.plan.Takes()) })
	}
}
