package analysis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestThrottles(t *testing.T) {
	called, throttled := Minute{Start: start, New: Counts{60, 0}}, Minute{Start: start.Add(time.Minute), Throttles: 1}
	tests := map[string]struct {
		health  Health
		minutes []Minute
		verdict Verdict
	}{
		"none passes":                     {Health{Errors: ErrorsOff, Throttles: true}, []Minute{called}, Pass},
		"one fails":                       {Health{Errors: ErrorsOff, Throttles: true}, []Minute{called, throttled}, Fail},
		"one fails before any invocation": {Health{Errors: ErrorsOff, Throttles: true}, []Minute{throttled}, Fail},
		"without invocations no data":     {Health{Errors: ErrorsOff, Throttles: true}, nil, Inconclusive},
		"off does not look":               {Health{}, []Minute{called, throttled}, Pass},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := Assess(tt.health, Measurements{Reading: Reading{Minutes: tt.minutes}})
			assert.Equal(t, tt.verdict, a.Verdict, a.Reason)
			assert.Equal(t, tt.verdict == Inconclusive, a.NoData)
		})
	}
}

func TestMetrics(t *testing.T) {
	five, one := 5.0, 1.0
	points := func(values ...float64) Reading {
		r := Reading{Minutes: []Minute{{Start: start, New: Counts{60, 0}}}}
		for i, v := range values {
			r.Minutes = append(r.Minutes, Minute{Start: start.Add(time.Duration(i) * time.Minute), Values: map[string][]float64{"m": {v}, "other": {99}}})
		}
		return r
	}
	tests := map[string]struct {
		metric  Metric
		reading Reading
		verdict Verdict
		says    string
	}{
		"within its limits":            {Metric{ID: "m", Max: &five, Min: &one}, points(1, 5), Pass, ""},
		"any datapoint above":          {Metric{ID: "m", Max: &five}, points(1, 5.01, 2), Fail, "metric m: 3 datapoints, lowest 1, highest 5.01, allowed at most 5"},
		"any datapoint below":          {Metric{ID: "m", Min: &one}, points(1, 0.999), Fail, "allowed at least 1"},
		"no datapoint is no data":      {Metric{ID: "m", Max: &five}, points(), Inconclusive, "metric m: no datapoint"},
		"report-only decides nothing":  {Metric{ID: "m", Max: &one, ReportOnly: true}, points(5), Pass, ""},
		"report-only without any data": {Metric{ID: "m", Max: &one, ReportOnly: true}, points(), Pass, ""},
		"several datapoints a minute": {
			Metric{ID: "m", Max: &five},
			Reading{Minutes: []Minute{{Start: start, New: Counts{60, 0}, Values: map[string][]float64{"m": {1, 6}}}}},
			Fail, "2 datapoints",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := Assess(Health{Metrics: []Metric{tt.metric}}, Measurements{Reading: tt.reading, Now: start.Add(time.Hour)})
			assert.Equal(t, tt.verdict, a.Verdict, a.Reason)
			assert.Equal(t, tt.verdict == Inconclusive, a.NoData)
			assert.Contains(t, a.Reason, tt.says)
			assert.Equal(t, "metric m", a.Checks[1].Name, "it is reported all the same")
			assert.Equal(t, tt.metric.ReportOnly, a.Checks[1].ReportOnly)
		})
	}
	assert.Equal(t, Inconclusive, Assess(Health{Errors: ErrorsOff, Metrics: []Metric{{ID: "m", ReportOnly: true}}}, Measurements{Reading: points(1)}).Verdict,
		"report-only makes no pass by itself")
}

func TestJudgement(t *testing.T) {
	healthy, idle := Reading{Minutes: minutes(Counts{Invocations: 100})}, Reading{}
	tests := map[string]struct {
		answer  string
		reading Reading
		verdict Verdict
		noData  bool
		says    string
	}{
		"pass":                         {`{"status": "pass", "reason": "120 orders"}`, healthy, Pass, false, ""},
		"fail":                         {`{"status": "fail", "reason": "no orders"}`, healthy, Fail, false, "function judge: no orders"},
		"inconclusive is waited out":   {`{"status": "inconclusive", "reason": "2 orders"}`, healthy, Inconclusive, false, "2 orders"},
		"even where data is missing":   {`{"status": "inconclusive", "reason": "2 orders"}`, idle, Inconclusive, false, "2 orders"},
		"pass does not make up for it": {`{"status": "pass"}`, idle, Inconclusive, true, "no invocation"},
		"another status":               {`{"status": "Succeeded"}`, healthy, Inconclusive, false, `did not answer status pass, fail or inconclusive but {"status": "Succeeded"}`},
		"no status":                    {`{}`, healthy, Inconclusive, false, "did not answer"},
		"no JSON":                      {`ok`, healthy, Inconclusive, false, "did not answer"},
		"null":                         {`null`, healthy, Inconclusive, false, "did not answer"},
		"a fail needs no reason":       {`{"status": "fail"}`, healthy, Fail, false, "it gave no reason"},
		"a reason that is no text":     {`{"status": "fail", "reason": 5}`, healthy, Inconclusive, false, "did not answer"},
		"a status given twice":         {`{"status": "fail", "status": "pass"}`, healthy, Inconclusive, false, "its answer is not taken: the key status is given twice"},
		"a key in another case":        {`{"STATUS": "fail", "status": "pass"}`, healthy, Pass, false, ""},
		"other keys are ignored":       {`{"status": "pass", "orders": 3}`, healthy, Pass, false, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := Assess(Health{Judge: "judge"}, Measurements{Reading: tt.reading, Judgement: ParseJudgement([]byte(tt.answer))})
			assert.Equal(t, tt.verdict, a.Verdict, a.Reason)
			assert.Equal(t, tt.noData, a.NoData)
			assert.Contains(t, a.Reason, tt.says)
		})
	}
	a := Assess(Health{Errors: ErrorsOff, Judge: "judge"}, Measurements{})
	assert.Equal(t, Inconclusive, a.Verdict)
	assert.False(t, a.NoData, "one that was not asked is asked yet")
	assert.Equal(t, Pass, Assess(Health{Errors: ErrorsOff, Judge: "judge"}, Measurements{Judgement: &Judgement{Verdict: Pass}}).Verdict)
}

func TestProbesAreNoData(t *testing.T) {
	met, unmet := ProbeResult{Name: "ping", Took: 12 * time.Millisecond}, ProbeResult{Name: "ping", Unmet: "expected ok true, got false"}
	a := Assess(Health{}, Measurements{Probes: []ProbeResult{met}})
	assert.Equal(t, Inconclusive, a.Verdict)
	assert.True(t, a.NoData, "a probe proves nothing about real calls")
	assert.Equal(t, Check{Name: "probe ping", Verdict: Pass, Reason: "answered as expected in 12ms"}, a.Checks[1])
	assert.Equal(t, Inconclusive, Assess(Health{Errors: ErrorsOff}, Measurements{Probes: []ProbeResult{met}}).Verdict)
	a = Assess(Health{}, Measurements{Reading: Reading{Minutes: minutes(Counts{Invocations: 100})}, Probes: []ProbeResult{unmet}})
	assert.Equal(t, Fail, a.Verdict)
	assert.Equal(t, "probe ping: expected ok true, got false", a.Reason)
}
