// Package metrics speaks to Amazon CloudWatch: what a rollout is judged by, in the deployer's words.
package metrics

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/deployer"
)

// Metrics is the CloudWatch of one account and region.
type Metrics struct{ client *cloudwatch.Client }

// New makes the client.
func New(cfg aws.Config) Metrics { return Metrics{client: cloudwatch.NewFromConfig(cfg)} }

// series is one metric of the alias, and where its values go.
type series struct {
	id, metric, version string
	count               func(*analysis.Minute) *float64
}

// seriesOf lists what one look reads: invocations and errors of both versions behind the alias (dimension
// ExecutedVersion) and of the alias as a whole.
func seriesOf(q deployer.MeterQuery) []series {
	all := []series{
		{"alias_invocations", "Invocations", "", func(m *analysis.Minute) *float64 { return &m.Alias.Invocations }},
		{"alias_errors", "Errors", "", func(m *analysis.Minute) *float64 { return &m.Alias.Errors }},
		{"old_invocations", "Invocations", q.OldVersion, func(m *analysis.Minute) *float64 { return &m.Old.Invocations }},
		{"old_errors", "Errors", q.OldVersion, func(m *analysis.Minute) *float64 { return &m.Old.Errors }},
		{"new_invocations", "Invocations", q.NewVersion, func(m *analysis.Minute) *float64 { return &m.New.Invocations }},
		{"new_errors", "Errors", q.NewVersion, func(m *analysis.Minute) *float64 { return &m.New.Errors }},
	}
	return slices.DeleteFunc(all, func(s series) bool { return s.version == "" && !strings.HasPrefix(s.id, "alias") })
}

// query asks for one series by the exact dimensions that Lambda writes: the bare function name, and Resource
// "function:alias", not an ARN (docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view).
func (s series) query(q deployer.MeterQuery) types.MetricDataQuery {
	dimensions := []types.Dimension{
		{Name: aws.String("FunctionName"), Value: aws.String(q.Function)},
		{Name: aws.String("Resource"), Value: aws.String(q.Function + ":" + q.Alias)},
	}
	if s.version != "" {
		dimensions = append(dimensions, types.Dimension{Name: aws.String("ExecutedVersion"), Value: aws.String(s.version)})
	}
	return types.MetricDataQuery{
		Id: aws.String(s.id),
		MetricStat: &types.MetricStat{
			Metric: &types.Metric{Namespace: aws.String("AWS/Lambda"), MetricName: aws.String(s.metric), Dimensions: dimensions},
			Period: aws.Int32(60),
			Stat:   aws.String("Sum"),
		},
	}
}

// Minutes reads everything from the minute of q.Since to the newest, with GetMetricData, following its pages.
func (m Metrics) Minutes(ctx context.Context, q deployer.MeterQuery) ([]analysis.Minute, error) {
	ctx, cancel := context.WithTimeout(ctx, cloud.CallTimeout)
	defer cancel()
	wanted := seriesOf(q)
	in := &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(q.Since.UTC().Truncate(time.Minute)),
		EndTime:   aws.Time(q.Until.UTC().Truncate(time.Minute).Add(time.Minute)),
		ScanBy:    types.ScanByTimestampAscending,
	}
	for _, s := range wanted {
		in.MetricDataQueries = append(in.MetricDataQueries, s.query(q))
	}
	minutes := map[time.Time]*analysis.Minute{}
	states := map[string]types.StatusCode{}
	for {
		out, err := m.client.GetMetricData(ctx, in)
		if err != nil {
			return nil, cloud.Translate(err)
		}
		for _, result := range out.MetricDataResults {
			states[aws.ToString(result.Id)] = result.StatusCode
			if err := collect(minutes, wanted, result); err != nil {
				return nil, err
			}
		}
		if out.NextToken == nil || *out.NextToken == "" {
			break
		}
		in.NextToken = out.NextToken
	}
	for _, s := range wanted {
		if state := states[s.id]; state != types.StatusCodeComplete {
			return nil, fmt.Errorf("%w: CloudWatch says %q of %s", deployer.ErrUnavailable, state, s.id)
		}
	}
	return sorted(minutes), nil
}

