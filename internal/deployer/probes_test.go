package deployer_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

func TestProbesInvokeTheNewVersionBeforeItsFirstShift(t *testing.T) {
	probes := func(text string) map[string]any {
		var list []any
		must(json.Unmarshal([]byte(text), &list))
		return map[string]any{"probes": list}
	}
	var routing []rollout.Routing
	ping := probes(`[{"name": "ping", "payload": {"a": 1}, "expect": {"ok": true}}, {"name": "each", "every-step": true}]`)
	j := judged{health: ping, prepare: func(w *sim.World) {
		w.SetHook("f:2", sim.Hook{Run: func([]byte) ([]byte, string) {
			a, _ := w.Alias("f", "live")
			routing = append(routing, a.Routing)
			return []byte(`{"ok": true}`), ""
		}})
	}}.deploy(t)
	assert.Equal(t, analysis.Pass, j.check(t, "probe ping").Verdict)
	assert.Equal(t, []rollout.Routing{
		{Primary: "1"}, {Primary: "1"}, {Primary: "1", Secondary: "2", Weight: 50_00}, {Primary: "2"},
	}, routing, "both before, one at each step")
	assert.JSONEq(t, `{"a": 1}`, string(j.world.Received("f:2")[0]))

	unmet := judged{health: ping, prepare: func(w *sim.World) { w.SetHook("f:2", sim.Hook{Answer: `{"ok": false}`}) }}.deploy(t)
	unmet.rolledBack(t, "probe ping: expected ok true, got false", "stayed on version 1", "remembered as bad")
	assert.Zero(t, unmet.world.Served("f", "live", "2").Invocations)

	failing := judged{health: ping, prepare: func(w *sim.World) { w.SetHook("f:2", sim.Hook{Failure: "Unhandled: boom"}) }}
	failing.deploy(t).rolledBack(t, "probe ping: expected an answer, got a function error: Unhandled: boom")

	compared := judged{health: probes(`[{"name": "same", "compare": {"ignore": ["at"]}}]`), prepare: func(w *sim.World) {
		w.SetHook("f:1", sim.Hook{Answer: `{"at": 1, "sum": 7}`})
		w.SetHook("f:2", sim.Hook{Answer: `{"at": 2, "sum": 8}`})
	}}
	compared.deploy(t).rolledBack(t, "probe same: expected sum 7 as of the old version, got 8")

	slow := judged{health: probes(`[{"name": "fast", "max-ms": 200}]`), prepare: func(w *sim.World) {
		w.SetHook("f:2", sim.Hook{Answer: `{}`, Takes: time.Second})
	}}
	slow.deploy(t).rolledBack(t, "probe fast: expected an answer within 200ms")
}

func TestAProbeThatCannotBeMadeIsNotTheVersionsFault(t *testing.T) {
	throttled := judged{health: map[string]any{"probes": []any{map[string]any{"name": "ping"}}}, prepare: func(w *sim.World) {
		w.SetHook("f:2", sim.Hook{Answer: `{}`, Throttled: 3})
	}}.deploy(t)
	assert.Equal(t, "succeeded", throttled.answer.Status, "it is tried again")

	throttled.prepare = func(w *sim.World) { w.SetHook("f:2", sim.Hook{Throttled: 1000}) }
	throttled = throttled.deploy(t)
	throttled.rolledBack(t, "probe ping could not be run")
	assert.NotContains(t, throttled.err.Error(), "remembered as bad")
}
