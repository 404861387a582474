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
