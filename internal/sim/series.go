package sim

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// Metric names a series of CloudWatch. One that nobody writes has no data.
type Metric struct {
	Namespace, Name string
	Dimensions      map[string]string
}

// Datapoint is a minute of a series.
type Datapoint struct {
	At          time.Time
	Sum, Sample float64
}

// Series is GetMetricData: of each metric the minutes from since on, up to, not including, until.
func (c Control) Series(ctx context.Context, metrics []Metric, since, until time.Time) (series [][]Datapoint, err error) {
	err = c.world.call(ctx, GetMetrics, func() error {
		for _, m := range metrics {
			series = append(series, c.world.series(m, since.Truncate(time.Minute), until))
		}
		return nil
	})
	return series, err
}

// series are a metric's minutes, as CloudWatch shows them by now. Lambda writes what reaches an alias by the dimensions
// FunctionName and Resource, and what of it a version served by ExecutedVersion too.
func (w *World) series(m Metric, since, until time.Time) []Datapoint {
	f := w.functions[m.Dimensions["FunctionName"]]
	_, name, _ := strings.Cut(m.Dimensions["Resource"], ":")
	if m.Namespace != "AWS/Lambda" || f == nil || f.aliases[name] == nil || m.Dimensions["Resource"] != f.name+":"+name {
		return nil
	}
	a := f.aliases[name]
	w.show(f, a)
	shown := a.shown
	if version, ok := m.Dimensions["ExecutedVersion"]; ok {
		shown = a.stream(version).shown
	} else if len(m.Dimensions) > 2 {
		return nil
	}
	value := map[string]func(analysis.Counts) float64{
		"Invocations": func(c analysis.Counts) float64 { return c.Invocations },
		"Errors":      func(c analysis.Counts) float64 { return c.Errors },
	}[m.Name]
	if value == nil {
		return nil
	}
	var points []Datapoint
	for i, counts := range shown {
		if at := w.start.Add(time.Duration(i) * time.Minute); counts.Invocations > 0 && !at.Before(since) && at.Before(until) {
			points = append(points, Datapoint{At: at, Sum: value(counts), Sample: counts.Invocations})
		}
	}
	return slices.Clip(points)
}
