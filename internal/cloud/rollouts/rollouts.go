// Package rollouts reads from Amazon CloudWatch which aliases had rollouts: from the metrics that the drivers write.
package rollouts

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// MostAliases is of how many aliases it is told: one GetMetricData takes 500 queries, and an alias is seven.
const MostAliases = 70

// mostPeriods is into how many datapoints a time is divided: 70 aliases' are still fewer than one GetMetricData has.
const mostPeriods = 200

// Rollouts are those of one account and region.
type Rollouts struct {
	client *cloudwatch.Client
	now    func() time.Time
}

// New makes the client. The options are for peers that do not speak its protocol.
func New(cfg aws.Config, clock target.Clock, options ...func(*cloudwatch.Options)) Rollouts {
	return Rollouts{cloudwatch.NewFromConfig(cfg, options...), clock.Now}
}

// Func is a target.Rollouts of a function.
type Func func(ctx context.Context, since, until time.Time) ([]target.Seen, bool, error)

// Seen calls it.
func (f Func) Seen(ctx context.Context, since, until time.Time) ([]target.Seen, bool, error) {
	return f(ctx, since, until)
}

// Seen lists the aliases that have metrics, and reads those of each for the time that is asked for.
func (r Rollouts) Seen(ctx context.Context, since, until time.Time) (seen []target.Seen, more bool, err error) {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	aliases, more, err := r.aliases(ctx)
	if err != nil || len(aliases) == 0 {
		return nil, more, err
	}
	found := make([]target.Seen, len(aliases))
	err = r.read(ctx, aliases, since, until, func(i, metric int, at time.Time, value float64) {
		alias := &found[i]
		switch {
		case metric > 0 && value > 0:
			alias.Endings = append(alias.Endings, target.Ending{Name: notify.Endings()[metric-1], Count: int(value)})
		case metric == 0 && at.After(alias.At):
			alias.Percent, alias.At = value, at
		}
	})
	for i, alias := range found {
		if alias.Target = aliases[i]; !alias.At.IsZero() || len(alias.Endings) > 0 {
			alias.Endings = together(alias.Endings)
			seen = append(seen, alias)
		}
	}
	slices.SortStableFunc(seen, func(a, b target.Seen) int { return b.At.Compare(a.At) })
	return seen, more, err
}

// together adds up what ended alike, in the order of notify.Endings.
func together(endings []target.Ending) (sums []target.Ending) {
	for _, name := range notify.Endings() {
		sum := 0
		for _, e := range endings {
			if e.Name == name {
				sum += e.Count
			}
		}
		if sum > 0 {
			sums = append(sums, target.Ending{Name: name, Count: sum})
		}
	}
	return sums
}

// aliases are those of which CloudWatch knows a weight: of the last two weeks.
func (r Rollouts) aliases(ctx context.Context) (aliases []rollout.Target, more bool, err error) {
	in := &cloudwatch.ListMetricsInput{Namespace: aws.String(notify.Namespace), MetricName: aws.String("Weight")}
	for pages := (cloud.Pages{}); ; {
		out, err := cloud.Call(ctx, r.client.ListMetrics, in)
		if err != nil {
			return nil, false, err
		}
		for _, m := range out.Metrics {
			if t, ok := targetOf(m); ok {
				aliases = append(aliases, t)
			}
		}
		if next, err := pages.More(out.NextToken); !next || err != nil {
			slices.SortFunc(aliases, func(a, b rollout.Target) int {
				return cmp.Or(cmp.Compare(a.Function, b.Function), cmp.Compare(a.Alias, b.Alias))
			})
			kept := min(len(aliases), MostAliases)
			return aliases[:kept], kept < len(aliases), err
		}
		in.NextToken = out.NextToken
	}
}

// targetOf is whose metric it is; false for one that is not an alias's.
func targetOf(m types.Metric) (t rollout.Target, ok bool) {
	for _, d := range m.Dimensions {
		switch aws.ToString(d.Name) {
		case "FunctionName":
			t.Function = cloud.Text(aws.ToString(d.Value))
		case "Alias":
			t.Alias = cloud.Text(aws.ToString(d.Value))
		}
	}
	return t, t.Function != "" && t.Alias != "" && len(m.Dimensions) == 2
}

// read reads of each alias the weight, which is metric 0, and how often it ended in which way.
func (r Rollouts) read(ctx context.Context, aliases []rollout.Target, since, until time.Time, take func(alias, metric int, at time.Time, value float64)) error {
	period := r.periodOf(since, until)
	in := &cloudwatch.GetMetricDataInput{StartTime: aws.Time(since.Truncate(period)), EndTime: &until}
	where := map[string][2]int{}
	for i, alias := range aliases {
		for k, name := range append([]string{"Weight"}, notify.Endings()...) {
			id, stat := fmt.Sprintf("m%d_%d", i, k), "Sum"
			if k == 0 {
				stat = "Maximum"
			}
			where[id] = [2]int{i, k}
			in.MetricDataQueries = append(in.MetricDataQueries, types.MetricDataQuery{Id: &id, MetricStat: &types.MetricStat{
				Metric: &types.Metric{Namespace: aws.String(notify.Namespace), MetricName: &name, Dimensions: []types.Dimension{
					{Name: aws.String("FunctionName"), Value: &alias.Function}, {Name: aws.String("Alias"), Value: &alias.Alias},
				}},
				Period: aws.Int32(int32(period.Seconds())), Stat: &stat,
			}})
		}
	}
	for pages := (cloud.Pages{}); ; {
		out, err := cloud.Call(ctx, r.client.GetMetricData, in)
		if err != nil {
			return err
		}
		for _, result := range out.MetricDataResults {
			at, known := where[aws.ToString(result.Id)]
			if !known || len(result.Timestamps) != len(result.Values) {
				return cloud.NoAnswer("it has a result %q of %d times and %d values", cloud.Text(aws.ToString(result.Id)), len(result.Timestamps), len(result.Values))
			}
			for n, time := range result.Timestamps {
				take(at[0], at[1], time.UTC(), result.Values[n])
			}
		}
		if next, err := pages.More(out.NextToken); !next {
			return err
		}
		in.NextToken = out.NextToken
	}
}

// periodOf is how long each datapoint is: as short as CloudWatch still has them, and not too many of them.
func (r Rollouts) periodOf(since, until time.Time) time.Duration {
	period := analysis.ShortestPeriod(since, r.now())
	unit := period
	for until.Sub(since) > mostPeriods*period {
		period += unit
	}
	return period
}
