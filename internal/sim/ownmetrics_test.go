package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

func TestThrottlesAndOwnMetricsShowAsLateAsCalls(t *testing.T) {
	w := shop(t)
	w.Latency = 0
	w.SetThrottles("shop", "live", sim.Curve{{From: 30 * time.Second, Value: 2}, {From: time.Minute}})
	w.SetMetric("Orders", sim.Curve{{From: time.Minute, Value: 40}, {From: 2 * time.Minute, Value: 30}})
	w.Advance(59 * time.Second)
	shown, err := w.Account().Metrics.Minutes(t.Context(), all(w))
	require.NoError(t, err)
	assert.Empty(t, shown)
	w.Advance(3 * time.Minute)
	shown, err = w.Account().Metrics.Minutes(t.Context(), all(w))
	require.NoError(t, err)
	assert.Equal(t, []analysis.Minute{
		{Start: sim.Start(), Throttles: 60},
		{Start: sim.Start().Add(time.Minute), Values: map[string][]float64{"orders": {40}}},
		{Start: sim.Start().Add(2 * time.Minute), Values: map[string][]float64{"orders": {27.5}}},
	}, shown, "of the third minute CloudWatch shows 55 seconds")
}

// A minute of a metric is shown from its first moment on, as much of it as is visible by then.
func TestOwnMetricsGrow(t *testing.T) {
	w := shop(t)
	w.Latency, w.MetricsDelay = 0, 20*time.Second
	w.SetMetric("Orders", sim.Curve{{Value: 60}, {From: 30 * time.Second, Value: 120}})
	w.SetMetric("a / b", sim.Curve{{From: 10 * time.Second, Value: 4}, {From: 30 * time.Second, Value: 1}})
	shows := func(stat, expression string) []float64 {
		m := analysis.Metric{ID: "m", Namespace: "Shop", Name: "Orders", Stat: stat}
		if expression != "" {
			m = analysis.Metric{ID: "m", Expression: expression}
		}
		q := target.MetricsQuery{Function: "shop", Alias: "live", Since: sim.Start(), Until: w.Now(), Metrics: []analysis.Metric{m}}
		shown, err := w.Account().Metrics.Minutes(t.Context(), q)
		require.NoError(t, err)
		if len(shown) == 0 {
			return nil
		}
		return shown[0].Values["m"]
	}
	for _, tt := range []struct {
		at                                    time.Duration
		sum, average, maximum, minimum, ratio []float64
	}{
		{24 * time.Second, nil, nil, nil, nil, nil},
		{25 * time.Second, []float64{5}, []float64{60}, []float64{60}, []float64{60}, nil},
		{40 * time.Second, []float64{20}, []float64{60}, []float64{60}, []float64{60}, []float64{4}},
		{60 * time.Second, []float64{50}, []float64{75}, []float64{120}, []float64{60}, []float64{3}},
		{80 * time.Second, []float64{90}, []float64{90}, []float64{120}, []float64{60}, []float64{2.2}},
		{time.Hour, []float64{90}, []float64{90}, []float64{120}, []float64{60}, []float64{2.2}},
	} {
		w.Advance(tt.at - w.Elapsed())
		assert.Equal(t, tt.sum, shows("Sum", ""), tt.at)
		assert.Equal(t, tt.sum, shows("SampleCount", ""), tt.at)
		assert.Equal(t, tt.average, shows("Average", ""), tt.at)
		assert.Equal(t, tt.average, shows("p99", ""), tt.at)
		assert.Equal(t, tt.maximum, shows("Maximum", ""), tt.at)
		assert.Equal(t, tt.minimum, shows("Minimum", ""), tt.at)
		assert.Equal(t, tt.ratio, shows("", "a / b"), tt.at)
	}
}

// Added up or not, a figure is the same decimal fraction.
func TestOwnMetricsAreExact(t *testing.T) {
	w := shop(t)
	w.Latency = 0
	for _, figure := range []float64{0.1, 0.033, 25, 1.1, 1e6 + 0.7} {
		w.SetMetric("Orders", sim.Constant(figure))
		for _, stat := range []string{"Sum", "Average", "Maximum"} {
			q := all(w)
			q.Metrics[0].Stat = stat
			w.Advance(2 * time.Minute)
			shown, err := w.Account().Metrics.Minutes(t.Context(), q)
			require.NoError(t, err)
			assert.InDelta(t, figure, shown[0].Values["orders"][0], 0, "%s of %g", stat, figure)
		}
	}
}

func TestOwnMetricsInLongerPeriods(t *testing.T) {
	w := shop(t)
	w.SetMetric("Orders", sim.Curve{{Value: 40}, {From: 4 * time.Minute, Value: 10}})
	w.Advance(time.Hour)
	series, err := w.Control().Series(t.Context(), []sim.Metric{{Namespace: "Shop", Name: "Orders", Period: 5 * time.Minute}}, sim.Start(), sim.Start().Add(5*time.Minute))
	require.NoError(t, err)
	require.Len(t, series[0], 1)
	for name, want := range map[string]float64{"Sum": 170, "Average": 34, "Minimum": 10, "Maximum": 40} {
		got, known := series[0][0].Statistic(name)
		assert.True(t, known)
		assert.InDelta(t, want, got, 0, name)
	}
}

func TestStatisticsOfCounts(t *testing.T) {
	w := shop(t)
	w.Latency = 0
	w.Publish("shop", "1", sim.Version{Errors: sim.Curve{{From: time.Minute, Value: 0.5}, {From: 2 * time.Minute, Value: 1}}})
	w.SetTraffic("shop", "live", sim.Constant(1))
	w.Advance(time.Hour)
	series, err := w.Control().Series(t.Context(), []sim.Metric{{
		Namespace: "AWS/Lambda", Name: "Errors", Dimensions: map[string]string{"FunctionName": "shop", "Resource": "shop:live"}, Period: time.Minute,
	}}, sim.Start(), sim.Start().Add(3*time.Minute))
	require.NoError(t, err)
	for i, want := range []map[string]float64{
		{"Sum": 0, "SampleCount": 60, "Average": 0, "Maximum": 0, "Minimum": 0},
		{"Sum": 30, "SampleCount": 60, "Average": 0.5, "Maximum": 1, "Minimum": 0},
		{"Sum": 60, "SampleCount": 60, "Average": 1, "Maximum": 1, "Minimum": 1},
	} {
		for name, value := range want {
			got, known := series[0][i].Statistic(name)
			assert.True(t, known)
			assert.InDelta(t, value, got, 0, "%s of minute %d", name, i)
		}
	}
	_, known := sim.Datapoint{}.Statistic("IQM")
	assert.False(t, known)
}
