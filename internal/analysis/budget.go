package analysis

import (
	"fmt"
	"math"
)

// assessBudget caps the failures of the new version beyond what the old one would have had: minute by minute beside it
// or, where the new version was alone or the old one had less than a twentieth of its calls, by the history's rate. What
// chance explains is no excess: four standard deviations of clusters of D failures, of both versions' counts, at the old
// version's rate.
func (h Health) assessBudget(e Measurements) Check {
	const deviations, few = 4, 20
	history := NewHistory(e.History)
	_, blocks := e.called(history)
	var past, all, fresh Counts
	for _, c := range e.History {
		past = past.Plus(c)
	}
	all = past
	expected, spread := 0.0, 0.0
	for _, b := range blocks {
		beside, normal := past, max(past.rate(), b.Incident)
		if b.Old.Invocations > 0 && few*b.Old.Invocations >= b.New.Invocations {
			beside, normal = b.Old, max(1, b.ExposureBias)*b.Old.rate()
		}
		expected += b.New.Invocations * min(1, normal)
		spread += b.New.Invocations * (1 + b.New.Invocations/max(1, beside.Invocations))
		fresh, all = fresh.Plus(b.New), all.Plus(b.Old)
	}
	chance := deviations * math.Sqrt(history.dispersion()*all.rate()*spread)
	excess := fresh.Errors - expected - chance
	c := Check{Name: "max-failed-invocations", Verdict: Pass}
	if excess >= h.MaxFailed {
		c.Verdict = Fail
	}
	c.Reason = fmt.Sprintf("%s of %.0f invocations failed; allowed are %s beyond the %s that the old version's rate explains and the %s that chance may add",
		figure(fresh.Errors), fresh.Invocations, figure(h.MaxFailed), figure(expected), figure(chance))
	return c
}
