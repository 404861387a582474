package metrics

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// series is one query, and where its values go.
type series struct {
	id, stat string
	query    types.MetricDataQuery
	take     func(m *analysis.Minute, value float64)
}

// seriesOf lists what one look reads: of both versions behind the alias (dimension ExecutedVersion) and of the alias as a
// whole invocations, errors and, where that is asked for, slow calls; the alias's throttles; the request's own metrics.
func seriesOf(q target.MetricsQuery) []series {
	var all []series
	for _, side := range []struct {
		name, version string
		counts        func(*analysis.Minute) *analysis.Counts
		took          func(*analysis.Minute) *analysis.Durations
	}{
		{"alias", "", func(m *analysis.Minute) *analysis.Counts { return &m.Alias }, func(m *analysis.Minute) *analysis.Durations { return &m.AliasTook }},
		{"old", q.OldVersion, func(m *analysis.Minute) *analysis.Counts { return &m.Old }, func(m *analysis.Minute) *analysis.Durations { return &m.OldTook }},
		{"new", q.NewVersion, func(m *analysis.Minute) *analysis.Counts { return &m.New }, func(m *analysis.Minute) *analysis.Durations { return &m.NewTook }},
	} {
		if side.name != "alias" && side.version == "" {
			continue
		}
		of := lambdaMetric{q, side.name, side.version, q.Granularity()}
		all = append(all,
			of.series("invocations", "Invocations", "Sum", func(m *analysis.Minute, v float64) { side.counts(m).Invocations += v }),
			of.series("errors", "Errors", "Sum", func(m *analysis.Minute, v float64) { side.counts(m).Errors += v }))
		if len(q.Slow) > 0 {
			all = append(all, of.series("samples", "Duration", "SampleCount", func(m *analysis.Minute, v float64) { side.took(m).Samples += v }))
		}
		for i, ms := range q.Slow {
			all = append(all, of.series(fmt.Sprintf("slow%d", i), "Duration", above(ms), func(m *analysis.Minute, v float64) { side.took(m).Slow[i] += v }))
		}
	}
	if q.Throttles {
		of := lambdaMetric{q, "alias", "", q.Granularity()}
		all = append(all, of.series("throttles", "Throttles", "Sum", func(m *analysis.Minute, v float64) { m.Throttles += v }))
	}
	for _, m := range q.Metrics {
		all = append(all, ownSeries(m, q.Granularity()))
	}
	return all
}

// above is the statistic that counts the samples above a threshold: exclusive of it
// (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html).
func above(ms float64) string { return "TC(" + strconv.FormatFloat(ms, 'f', -1, 64) + ":)" }

// quantilesOf lists what thresholds are taken from: the alias's own series, which before a rollout is the old version's.
func quantilesOf(q target.MetricsQuery) []series {
	of := lambdaMetric{q, "alias", "", analysis.QuantilePeriod}
	return []series{of.series("p90", "Duration", "p90", nil), of.series("p99", "Duration", "p99", nil)}
}

// lambdaMetric is the metrics that Lambda writes of an alias, or of a version behind it.
type lambdaMetric struct {
	q             target.MetricsQuery
	side, version string
	period        time.Duration
}

// series asks by the exact dimensions that Lambda writes: the bare function name, and Resource "function:alias", not an
// ARN (docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view).
func (l lambdaMetric) series(what, metric, stat string, take func(*analysis.Minute, float64)) series {
	dimensions := []types.Dimension{
		{Name: aws.String("FunctionName"), Value: aws.String(l.q.Function)},
		{Name: aws.String("Resource"), Value: aws.String(l.q.Function + ":" + l.q.Alias)},
	}
	if l.version != "" {
		dimensions = append(dimensions, types.Dimension{Name: aws.String("ExecutedVersion"), Value: aws.String(l.version)})
	}
	id := l.side + "_" + what
	return series{id: id, stat: stat, take: take, query: types.MetricDataQuery{
		Id: aws.String(id),
		MetricStat: &types.MetricStat{
			Metric: &types.Metric{Namespace: aws.String("AWS/Lambda"), MetricName: aws.String(metric), Dimensions: dimensions},
			Period: aws.Int32(int32(l.period.Seconds())),
			Stat:   aws.String(stat),
		},
	}}
}

// ownSeries is one of the request's own metrics.
func ownSeries(own analysis.Metric, period time.Duration) series {
	seconds := aws.Int32(int32(period.Seconds()))
	s := series{id: own.ID, stat: own.Stat, query: types.MetricDataQuery{Id: aws.String(own.ID)}}
	s.take = func(m *analysis.Minute, value float64) {
		if m.Values == nil {
			m.Values = map[string][]float64{}
		}
		m.Values[own.ID] = append(m.Values[own.ID], value)
	}
	if own.Expression != "" {
		s.query.Expression, s.query.Period = aws.String(own.Expression), seconds
		return s
	}
	metric := &types.Metric{Namespace: aws.String(own.Namespace), MetricName: aws.String(own.Name)}
	for _, d := range own.Dimensions {
		metric.Dimensions = append(metric.Dimensions, types.Dimension{Name: aws.String(d.Name), Value: aws.String(d.Value)})
	}
	s.query.MetricStat = &types.MetricStat{Metric: metric, Period: seconds, Stat: aws.String(own.Stat)}
	return s
}
