package metrics_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

// everything asks for all that a look can read.
func everything() target.MetricsQuery {
	q := query
	q.Slow, q.Throttles = []float64{216.1, 382.192, 5000}, true
	q.Metrics = []analysis.Metric{
		{ID: "orders", Namespace: "Shop", Name: "Orders", Stat: "Sum", Dimensions: []analysis.Dimension{{Name: "Stage", Value: "live"}}},
		{ID: "per_call", Expression: "orders / alias_invocations"},
	}
	return q
}

// asked describes the queries of a call by their ids.
func asked(t *testing.T, body object) map[string]string {
	t.Helper()
	series := map[string]string{}
	for _, q := range body["MetricDataQueries"].([]any) {
		q := q.(object)
		if expression, ok := q["Expression"]; ok {
			assert.NotContains(t, q, "MetricStat", "exactly one of the two")
			series[q["Id"].(string)] = fmt.Sprintf("%v every %v", expression, q["Period"])
			continue
		}
		stat := q["MetricStat"].(object)
		metric := stat["Metric"].(object)
		var dimensions []string
		for _, d := range metric["Dimensions"].([]any) {
			dimensions = append(dimensions, fmt.Sprintf("%s=%s", d.(object)["Name"], d.(object)["Value"]))
		}
		slices.Sort(dimensions)
		series[q["Id"].(string)] = fmt.Sprintf("%s of %s/%s every %v %s", stat["Stat"], metric["Namespace"], metric["MetricName"], stat["Period"], strings.Join(dimensions, " "))
	}
	return series
}

func TestEverythingIsAskedForInOneCall(t *testing.T) {
	m, server := connect(t, complete(nil))
	_, err := m.Minutes(t.Context(), everything())
	require.NoError(t, err)
	calls := server.Calls("cloudwatch:GetMetricData")
	require.Len(t, calls, 1)
	series := asked(t, calls[0].Body.(object))
	for id, want := range map[string]string{
		"alias_samples":   "SampleCount of AWS/Lambda/Duration every 60 FunctionName=f Resource=f:live",
		"old_samples":     "SampleCount of AWS/Lambda/Duration every 60 ExecutedVersion=1 FunctionName=f Resource=f:live",
		"new_slow0":       "TC(216.1:) of AWS/Lambda/Duration every 60 ExecutedVersion=2 FunctionName=f Resource=f:live",
		"new_slow1":       "TC(382.192:) of AWS/Lambda/Duration every 60 ExecutedVersion=2 FunctionName=f Resource=f:live",
		"alias_slow2":     "TC(5000:) of AWS/Lambda/Duration every 60 FunctionName=f Resource=f:live",
		"alias_throttles": "Sum of AWS/Lambda/Throttles every 60 FunctionName=f Resource=f:live",
		"orders":          "Sum of Shop/Orders every 60 Stage=live",
		"per_call":        "orders / alias_invocations every 60",
	} {
		assert.Equal(t, want, series[id], id)
	}
	assert.Len(t, series, 6+3*4+1+2)
	for id := range series {
		assert.Equal(t, id != "orders" && id != "per_call", request.OwnMetricID(id), "%s is refused as the id of a request's metric", id)
	}
}

func TestMinutesReadsDurationsThrottlesAndOwnMetrics(t *testing.T) {
	second := start.Add(time.Minute)
	m, _ := connect(t, complete(map[string]map[time.Time]float64{
		"alias_samples": {start: 100}, "alias_slow0": {start: 10.5}, "alias_slow2": {start: 1},
		"old_samples": {start: 90}, "old_slow1": {start: 2},
		"new_samples": {start: 10}, "new_slow0": {start: 3}, "new_slow2": {start: 0.25},
		"alias_throttles": {second: 4},
		"orders":          {start: 40, second: 38}, "per_call": {second: 0.4},
	}))
	minutes, err := m.Minutes(t.Context(), everything())
	require.NoError(t, err)
	assert.Equal(t, []analysis.Minute{
		{
			Start:     start,
			AliasTook: analysis.Durations{Samples: 100, Slow: [3]float64{10.5, 0, 1}},
			OldTook:   analysis.Durations{Samples: 90, Slow: [3]float64{0, 2, 0}},
			NewTook:   analysis.Durations{Samples: 10, Slow: [3]float64{3, 0, 0.25}},
			Values:    map[string][]float64{"orders": {40}},
		},
		{Start: second, Throttles: 4, Values: map[string][]float64{"orders": {38}, "per_call": {0.4}}},
	}, minutes)
}

