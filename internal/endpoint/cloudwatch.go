package endpoint

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/wire"
)

// metricQuery is a MetricDataQuery.
type metricQuery struct {
	ID, Expression, Label string
	// Period is an expression's, without which it has that of a minute.
	Period     wire.Number
	MetricStat struct {
		Metric struct {
			Namespace, MetricName string
			Dimensions            []struct{ Name, Value string }
		}
		Period wire.Number
		Stat   string
	}
}

// metric is what it asks for.
func (q metricQuery) metric() sim.Metric {
	if q.Expression != "" {
		return sim.Metric{Expression: q.Expression, Period: max(time.Duration(q.Period)*time.Second, time.Minute)}
	}
	m := sim.Metric{
		Namespace: q.MetricStat.Metric.Namespace, Name: q.MetricStat.Metric.MetricName, Dimensions: map[string]string{},
		Period: time.Duration(q.MetricStat.Period) * time.Second,
	}
	for _, d := range q.MetricStat.Metric.Dimensions {
		m.Dimensions[d.Name] = d.Value
	}
	return m
}

func invalid(message string) error { return &sim.Error{Code: "ValidationError", Message: message} }

var metricID = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,254}$`)

// check refuses what CloudWatch refuses, and what this one cannot do.
func (q metricQuery) check() error {
	period := int(q.MetricStat.Period)
	switch {
	case !metricID.MatchString(q.ID):
		return invalid("The value " + q.ID + " for parameter MetricDataQueries.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.")
	case q.Expression != "" && int(q.Period)%60 == 0:
	case q.Expression != "", period < 60 || period%60 != 0:
		return invalid("Period must be a multiple of 60.")
	case q.value(sim.Datapoint{}) == nil:
		return invalid("the simulated account has no statistic " + q.MetricStat.Stat)
	}
	return nil
}

// value is the statistic of a datapoint; nil is an unknown one.
func (q metricQuery) value(p sim.Datapoint) any {
	if value, known := p.Statistic(q.MetricStat.Stat); known {
		return value
	}
	return nil
}

func (e *Endpoint) getMetricData(ctx context.Context, c call) (wire.Answer, error) {
	var body struct {
		MetricDataQueries  []metricQuery
		StartTime, EndTime wire.Time
		ScanBy, NextToken  string
	}
	if err := c.read(&body); err != nil {
		return wire.Answer{}, err
	}
	switch {
	case len(body.MetricDataQueries) == 0:
		return wire.Answer{}, invalid("The parameter MetricDataQueries is required.")
	case !body.StartTime.Before(body.EndTime.Time):
		return wire.Answer{}, invalid("The parameter StartTime must be less than the parameter EndTime.")
	case body.NextToken != "":
		return wire.Answer{}, &sim.Error{Code: "InvalidNextToken", Message: "there is one page of everything"}
	}
	metrics := []sim.Metric{}
	for _, q := range body.MetricDataQueries {
		if err := q.check(); err != nil {
			return wire.Answer{}, err
		}
		metrics = append(metrics, q.metric())
	}
	series, err := e.control.Series(ctx, metrics, body.StartTime.Time, body.EndTime.Time)
	if err != nil {
		return wire.Answer{}, err
	}
	results := []object{}
	for i, q := range body.MetricDataQueries {
		if q.Expression != "" && series[i] == nil {
			continue // CloudWatch has no result of an expression that finds nothing
		}
		results = append(results, q.result(series[i], body.ScanBy != "TimestampAscending"))
	}
	return wire.Answer{Body: object{"MetricDataResults": results, "Messages": []object{}}}, nil
}

// result is one MetricDataResult.
func (q metricQuery) result(periods []sim.Datapoint, newestFirst bool) object {
	if newestFirst {
		slices.Reverse(periods)
	}
	times, values := []any{}, []any{}
	for _, p := range periods {
		times, values = append(times, p.At), append(values, q.value(p))
	}
	label := q.Label
	if label == "" {
		label = q.MetricStat.Metric.MetricName + q.Expression
	}
	return object{"Id": q.ID, "Label": label, "StatusCode": "Complete", "Timestamps": times, "Values": values}
}

// describeAlarms tells of alarms, all of which are metric alarms. One that does not exist is left out.
func (e *Endpoint) describeAlarms(ctx context.Context, c call) (wire.Answer, error) {
	var body struct {
		AlarmNames, AlarmTypes      []string
		AlarmNamePrefix, StateValue string
	}
	if err := c.read(&body); err != nil {
		return wire.Answer{}, err
	}
	if e.world.NoLogAlarms && slices.Contains(body.AlarmTypes, "LogAlarm") {
		return wire.Answer{}, invalid("1 validation error detected: Value '[" + strings.Join(body.AlarmTypes, ", ") + "]' at 'alarmTypes' failed to satisfy constraint: " +
			"Member must satisfy enum value set: [MetricAlarm, CompositeAlarm]")
	}
	alarms, err := e.control.Alarms(ctx, func(name string) bool {
		return (len(body.AlarmTypes) == 0 || slices.Contains(body.AlarmTypes, "MetricAlarm")) &&
			(len(body.AlarmNames) == 0 || slices.Contains(body.AlarmNames, name)) && strings.HasPrefix(name, body.AlarmNamePrefix)
	})
	found := []object{}
	for _, a := range alarms {
		if body.StateValue != "" && body.StateValue != string(a.State) {
			continue
		}
		alarm := object{
			"AlarmName": a.Name, "AlarmArn": "arn:aws:cloudwatch:" + sim.Home().Region + ":" + sim.Home().Account + ":alarm:" + a.Name,
			"StateValue": string(a.State), "StateUpdatedTimestamp": a.Since, "StateTransitionedTimestamp": a.Since,
		}
		if minutes := int(a.Periods / time.Minute); minutes > 0 {
			alarm["Period"], alarm["EvaluationPeriods"] = 60, minutes
		}
		found = append(found, alarm)
	}
	return wire.Answer{Body: object{"MetricAlarms": found, "CompositeAlarms": []object{}, "LogAlarms": []object{}}}, err
}

func (e *Endpoint) setAlarmState(ctx context.Context, c call) (wire.Answer, error) {
	var body struct{ AlarmName, StateValue string }
	if err := c.read(&body); err != nil {
		return wire.Answer{}, err
	}
	return wire.Answer{}, e.control.SetAlarmState(ctx, body.AlarmName, analysis.AlarmState(body.StateValue))
}
