package metrics

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Alarms reads alarms by name, at most 100, of all types: without AlarmTypes CloudWatch answers metric alarms only. It
// leaves out the ones that do not exist without a word. A partition that is behind refuses the newest type, log alarms: it
// is asked for the others.
func (m Metrics) Alarms(ctx context.Context, names []string) ([]analysis.Alarm, error) {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	every := []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm, types.AlarmTypeLogAlarm}
	alarms, err := m.describe(ctx, names, every)
	if errors.Is(err, target.ErrRefused) {
		alarms, err = m.describe(ctx, names, every[:2])
	}
	if err != nil {
		return nil, err
	}
	return alarms, missing(names, alarms)
}

// describe reads alarms of some types, page by page.
func (m Metrics) describe(ctx context.Context, names []string, of []types.AlarmType) ([]analysis.Alarm, error) {
	in := &cloudwatch.DescribeAlarmsInput{AlarmNames: names, AlarmTypes: of, MaxRecords: aws.Int32(100)}
	var alarms []analysis.Alarm
	for pages := (cloud.Pages{}); ; {
		out, err := cloud.Call(ctx, m.alarms.DescribeAlarms, in)
		if err != nil {
			return nil, err
		}
		for _, a := range out.MetricAlarms {
			alarm := alarmOf(a.AlarmName, a.StateValue, a.StateTransitionedTimestamp, a.StateUpdatedTimestamp)
			alarm.Periods = periods(a)
			alarms = append(alarms, alarm)
		}
		for _, a := range out.CompositeAlarms {
			alarms = append(alarms, alarmOf(a.AlarmName, a.StateValue, a.StateTransitionedTimestamp, a.StateUpdatedTimestamp))
		}
		for _, a := range out.LogAlarms {
			alarms = append(alarms, alarmOf(a.AlarmName, a.StateValue, a.StateTransitionedTimestamp, a.StateUpdatedTimestamp))
		}
		alarms = slices.DeleteFunc(alarms, func(a analysis.Alarm) bool { return !slices.Contains(names, a.Name) })
		if err := stated(alarms); err != nil {
			return nil, err
		}
		if len(alarms) > len(names) {
			return nil, cloud.NoAnswer("it has more alarms than were asked for")
		}
		if more, err := pages.More(out.NextToken); !more {
			return alarms, err
		}
		in.NextToken = out.NextToken
	}
}

// periods is how long the datapoints together are that have to be bad: of a metric, or of the longest period of an expression.
func periods(a types.MetricAlarm) time.Duration {
	period := aws.ToInt32(a.Period)
	for _, q := range a.Metrics {
		if period = max(period, aws.ToInt32(q.Period)); q.MetricStat != nil {
			period = max(period, aws.ToInt32(q.MetricStat.Period))
		}
	}
	datapoints := cmp.Or(aws.ToInt32(a.DatapointsToAlarm), aws.ToInt32(a.EvaluationPeriods))
	return time.Duration(max(0, datapoints)) * time.Duration(max(0, period)) * time.Second
}

// alarmOf reads an alarm; StateTransitionedTimestamp is when it changed to its state.
func alarmOf(name *string, state types.StateValue, transitioned, updated *time.Time) analysis.Alarm {
	since := transitioned
	if since == nil {
		since = updated
	}
	return analysis.Alarm{Name: aws.ToString(name), State: analysis.AlarmState(state), Since: aws.ToTime(since).UTC()}
}

// stated fails where an alarm is in no state that there is: it would veto nothing.
func stated(alarms []analysis.Alarm) error {
	for _, a := range alarms {
		switch a.State {
		case analysis.AlarmOK, analysis.AlarmRed, analysis.AlarmUnknown:
		default:
			return cloud.NoAnswer("the state of alarm %s is %q", a.Name, a.State)
		}
	}
	return nil
}

// missing names alarms that were not found.
func missing(names []string, alarms []analysis.Alarm) error {
	const most = 10
	absent := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(alarms, func(a analysis.Alarm) bool { return a.Name == name })
	})
	if len(absent) == 0 {
		return nil
	}
	more := ""
	if len(absent) > most {
		more = fmt.Sprintf(" and %d more", len(absent)-most)
		absent = absent[:most]
	}
	for i, name := range absent {
		absent[i] = cloud.Text(name)
	}
	return fmt.Errorf("%w: %s%s", target.ErrNotFound, strings.Join(absent, ", "), more)
}