// An expression may have several results of one id, told apart by their labels: all of them count, and one that is not
// complete is an error.
func TestAnExpressionMayHaveSeveralResults(t *testing.T) {
	state := "Complete"
	m, _ := connect(t, func(call wiretest.Call) wiretest.Answer {
		results := []any{}
		for _, id := range ids(call) {
			if id != "per_call" {
				results = append(results, result(id, "Complete", nil))
			}
		}
		for label, status := range map[string]string{"a": state, "b": "Complete"} {
			r := result("per_call", status, map[time.Time]float64{start: 7})
			r["Label"] = label
			results = append(results, r)
		}
		return wiretest.Answer{Body: object{"MetricDataResults": results}}
	})
	minutes, err := m.Minutes(t.Context(), everything())
	require.NoError(t, err)
	assert.Equal(t, map[string][]float64{"per_call": {7, 7}}, minutes[0].Values)
	state = "PartialData"
	_, err = m.Minutes(t.Context(), everything())
	require.ErrorIs(t, err, target.ErrUnavailable)
}

func TestWhatCloudWatchSaysOfAMetricIsPassedOn(t *testing.T) {
	m, _ := connect(t, func(call wiretest.Call) wiretest.Answer {
		body := complete(nil)(call).Body.(object)
		for _, r := range body["MetricDataResults"].([]any) {
			if r := r.(object); r["Id"] == "orders" {
				r["StatusCode"], r["Messages"] = "Forbidden", []any{object{"Code": "AccessDenied", "Value": "no access to Shop"}}
			}
		}
		return wiretest.Answer{Body: body}
	})
	_, err := m.Minutes(t.Context(), everything())
	require.ErrorIs(t, err, target.ErrDenied)
	require.ErrorContains(t, err, "orders; AccessDenied: no access to Shop")
}

func TestAnExpressionThatIsWrongIsRefused(t *testing.T) {
	m, _ := connect(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Fail(400, "ValidationError", "Error in expression 'per_call': Invalid syntax")
	})
	_, err := m.Minutes(t.Context(), everything())
	require.ErrorIs(t, err, target.ErrRefused)
	require.ErrorContains(t, err, "Invalid syntax")
}

func TestQuantilesOnTheWire(t *testing.T) {
	from, second := start.Add(-4*time.Minute), start.Add(time.Minute)
	m, server := connect(t, complete(map[string]map[time.Time]float64{
		"alias_p90": {from: 200, second: 210}, "alias_p99": {from: 380, second: 390, second.Add(5 * time.Minute): 1},
	}))
	q := query
	q.Since, q.Until = from, start.Add(11*time.Minute)
	quantiles, err := m.Quantiles(t.Context(), q)
	require.NoError(t, err)
	assert.Equal(t, []analysis.Quantiles{{Start: from, P90: 200, P99: 380}, {Start: second, P90: 210, P99: 390}}, quantiles)

	calls := server.Calls("cloudwatch:GetMetricData")
	require.Len(t, calls, 1)
	body := calls[0].Body.(object)
	assert.Equal(t, from, body["StartTime"])
	assert.Equal(t, start.Add(11*time.Minute), body["EndTime"], "nothing of the new version")
	series := asked(t, body)
	assert.Equal(t, []string{"alias_p90", "alias_p99"}, slices.Sorted(maps.Keys(series)))
	assert.Equal(t, "p90 of AWS/Lambda/Duration every 300 FunctionName=f Resource=f:live", series["alias_p90"])
}

// A longer period goes into every query, and both ends are aligned to it, as CloudWatch's datapoints are.
func TestLongerPeriodsOnTheWire(t *testing.T) {
	for period, want := range map[time.Duration]struct{ start, end time.Time }{
		0:               {start, start.Add(6 * time.Minute)},
		time.Minute:     {start, start.Add(6 * time.Minute)},
		5 * time.Minute: {start.Add(-4 * time.Minute), start.Add(6 * time.Minute)},
		time.Hour:       {start.Add(-44 * time.Minute), start.Add(16 * time.Minute)},
		3 * time.Hour:   {start.Add(-104 * time.Minute), start.Add(76 * time.Minute)},
	} {
		m, server := connect(t, complete(map[string]map[time.Time]float64{"new_errors": {want.start: 3}, "old_slow1": {want.start: 7}}))
		q := everything()
		q.Period = period
		minutes, err := m.Minutes(t.Context(), q)
		require.NoError(t, err)
		assert.Equal(t, []analysis.Minute{{
			Start: want.start, New: analysis.Counts{Errors: 3}, OldTook: analysis.Durations{Slow: [3]float64{0, 7, 0}},
		}}, minutes, "a period has its own start")
		body := server.Calls("cloudwatch:GetMetricData")[0].Body.(object)
		assert.Equal(t, want.start, body["StartTime"], period)
		assert.Equal(t, want.end, body["EndTime"], period)
		every := fmt.Sprintf(" every %.0f", max(period, time.Minute).Seconds())
		for id, s := range asked(t, body) {
			assert.Contains(t, s+" ", every+" ", id)
		}
	}
}
