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
	c, p := Check{Name: "metric " + m.ID, ReportOnly: m.ReportOnly}, m.points(r, now)
	switch {
	case m.outside(p):
		c.Verdict, c.Reason = Fail, p.String()+m.limits()
	case p.unread != "":
		c.Verdict, c.Reason, c.waiting = Inconclusive, p.unread, true
	case p.judged > 0:
		c.Verdict, c.Reason = Pass, p.String()+m.limits()
	case p.growing > 0:
		c.Verdict, c.Reason = Inconclusive, fmt.Sprintf("its %d datapoints still grow, each is judged four minutes after it begins", p.growing)
	default:
		c.Verdict, c.Reason = Inconclusive, "no datapoint is visible yet"
		if m.Expression != "" {
			c.warning = fmt.Sprintf("metric %s: its expression %s has no result: check the metrics and ids that it names", m.ID, m.Expression)
		}
	}
	return c
}

// points are the datapoints of a metric.
type points struct {
	// judged are those that lowest and highest are of, growing those that decide nothing yet.
	judged, growing int
	lowest, highest float64
	// unread names one that cannot be read; "" for none.
	unread string
}

// points reads the metric's datapoints.
func (m Metric) points(r Reading, now time.Time) points {
	p := points{lowest: math.Inf(1), highest: math.Inf(-1)}
	for _, minute := range r.Minutes {
		grows := now.Before(minute.Start.Add(growth))
		for _, value := range minute.Values[m.ID] {
			switch {
			case !isFinite(value) || value < 0 && m.Stat == "SampleCount":
				p.unread = fmt.Sprintf("its datapoint of %s cannot be read: %g", clock(minute.Start), value)
			case grows && m.mayTurn(value):
				p.growing++
			default:
				p.judged, p.lowest, p.highest = p.judged+1, min(p.lowest, value), max(p.highest, value)
			}
		}
	}
	return p
}

// String is "3 datapoints, lowest 18, highest 40, 2 still growing".
func (p points) String() string {
	text := fmt.Sprintf("%d datapoints, lowest %s, highest %s", p.judged, amount(p.lowest), amount(p.highest))
	if p.growing > 0 {
		text += fmt.Sprintf(", %d still growing", p.growing)
	}
	return text
}

// outside says that a datapoint is beyond a limit; none never is.
func (m Metric) outside(p points) bool {
	return m.Max != nil && p.highest > *m.Max || m.Min != nil && p.lowest < *m.Min
}

// limits is ", allowed at most 50, allowed at least 25".
func (m Metric) limits() string {
	text := ""
	if m.Max != nil {
		text += ", allowed at most " + amount(*m.Max)
	}
	if m.Min != nil {
		text += ", allowed at least " + amount(*m.Min)
	}
	return text
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
