package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// minutesOf is so much time of a version at twenty calls a second, of which none fails.
func minutesOf(minutes int) []analysis.Counts {
	history := make([]analysis.Counts, minutes)
	for i := range history {
		history[i].Invocations = 1200
	}
	return history
}

// The judge's own verdict decides here, whatever it makes of the old version's time before: a version most of whose visible
// calls fail is not taken for good because little is known of what is usual.
func TestAVersionThatFailsMostOfItsCallsNeverSucceeds(t *testing.T) {
	for name, history := range map[string][]analysis.Counts{
		"nothing is known of the time before": nil, "two minutes": minutesOf(2), "ten minutes": minutesOf(10), "three hours": minutesOf(180),
	} {
		for calls, failed := range map[float64]float64{2: 2, 4: 4, 100: 100, 1000: 600} {
			s := atFull()
			s.plan = Plan{Target: target, NewVersion: "8", Steps: Linear(2, 0), Poll: 15 * time.Second}
			s.plan.Steps[1].Hold = 5 * time.Second
			s.journal.Step, s.journal.Steps, s.journal.Since, s.journal.First = 2, 2, began, began
			s.snapshot.Now = began.Add(2 * time.Minute)
			a := analysis.Assess(analysis.Health{}, analysis.Measurements{
				Start: began, FirstShift: began, StepSince: began, Awaited: began, HoldEnd: began.Add(5 * time.Second), History: history, Now: s.snapshot.Now,
				Reading: analysis.Reading{Alone: began, Share: 1, Minutes: []analysis.Minute{
					{Start: began.Truncate(time.Minute).Add(time.Minute), New: analysis.Counts{Invocations: calls, Errors: failed}},
				}},
			})
			s.snapshot.Assessment = &a
			action, token := s.decide()
			name := name + ": " + a.Reason
			if a.Verdict == analysis.Fail {
				requireKind(t, action, SendBack)
				assert.True(t, token.Failure.Bad, name)
				continue
			}
			require.IsType(t, Wait{}, action, name)
			assert.Nil(t, token.Failure, name)

			s.token, s.plan.MaxDuration = token, s.snapshot.Now.Sub(began)+Reserve
			action, token = s.decide()
			requireKind(t, action, SendBack)
			assert.False(t, token.Failure.Bad, "without a proof nobody is blamed: %s", name)
		}
	}
}
