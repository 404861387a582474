package analysis

import (
	"fmt"
	"math"
)

// Metric is a CloudWatch metric of the request's own, or a metric math expression, with its limits.
type Metric struct {
	// ID is how expressions name it.
	ID string
	// Expression is metric math; "" for a single metric.
	Expression string
	// Namespace, Name, Dimensions and Stat are the single metric.
	Namespace, Name string
	Dimensions      []Dimension
	Stat            string
	// Max and Min are what every datapoint has to be within; nil is no limit.
	Max, Min *float64
	// ReportOnly decides nothing.
	ReportOnly bool
}

// Dimension is a metric's dimension.
type Dimension struct{ Name, Value string }

// assess judges every datapoint of the metric since the rollout began. No datapoint is no data.
func (m Metric) assess(r Reading) Check {
	c := Check{Name: "metric " + m.ID, Verdict: Pass, ReportOnly: m.ReportOnly}
	lowest, highest, points := math.Inf(1), math.Inf(-1), 0
	for _, minute := range r.Minutes {
		for _, value := range minute.Values[m.ID] {
			lowest, highest, points = min(lowest, value), max(highest, value), points+1
		}
	}
	if points == 0 {
		c.Verdict, c.Reason = Inconclusive, "no datapoint is visible yet"
		return c
	}
	c.Reason = fmt.Sprintf("%d datapoints, lowest %s, highest %s", points, amount(lowest), amount(highest))
	if m.Max != nil {
		c.Reason += ", allowed at most " + amount(*m.Max)
	}
	if m.Min != nil {
		c.Reason += ", allowed at least " + amount(*m.Min)
	}
	if m.Max != nil && highest > *m.Max || m.Min != nil && lowest < *m.Min {
		c.Verdict = Fail
	}
	return c
}
