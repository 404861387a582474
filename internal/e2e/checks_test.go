//go:build e2e

package e2e

import (
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
	sees := func(do func(*sim.World)) func(*lab) { return func(l *lab) { l.touch(do) } }
	for name, tt := range map[string]struct {
		version string
		health  string
		account func(*lab)
		// says is what the error says; "" is a success.
		says string
	}{
		"all of them are content": {
			version: "2", health: `"latency": {"max-ms": 1000, "quantile": 0.9, "compare": true}, "throttles": "any", "metrics": [{"id": "queue", "metric": {"namespace": "shop", "name": "queue", "stat": "Sum"}, "max": 10}],
			"function": "judge", "probes": [{"name": "ping", "payload": {}, "expect": {"ok": true}, "every-step": true}], "max-failed-invocations": 1, "min-invocations": 5, "false-alarm-rate": 0.001`,
			account: sees(func(w *sim.World) {
				w.SetMetric("queue", sim.Constant(3))
				w.SetHook("judge", sim.Hook{Answer: `{"status": "pass"}`})
			}),
		},
		"compare":       {version: "3", says: "errors: "},
		"any":           {version: "3", health: `"errors": "any"`, says: "allowed none"},
		"max-rate":      {version: "3", health: `"errors": {"max-rate": 0.5}`, says: "allowed 50 %"},
		"budget":        {version: "3", health: `"errors": "off", "max-failed-invocations": 5`, says: "max-failed-invocations: "},
		"latency":       {version: "4", health: `"latency": "compare"`, says: "latency: "},
		"latency limit": {version: "4", health: `"latency": {"max-ms": 300, "quantile": 0.9}`, says: "took longer than 300 ms"},
		"throttles": {
			version: "2", health: `"throttles": "any"`, says: "throttles: ",
			account: sees(func(w *sim.World) { w.SetThrottles("checkout", "live", sim.Constant(1)) }),
		},
		"metric": {
			version: "2", health: `"metrics": [{"id": "queue", "metric": {"namespace": "shop", "name": "queue", "stat": "Sum"}, "max": 10}]`, says: "queue",
			account: sees(func(w *sim.World) { w.SetMetric("queue", sim.Constant(11)) }),
		},
		"function": {
			version: "2", health: `"function": "judge"`, says: "sales are down",
			account: sees(func(w *sim.World) {
				w.SetHook("judge", sim.Hook{Answer: `{"status": "fail", "reason": "sales are down"}`})
			}),
		},
		"probe":           {version: "2", health: `"probes": [{"name": "ping", "payload": {}, "expect": {"ok": false}}]`, says: "ping"},
		"min-invocations": {version: "2", health: `"min-invocations": 1000000, "on-no-data": "rollback"`, says: "min-invocations is 1000000"},
		"alarm": {
			version: "2", says: "went into ALARM",
			account: func(l *lab) {
				go func() {
					time.Sleep(8 * time.Second)
					l.touch(func(w *sim.World) { w.SetAlarm("checkout-errors", analysis.AlarmRed) })
				}()
			},
		},
		"an alarm that was red before": {
			version: "2",
			account: sees(func(w *sim.World) { w.SetAlarm("checkout-errors", analysis.AlarmRed) }),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLabSince(t, 4*time.Hour)
			l.touch(func(w *sim.World) { w.Publish("checkout", "4", sim.Version{Milliseconds: sim.Constant(900)}) })
			if tt.account != nil {
				tt.account(l)
			}
			// Two minutes have begun with the new version in them: latency leaves the first one out.
			request := fmt.Sprintf(`{"function-name": "checkout", "alias": "live", "new-version": %q, "steps": 2, "interval": 62, "bake": 1, "poll-interval": 1, "alarms": ["checkout-errors"], "health-check": {%s}}`, tt.version, tt.health)
			result := l.start(t, "meta-deployer", path, nil).Invoke([]byte(request), 3*time.Minute)
			if tt.says == "" {
				l.answered(t, result, "succeeded")
				return
			}
			assert.Equal(t, "RolledBack", result.ErrorType, result.ErrorMessage)
			assert.Contains(t, result.ErrorMessage, tt.says)
			assert.Equal(t, old, l.alias(t, "live").Routing)
		})
	}
}
