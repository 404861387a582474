package metrics_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

// answering answers every series that is asked for as complete and empty, and lets a test change the results.
func answering(change func(results []any) object) func(wiretest.Call) wiretest.Answer {
	return func(call wiretest.Call) wiretest.Answer {
		return wiretest.Answer{Body: change(complete(nil)(call).Body.(object)["MetricDataResults"].([]any))}
	}
}

// without leaves out the results of an id.
func without(results []any, id string) []any {
	var left []any
	for _, r := range results {
		if r.(object)["Id"] != id {
			left = append(left, r)
		}
	}
	return left
}

// labelled is one of several results of an expression.
func labelled(label, status string, points map[time.Time]float64) object {
	r := result("per_call", status, points)
	r["Label"] = label
	return r
}

// A SEARCH that finds nothing has no result: that is no data. A metric always has one: without it something was not read.
func TestAnExpressionThatFindsNothingIsNoData(t *testing.T) {
	m, _ := connect(t, answering(func(results []any) object { return object{"MetricDataResults": without(results, "per_call")} }))
	minutes, err := m.Minutes(t.Context(), everything())
	require.NoError(t, err)
	assert.Empty(t, minutes)

	m, _ = connect(t, answering(func(results []any) object { return object{"MetricDataResults": without(results, "orders")} }))
	_, err = m.Minutes(t.Context(), everything())
	require.ErrorIs(t, err, target.ErrUnavailable)
	require.ErrorContains(t, err, "it has nothing of orders")
}

// Every one of several series counts, also where their labels are the same.
func TestSeriesOfOneIDAndLabelAreTwo(t *testing.T) {
	states := []string{"Complete", "Complete"}
	m, _ := connect(t, answering(func(results []any) object {
		return object{"MetricDataResults": append(without(results, "per_call"),
			labelled("same", states[0], map[time.Time]float64{start: 7}), labelled("same", states[1], map[time.Time]float64{start: 0}))}
	}))
	minutes, err := m.Minutes(t.Context(), everything())
	require.NoError(t, err)
	assert.Equal(t, []float64{7, 0}, minutes[0].Values["per_call"])
	states[0] = "PartialData"
	_, err = m.Minutes(t.Context(), everything())
	require.ErrorIs(t, err, target.ErrUnavailable)
}

func TestMinutesThatAreNotOursAreNotBelieved(t *testing.T) {
	tests := map[string]struct {
		change  func(results []any) object
		message string
	}{
		"a limit of CloudWatch's own": {func(results []any) object {
			return object{"MetricDataResults": results, "Messages": []any{object{"Code": "MaxMetricsExceeded", "Value": "Maximum number of allowed metrics exceeded"}}}
		}, "did not read everything; MaxMetricsExceeded: Maximum number"},
		"results of others": {func(results []any) object {
			for _, r := range results {
				r.(object)["Id"] = "other"
			}
			return object{"MetricDataResults": results}
		}, "it has nothing of alias_invocations"},
		"a time before": {func(results []any) object {
			return object{"MetricDataResults": append(results, result("new_errors", "Complete", map[time.Time]float64{start.AddDate(0, 0, -2): 1}))}
		}, "new_errors has a datapoint of 2026-11-19T16:44:00Z"},
		"a time to come": {func(results []any) object {
			return object{"MetricDataResults": append(results, result("new_errors", "Complete", map[time.Time]float64{start.Add(6 * time.Minute): 1}))}
		}, "new_errors has a datapoint of 2026-11-21T16:50:00Z"},
		"an endless explanation": {func(results []any) object {
			r := result("new_errors", "InternalError", nil)
			r["Messages"] = []any{object{"Code": "Code", "Value": strings.Repeat("\x1b[31mno ", 100_000)}}
			return object{"MetricDataResults": append(results, r)}
		}, "Code: [31mno [31mno"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m, _ := connect(t, answering(test.change))
			minutes, err := m.Minutes(t.Context(), query)
			require.ErrorIs(t, err, target.ErrUnavailable)
			require.ErrorContains(t, err, test.message)
			assert.Empty(t, minutes)
			assert.Less(t, len(err.Error()), 700)
		})
	}
	m, _ := connect(t, answering(func(results []any) object {
		return object{"MetricDataResults": append(results, result("other", "Forbidden", map[time.Time]float64{start.AddDate(1, 0, 0): 7}))}
	}))
	minutes, err := m.Minutes(t.Context(), query)
	require.NoError(t, err, "what nobody asked for is nobody's business")
	assert.Empty(t, minutes)
}

// What is no number is told as it is, for the judge to call it unreadable.
func TestValuesThatAreNoNumbersAreTold(t *testing.T) {
	m, _ := connect(t, answering(func(results []any) object {
		return object{"MetricDataResults": append(without(results, "orders"), result("orders", "Complete", map[time.Time]float64{start: math.NaN()}))}
	}))
	minutes, err := m.Minutes(t.Context(), everything())
	require.NoError(t, err)
	require.Len(t, minutes, 1)
	assert.True(t, math.IsNaN(minutes[0].Values["orders"][0]))
}

