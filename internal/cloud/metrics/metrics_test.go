package metrics_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/metrics"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

var (
	start = time.Date(2026, 11, 21, 16, 44, 0, 0, time.UTC)
	query = target.MetricsQuery{
		Function: "f", Alias: "live", OldVersion: "1", NewVersion: "2", Since: start.Add(54 * time.Second), Until: start.Add(5*time.Minute + 10*time.Second),
	}
)

func connect(t *testing.T, answer func(wiretest.Call) wiretest.Answer) (metrics.Metrics, *wiretest.Server) {
	t.Helper()
	server := wiretest.Start(t, answer)
	cfg := cloud.Load(server.Getenv)
	cfg.RetryMaxAttempts = 1
	return metrics.New(cfg), server
}

// object is a body on the wire.
type object = map[string]any

// result is one series of GetMetricData.
func result(id, status string, points map[time.Time]float64) object {
	times, values := []any{}, []any{}
	for at, value := range points {
		times, values = append(times, at), append(values, value)
	}
	return object{"Id": id, "StatusCode": status, "Timestamps": times, "Values": values}
}

// ids are the series that a look asks for.
func ids(call wiretest.Call) []string {
	var all []string
	for _, q := range call.Body.(object)["MetricDataQueries"].([]any) {
		all = append(all, q.(object)["Id"].(string))
	}
	return all
}

// complete answers every series that is asked for: with these points, or none.
func complete(points map[string]map[time.Time]float64) func(wiretest.Call) wiretest.Answer {
	return func(call wiretest.Call) wiretest.Answer {
		results := []any{}
		for _, id := range ids(call) {
			results = append(results, result(id, "Complete", points[id]))
		}
		return wiretest.Answer{Body: object{"MetricDataResults": results}}
	}
}

func TestMinutesOnTheWire(t *testing.T) {
	m, server := connect(t, complete(nil))
	minutes, err := m.Minutes(t.Context(), query)
	require.NoError(t, err)
	assert.Empty(t, minutes)
	calls := server.Calls("cloudwatch:GetMetricData")
	require.Len(t, calls, 1, "one call for everything")
	body := calls[0].Body.(object)
	assert.Equal(t, start, body["StartTime"], "the whole first minute")
	assert.Equal(t, start.Add(6*time.Minute), body["EndTime"], "the newest minute too: EndTime is exclusive")

	series := map[string]string{}
	for _, q := range body["MetricDataQueries"].([]any) {
		q := q.(object)
		stat := q["MetricStat"].(object)
		assert.InDelta(t, 60, stat["Period"], 0)
		assert.Equal(t, "Sum", stat["Stat"])
		metric := stat["Metric"].(object)
		assert.Equal(t, "AWS/Lambda", metric["Namespace"])
		var dimensions []string
		for _, d := range metric["Dimensions"].([]any) {
			dimensions = append(dimensions, fmt.Sprintf("%s=%s", d.(object)["Name"], d.(object)["Value"]))
		}
		slices.Sort(dimensions)
		series[q["Id"].(string)] = fmt.Sprintf("%s %s", metric["MetricName"], strings.Join(dimensions, " "))
	}
	const alias = "FunctionName=f Resource=f:live"
	assert.Equal(t, map[string]string{
		"alias_invocations": "Invocations " + alias,
		"alias_errors":      "Errors " + alias,
		"old_invocations":   "Invocations ExecutedVersion=1 " + alias,
		"old_errors":        "Errors ExecutedVersion=1 " + alias,
		"new_invocations":   "Invocations ExecutedVersion=2 " + alias,
		"new_errors":        "Errors ExecutedVersion=2 " + alias,
	}, series)
}

func TestMinutesWithoutAnOldVersion(t *testing.T) {
	m, server := connect(t, complete(nil))
	q := query
	q.OldVersion = ""
	_, err := m.Minutes(t.Context(), q)
	require.NoError(t, err)
	assert.Equal(t, []string{"alias_invocations", "alias_errors", "new_invocations", "new_errors"}, ids(server.Calls("cloudwatch:GetMetricData")[0]))
}

func TestMinutesReadsEverySeries(t *testing.T) {
	second := start.Add(time.Minute)
	m, _ := connect(t, complete(map[string]map[time.Time]float64{
		"alias_invocations": {start: 100, second: 110},
		"alias_errors":      {start: 2, second: 7},
		"old_invocations":   {start: 90, second: 80},
		"old_errors":        {start: 1},
		"new_invocations":   {second: 30},
		"new_errors":        {second: 6},
	}))
	minutes, err := m.Minutes(t.Context(), query)
	require.NoError(t, err)
	assert.Equal(t, []analysis.Minute{
		{Start: start, Old: analysis.Counts{Invocations: 90, Errors: 1}, Alias: analysis.Counts{Invocations: 100, Errors: 2}},
		{
			Start: second, New: analysis.Counts{Invocations: 30, Errors: 6}, Old: analysis.Counts{Invocations: 80},
			Alias: analysis.Counts{Invocations: 110, Errors: 7},
		},
	}, minutes)
}

