package analysis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// What is counted by version is judged from the first shift on, what is not from the first minute that begins after it.
func TestFromWhenARolloutIsJudged(t *testing.T) {
	five := 5.0
	healthy := Counts{60, 0}
	tests := map[string]struct {
		health Health
		// first is when the first shift was, after the beginning of the first minute.
		first   time.Duration
		minutes []Minute
		verdict Verdict
	}{
		"throttles before the first shift, in its minute": {Health{Throttles: true}, 40 * time.Second, []Minute{{New: healthy, Throttles: 24}}, Pass},
		"in the minute after it":                          {Health{Throttles: true}, 40 * time.Second, []Minute{{New: healthy}, {Throttles: 1}}, Fail},
		"in a minute that began with it":                  {Health{Throttles: true}, 0, []Minute{{New: healthy, Throttles: 24}}, Fail},
		"throttles during a long hook":                    {Health{Throttles: true}, 3*time.Minute + time.Second, []Minute{{Throttles: 9}, {Throttles: 9}, {}, {New: healthy, Throttles: 9}}, Pass},
		"a metric before the first shift, in its minute":  {Health{Metrics: []Metric{{ID: "m", Max: &five}}}, 6 * time.Second, []Minute{{New: healthy, Values: map[string][]float64{"m": {80}}}, {Values: map[string][]float64{"m": {0}}}}, Pass},
		"in the next minute":                              {Health{Metrics: []Metric{{ID: "m", Max: &five}}}, 6 * time.Second, []Minute{{New: healthy}, {Values: map[string][]float64{"m": {80}}}}, Fail},
		"nor does it prove anything":                      {Health{Metrics: []Metric{{ID: "m", Max: &five}}}, 6 * time.Second, []Minute{{New: healthy, Values: map[string][]float64{"m": {0}}}}, Inconclusive},
		"errors from the first shift on":                  {Health{Errors: ErrorsAny}, 59 * time.Second, []Minute{{New: Counts{9, 1}}}, Fail},
		"not those of a rollout before":                   {Health{Errors: ErrorsAny}, time.Minute, []Minute{{New: Counts{9, 9}}, {New: healthy}}, Pass},
		"compared from the first shift on":                {Health{}, time.Minute, []Minute{{New: Counts{60, 60}, Old: Counts{540, 0}}, {New: healthy, Old: Counts{540, 0}}}, Pass},
		"latency from the first shift on":                 {Health{Latency: LatencyRule{MaxMS: 500, Quantile: 0.9}}, time.Minute, []Minute{{NewTook: Durations{9, [MaxThresholds]float64{9}}}, {New: healthy, NewTook: Durations{60, [MaxThresholds]float64{0}}}}, Pass},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := Measurements{Now: start.Add(time.Hour), FirstShift: start.Add(tt.first), StepSince: start.Add(tt.first)}
			for i, m := range tt.minutes {
				m.Start = start.Add(time.Duration(i) * time.Minute)
				e.Reading.Minutes = append(e.Reading.Minutes, m)
			}
			given := e.Reading.Minutes[0]
			a := Assess(tt.health, e)
			assert.Equal(t, tt.verdict, a.Verdict, a.Reason)
			assert.Equal(t, given, e.Reading.Minutes[0], "what it is given stays")
		})
	}
}

// The period of the first shift is judged too where it is longer than a minute.
func TestAFirstShiftOfWeeksAgo(t *testing.T) {
	first := start.Add(3 * time.Minute)
	e := Measurements{
		Now: start.Add(20 * day), FirstShift: first, StepSince: first,
		Reading: Reading{Minutes: []Minute{{Start: start, New: Counts{9, 1}}}},
	}
	assert.Equal(t, Fail, Assess(Health{Errors: ErrorsAny}, e).Verdict)
	e.Now = start.Add(time.Hour)
	assert.Equal(t, Inconclusive, Assess(Health{Errors: ErrorsAny}, e).Verdict)
}

// An incident that the old version had just before all traffic left it is taken to go on, as far as three minutes: nobody can see
// its end. The minutes before the first shift tell of it, by the alias's own series.
func TestAnIncidentBeforeAllAtOnce(t *testing.T) {
	incident := broken(600, 0.33, 2)
	tests := map[string]struct {
		history []Counts
		before  []Counts // of the alias, since the start
		minute  int      // after the first shift
		verdict Verdict
	}{
		"an incident goes on":                  {incident, nil, 0, Inconclusive},
		"for three minutes":                    {incident, nil, 2, Inconclusive},
		"no longer":                            {incident, nil, 3, Fail},
		"there was none":                       {steady(600, 1), nil, 1, Fail},
		"it was over":                          {append(incident, Counts{600, 0}), nil, 1, Fail},
		"it began since the start":             {steady(600, 1), []Counts{{600, 200}}, 0, Inconclusive},
		"it ended since the start":             {incident, []Counts{{600, 0}}, 1, Fail},
		"it is measured from when it was seen": {incident, []Counts{{600, 200}, {600, 200}}, 2, Inconclusive},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			first := start.Add(time.Duration(len(tt.before)) * time.Minute)
			e := Measurements{Start: start, FirstShift: first, StepSince: first, History: tt.history, JudgedAlone: true, Reading: Reading{Alone: first}}
			for i, c := range tt.before {
				e.Reading.Minutes = append(e.Reading.Minutes, Minute{Start: start.Add(time.Duration(i) * time.Minute), Alias: c})
			}
			for i := range tt.minute + 1 {
				m := Minute{Start: first.Add(time.Duration(i) * time.Minute), Alias: Counts{600, 200}}
				e.Reading.Minutes = append(e.Reading.Minutes, m)
			}
			a := Assess(Health{}, e)
			assert.Equal(t, tt.verdict, a.Verdict, a.Reason)
		})
	}
}

// The same of calls that were slow.
func TestSlownessBeforeAllAtOnce(t *testing.T) {
	const nobodyCalled = -1
	judged := func(last, between float64) Verdict {
		p90, p99 := steady(600, 60), steady(600, 6)
		p99[len(p99)-1].Errors = last
		e := Measurements{
			Start: start, FirstShift: start.Add(time.Minute), StepSince: start.Add(time.Minute), JudgedAlone: true,
			Thresholds: []Threshold{{"p90", 216, p90}, {"p99", 382, p99}}, Reading: Reading{Alone: start.Add(time.Minute)},
		}
		for i, slow := range []float64{between, 300, 300} {
			if slow < 0 {
				continue
			}
			e.Reading.Minutes = append(e.Reading.Minutes, Minute{
				Start: start.Add(time.Duration(i) * time.Minute), Alias: Counts{600, 0}, AliasTook: Durations{600, [MaxThresholds]float64{60, slow}},
			})
		}
		return Assess(Health{Latency: LatencyRule{Compare: true}}, e).Verdict
	}
	assert.Equal(t, Fail, judged(6, 6))
	assert.Equal(t, Pass, judged(6, 300), "the old version was as slow in the minute before the shift")
	assert.Equal(t, Pass, judged(300, nobodyCalled), "or when it was last called")
	assert.Equal(t, Fail, judged(300, 6), "the old version was fast again")
}
