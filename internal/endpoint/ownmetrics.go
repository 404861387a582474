package endpoint

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/wire"
)

// dimensions are those of a metric as CloudWatch spells them.
type dimensions []struct{ Name, Value string }

func (d dimensions) byName() map[string]string {
	all := map[string]string{}
	for _, one := range d {
		all[one.Name] = one.Value
	}
	return all
}

// listMetrics lists the metrics that fit, on one page.
func (e *Endpoint) listMetrics(ctx context.Context, c call) (wire.Answer, error) {
	var body struct {
		Namespace, MetricName string
		Dimensions            dimensions
	}
	if err := c.read(&body); err != nil {
		return wire.Answer{}, err
	}
	found, err := e.control.Metrics(ctx, func(m sim.Metric) bool {
		fits := (body.Namespace == "" || body.Namespace == m.Namespace) && (body.MetricName == "" || body.MetricName == m.Name)
		for _, d := range body.Dimensions { // one without a value fits every value
			value, has := m.Dimensions[d.Name]
			fits = fits && has && (d.Value == "" || d.Value == value)
		}
		return fits
	})
	metrics := []object{}
	for _, m := range found {
		metrics = append(metrics, metricBody(m))
	}
	return wire.Answer{Body: object{"Metrics": metrics}}, err
}

func metricBody(m sim.Metric) object {
	list := []object{}
	for _, name := range slices.Sorted(maps.Keys(m.Dimensions)) {
		list = append(list, object{"Name": name, "Value": m.Dimensions[name]})
	}
	return object{"Namespace": m.Namespace, "MetricName": m.Name, "Dimensions": list}
}

// getMetricStatistics is what GetMetricData has of one metric, with several statistics at once, in no order.
func (e *Endpoint) getMetricStatistics(ctx context.Context, c call) (wire.Answer, error) {
	var body struct {
		Namespace, MetricName          string
		Dimensions                     dimensions
		StartTime, EndTime             wire.Time
		Period                         wire.Number
		Statistics, ExtendedStatistics []string
	}
	if err := c.read(&body); err != nil {
		return wire.Answer{}, err
	}
	period := int(body.Period)
	switch {
	case period < 60 || period%60 != 0:
		return wire.Answer{}, invalid("Period must be a multiple of 60.")
	case !body.StartTime.Before(body.EndTime.Time):
		return wire.Answer{}, invalid("The parameter StartTime must be less than the parameter EndTime.")
	case len(body.Statistics)+len(body.ExtendedStatistics) == 0:
		return wire.Answer{}, invalid("Must specify either Statistics or ExtendedStatistics")
	}
	m := sim.Metric{Namespace: body.Namespace, Name: body.MetricName, Dimensions: body.Dimensions.byName(), Period: time.Duration(period) * time.Second}
	series, err := e.control.Series(ctx, []sim.Metric{m}, body.StartTime.Time, body.EndTime.Time)
	if err != nil {
		return wire.Answer{}, err
	}
	points := []object{}
	for _, p := range series[0] {
		point, extended := object{"Timestamp": p.At, "Unit": "None"}, object{}
		for _, name := range slices.Concat(body.Statistics, body.ExtendedStatistics) {
			value, known := p.Statistic(name)
			switch {
			case !known:
				return wire.Answer{}, invalid("the simulated account has no statistic " + name + " of this metric")
			case slices.Contains(body.Statistics, name):
				point[name] = value
			default:
				extended[name] = value
			}
		}
		if len(extended) > 0 {
			point["ExtendedStatistics"] = extended
		}
		points = append(points, point)
	}
	return wire.Answer{Body: object{"Label": body.MetricName, "Datapoints": points}}, nil
}

// datum is a MetricDatum.
type datum struct {
	MetricName      string
	Dimensions      dimensions
	Timestamp       wire.Time
	Value           *wire.Number
	Values, Counts  []wire.Number
	StatisticValues *struct{ SampleCount, Sum, Minimum, Maximum wire.Number }
}

// samples are what it writes, at now where it has no time of its own; nil where it has no value.
func (d datum) samples(now time.Time) []sim.Sample {
	at := d.Timestamp.Time
	if at.IsZero() {
		at = now
	}
	if s := d.StatisticValues; s != nil {
		return []sim.Sample{{At: at, Count: float64(s.SampleCount), Sum: float64(s.Sum), Minimum: float64(s.Minimum), Maximum: float64(s.Maximum)}}
	}
	if d.Value != nil {
		return []sim.Sample{sim.ValueAt(at, float64(*d.Value))}
	}
	var all []sim.Sample
	for i, v := range d.Values {
		count := 1.0
		if i < len(d.Counts) {
			count = float64(d.Counts[i])
		}
		all = append(all, sim.Sample{At: at, Count: count, Sum: count * float64(v), Minimum: float64(v), Maximum: float64(v)})
	}
	return all
}

func (e *Endpoint) putMetricData(ctx context.Context, c call) (wire.Answer, error) {
	var body struct {
		Namespace  string
		MetricData []datum
	}
	if err := c.read(&body); err != nil {
		return wire.Answer{}, err
	}
	if body.Namespace == "" || len(body.MetricData) == 0 {
		return wire.Answer{}, &sim.Error{Code: "MissingParameter", Message: "The parameters Namespace and MetricData are required."}
	}
	for _, d := range body.MetricData {
		samples := d.samples(e.world.Now())
		if d.MetricName == "" || len(samples) == 0 {
			return wire.Answer{}, &sim.Error{Code: "MissingParameter", Message: "At least one of the parameters must be specified: MetricName, and a value."}
		}
		for _, s := range samples {
			m := sim.Metric{Namespace: body.Namespace, Name: d.MetricName, Dimensions: d.Dimensions.byName()}
			if err := e.control.PutMetric(ctx, m, s); err != nil {
				return wire.Answer{}, err
			}
		}
	}
	return wire.Answer{}, nil
}
