package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// datapoints are a metric's, a minute each, as GetMetricData has them.
func datapoints(t *testing.T, w *sim.World, m sim.Metric) []sim.Datapoint {
	t.Helper()
	m.Period = time.Minute
	series, err := w.Control().Series(t.Context(), []sim.Metric{m}, sim.Start(), w.Now().Add(time.Hour))
	require.NoError(t, err)
	return series[0]
}

func TestWhatIsWrittenIsShownLater(t *testing.T) {
	w := sim.New()
	w.MetricsDelay = 90 * time.Second
	orders := sim.Metric{Namespace: "Shop", Name: "Orders", Dimensions: map[string]string{"Stage": "live", "Shop": "a"}}
	require.NoError(t, w.Control().PutMetric(t.Context(), orders, sim.ValueAt(sim.Start(), 3)))
	require.NoError(t, w.Control().PutMetric(t.Context(), orders, sim.Sample{At: sim.Start().Add(10 * time.Second), Count: 2, Sum: 9, Minimum: 2, Maximum: 7}))
	known := func() int {
		found, err := w.Control().Metrics(t.Context(), func(m sim.Metric) bool { return m.Namespace == "Shop" })
		require.NoError(t, err)
		return len(found)
	}
	assert.Empty(t, datapoints(t, w, orders))
	assert.Zero(t, known())
	w.Advance(2 * time.Minute)
	assert.Equal(t, 1, known())
	points := datapoints(t, w, orders)
	require.Len(t, points, 1)
	for statistic, want := range map[string]float64{"Sum": 12, "SampleCount": 3, "Average": 4, "Minimum": 2, "Maximum": 7} {
		value, ok := points[0].Statistic(statistic)
		require.True(t, ok)
		assert.InDelta(t, want, value, 0, statistic)
	}
	other := orders
	other.Dimensions = map[string]string{"Stage": "live"}
	assert.Empty(t, datapoints(t, w, other), "fewer dimensions are another metric")
	require.ErrorContains(t, w.Control().PutMetric(t.Context(), sim.Metric{Namespace: "AWS/Lambda", Name: "Errors"}, sim.ValueAt(sim.Start(), 3)), "InvalidParameterValue")
}

// A line is a metric of each set of dimensions; what is not by the specification of the format is none.
func TestALogLineIsAMetric(t *testing.T) {
	w := sim.New()
	at := sim.Start().UnixMilli()
	w.Logs().Info("metrics", "FunctionName", "f", "Installation", "me", "Weight", 30.5, "Seconds", "many", "_aws", map[string]any{
		"Timestamp": at, "CloudWatchMetrics": []any{map[string]any{
			"Namespace": "MetaDeployer", "Dimensions": [][]string{{"FunctionName"}, {"Installation"}, {"Absent"}}, "Metrics": []any{map[string]any{"Name": "Weight"}, map[string]any{"Name": "Seconds"}},
		}},
	})
	w.Logs().Info("nothing", "_aws", "x")
	w.Logged([]byte("no JSON"))
	w.Advance(5 * time.Minute)
	found, err := w.Control().Metrics(t.Context(), func(sim.Metric) bool { return true })
	require.NoError(t, err)
	assert.Equal(t, []sim.Metric{
		{Namespace: "MetaDeployer", Name: "Weight", Dimensions: map[string]string{"FunctionName": "f"}},
		{Namespace: "MetaDeployer", Name: "Weight", Dimensions: map[string]string{"Installation": "me"}},
	}, found)
	points := datapoints(t, w, found[0])
	require.Len(t, points, 1)
	assert.InDelta(t, 30.5, points[0].Sum, 0)
}
