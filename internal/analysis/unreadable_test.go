package analysis

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// watchful is a health check that reads everything.
func watchful() Health {
	ten := 10.0
	return Health{
		MaxFailed: 5, MinInvocations: 1, Throttles: true,
		Latency: LatencyRule{Compare: true, MaxMS: 500, Quantile: 0.9},
		Metrics: []Metric{{ID: "orders", Stat: "Average", Max: &ten}},
	}
}

// healthy is everything that watchful reads, of a version that is as good as the old one.
func healthy() Measurements {
	e := Measurements{
		Now: start.Add(time.Hour), Start: start, FirstShift: start, StepSince: start, JudgedAlone: true, NoBounds: true,
		History: steady(600, 1)[:40], Thresholds: usual(), Reading: took([2]float64{6, 54}, [2]float64{6, 54}, [2]float64{6, 54}, [2]float64{6, 54}),
	}
	for i := range e.Reading.Minutes {
		e.Reading.Minutes[i].Alias = Counts{600, 0}
		e.Reading.Minutes[i].AliasTook = Durations{600, [MaxThresholds]float64{60, 6, 60}}
		e.Reading.Minutes[i].Values = map[string][]float64{"orders": {4}}
	}
	return e
}

// numbers are pointers to every number of calls in the evidence.
func numbers(e *Measurements) map[string]*float64 {
	all := map[string]*float64{}
	counts := func(name string, c *Counts) {
		all[name+" invocations"], all[name+" errors"] = &c.Invocations, &c.Errors
	}
	for i := range e.Reading.Minutes {
		m := &e.Reading.Minutes[i]
		counts(fmt.Sprint("new ", i), &m.New)
		counts(fmt.Sprint("old ", i), &m.Old)
		counts(fmt.Sprint("alias ", i), &m.Alias)
		all[fmt.Sprint("throttles ", i)] = &m.Throttles
		for name, d := range map[string]*Durations{"new": &m.NewTook, "old": &m.OldTook, "alias": &m.AliasTook} {
			all[fmt.Sprint(name, " samples ", i)] = &d.Samples
			for k := range d.Slow {
				all[fmt.Sprint(name, " slow ", i, k)] = &d.Slow[k]
			}
		}
	}
	for i := range e.History {
		counts(fmt.Sprint("history ", i), &e.History[i])
	}
	for i := range e.Thresholds {
		all[e.Thresholds[i].Name] = &e.Thresholds[i].MS
		for k := range e.Thresholds[i].History {
			counts(fmt.Sprint(e.Thresholds[i].Name, " history ", k), &e.Thresholds[i].History[k])
		}
	}
	return all
}

func TestWhatIsNoNumberOfCallsIsUnreadable(t *testing.T) {
	e := healthy()
	require.Equal(t, Pass, Assess(watchful(), e).Verdict, "all of it is readable")
	for name, number := range numbers(&e) {
		good := *number
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, math.Copysign(1e-320, -1), 1e13, math.MaxFloat64} {
			*number = bad
			a := Assess(watchful(), e)
			assert.Equal(t, Inconclusive, a.Verdict, "%s is %g: %s", name, bad, a.Reason)
			assert.False(t, a.NoData, "%s is %g: what cannot be read is waited out, it is no want of data", name, bad)
			assert.Contains(t, a.Reason, "cannot be read")
			_, err := json.Marshal(a)
			require.NoError(t, err, "%s is %g", name, bad)
		}
		*number = good
	}
	assert.Equal(t, Pass, Assess(watchful(), e).Verdict)
}

// A history in which nothing can be read, and minutes before the first shift.
func TestWhatIsUnreadableBeforeTheFirstShift(t *testing.T) {
	e := healthy()
	e.History = []Counts{{math.NaN(), 0}}
	assert.Contains(t, Assess(watchful(), e).Reason, "the old version's calls before the start cannot be read: 0 of NaN invocations failed")

	e = healthy()
	e.FirstShift = start.Add(time.Minute)
	e.Reading.Minutes[0].Alias.Errors = math.Inf(1)
	a := Assess(watchful(), e)
	assert.Equal(t, Inconclusive, a.Verdict)
	assert.Contains(t, a.Reason, "the calls at 09:00 cannot be read: +Inf of 600 invocations of the alias failed")
}

func TestAMetricOfTheRequestsOwnMayBeNegative(t *testing.T) {
	ten := 10.0
	judged := func(stat string, values ...float64) Assessment {
		e := healthy()
		e.Reading.Minutes[1].Values = map[string][]float64{"m": values}
		a := Assess(Health{Metrics: []Metric{{ID: "m", Stat: stat, Max: &ten}}}, e)
		_, err := json.Marshal(a)
		require.NoError(t, err)
		return a
	}
	for _, fine := range []float64{-1, -1e300, 0, 5e-324, -5e-324, 10} {
		a := judged("Average", fine)
		assert.Equal(t, Pass, a.Verdict, a.Reason)
		assert.NotContains(t, a.Checks[1].Reason, "NaN")
		assert.NotContains(t, a.Checks[1].Reason, "Inf")
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		a := judged("Average", 1, bad, 2)
		assert.Equal(t, Inconclusive, a.Verdict)
		assert.False(t, a.NoData)
		assert.Contains(t, a.Reason, fmt.Sprintf("metric m: its datapoint of 09:01 cannot be read: %g", bad))
		assert.Equal(t, Fail, judged("Average", bad, 11).Verdict, "what can be read decides")
	}
	a := judged("SampleCount", -1)
	assert.Equal(t, Inconclusive, a.Verdict, "a count is not negative")
	assert.False(t, a.NoData)
	assert.Contains(t, judged("Average", 1e300).Reason, "1e+300")
	assert.Contains(t, judged("Average", math.MaxFloat64).Reason, "1.79769313486232e+308")
}

