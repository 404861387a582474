package loop_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// A read may be older than the last write, by this driver or by another.
func TestReadsThatAreOlderThanTheLastWrite(t *testing.T) {
	for _, stale := range []time.Duration{120 * time.Millisecond, time.Second, 3 * time.Second} {
		t.Run(stale.String(), func(t *testing.T) {
			g := quick()
			g.stale = stale
			s := g.play()
			requireEnded(t, s, "succeeded")
			assert.Len(t, s.ours(), 5, "nothing is written twice")

			g.newVersion.Errors, g.request["interval"] = sim.Constant(1), 60
			requireEnded(t, g.play(), "RolledBack")

			twin := quick()
			twin.stale, twin.request["interval"] = stale, 60
			twin.others = []other{{at: time.Minute, action: "deploy"}}
			s = twin.play()
			requireEnded(t, s, "in-progress", "succeeded")

			stopped := quick()
			stopped.stale, stopped.request["interval"] = stale, 60
			stopped.others = []other{{at: 30 * time.Second, action: "rollback"}}
			s = stopped.play()
			assert.ElementsMatch(t, []string{"rolled-back", "RolledBack"}, []string{s.ends[0].outcome, s.ends[1].outcome}, s.transcript())
		})
	}
}

// Something that is said not to be there, or not to be allowed, for a moment.
func TestWhatIsGoneForAMomentIsLookedAtAgain(t *testing.T) {
	for _, on := range []sim.Operation{sim.GetAlias, sim.UpdateAlias, sim.GetVersion, sim.GetMetrics} {
		for _, effect := range []sim.Effect{sim.NotFound, sim.Denied} {
			for call := 1; call <= 4; call++ {
				t.Run(fmt.Sprintf("%s %s at call %d", on, effect, call), func(t *testing.T) {
					g := quick()
					g.faults = []sim.Fault{{On: on, Call: call, Times: 2, Effect: effect}}
					s := g.play()
					requireEnded(t, s, "succeeded")
				})
			}
		}
	}
}

func TestAPersonsRollbackOutlivesAMoment(t *testing.T) {
	for _, on := range []sim.Operation{sim.GetAlias, sim.UpdateAlias} {
		for _, effect := range []sim.Effect{sim.NotFound, sim.Denied, sim.ServerError} {
			g := quick()
			g.request["interval"] = 60
			g.others = []other{{at: 30 * time.Second, action: "rollback"}}
			g.faults = []sim.Fault{{On: on, During: sim.Span{From: 30 * time.Second, Until: 31 * time.Second}, Effect: effect}}
			s := g.play()
			require.Equal(t, rollout.Routing{Primary: "1"}, s.finalRouting(), s.transcript())
			assert.Contains(t, s.endings(), "rolled-back", "%s %s", on, effect)
		}
	}
}

// A version that Lambda has put to sleep is woken by a probe before it gets traffic; without one the rollout does not begin.
func TestASleepingVersionIsWokenBeforeItGetsTraffic(t *testing.T) {
	asleep := sim.Version{WakesIn: 80 * time.Second}
	asleep.State = "Inactive"
	g := withKeys(map[string]any{"health-check": map[string]any{"probes": []any{map[string]any{"name": "ping"}}}})
	g.newVersion = asleep
	s := g.play()
	requireEnded(t, s, "succeeded")
	first := time.Duration(0)
	for _, w := range s.writes {
		if w.Routing.Split() && first == 0 {
			first = w.At
		}
	}
	assert.Greater(t, first, 80*time.Second)

	g = quick()
	g.newVersion = asleep
	s = g.play()
	requireEnded(t, s, "PreflightFailed")
	assert.Contains(t, s.log.String(), "aws lambda invoke --function-name f:2")
}

// A hook that Lambda has to wake first is tried for three minutes.
func TestASleepingHookIsWaitedFor(t *testing.T) {
	g := withKeys(map[string]any{"hooks": map[string]string{"pre-traffic": "before"}})
	g.hooks = map[string]sim.Hook{"before": {Answer: `{"status": "Succeeded"}`, Asleep: 80 * time.Second}}
	requireEnded(t, g.play(), "succeeded")
}