// Metrics of a busy account take longer than other calls.
func TestSlowMetricsGetThrough(t *testing.T) {
	t.Parallel()
	m, _ := connect(t, func(call wiretest.Call) wiretest.Answer {
		answer := complete(map[string]map[time.Time]float64{"new_errors": {start: 1}})(call)
		answer.Delay = 4 * time.Second
		return answer
	})
	minutes, err := m.Minutes(t.Context(), query)
	require.NoError(t, err)
	assert.Len(t, minutes, 1)
}

// A partition that does not know log alarms refuses to be asked for them.
func TestAlarmsWhereLogAlarmsAreUnknown(t *testing.T) {
	m, server := connect(t, func(call wiretest.Call) wiretest.Answer {
		if len(call.Body.(object)["AlarmTypes"].([]any)) == 3 {
			return wiretest.Fail(400, "ValidationError", "1 validation error detected: Value '[MetricAlarm, CompositeAlarm, LogAlarm]' at 'alarmTypes' failed to satisfy constraint")
		}
		return wiretest.Answer{Body: object{"MetricAlarms": []any{object{"AlarmName": "a", "StateValue": "OK"}}}}
	})
	alarms, err := m.Alarms(t.Context(), []string{"a"})
	require.NoError(t, err)
	assert.Equal(t, []analysis.Alarm{{Name: "a", State: analysis.AlarmOK}}, alarms)
	assert.Equal(t, []any{"MetricAlarm", "CompositeAlarm"}, server.Calls("cloudwatch:DescribeAlarms")[1].Body.(object)["AlarmTypes"])

	m, server = connect(t, func(wiretest.Call) wiretest.Answer { return wiretest.Fail(400, "ValidationError", "no") })
	_, err = m.Alarms(t.Context(), []string{"a"})
	require.ErrorIs(t, err, target.ErrRefused, "what is refused for another reason stays refused")
	assert.Len(t, server.Calls("cloudwatch:DescribeAlarms"), 2)
	m, server = connect(t, func(wiretest.Call) wiretest.Answer { return wiretest.Fail(403, "AccessDenied", "no") })
	_, err = m.Alarms(t.Context(), []string{"a"})
	require.ErrorIs(t, err, target.ErrDenied)
	assert.Len(t, server.Calls("cloudwatch:DescribeAlarms"), 1)
}

// An alarm in a state that is none would veto nothing.
func TestAlarmsThatSayNothingAreNotBelieved(t *testing.T) {
	for _, alarm := range []object{{"AlarmName": "a"}, {"AlarmName": "a", "StateValue": ""}, {"AlarmName": "a", "StateValue": "FINE"}} {
		m, _ := connect(t, func(wiretest.Call) wiretest.Answer {
			return wiretest.Answer{Body: object{"MetricAlarms": []any{alarm, object{"AlarmName": "other"}}}}
		})
		alarms, err := m.Alarms(t.Context(), []string{"a"})
		require.ErrorIs(t, err, target.ErrUnavailable)
		assert.Empty(t, alarms)
	}
	m, _ := connect(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Answer{Body: object{"MetricAlarms": []any{object{"AlarmName": "a", "StateValue": "OK"}, object{"AlarmName": "other"}}}}
	})
	alarms, err := m.Alarms(t.Context(), []string{"a"})
	require.NoError(t, err)
	assert.Len(t, alarms, 1, "alarms that nobody asked for are nobody's business")

	name := strings.Repeat("警報", 50) // 100 characters, 300 bytes
	m, _ = connect(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Answer{Body: object{"MetricAlarms": []any{object{"AlarmName": name, "StateValue": "OK"}}}}
	})
	alarms, err = m.Alarms(t.Context(), []string{name})
	require.NoError(t, err)
	assert.Equal(t, []analysis.Alarm{{Name: name, State: analysis.AlarmOK}}, alarms)
}

func TestAnAlarmIsToldOnce(t *testing.T) {
	m, _ := connect(t, func(wiretest.Call) wiretest.Answer {
		alarm := object{"AlarmName": "a", "StateValue": "OK"}
		return wiretest.Answer{Body: object{"MetricAlarms": []any{alarm}, "CompositeAlarms": []any{alarm}}}
	})
	_, err := m.Alarms(t.Context(), []string{"a"})
	require.ErrorIs(t, err, target.ErrUnavailable)
}

func TestMissingAlarmsAreNamedWithinReason(t *testing.T) {
	m, _ := connect(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{Body: object{}} })
	names := make([]string, 100)
	for i := range names {
		names[i] = strings.Repeat("警", 100)
	}
	_, err := m.Alarms(t.Context(), names)
	require.ErrorIs(t, err, target.ErrNotFound)
	require.ErrorContains(t, err, strings.Repeat("警", 100)+" and 90 more")
}
