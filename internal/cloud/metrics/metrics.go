// Package metrics speaks to Amazon CloudWatch: what a rollout is judged by, in the deployer's words.
package metrics

import (
	"context"
	"fmt"
	"maps"
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

// Metrics is the CloudWatch of one account and region.
type Metrics struct{ client *cloudwatch.Client }

// New makes the client. The options are for peers that do not speak its protocol.
func New(cfg aws.Config, options ...func(*cloudwatch.Options)) Metrics {
	return Metrics{client: cloudwatch.NewFromConfig(cfg, options...)}
}

// Minutes reads everything from the minute, or longer period, of q.Since to that of q.Until, with GetMetricData, following
// its pages. Both ends are aligned to the period, as CloudWatch's datapoints are.
func (m Metrics) Minutes(ctx context.Context, q target.MetricsQuery) ([]analysis.Minute, error) {
	wanted, period := seriesOf(q), q.Granularity()
	minutes := map[time.Time]*analysis.Minute{}
	in := &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(q.Since.UTC().Truncate(period)),
		EndTime:   aws.Time(q.Until.UTC().Truncate(period).Add(period)),
	}
	err := m.read(ctx, in, wanted, func(s series, at time.Time, value float64) {
		at = at.Truncate(period)
		if minutes[at] == nil {
			minutes[at] = &analysis.Minute{Start: at}
		}
		s.take(minutes[at], value)
	})
	if err != nil {
		return nil, err
	}
	return sorted(minutes), nil
}

// Quantiles reads how long the alias's calls took, in whole periods from q.Since to before q.Until.
func (m Metrics) Quantiles(ctx context.Context, q target.MetricsQuery) ([]analysis.Quantiles, error) {
	wanted := quantilesOf(q)
	periods := map[time.Time]map[string]float64{}
	in := &cloudwatch.GetMetricDataInput{StartTime: aws.Time(q.Since.UTC()), EndTime: aws.Time(q.Until.UTC())}
	err := m.read(ctx, in, wanted, func(s series, at time.Time, value float64) {
		if periods[at] == nil {
			periods[at] = map[string]float64{}
		}
		periods[at][s.stat] = value
	})
	if err != nil {
		return nil, err
	}
	var list []analysis.Quantiles
	for _, at := range slices.SortedFunc(maps.Keys(periods), time.Time.Compare) {
		if p := periods[at]; len(p) == len(wanted) {
			list = append(list, analysis.Quantiles{Start: at, P90: p["p90"], P99: p["p99"]})
		}
	}
	return list, nil
}

// read asks for series, follows the pages and hands on every datapoint. It fails unless all of all series was read.
func (m Metrics) read(ctx context.Context, in *cloudwatch.GetMetricDataInput, wanted []series, take func(s series, at time.Time, value float64)) error {
	ctx, cancel := context.WithTimeout(ctx, cloud.CallTimeout)
	defer cancel()
	in.ScanBy = types.ScanByTimestampAscending
	known := map[string]series{}
	for _, s := range wanted {
		in.MetricDataQueries = append(in.MetricDataQueries, s.query)
		known[s.id] = s
	}
	states := map[string]map[string]types.StatusCode{}
	for {
		out, err := m.client.GetMetricData(ctx, in)
		if err != nil {
			return cloud.Translate(err)
		}
		for _, result := range out.MetricDataResults {
			id := aws.ToString(result.Id)
			if err := usable(result); err != nil {
				return err
			}
			if states[id] == nil {
				states[id] = map[string]types.StatusCode{}
			}
			states[id][aws.ToString(result.Label)] = result.StatusCode
			for k, at := range result.Timestamps {
				if s, ok := known[id]; ok {
					take(s, at.UTC(), result.Values[k])
				}
			}
		}
		if out.NextToken == nil || *out.NextToken == "" {
			return whole(wanted, states)
		}
		in.NextToken = out.NextToken
	}
}

// usable refuses a result that is neither complete nor partial. Forbidden is a missing permission.
func usable(result types.MetricDataResult) error {
	id := aws.ToString(result.Id)
	switch result.StatusCode {
	case types.StatusCodeComplete, types.StatusCodePartialData:
	case types.StatusCodeForbidden:
		return fmt.Errorf("%w: CloudWatch says Forbidden of %s%s", target.ErrDenied, id, explained(result))
	default:
		return fmt.Errorf("%w: CloudWatch says %q of %s%s", target.ErrUnavailable, result.StatusCode, id, explained(result))
	}
	if len(result.Timestamps) != len(result.Values) {
		return fmt.Errorf("%w: %s has %d times and %d values", target.ErrUnavailable, id, len(result.Timestamps), len(result.Values))
	}
	return nil
}

// explained is what CloudWatch adds to a status.
func explained(result types.MetricDataResult) string {
	var text strings.Builder
	for _, m := range result.Messages {
		fmt.Fprintf(&text, "; %s: %.300s", aws.ToString(m.Code), aws.ToString(m.Value))
	}
	return text.String()
}

// whole says whether everything that was asked for has come to its end. An expression may have several results of one id.
func whole(wanted []series, states map[string]map[string]types.StatusCode) error {
	for _, s := range wanted {
		if len(states[s.id]) == 0 {
			return fmt.Errorf("%w: CloudWatch says %q of %s", target.ErrUnavailable, "", s.id)
		}
		for _, state := range states[s.id] {
			if state != types.StatusCodeComplete {
				return fmt.Errorf("%w: CloudWatch says %q of %s", target.ErrUnavailable, state, s.id)
			}
		}
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
	return fmt.Errorf("%w: %s", target.ErrNotFound, strings.Join(absent, ", "))
}
