package analysis

import (
	"fmt"
	"math"
	"time"
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

// growth is how long after its beginning a minute's datapoint may still change: until the minute is over, and for three more in
// which CloudWatch may fill it.
const growth = 4 * time.Minute

// assess judges every datapoint of the metric since the rollout began. No datapoint is no data, and so is one that still grows,
// but where it cannot turn.
func (m Metric) assess(r Reading, now time.Time) Check {
	c := Check{Name: "metric " + m.ID, Verdict: Pass, ReportOnly: m.ReportOnly}
	lowest, highest, judged, growing, unread := math.Inf(1), math.Inf(-1), 0, 0, ""
	for _, minute := range r.Minutes {
		grows := now.Before(minute.Start.Add(growth))
		for _, value := range minute.Values[m.ID] {
			switch {
			case !isFinite(value) || value < 0 && m.Stat == "SampleCount":
				unread = fmt.Sprintf("its datapoint of %s cannot be read: %g", clock(minute.Start), value)
			case grows && m.mayTurn(value):
				growing++
			default:
				lowest, highest, judged = min(lowest, value), max(highest, value), judged+1
			}
		}
	}
	fails := m.Max != nil && highest > *m.Max || m.Min != nil && lowest < *m.Min
	switch {
	case unread != "" && !fails:
		u := unreadable(c.Name, unread)
		u.ReportOnly = m.ReportOnly
		return u
	case judged+growing == 0:
		c.Verdict, c.Reason = Inconclusive, "no datapoint is visible yet"
		if m.Expression != "" {
			c.warning = fmt.Sprintf("metric %s: its expression %s has no result: check the metrics and ids that it names", m.ID, m.Expression)
		}
		return c
	case judged == 0:
		c.Verdict, c.Reason = Inconclusive, fmt.Sprintf("its %d datapoints still grow, each is judged four minutes after it begins", growing)
		return c
	}
	c.Reason = fmt.Sprintf("%d datapoints, lowest %s, highest %s", judged, amount(lowest), amount(highest))
	if growing > 0 {
		c.Reason += fmt.Sprintf(", %d still growing", growing)
	}
	if m.Max != nil {
		c.Reason += ", allowed at most " + amount(*m.Max)
	}
	if m.Min != nil {
		c.Reason += ", allowed at least " + amount(*m.Min)
	}
	if fails {
		c.Verdict = Fail
	}
	return c
}

// mayTurn says that what a datapoint says of the limits may be another thing when its minute no longer grows.
func (m Metric) mayTurn(value float64) bool {
	above, below := m.Max != nil && value > *m.Max, m.Min != nil && value < *m.Min
	switch m.Stat {
	case "Sum", "SampleCount":
		return !above && (below || m.Max != nil)
	case "Maximum":
		return !above
	case "Minimum":
		return !below
	}
	return true
}
