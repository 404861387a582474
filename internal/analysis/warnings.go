package analysis

import (
	"fmt"
	"time"
)

// TooSlow says that the alarm cannot go into ALARM within a plan of that duration, because its periods together are longer; ""
// where it can, or where CloudWatch does not say.
func (a Alarm) TooSlow(plan time.Duration) string {
	if a.Periods <= plan {
		return ""
	}
	return fmt.Sprintf("alarm %s cannot go into ALARM within the plan: its periods together are %s, the plan takes %s; make the plan longer or the periods shorter",
		a.Name, a.Periods, plan)
}

// TooShort says of which metrics' minima a plan of that duration, from its first shift on, may end without having judged them:
// those of every statistic that a growing minute tells nothing of.
func (h Health) TooShort(plan time.Duration) []string {
	const first = time.Minute + growth // the first whole minute begins up to a minute after the first shift
	var texts []string
	for _, m := range h.Metrics {
		sums := m.Stat == "Sum" || m.Stat == "SampleCount"
		if !h.Off && plan < first && m.Min != nil && !m.ReportOnly && !sums {
			texts = append(texts, fmt.Sprintf("metric %s: its min is judged in minutes that no longer grow, from five minutes after the first shift on, and the plan takes %s: make it longer", m.ID, plan))
		}
	}
	return texts
}