// A page holds part of the series, or part of a series.
func TestMinutesFollowsPages(t *testing.T) {
	second := start.Add(time.Minute)
	m, server := connect(t, func(call wiretest.Call) wiretest.Answer {
		all := ids(call)
		switch call.Body.(object)["NextToken"] {
		case nil:
			results := []any{result("new_errors", "PartialData", map[time.Time]float64{start: 1})}
			for _, id := range all[:2] {
				results = append(results, result(id, "Complete", nil))
			}
			return wiretest.Answer{Body: object{"MetricDataResults": results, "NextToken": "page 2"}}
		case "page 2":
			return wiretest.Answer{Body: object{"MetricDataResults": []any{}, "NextToken": "page 3"}}
		case "page 3":
			results := []any{result("new_errors", "Complete", map[time.Time]float64{second: 4})}
			for _, id := range all[2:5] {
				results = append(results, result(id, "Complete", nil))
			}
			return wiretest.Answer{Body: object{"MetricDataResults": results}}
		}
		return wiretest.Fail(400, "InvalidNextToken", "no such page")
	})
	minutes, err := m.Minutes(t.Context(), query)
	require.NoError(t, err)
	assert.Equal(t, []analysis.Minute{
		{Start: start, New: analysis.Counts{Errors: 1}}, {Start: second, New: analysis.Counts{Errors: 4}},
	}, minutes)
	for _, call := range server.Calls("cloudwatch:GetMetricData") {
		assert.Len(t, ids(call), 6, "a page is asked for with the same queries")
		assert.Equal(t, start, call.Body.(object)["StartTime"])
	}
}

// What was not read whole is an error: it must never pass for health.
func TestMinutesNeverGuesses(t *testing.T) {
	tests := map[string]struct {
		change func(results []any) object
		want   error
	}{
		"an internal error": {func(r []any) object {
			r[5] = result("new_errors", "InternalError", nil)
			return object{"MetricDataResults": r}
		}, target.ErrUnavailable},
		"an internal error with values": {func(r []any) object {
			r[5] = result("new_errors", "InternalError", map[time.Time]float64{start: 0})
			return object{"MetricDataResults": r}
		}, target.ErrUnavailable},
		"forbidden": {func(r []any) object {
			r[5] = result("new_errors", "Forbidden", nil)
			return object{"MetricDataResults": r}
		}, target.ErrDenied},
		"a status nobody knows": {func(r []any) object {
			r[5] = result("new_errors", "Maybe", nil)
			return object{"MetricDataResults": r}
		}, target.ErrUnavailable},
		"no status": {func(r []any) object {
			r[5] = object{"Id": "new_errors"}
			return object{"MetricDataResults": r}
		}, target.ErrUnavailable},
		"a missing series": {func(r []any) object { return object{"MetricDataResults": r[:5]} }, target.ErrUnavailable},
		"no series":        {func([]any) object { return object{} }, target.ErrUnavailable},
		"partial data without a next page": {func(r []any) object {
			r[5] = result("new_errors", "PartialData", map[time.Time]float64{start: 0})
			return object{"MetricDataResults": r}
		}, target.ErrUnavailable},
		"more times than values": {func(r []any) object {
			r[5] = object{"Id": "new_errors", "StatusCode": "Complete", "Timestamps": []any{start, start.Add(time.Minute)}, "Values": []any{1.0}}
			return object{"MetricDataResults": r}
		}, target.ErrUnavailable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m, _ := connect(t, func(call wiretest.Call) wiretest.Answer {
				body := complete(nil)(call).Body.(object)
				return wiretest.Answer{Body: test.change(body["MetricDataResults"].([]any))}
			})
			minutes, err := m.Minutes(t.Context(), query)
			require.ErrorIs(t, err, test.want)
			assert.Empty(t, minutes)
		})
	}
}

func TestAlarms(t *testing.T) {
	since := start.Add(-time.Hour)
	m, server := connect(t, func(call wiretest.Call) wiretest.Answer {
		if call.Body.(object)["NextToken"] == nil {
			return wiretest.Answer{Body: object{
				"MetricAlarms": []any{
					object{"AlarmName": "errors", "StateValue": "ALARM", "StateTransitionedTimestamp": since, "StateUpdatedTimestamp": start, "Period": 300, "EvaluationPeriods": 5, "DatapointsToAlarm": 3},
					object{"AlarmName": "old", "StateValue": "OK", "StateUpdatedTimestamp": start},
				},
				"NextToken": "more",
			}}
		}
		return wiretest.Answer{Body: object{
			"CompositeAlarms": []any{object{"AlarmName": "all", "StateValue": "INSUFFICIENT_DATA"}},
			"LogAlarms":       []any{object{"AlarmName": "log", "StateValue": "OK"}},
		}}
	})
	names := []string{"errors", "old", "all", "log"}
	alarms, err := m.Alarms(t.Context(), names)
	require.NoError(t, err)
	assert.Equal(t, []analysis.Alarm{
		{Name: "errors", State: analysis.AlarmRed, Since: since, Periods: 15 * time.Minute},
		{Name: "old", State: analysis.AlarmOK, Since: start},
		{Name: "all", State: analysis.AlarmUnknown},
		{Name: "log", State: analysis.AlarmOK},
	}, alarms)
	for _, call := range server.Calls("cloudwatch:DescribeAlarms") {
		body := call.Body.(object)
		assert.Equal(t, []any{"MetricAlarm", "CompositeAlarm", "LogAlarm"}, body["AlarmTypes"], "else CloudWatch answers metric alarms only")
		assert.Equal(t, []any{"errors", "old", "all", "log"}, body["AlarmNames"])
	}
	assert.Len(t, server.Calls("cloudwatch:DescribeAlarms"), 2)

	_, err = m.Alarms(t.Context(), append(names, "typo", "gone"))
	require.ErrorIs(t, err, target.ErrNotFound, "CloudWatch leaves out what does not exist")
	require.ErrorContains(t, err, "typo, gone")
}
