package analysis

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var start = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

func minutes(counts ...Counts) []Minute {
	var list []Minute
	for i, c := range counts {
		list = append(list, Minute{Start: start.Add(time.Duration(i) * time.Minute), New: c, Old: Counts{Invocations: 900, Errors: 2}})
	}
	return list
}

func TestAssessCalls(t *testing.T) {
	tests := map[string]struct {
		health  Health
		minutes []Minute
		verdict Verdict
		noData  bool
	}{
		"no data is inconclusive, never a pass":             {Health{Errors: ErrorsAny}, nil, Inconclusive, true},
		"calls of the old version alone are no data":        {Health{Errors: ErrorsAny}, minutes(Counts{}), Inconclusive, true},
		"any: calls without an error pass":                  {Health{Errors: ErrorsAny}, minutes(Counts{Invocations: 100}), Pass, false},
		"any: one error fails":                              {Health{Errors: ErrorsAny}, minutes(Counts{Invocations: 10000, Errors: 1}), Fail, false},
		"any: an error seen before its invocation fails":    {Health{Errors: ErrorsAny}, minutes(Counts{Errors: 1}), Fail, false},
		"any: an error long ago still fails":                {Health{Errors: ErrorsAny}, minutes(Counts{Invocations: 1, Errors: 1}, Counts{Invocations: 5000}), Fail, false},
		"max-rate: at the limit passes":                     {Health{Errors: ErrorsMaxRate, MaxRate: .01}, minutes(Counts{Invocations: 100, Errors: 1}), Pass, false},
		"max-rate: above the limit fails":                   {Health{Errors: ErrorsMaxRate, MaxRate: .01}, minutes(Counts{Invocations: 100, Errors: 2}), Fail, false},
		"max-rate: no data is inconclusive":                 {Health{Errors: ErrorsMaxRate, MaxRate: .01}, nil, Inconclusive, true},
		"off: proves nothing":                               {Health{Errors: ErrorsOff}, minutes(Counts{Invocations: 100, Errors: 50}), Inconclusive, true},
		"off with min-invocations: enough calls pass":       {Health{Errors: ErrorsOff, MinInvocations: 50}, minutes(Counts{Invocations: 50, Errors: 50}), Pass, false},
		"min-invocations: too few are no data":              {Health{Errors: ErrorsAny, MinInvocations: 50}, minutes(Counts{Invocations: 49}), Inconclusive, true},
		"min-invocations: an error fails all the same":      {Health{Errors: ErrorsAny, MinInvocations: 50}, minutes(Counts{Invocations: 3, Errors: 1}), Fail, false},
		"health check off: passes whatever the counts":      {Health{Off: true}, minutes(Counts{Invocations: 5, Errors: 5}), Pass, false},
		"health check off: passes without data":             {Health{Off: true}, nil, Pass, false},
		"fractions of sums round to whole calls":            {Health{Errors: ErrorsAny}, minutes(Counts{Invocations: 99.9999}), Pass, false},
		"min-invocations: the rounded count is what counts": {Health{MinInvocations: 100}, minutes(Counts{Invocations: 99.9999}), Pass, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := Assess(tt.health, Measurements{Reading: Reading{Minutes: tt.minutes}, StepSince: start})
			assert.Equal(t, tt.verdict, a.Verdict, a.Reason)
			assert.Equal(t, tt.noData, a.NoData)
			assert.NotEmpty(t, a.Reason)
		})
	}
}

func TestMinInvocationsCountFromTheMinuteOfTheStep(t *testing.T) {
	e := Measurements{Reading: Reading{Minutes: minutes(Counts{Invocations: 500}, Counts{Invocations: 20})}, StepSince: start.Add(90 * time.Second)}
	assert.Equal(t, Inconclusive, Assess(Health{MinInvocations: 50}, e).Verdict)
	e.StepSince = start.Add(59 * time.Second)
	assert.Equal(t, Pass, Assess(Health{MinInvocations: 50}, e).Verdict)
}

