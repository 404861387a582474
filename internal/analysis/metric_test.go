package analysis

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A minute that still grows decides only where it cannot turn.
func TestAMinuteThatStillGrows(t *testing.T) {
	within := func(low, high float64) (m Metric) {
		if low > math.Inf(-1) {
			m.Min = &low
		}
		if high < math.Inf(1) {
			m.Max = &high
		}
		return m
	}
	atMost5, atLeast25 := within(math.Inf(-1), 5), within(25, math.Inf(1))
	const expression = ""
	tests := []struct {
		limits Metric
		value  float64
		stat   string
		// grows is the verdict while the minute grows, settled afterwards.
		grows, settled Verdict
	}{
		{atMost5, 5.01, "Sum", Fail, Fail},
		{atMost5, 5.01, "SampleCount", Fail, Fail},
		{atMost5, 5.01, "Maximum", Fail, Fail},
		{atMost5, 5.01, "Minimum", Inconclusive, Fail},
		{atMost5, 5.01, "Average", Inconclusive, Fail},
		{atMost5, 5.01, "p99", Inconclusive, Fail},
		{atMost5, 5.01, "TC(500:)", Inconclusive, Fail},
		{atMost5, 5.01, expression, Inconclusive, Fail},
		{atMost5, 5, "Sum", Inconclusive, Pass},
		{atMost5, 5, "SampleCount", Inconclusive, Pass},
		{atMost5, 5, "Maximum", Inconclusive, Pass},
		{atMost5, 5, "Average", Inconclusive, Pass},
		{atMost5, 5, expression, Inconclusive, Pass},
		{atMost5, -7, "Sum", Inconclusive, Pass},

		{atLeast25, 24.9, "Minimum", Fail, Fail},
		{atLeast25, 24.9, "Sum", Inconclusive, Fail},
		{atLeast25, 24.9, "SampleCount", Inconclusive, Fail},
		{atLeast25, 24.9, "Maximum", Inconclusive, Fail},
		{atLeast25, 24.9, "Average", Inconclusive, Fail},
		{atLeast25, 24.9, "p1", Inconclusive, Fail},
		{atLeast25, 24.9, expression, Inconclusive, Fail},
		{atLeast25, 25, "Sum", Pass, Pass},
		{atLeast25, 25, "SampleCount", Pass, Pass},
		{atLeast25, 25, "Minimum", Inconclusive, Pass},
		{atLeast25, 25, "Maximum", Inconclusive, Pass},
		{atLeast25, 25, "Average", Inconclusive, Pass},
		{atLeast25, 25, expression, Inconclusive, Pass},

		{within(1, 5), 3, "Sum", Inconclusive, Pass},
		{within(1, 5), 6, "Sum", Fail, Fail},
		{within(1, 5), 0, "Sum", Inconclusive, Fail},
		{within(1, 5), 0, "Minimum", Fail, Fail},
		{within(1, 5), 6, "Minimum", Inconclusive, Fail},
	}
	for _, tt := range tests {
		name := fmt.Sprintf("%s %g", tt.stat, tt.value)
		m := tt.limits
		m.ID, m.Stat = "m", tt.stat
		if tt.stat == expression {
			m.Expression = "a / b"
		}
		e := Measurements{FirstShift: start, Reading: Reading{Minutes: []Minute{{Start: start, New: Counts{60, 0}, Values: map[string][]float64{"m": {tt.value}}}}}}
		for _, seconds := range []int{1, 59, 60, 239} {
			e.Now = start.Add(time.Duration(seconds) * time.Second)
			a := Assess(Health{Metrics: []Metric{m}}, e)
			assert.Equal(t, tt.grows, a.Verdict, "%s, after %d s: %s", name, seconds, a.Reason)
			assert.Equal(t, tt.grows == Inconclusive, a.NoData, "%s: it is no data", name)
		}
		e.Now = start.Add(240 * time.Second)
		assert.Equal(t, tt.settled, Assess(Health{Metrics: []Metric{m}}, e).Verdict, "%s, settled", name)
	}
}

// One minute that no longer grows is enough: those that do are left until they are told.
func TestAGateHasDataOnceAMinuteNoLongerGrows(t *testing.T) {
	low := 25.0
	sum := Metric{ID: "orders", Stat: "Sum", Min: &low}
	orders := func(values ...float64) Measurements {
		e := Measurements{FirstShift: start, Now: start.Add(4*time.Minute + time.Second)}
		for i, v := range values {
			e.Reading.Minutes = append(e.Reading.Minutes, Minute{Start: start.Add(time.Duration(i) * time.Minute), New: Counts{60, 0}, Values: map[string][]float64{"orders": {v}}})
		}
		return e
	}
	a := Assess(Health{Metrics: []Metric{sum}}, orders(40, 20, 4))
	assert.Equal(t, Pass, a.Verdict, a.Reason)
	assert.Equal(t, "1 datapoints, lowest 40, highest 40, 2 still growing, allowed at least 25", a.Checks[1].Reason)

	e := orders(40, 20, 4)
	e.Reading.Minutes = e.Reading.Minutes[1:]
	a = Assess(Health{Metrics: []Metric{sum}}, e)
	assert.True(t, a.NoData)
	assert.Equal(t, "metric orders: its 2 datapoints still grow, each is judged four minutes after it begins", a.Reason)
	e.Now = e.Now.Add(time.Minute)
	a = Assess(Health{Metrics: []Metric{sum}}, e)
	assert.Equal(t, "metric orders: 1 datapoints, lowest 20, highest 20, 1 still growing, allowed at least 25", a.Reason)
}

func TestWithoutAClockEveryMinuteGrows(t *testing.T) {
	low := 25.0
	for _, value := range []float64{4, 40} {
		e := Measurements{Reading: Reading{Minutes: []Minute{{Start: start, New: Counts{60, 0}, Values: map[string][]float64{"m": {value}}}}}}
		assert.True(t, Assess(Health{Metrics: []Metric{{ID: "m", Stat: "Average", Min: &low}}}, e).NoData)
	}
}

// Every series of an id decides.
func TestSeveralSeriesOfOneID(t *testing.T) {
	high := 5.0
	for _, values := range [][]float64{{1, 6}, {6, 1}, {1, 1, 6, 1}} {
		e := Measurements{Now: start.Add(time.Hour), Reading: Reading{Minutes: []Minute{{Start: start, New: Counts{60, 0}, Values: map[string][]float64{"m": values}}}}}
		a := Assess(Health{Metrics: []Metric{{ID: "m", Expression: "SEARCH('…', 'Sum', 60)", Max: &high}}}, e)
		assert.Equal(t, Fail, a.Verdict, a.Reason)
	}
}
