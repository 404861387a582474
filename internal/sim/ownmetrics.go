package sim

import (
	"math"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// SetMetric has CloudWatch know a metric by its name, or the result of an expression by its text, from the figure's first
// moment on. Its sum and its number of samples are so many a minute; every other statistic, and an expression, is the figure
// itself.
func (w *World) SetMetric(nameOrExpression string, value Curve) { w.metrics[nameOrExpression] = value }

// SetThrottles has so many calls a second of an alias be throttled. The alias must exist.
func (w *World) SetThrottles(name, aliasName string, perSecond Curve) {
	w.functions[name].aliases[aliasName].throttles = perSecond
}

// visible says whether CloudWatch shows by now what happened until a moment.
func (w *World) visible(from, until time.Duration) bool {
	return until+w.MetricsDelay <= w.elapsed && !slices.ContainsFunc(w.MetricsGaps, func(gap Span) bool { return gap.contains(from) })
}

// values are the datapoints that CloudWatch shows of a minute.
func (w *World) values(minute int, metrics []analysis.Metric) map[string][]float64 {
	values := map[string][]float64{}
	for _, m := range metrics {
		if p, any := w.point(w.metrics[m.Name+m.Expression], minute); any {
			values[m.ID] = []float64{p.figure(m.Stat)}
		}
	}
	if len(values) == 0 {
		return nil
	}
	return values
}

// point is what CloudWatch shows of a minute of a metric, which grows like those of Lambda; any says that it shows something.
func (w *World) point(c Curve, minute int) (p Datapoint, any bool) {
	from := time.Duration(minute) * time.Minute
	for at := from; at < from+time.Minute; at += cellLength {
		if len(c) > 0 && c[0].From <= at && w.visible(at, at+cellLength) {
			p.figures = append(p.figures, c.at(at))
		}
	}
	return p, len(p.figures) > 0
}

// figure is a statistic of a metric that is no metric of Lambda.
func (p Datapoint) figure(statistic string) float64 {
	sum := 0.0
	for _, f := range p.figures {
		sum += f
	}
	switch statistic {
	case "Sum", "SampleCount":
		return exact(sum / float64(time.Minute/cellLength))
	case "Maximum":
		return slices.Max(p.figures)
	case "Minimum":
		return slices.Min(p.figures)
	}
	return exact(sum / float64(len(p.figures)))
}

// exact takes away what adding up has made of a decimal fraction.
func exact(x float64) float64 { return math.Round(x*1e9) / 1e9 }

// throttled is how many calls of a minute CloudWatch shows as throttled.
func (w *World) throttled(a *alias, minute int) float64 {
	sum := 0.0
	from := time.Duration(minute) * time.Minute
	for at := from; len(a.throttles) > 0 && at < from+time.Minute; at += cellLength {
		if w.visible(at, at+cellLength) {
			sum += a.throttles.at(at) * cellLength.Seconds()
		}
	}
	return sum
}
