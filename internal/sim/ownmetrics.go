package sim

import (
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// SetMetric has CloudWatch know a metric by its name, or the result of an expression by its text, from the figure's first
// moment on: a datapoint a minute.
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
	at := time.Duration(minute) * time.Minute
	for _, m := range metrics {
		curve := w.metrics[m.Name+m.Expression]
		if len(curve) > 0 && curve[0].From <= at && w.visible(at, at+time.Minute) {
			values[m.ID] = []float64{curve.at(at)}
		}
	}
	if len(values) == 0 {
		return nil
	}
	return values
}

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
