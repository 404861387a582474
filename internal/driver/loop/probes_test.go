package loop_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
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
	assert.Greater(t, throttled.world.Elapsed(), 32*time.Minute+45*time.Second, "Lambda takes up to two minutes to wake a function")
	assert.Less(t, throttled.world.Elapsed(), 33*time.Minute+15*time.Second)
	assert.NotContains(t, throttled.err.Error(), "remembered as bad")
}

// everyStep is a rollout with a probe that is made at every step and answers after a while.
func everyStep(more map[string]any, prepare func(*sim.World)) judged {
	probe := map[string]any{"name": "ping", "every-step": true}
	maps.Copy(probe, more)
	return judged{health: map[string]any{"probes": []any{probe}}, prepare: prepare}
}

// atHalf changes version 2's answers once it has traffic.
func atHalf(before, after sim.Hook) func(*sim.World) {
	return func(w *sim.World) {
		w.SetHook("f:2", before)
		w.At(30*time.Minute+5*time.Second, func() { w.SetHook("f:2", after) })
	}
}

func TestASlowProbeDoesNotBlindTheRollout(t *testing.T) {
	fast := sim.Hook{Answer: `{}`}
	slow := everyStep(nil, atHalf(sim.Hook{Answer: `{}`, Takes: 6 * time.Second}, sim.Hook{Answer: `{}`, Takes: 4 * time.Minute})).deploy(t)
	slow.rolledBack(t, "probe ping: expected an answer, got none within 10s", "remembered as bad", "had reached 50 %")
	assert.Less(t, slow.world.Elapsed(), 30*time.Minute+20*time.Second)

	late := everyStep(map[string]any{"max-ms": 200}, func(w *sim.World) { w.SetHook("f:2", sim.Hook{Answer: `{}`, Takes: 4 * time.Minute}) }).deploy(t)
	late.rolledBack(t, "probe ping: expected an answer within 200ms, got none after 1.2s", "remembered as bad")
	assert.Less(t, late.world.Elapsed(), 30*time.Minute+5*time.Second)

	old := everyStep(map[string]any{"compare": map[string]any{}}, func(w *sim.World) {
		w.SetHook("f:1", sim.Hook{Answer: `{}`, Takes: time.Minute})
		w.SetHook("f:2", fast)
	}).deploy(t)
	assert.Contains(t, old.check(t, "probe ping").Reason, "not compared: the old version had not answered within 10s")
}

func TestAliasAndHealthAreReadBetweenProbes(t *testing.T) {
	var list []any
	for range 30 {
		list = append(list, map[string]any{"every-step": true})
	}
	j := judged{health: map[string]any{"probes": list}, prepare: func(w *sim.World) {
		w.SetHook("f:2", sim.Hook{Answer: `{}`})
		w.At(31*time.Minute+20*time.Second, func() { w.SetHook("f:2", sim.Hook{Answer: `{}`, Takes: 8 * time.Second}) })
		w.Publish("f", "2", sim.Version{Errors: sim.Curve{{From: 31*time.Minute + 50*time.Second, Value: 1}}})
	}}.deploy(t)
	j.rolledBack(t, "errors: ")
	assert.Less(t, j.world.Elapsed(), 33*time.Minute+15*time.Second, "the probes would have taken until 35:30")
}

// Once the version has traffic, what cannot be invoked is tried again at the next turns, between which the rest is watched.
func TestAProbeThatCannotBeMadeUnderTrafficIsTriedAtTheNextTurns(t *testing.T) {
	before := sim.Hook{Answer: `{}`, Takes: 6 * time.Second}
	assert.Equal(t, "succeeded", everyStep(nil, atHalf(before, sim.Hook{Answer: `{}`, Throttled: 20})).deploy(t).answer.Status)

	never := everyStep(nil, atHalf(before, sim.Hook{Throttled: 1000})).deploy(t)
	never.rolledBack(t, "probe ping could not be run", "had reached 50 %")
	assert.NotContains(t, never.err.Error(), "remembered as bad")
	assert.Greater(t, never.world.Elapsed(), 32*time.Minute+45*time.Second, "it had three minutes")
	assert.Less(t, never.world.Elapsed(), 33*time.Minute+20*time.Second)

	failing := everyStep(nil, func(w *sim.World) {
		atHalf(before, sim.Hook{Throttled: 1000})(w)
		w.Publish("f", "2", sim.Version{Errors: sim.Curve{{From: 30*time.Minute + 20*time.Second, Value: 1}}})
	}).deploy(t)
	failing.rolledBack(t, "errors: ")
	assert.Less(t, failing.world.Elapsed(), 30*time.Minute+40*time.Second, "health was read meanwhile")
}

func TestEachProbeHasItsOwnTimeToBeMade(t *testing.T) {
	j := judged{health: map[string]any{"probes": []any{map[string]any{"every-step": true}, map[string]any{"every-step": true}}}, prepare: func(w *sim.World) {
		atHalf(sim.Hook{Answer: `{}`, Takes: 3 * time.Second}, sim.Hook{Answer: `{}`, Throttled: 14, Takes: 6 * time.Second})(w)
		w.At(32*time.Minute+4*time.Second, func() { w.SetHook("f:2", sim.Hook{Answer: `{}`, Throttled: 14}) })
	}}.deploy(t)
	assert.Equal(t, "succeeded", j.answer.Status, j.err)
	assert.Len(t, j.world.Received("f:2"), 6, "two before, two at each step")
}

func TestAProbeThatCannotBeMadeLeavesTheWayBackItsTime(t *testing.T) {
	g := withKeys(map[string]any{"steps": 2, "max-duration": 60, "health-check": map[string]any{"probes": []any{map[string]any{"every-step": true}}}})
	w, d := g.world()
	w.SetHook("f:2", sim.Hook{Answer: `{}`, Takes: 45 * time.Second})
	w.At(40*time.Second, func() { w.SetHook("f:2", sim.Hook{Throttled: 1000}) })
	requireError[answer.RolledBack](t, w, d, g)
	assert.InDelta(t, 52.2, w.Elapsed().Seconds(), 0.3, "it began eight seconds before its end")
}
