package sim

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Metric names a series of CloudWatch, and how long its datapoints are, in whole minutes. One that nobody writes has no data.
type Metric struct {
	Namespace, Name string
	Dimensions      map[string]string
	// Expression is the text of one, which stands for everything above: what SetMetric was told of it is its result. Of the
	// others a SEARCH finds nothing, and the rest is refused: this account does no metric math.
	Expression string
	Period     time.Duration
}

// Datapoint is a period of a series.
type Datapoint struct {
	At          time.Time
	Sum, Sample float64
	// took are the durations, of the metric Duration.
	took []spell
	// figures are what a metric was that is no metric of Lambda, in each of its visible cells.
	figures []float64
	// extremes are the least and the greatest values of what somebody wrote.
	extremes []float64
}

// Series is GetMetricData: of each metric the periods from that of since on, up to, not including, until.
func (c Control) Series(ctx context.Context, metrics []Metric, since, until time.Time) (series [][]Datapoint, err error) {
	err = c.world.call(ctx, GetMetrics, func() error {
		for _, m := range metrics {
			if _, known := c.world.metrics[m.Expression]; m.Expression != "" && !known && !strings.HasPrefix(m.Expression, "SEARCH(") {
				return refused("ValidationError", "the simulated account does no metric math: "+m.Expression)
			}
			series = append(series, c.world.series(m, since.Truncate(m.Period), until))
		}
		return nil
	})
	return series, err
}

// series are a metric's periods, as CloudWatch shows them by now. Lambda writes what reaches an alias by the dimensions
// FunctionName and Resource, and what of it a version served by ExecutedVersion too.
func (w *World) series(m Metric, since, until time.Time) []Datapoint {
	f := w.functions[m.Dimensions["FunctionName"]]
	_, name, _ := strings.Cut(m.Dimensions["Resource"], ":")
	if curve, ok := w.metrics[m.Name+m.Expression]; ok && m.Namespace != "AWS/Lambda" {
		return w.points(m.Period, since, until, func(minute int) (Datapoint, bool) { return w.point(curve, minute) })
	}
	if own := w.written[m.key()]; own != nil {
		return w.points(m.Period, since, until, func(minute int) (Datapoint, bool) { return own.at(w, minute) })
	}
	if m.Namespace != "AWS/Lambda" || f == nil || f.aliases[name] == nil || m.Dimensions["Resource"] != f.name+":"+name {
		return nil
	}
	a := f.aliases[name]
	w.show(f, a)
	shown, took := a.shown, a.took
	if version, ok := m.Dimensions["ExecutedVersion"]; ok {
		shown, took = a.stream(version).shown, a.stream(version).took
	} else if len(m.Dimensions) > 2 {
		return nil
	}
	return w.points(m.Period, since, until, func(minute int) (p Datapoint, any bool) {
		p.Sample = shown.at(minute).Invocations
		switch m.Name {
		case "Invocations":
			p.Sum = p.Sample
		case "Errors":
			p.Sum = shown.at(minute).Errors
		case "Duration":
			p.took = took.between(minute, minute+1)
			p.Sum = total(p.took)
		case "Throttles":
			p.Sum = w.throttled(a, minute)
			p.Sample = p.Sum
		default:
			return p, false
		}
		return p, p.Sample > 0
	})
}

// points are the periods of the minutes from since on, up to, not including, until, that have data and are still kept.
func (w *World) points(period time.Duration, since, until time.Time, at func(minute int) (Datapoint, bool)) []Datapoint {
	var points []Datapoint
	for i := max(0, int(w.since(since)/time.Minute)); w.start.Add(time.Duration(i)*time.Minute).Before(until) && time.Duration(i)*time.Minute <= w.elapsed; i++ {
		begin := w.start.Add(time.Duration(i) * time.Minute).Truncate(period)
		switch p, ok := at(i); {
		case !ok || !w.kept(w.since(begin), period):
		case len(points) > 0 && points[len(points)-1].At.Equal(begin):
			points[len(points)-1].add(p)
		default:
			p.At = begin
			points = append(points, p)
		}
	}
	return slices.Clip(points)
}

// add takes one more minute into a period.
func (p *Datapoint) add(m Datapoint) {
	p.Sum, p.Sample = p.Sum+m.Sum, p.Sample+m.Sample
	p.took, p.figures, p.extremes = append(p.took, m.took...), append(p.figures, m.figures...), append(p.extremes, m.extremes...)
}

// Statistic is a statistic by CloudWatch's name, of those that this account has. Percentiles and trimmed counts are of
// durations.
func (p Datapoint) Statistic(name string) (value float64, known bool) {
	if p.figures != nil {
		return p.figure(name), true
	}
	switch own := len(p.extremes) > 0; {
	case own && name == "Maximum":
		return slices.Max(p.extremes), true
	case own && name == "Minimum":
		return slices.Min(p.extremes), true
	}
	switch name {
	case "Sum":
		return p.Sum, true
	case "SampleCount":
		return p.Sample, true
	case "Average":
		return p.Sum / max(p.Sample, 1), true
	case "Maximum": // what is counted is 1 each
		return min(p.Sum, 1), len(p.took) == 0
	case "Minimum":
		return math.Floor(p.Sum / max(p.Sample, 1)), len(p.took) == 0
	}
	if percent, err := strconv.ParseFloat(strings.TrimPrefix(name, "p"), 64); err == nil && strings.HasPrefix(name, "p") {
		return quantile(p.took, percent/100), true
	}
	if ms, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimPrefix(name, "TC("), ":)"), 64); err == nil && strings.HasPrefix(name, "TC(") {
		return exceeding(p.took, ms), true
	}
	return 0, false
}