// collect adds one result's values to their minutes. Only a complete or partial result is one; Forbidden is a missing
// permission.
func collect(minutes map[time.Time]*analysis.Minute, wanted []series, result types.MetricDataResult) error {
	id := aws.ToString(result.Id)
	switch result.StatusCode {
	case types.StatusCodeComplete, types.StatusCodePartialData:
	case types.StatusCodeForbidden:
		return fmt.Errorf("%w: CloudWatch says Forbidden of %s", deployer.ErrDenied, id)
	default:
		return fmt.Errorf("%w: CloudWatch says %q of %s", deployer.ErrUnavailable, result.StatusCode, id)
	}
	if len(result.Timestamps) != len(result.Values) {
		return fmt.Errorf("%w: %s has %d times and %d values", deployer.ErrUnavailable, id, len(result.Timestamps), len(result.Values))
	}
	i := slices.IndexFunc(wanted, func(s series) bool { return s.id == id })
	if i < 0 {
		return nil
	}
	for k, at := range result.Timestamps {
		at = at.UTC().Truncate(time.Minute)
		if minutes[at] == nil {
			minutes[at] = &analysis.Minute{Start: at}
		}
		*wanted[i].count(minutes[at]) += result.Values[k]
	}
	return nil
}

func sorted(minutes map[time.Time]*analysis.Minute) []analysis.Minute {
	list := make([]analysis.Minute, 0, len(minutes))
	for _, m := range minutes {
		list = append(list, *m)
	}
	slices.SortFunc(list, func(a, b analysis.Minute) int { return a.Start.Compare(b.Start) })
	return list
}

// Alarms reads alarms by name, at most 100, of all types: without AlarmTypes CloudWatch answers metric alarms only. It
// leaves out the ones that do not exist without a word.
func (m Metrics) Alarms(ctx context.Context, names []string) ([]analysis.Alarm, error) {
	ctx, cancel := context.WithTimeout(ctx, cloud.CallTimeout)
	defer cancel()
	in := &cloudwatch.DescribeAlarmsInput{
		AlarmNames: names,
		AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm, types.AlarmTypeLogAlarm},
		MaxRecords: aws.Int32(100),
	}
	var alarms []analysis.Alarm
	for {
		out, err := m.client.DescribeAlarms(ctx, in)
		if err != nil {
			return nil, cloud.Translate(err)
		}
		for _, a := range out.MetricAlarms {
			alarms = append(alarms, alarmOf(a.AlarmName, a.StateValue, a.StateTransitionedTimestamp, a.StateUpdatedTimestamp))
		}
		for _, a := range out.CompositeAlarms {
			alarms = append(alarms, alarmOf(a.AlarmName, a.StateValue, a.StateTransitionedTimestamp, a.StateUpdatedTimestamp))
		}
		for _, a := range out.LogAlarms {
			alarms = append(alarms, alarmOf(a.AlarmName, a.StateValue, a.StateTransitionedTimestamp, a.StateUpdatedTimestamp))
		}
		if out.NextToken == nil || *out.NextToken == "" {
			return alarms, missing(names, alarms)
		}
		in.NextToken = out.NextToken
	}
}

// alarmOf reads an alarm; StateTransitionedTimestamp is when it changed to its state.
func alarmOf(name *string, state types.StateValue, transitioned, updated *time.Time) analysis.Alarm {
	since := transitioned
	if since == nil {
		since = updated
	}
	return analysis.Alarm{Name: aws.ToString(name), State: analysis.AlarmState(state), Since: aws.ToTime(since).UTC()}
}

// missing names the alarms that were not found.
func missing(names []string, alarms []analysis.Alarm) error {
	absent := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(alarms, func(a analysis.Alarm) bool { return a.Name == name })
	})
	if len(absent) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", deployer.ErrNotFound, strings.Join(absent, ", "))
}
