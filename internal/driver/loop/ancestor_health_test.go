package loop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

func healthDefects() map[int]func(*testing.T) {
	return map[int]func(*testing.T){
		1: func(t *testing.T) { // only the last minute is looked at
			g := withKeys(map[string]any{"interval": 200, "poll-interval": 190, "steps": 2})
			g.newVersion.Errors = sim.Curve{{From: 0, Value: 1}, {From: 30 * time.Second, Value: 0}}
			requireEnded(t, g.play(), "RolledBack")
		},
		2: func(t *testing.T) { // errors of slow functions are stamped before the window
			g := withKeys(map[string]any{"interval": 240, "steps": 2})
			g.newVersion = sim.Version{Errors: sim.Constant(1), Takes: 3 * time.Minute}
			requireEnded(t, g.play(), "RolledBack")
		},
		3: func(t *testing.T) { // no allowance for the delay of metrics
			g := withKeys(map[string]any{"interval": 120, "steps": 2})
			g.metricsDelay, g.newVersion.Errors = time.Minute, sim.Constant(1)
			requireEnded(t, g.play(), "RolledBack")
		},
		4: func(t *testing.T) { // an ARN blinds the check
			g := withKeys(map[string]any{"interval": 60, "function-name": "arn:aws:lambda:eu-west-1:123456789012:function:f"})
			g.newVersion.Errors = sim.Constant(1)
			requireEnded(t, g.play(), "RolledBack")
		},
		5: func(t *testing.T) { // no data means healthy
			g := quick()
			g.rps = 0
			requireEnded(t, g.play(), "succeeded-unverified")
			g.request["health-check"] = map[string]any{"on-no-data": "hold"}
			requireEnded(t, g.play(), "RolledBack")
		},
		6: func(t *testing.T) { // any single error fails
			g := withKeys(map[string]any{"interval": 90})
			g.rps, g.oldVersion.Errors, g.newVersion.Errors = 500, sim.Constant(.001), sim.Constant(.001)
			requireEnded(t, g.play(), "succeeded")
		},
		7: func(t *testing.T) { // an outage of both is blamed on the release
			g := withKeys(map[string]any{"interval": 90, "steps": 2})
			g.incident = sim.Curve{{From: 20 * time.Second, Value: .9}, {From: 50 * time.Second, Value: 0}}
			requireEnded(t, g.play(), "succeeded")
		},
		8: func(t *testing.T) { // nothing but Errors can fail a rollout
			g := withKeys(map[string]any{"alarms": []string{"latency"}, "interval": 60})
			w, d := g.world()
			w.SetAlarm("latency", "OK")
			w.At(30*time.Second, func() { w.SetAlarm("latency", "ALARM") })
			requireError[answer.RolledBack](t, w, d, g)
		},
		9: func(t *testing.T) { // health is judged once per step, at its end
			g := withKeys(map[string]any{"interval": 240, "steps": 2, "poll-interval": 5})
			g.newVersion = failingFrom(30 * time.Second)
			s := g.play()
			requireEnded(t, s, "RolledBack")
			assert.Less(t, s.ends[0].at, 90*time.Second)
		},
		10: func(t *testing.T) { // a failing metrics API leaves the alias split
			g := quick()
			g.faults = []sim.Fault{{On: sim.GetMetrics, Call: 2, Times: 100_000, Effect: sim.Denied}}
			requireEnded(t, g.play(), "RolledBack")
		},
		12: func(t *testing.T) { // no check before the first traffic, none after the last
			g := withKeys(map[string]any{"hooks": map[string]string{"pre-traffic": "before", "post-traffic": "after"}})
			w, d := g.world()
			w.SetHook("before", sim.Hook{Answer: `{"status": "Succeeded"}`})
			w.SetHook("after", sim.Hook{Answer: `{"status": "Failed"}`})
			requireError[answer.RolledBack](t, w, d, g)
			assert.Len(t, w.Received("before"), 1)
			assert.Len(t, w.Received("after"), 1)
		},
		13: refuses(map[string]any{"health-check": "false"}, "health-check"),
	}
}