// Each check judges by what it can read: what fails by that goes back, whatever else cannot be read.
func TestWhatCannotBeReadHidesNoFailure(t *testing.T) {
	nan := math.NaN()
	for name, spoil := range map[string]func(*Measurements){
		"throttles":                  func(e *Measurements) { e.Reading.Minutes[0].Throttles = nan },
		"durations":                  func(e *Measurements) { e.Reading.Minutes[1].NewTook.Samples = math.Inf(1) },
		"durations before the start": func(e *Measurements) { e.Thresholds[0].History[0].Errors = nan },
		"a metric":                   func(e *Measurements) { e.Reading.Minutes[0].Values["orders"][0] = nan },
	} {
		e := healthy()
		for i := range e.Reading.Minutes {
			e.Reading.Minutes[i].New.Errors = 50
		}
		spoil(&e)
		a := Assess(watchful(), e)
		assert.Equal(t, Fail, a.Verdict, name)
		assert.Contains(t, a.Reason, "errors: 200 of 240", name)
	}
	e := healthy()
	e.Reading.Minutes[0].New.Errors = nan
	e.Alarms = []Alarm{{Name: "a", State: AlarmRed, Since: start.Add(time.Minute)}}
	assert.Equal(t, Fail, Assess(watchful(), e).Verdict, "an alarm vetoes all the same")
	e.Alarms = nil
	e.Reading.Minutes[1].Throttles = 3
	assert.Equal(t, Fail, Assess(watchful(), e).Verdict, "so do throttles")

	reported := watchful()
	reported.Metrics[0].ReportOnly = true
	e = healthy()
	e.Reading.Minutes[0].Values["orders"][0] = nan
	a := Assess(reported, e)
	assert.Equal(t, Pass, a.Verdict, "what is only reported decides nothing")
	assert.True(t, a.Checks[len(a.Checks)-1].ReportOnly)

	for _, h := range []Health{
		{Errors: ErrorsOff, Throttles: true},
		{Errors: ErrorsOff, Latency: LatencyRule{Compare: true}},
		{Errors: ErrorsOff, Latency: LatencyRule{MaxMS: 500, Quantile: 0.9}},
		{Errors: ErrorsAny},
		{Errors: ErrorsMaxRate, MaxRate: 0.5},
		{Errors: ErrorsOff, MinInvocations: 1},
		{Errors: ErrorsOff, MaxFailed: 1},
	} {
		e := healthy()
		e.Alarms = []Alarm{{Name: "green", State: AlarmOK}}
		e.Reading.Minutes[2].Old.Invocations = nan
		a := Assess(h, e)
		assert.Equal(t, Inconclusive, a.Verdict, "%+v: %s", h, a.Reason)
		assert.False(t, a.NoData)
	}
}

func TestQuantilesThatAreNoDurationsFail(t *testing.T) {
	good := Quantiles{Start: start, P90: 200, P99: 380}
	for _, bad := range []float64{math.NaN(), math.Inf(1), -1} {
		for _, q := range []Quantiles{{start, bad, 380}, {start, 200, bad}} {
			_, err := Thresholds([]Quantiles{good, q, good})
			assert.ErrorContains(t, err, fmt.Sprintf("the durations at 09:00 cannot be read: p90 %g, p99 %g", q.P90, q.P99))
		}
	}
}

// Whoever asks for a history directly is not told by Assess.
func TestAHistoryThatIsNoneIsNone(t *testing.T) {
	for _, bad := range []float64{math.NaN(), -1, math.Inf(-1)} {
		assert.Equal(t, History{}, NewHistory([]Counts{{bad, 0}}))
		assert.Empty(t, Failing([]Counts{{bad, 0}}))
	}
}

func TestCheckMinutes(t *testing.T) {
	minutes := slices.Clone(healthy().Reading.Minutes)
	require.NoError(t, CheckMinutes(minutes))
	minutes[3].Alias.Invocations = math.NaN()
	assert.EqualError(t, CheckMinutes(minutes), "the calls at 09:03 cannot be read: 0 of NaN invocations of the alias failed")
	minutes[3].Alias.Invocations, minutes[2].OldTook.Samples = 600, -1
	assert.EqualError(t, CheckMinutes(minutes), "the durations at 09:02 cannot be read: [54 5.4 54] of -1 invocations of the old version were slow")
}
