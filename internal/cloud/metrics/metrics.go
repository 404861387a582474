// Package metrics speaks to Amazon CloudWatch: what a rollout is judged by, in the deployer's words.
package metrics

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// readTimeout bounds one reading of metrics with all its pages: it takes longer than other calls.
const readTimeout = 20 * time.Second

// Metrics is the CloudWatch of one account and region.
type Metrics struct {
	// data waits for an answer as long as a reading may take.
	data, alarms *cloudwatch.Client
}

// New makes the clients. The options are for peers that do not speak their protocol.
func New(cfg aws.Config, options ...func(*cloudwatch.Options)) Metrics {
	patient := cfg.Copy()
	patient.HTTPClient = cloud.Patient(cfg, cloud.LongestAnswer)
	return Metrics{data: cloudwatch.NewFromConfig(patient, options...), alarms: cloudwatch.NewFromConfig(cfg, options...)}
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

func sorted(minutes map[time.Time]*analysis.Minute) []analysis.Minute {
	list := make([]analysis.Minute, 0, len(minutes))
	for _, m := range minutes {
		list = append(list, *m)
	}
	slices.SortFunc(list, func(a, b analysis.Minute) int { return a.Start.Compare(b.Start) })
	return list
}
