package sim

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Sample is what somebody writes of a metric for a moment: so many values, their sum and their extremes.
type Sample struct {
	At                           time.Time
	Count, Sum, Minimum, Maximum float64
}

// ValueAt is one value.
func ValueAt(at time.Time, value float64) Sample { return Sample{at, 1, value, value, value} }

// written is a metric of somebody's own.
type written struct {
	Metric
	samples []writtenSample
}

type writtenSample struct {
	Sample
	// seen is from when on CloudWatch shows it.
	seen time.Duration
}

// WriteMetric is a metric of somebody's own, of any namespace but AWS's: CloudWatch shows it as late as it shows calls.
func (w *World) WriteMetric(m Metric, s Sample) {
	if w.written == nil {
		w.written = map[string]*written{}
	}
	key := m.key()
	if w.written[key] == nil {
		w.written[key] = &written{Metric: Metric{Namespace: m.Namespace, Name: m.Name, Dimensions: maps.Clone(m.Dimensions)}}
	}
	w.written[key].samples = append(w.written[key].samples, writtenSample{s, w.elapsed + w.MetricsDelay})
}

// key is a metric without its period.
func (m Metric) key() string {
	parts := []string{m.Namespace, m.Name}
	for _, name := range slices.Sorted(maps.Keys(m.Dimensions)) {
		parts = append(parts, name, m.Dimensions[name])
	}
	return strings.Join(parts, "\x00")
}

// at is what CloudWatch shows of a minute by now.
func (m *written) at(w *World, minute int) (p Datapoint, any bool) {
	from := w.start.Add(time.Duration(minute) * time.Minute)
	for _, s := range m.samples {
		if s.seen <= w.elapsed && !s.At.Before(from) && s.At.Before(from.Add(time.Minute)) {
			p.add(Datapoint{Sum: s.Sum, Sample: s.Count, extremes: []float64{s.Minimum, s.Maximum}})
		}
	}
	return p, p.Sample > 0
}

// PutMetric is one metric of PutMetricData.
func (c Control) PutMetric(ctx context.Context, m Metric, s Sample) error {
	return c.world.call(ctx, "PutMetricData", func() error {
		if strings.HasPrefix(m.Namespace, "AWS/") {
			return refused("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.")
		}
		c.world.WriteMetric(m, s)
		return nil
	})
}

// Metrics is ListMetrics: the metrics that are wanted of those that CloudWatch has shown by now.
func (c Control) Metrics(ctx context.Context, wanted func(Metric) bool) (found []Metric, err error) {
	err = c.world.call(ctx, "ListMetrics", func() error {
		for _, m := range append(c.world.lambdaMetrics(), c.world.writtenMetrics()...) {
			if wanted(m) {
				found = append(found, m)
			}
		}
		slices.SortFunc(found, func(a, b Metric) int { return cmp.Compare(a.key(), b.key()) })
		return nil
	})
	return found, err
}

func (w *World) writtenMetrics() (all []Metric) {
	for _, m := range w.written {
		if slices.ContainsFunc(m.samples, func(s writtenSample) bool { return s.seen <= w.elapsed }) {
			all = append(all, m.Metric)
		}
	}
	return all
}

// lambdaMetrics are those that Lambda writes of aliases, and of the versions behind them.
func (w *World) lambdaMetrics() (all []Metric) {
	for name, f := range w.functions {
		for aliasName, a := range f.aliases {
			w.show(f, a)
			versions := map[string]bool{"": len(a.shown) > 0}
			for _, s := range a.streams {
				versions[s.version] = len(s.shown) > 0
			}
			for version, called := range versions {
				for _, metric := range []string{"Invocations", "Errors", "Duration", "Throttles"} {
					m := Metric{Namespace: "AWS/Lambda", Name: metric, Dimensions: map[string]string{"FunctionName": name, "Resource": fmt.Sprintf("%s:%s", name, aliasName)}}
					if version != "" {
						m.Dimensions["ExecutedVersion"] = version
					}
					if called {
						all = append(all, m)
					}
				}
			}
		}
	}
	return all
}
