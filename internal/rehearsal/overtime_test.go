package rehearsal

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// A rollout that waits for calls is replayed for longer than its plan takes, and not without end.
func TestWhatIsWaitedForIsReplayedForAWhile(t *testing.T) {
	plan := planOf(t, `"type": "canary", "interval": 60, "bake": 60, "health-check": {"on-no-data": "hold"}`)
	for name, tt := range map[string]struct {
		silent     time.Duration
		rolledBack bool
	}{
		"calls come in its time":         {0, true},
		"calls come a little late":       {plan.Takes() + 2*time.Minute, true},
		"calls come much later":          {plan.Takes() + 20*time.Minute, false},
		"calls come when it is given up": {plan.Takes() + 11*time.Minute, false},
	} {
		trial := Trial{
			Plan: plan, Start: noon, History: analysis.HistoryBefore(noon, time.Minute, steady(3, 0, 600, 0)),
			Calls: func(minute time.Time) (c analysis.Counts) {
				if !minute.Before(noon.Add(tt.silent).Truncate(time.Minute)) {
					c.Invocations = 600
				}
				return c
			},
			Fails: func(c analysis.Counts) float64 { return c.Invocations },
		}
		assert.Equal(t, tt.rolledBack, trial.Play().RolledBack, name)
	}
}
