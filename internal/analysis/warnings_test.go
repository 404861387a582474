package analysis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestNoDataNamesEveryGateThatSawNothing(t *testing.T) {
	five := 5.0
	gate := func(id string) Metric { return Metric{ID: id, Stat: "Sum", Max: &five} }
	reported := gate("reported")
	reported.ReportOnly = true
	seen := Minute{Start: start, New: Counts{60, 0}, Values: map[string][]float64{"seen": {1}}}
	e := Measurements{Now: start.Add(time.Hour), Reading: Reading{Minutes: []Minute{seen}}}

	a := Assess(Health{Metrics: []Metric{gate("first"), gate("seen"), reported, gate("last")}}, e)
	assert.True(t, a.NoData)
	assert.Equal(t, []string{"metric first", "metric last"}, a.Unseen)
	assert.Equal(t, "metric first, metric last: no datapoint is visible yet", a.Reason)

	a = Assess(Health{Throttles: true, Latency: LatencyRule{MaxMS: 9}, Metrics: []Metric{gate("first")}}, Measurements{Now: start})
	assert.Equal(t, []string{"errors", "latency", "throttles", "metric first"}, a.Unseen)
	assert.Equal(t, "errors, throttles: no invocation of the new version is visible yet; latency: no duration of an invocation of the new version is visible yet; metric first: no datapoint is visible yet", a.Reason)

	a = Assess(Health{Metrics: []Metric{gate("first")}, Judge: "judge"}, e)
	assert.Equal(t, "function judge: it was not asked", a.Reason, "what is waited out is named alone")
	assert.Equal(t, []string{"metric first"}, a.Unseen)

	a = Assess(Health{Errors: ErrorsAny, Metrics: []Metric{gate("first")}}, Measurements{Now: start, Reading: beside([2]Counts{{1, 1}, {1, 0}})})
	assert.Equal(t, Fail, a.Verdict)
	assert.Contains(t, a.Reason, "errors: 1 of 1")

	a = Assess(Health{Metrics: []Metric{gate("seen")}}, e)
	assert.Equal(t, Pass, a.Verdict)
	assert.Empty(t, a.Unseen)
}

// Metric math may have no result at all. That is no data, and worth a word: mostly a name in it is wrong.
func TestAnExpressionWithoutAResultIsAWarning(t *testing.T) {
	five := 5.0
	for _, reportOnly := range []bool{false, true} {
		h := Health{Metrics: []Metric{
			{ID: "ratio", Expression: "a / b", Max: &five, ReportOnly: reportOnly},
			{ID: "plain", Namespace: "Shop", Name: "Orders", Stat: "Sum", Max: &five, ReportOnly: reportOnly},
		}}
		a := Assess(h, Measurements{Now: start, Reading: beside([2]Counts{{60, 0}, {540, 0}})})
		assert.Equal(t, []string{"metric ratio: its expression a / b has no result: check the metrics and ids that it names"}, a.Warnings)
		assert.Equal(t, !reportOnly, a.NoData)

		e := Measurements{Now: start, Reading: beside([2]Counts{{60, 0}, {540, 0}})}
		e.Reading.Minutes[0].Values = map[string][]float64{"ratio": {1}}
		assert.Empty(t, Assess(h, e).Warnings, "a result that still grows is one")
	}
}

func TestAnAlarmThatCannotTurnRedWithinThePlan(t *testing.T) {
	assert.Empty(t, Alarm{Name: "slow", Periods: 10 * time.Minute}.TooSlow(10*time.Minute))
	assert.Empty(t, Alarm{Name: "composite"}.TooSlow(0), "CloudWatch does not say")
	assert.Equal(t, "alarm slow cannot go into ALARM within the plan: its periods together are 15m0s, the plan takes 10m0s; make the plan longer or the periods shorter",
		Alarm{Name: "slow", Periods: 15 * time.Minute}.TooSlow(10*time.Minute))
}