func TestAliasSeriesCountsWhereTheNewVersionStandsAlone(t *testing.T) {
	r := Reading{Minutes: []Minute{
		{Start: start, New: Counts{10, 0}, Alias: Counts{100, 5}},
		{Start: start.Add(time.Minute), Alias: Counts{100, 3}},
		{Start: start.Add(2 * time.Minute), New: Counts{100, 3}, Alias: Counts{100, 3}},
	}}
	assert.Equal(t, Counts{110, 3}, r.New(time.Time{}), "with weights only ExecutedVersion tells the versions apart")
	r.Alone = start.Add(30 * time.Second)
	assert.Equal(t, Counts{210, 6}, r.New(time.Time{}), "in whole minutes alone every call of the alias is one of the version, counted once")
}

func TestAssessAlarms(t *testing.T) {
	shift := start.Add(30 * time.Second)
	healthy := minutes(Counts{Invocations: 100})
	tests := map[string]struct {
		health  Health
		alarm   Alarm
		minutes []Minute
		verdict Verdict
	}{
		"red after the first shift vetoes":            {Health{}, Alarm{State: AlarmRed, Since: shift.Add(time.Second)}, healthy, Fail},
		"red at the instant of the first shift too":   {Health{}, Alarm{State: AlarmRed, Since: shift}, healthy, Fail},
		"red before is pre-existing":                  {Health{}, Alarm{State: AlarmRed, Since: shift.Add(-time.Second)}, healthy, Pass},
		"red since nobody knows when vetoes":          {Health{}, Alarm{State: AlarmRed}, healthy, Fail},
		"vetoes with the health check off":            {Health{Off: true}, Alarm{State: AlarmRed, Since: shift.Add(time.Second)}, nil, Fail},
		"OK proves nothing about missing data":        {Health{}, Alarm{State: AlarmOK}, nil, Inconclusive},
		"without data it does not hold up a pass":     {Health{}, Alarm{State: AlarmUnknown}, healthy, Pass},
		"OK is what watches when errors are off":      {Health{Errors: ErrorsOff}, Alarm{State: AlarmOK}, nil, Pass},
		"without data and errors off nothing watches": {Health{Errors: ErrorsOff}, Alarm{State: AlarmUnknown}, nil, Inconclusive},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.alarm.Name = "a"
			e := Measurements{Reading: Reading{Minutes: tt.minutes}, Alarms: []Alarm{tt.alarm}, FirstShift: shift}
			assert.Equal(t, tt.verdict, Assess(tt.health, e).Verdict)
		})
	}
}

func TestARollbackNamesWhatWasPreExisting(t *testing.T) {
	shift := start.Add(30 * time.Second)
	e := Measurements{
		Reading: Reading{Minutes: minutes(Counts{Invocations: 100, Errors: 100})}, FirstShift: shift,
		Alarms: []Alarm{{Name: "queue", State: AlarmRed, Since: start}, {Name: "errors", State: AlarmRed, Since: shift}},
	}
	a := Assess(Health{Errors: ErrorsAny}, e)
	assert.Equal(t, Fail, a.Verdict)
	assert.Contains(t, a.Reason, "100 of 100 invocations of the new version failed")
	assert.Contains(t, a.Reason, "; alarm queue is pre-existing, red before the first shift")
	assert.NotContains(t, a.Reason, "alarm errors")
}

func TestUnreadIsNeitherHealthyNorWantOfData(t *testing.T) {
	a := Unread(errors.New("throttled"))
	assert.Equal(t, Inconclusive, a.Verdict)
	assert.False(t, a.NoData)
	assert.Contains(t, a.Reason, "throttled")
}

func TestVerdictsAreOrderedAndNamed(t *testing.T) {
	assert.True(t, Pass < Inconclusive && Inconclusive < Fail)
	for _, v := range []Verdict{Pass, Inconclusive, Fail} {
		text, err := v.MarshalText()
		assert.NoError(t, err)
		var back Verdict
		assert.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, v, back)
	}
	assert.Error(t, new(Verdict).UnmarshalText([]byte("green")))
}
