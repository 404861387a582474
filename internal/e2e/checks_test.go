//go:build e2e

package e2e

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// TestChecks has every check of a request send a rollout back, through the compiled deployer, or see it through. Version 2
// is as good as version 1, version 3 fails, version 4 is slow.
func TestChecks(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/deployer")
	passes := sim.Hook{Answer: `{"status": "pass"}`}
	metric := func(stat, limits string) string {
		return `"metrics": [{"id": "queue", "metric": {"namespace": "shop", "name": "queue", "stat": "` + stat + `"}, ` + limits + `}]`
	}
	queue := func(is float64) func(*sim.World) {
		return func(w *sim.World) { w.SetMetric("queue", sim.Constant(is)) }
	}
	judge := func(h sim.Hook) func(*sim.World) { return func(w *sim.World) { w.SetHook("judge", h) } }
	// later has the function judge after twelve seconds. Until then it is waited for and asked again: taken for a want of
	// data, that would send the rollout back at the end of its first step.
	later := func(h sim.Hook) func(*sim.World) {
		return func(w *sim.World) {
			judge(h)(w)
			w.At(w.Elapsed()+12*time.Second, func() { judge(passes)(w) })
		}
	}
	for name, tt := range map[string]struct {
		version string
		health  string
		account func(*sim.World)
		// interval is how many seconds a step is held; 0 is 62. Two minutes have begun with the new version in them then:
		// latency leaves the first one out.
		interval int
		// says is what the error says; "" is a success, whose answer tells.
		says, tells string
	}{
		// The last step begins anywhere in a minute: on-no-data has it wait for its first calls to show.
		"all of them are content": {
			version: "2", health: `"latency": {"max-ms": 1000, "quantile": 0.9, "compare": true}, "throttles": "any", ` + metric("Sum", `"min": 1`) + `,
			"function": "judge", "probes": [{"name": "ping", "payload": {}, "expect": {"ok": true}, "every-step": true, "max-ms": 9000, "compare": {}}],
			"max-failed-invocations": 1, "min-invocations": 5, "on-no-data": "hold", "false-alarm-rate": 0.001`,
			account: func(w *sim.World) {
				queue(3)(w)
				judge(passes)(w)
			},
		},
		"compare":       {version: "3", says: "errors: "},
		"any":           {version: "3", health: `"errors": "any"`, says: "allowed none"},
		"max-rate":      {version: "3", health: `"errors": {"max-rate": 0.5}`, says: "allowed 50 %"},
		"budget":        {version: "3", health: `"errors": "off", "max-failed-invocations": 5`, says: "max-failed-invocations: "},
		"latency":       {version: "4", health: `"latency": "compare"`, says: "latency: "},
		"latency limit": {version: "4", health: `"latency": {"max-ms": 300, "quantile": 0.9}`, says: "took longer than 300 ms"},
		"throttles": {
			version: "2", health: `"throttles": "any"`, says: "throttles: ",
			account: func(w *sim.World) { w.SetThrottles("checkout", "live", sim.Constant(1)) },
		},
		// What can no longer turn decides in the minute that grows: the first one that begins after the shift.
		"metric above its max": {version: "2", health: metric("Maximum", `"max": 10`), account: queue(11), interval: 75, says: "allowed at most 10"},
		"metric below its min": {version: "2", health: metric("Minimum", `"min": 25`), account: queue(11), interval: 75, says: "allowed at least 25"},
		"metric that only reports": {
			version: "2", health: metric("Maximum", `"max": 10, "report-only": true`), account: queue(11), interval: 75,
			tells: `{"name":"metric queue","verdict":"fail","report-only":true,`,
		},
		"function":            {version: "2", health: `"function": "judge"`, account: judge(sim.Hook{Answer: `{"status": "fail", "reason": "sales are down"}`}), says: "sales are down"},
		"function that fails": {version: "2", health: `"function": "judge", "on-no-data": "rollback"`, interval: 4, account: later(sim.Hook{Failure: "boom"})},
		"function that hangs": {version: "2", health: `"function": "judge", "on-no-data": "rollback"`, interval: 4, account: later(sim.Hook{Takes: 11 * time.Second})},
		"probe":               {version: "2", health: `"probes": [{"name": "ping", "payload": {}, "expect": {"ok": false}}]`, says: "ping"},
		"probe that takes too long": {
			version: "2", health: `"probes": [{"name": "ping", "max-ms": 300}]`, says: "ping: expected an answer within 300ms",
			account: func(w *sim.World) { w.SetHook("checkout:2", sim.Hook{Answer: "{}", Takes: 900 * time.Millisecond}) },
		},
		"probe that the old version answers otherwise": {
			version: "2", health: `"probes": [{"name": "basket", "compare": {"ignore": ["at"]}}]`, says: "basket: ",
			account: func(w *sim.World) {
				w.SetHook("checkout:1", sim.Hook{Answer: `{"total": 12, "at": 1}`})
				w.SetHook("checkout:2", sim.Hook{Answer: `{"total": 0, "at": 2}`})
			},
		},
		"min-invocations": {version: "2", health: `"min-invocations": 1000000, "on-no-data": "rollback"`, says: "min-invocations is 1000000"},
		"alarm": {
			version: "2", says: "went into ALARM",
			account: func(w *sim.World) {
				w.Faults = append(w.Faults, sim.Fault{On: sim.GetMetrics, After: func() { // at the first look once there is traffic on it
					if a, err := w.Alias("checkout", "live"); err == nil && a.Routing.Split() {
						w.SetAlarm("checkout-errors", analysis.AlarmRed)
					}
				}})
			},
		},
		"an alarm that was red before": {
			version: "2",
			account: func(w *sim.World) { w.SetAlarm("checkout-errors", analysis.AlarmRed) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLabSince(t, 4*time.Hour)
			l.touch(func(w *sim.World) {
				w.Publish("checkout", "4", sim.Version{Milliseconds: sim.Constant(900)})
				if tt.account != nil {
					tt.account(w)
				}
			})
			request := fmt.Sprintf(`{"function-name": "checkout", "alias": "live", "new-version": %q, "steps": 2, "interval": %d, "bake": 1, "poll-interval": 1, "alarms": ["checkout-errors"], "health-check": {%s}}`,
				tt.version, cmp.Or(tt.interval, 62), tt.health)
			result := l.start(t, "meta-deployer", path, nil).Invoke([]byte(request), timeout)
			if tt.says == "" {
				l.answered(t, result, "succeeded")
				assert.Contains(t, string(result.Answer), tt.tells)
				return
			}
			assert.Equal(t, "RolledBack", result.ErrorType, result.ErrorMessage)
			assert.Contains(t, result.ErrorMessage, tt.says)
			assert.Equal(t, old, l.alias(t, "live").Routing)
		})
	}
}
