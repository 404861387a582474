package loop_test

import (
	"time"

	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// drawCertain makes up a world in which it does not hang on when somebody looks how a rollout ends: a version that fails
// always or never, a schedule of its own or one of the traffic before, hooks, probes, people who come long after they are needed,
// and calls that go wrong on the way.
func drawCertain(t *rapid.T) game {
	g := draw(t, calm)
	g.before = 20 * time.Minute
	g.timeout = time.Hour // enough for looks that are late, and for clocks that are apart
	g.newVersion.Errors = rapid.SampledFrom([]sim.Curve{nil, nil, sim.Constant(1)}).Draw(t, "errors")
	g.rps = rapid.SampledFrom([]float64{0, 200}).Draw(t, "rps")
	g.request["interval"] = rapid.IntRange(40, 90).Draw(t, "interval")
	g.request["bake"] = 130 // a whole minute at 100 %, wherever it begins
	g.request["steps"] = rapid.IntRange(1, 3).Draw(t, "steps")
	g.hooks = map[string]sim.Hook{"f:2": {Answer: `{"ok": true}`}}
	health, hooks := map[string]any{}, map[string]string{}
	for _, stage := range []string{"pre-traffic", "post-traffic"} {
		if answer := rapid.SampledFrom([]string{"", "", `{"status": "Succeeded"}`, `{"status": "Failed"}`}).Draw(t, stage); answer != "" {
			g.hooks[stage], hooks[stage] = sim.Hook{Answer: answer, Takes: 3 * time.Second}, stage
		}
	}
	if rapid.Bool().Draw(t, "probes") {
		expect := rapid.SampledFrom([]any{map[string]any{"ok": true}, map[string]any{"ok": false}}).Draw(t, "expect")
		health["probes"] = []any{map[string]any{"every-step": true}, map[string]any{"name": "second", "expect": expect}}
	}
	switch rapid.SampledFrom([]string{"", "", "", "approved", "never approved", "enough time", "auto", "auto"}).Draw(t, "kind") {
	case "approved":
		g.request["type"], g.request["stages"] = "stages", approvedStages()
		g.others = append(g.others, other{at: 5 * time.Minute, action: "resume"})
	case "never approved":
		g.request["type"], g.request["stages"], g.request["max-duration"] = "stages", approvedStages(), 420
	case "auto":
		// At most four holds of 150 s, so that calls may be late; the traffic looks the same in whatever minute it starts.
		delete(g.request, "steps")
		g.request["type"], g.request["interval"] = "auto", 150
		health["max-failed-invocations"] = rapid.SampledFrom([]int{5, 50, 500}).Draw(t, "budget")
	case "enough time":
		g.request["max-duration"] = 840
	}
	if len(health) > 0 {
		g.request["health-check"] = health
	}
	if len(hooks) > 0 {
		g.request["hooks"] = hooks
	}
	for range rapid.IntRange(0, 2).Draw(t, "faults") {
		g.faults = append(g.faults, sim.Fault{
			On:     rapid.SampledFrom([]sim.Operation{sim.GetAlias, sim.UpdateAlias, sim.GetMetrics}).Draw(t, "on"),
			Call:   rapid.IntRange(1, 12).Draw(t, "call"),
			Effect: rapid.SampledFrom([]sim.Effect{sim.Throttled, sim.ServerError, sim.ReplyLost}).Draw(t, "effect"),
		})
	}
	return g
}

// approvedStages are two stages of which the first waits for a person.
func approvedStages() []any {
	return []any{map[string]any{"weight": 10, "hold": 40, "approve": true}, map[string]any{"weight": 100, "hold": 130}}
}
