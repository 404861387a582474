package loop_test

import (
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// mood says how much goes wrong in a world.
type mood bool

const (
	calm    mood = false
	hostile mood = true
)

// draw makes up a game.
func draw(t *rapid.T, m mood) game {
	seconds := func(low, high int, name string) time.Duration {
		return time.Duration(rapid.IntRange(low, high).Draw(t, name)) * time.Second
	}
	g := game{
		owner:        rapid.SampledFrom([]string{"", "front door", strings.Repeat("x", 120)}).Draw(t, "owner"),
		rps:          rapid.SampledFrom([]float64{0, 0.05, 1, 50}).Draw(t, "rps"),
		metricsDelay: rapid.SampledFrom([]time.Duration{0, 20 * time.Second, time.Minute}).Draw(t, "metrics delay"),
		named:        rapid.Bool().Draw(t, "versions named"),
		restart:      seconds(0, 60, "restart"),
	}
	g.newVersion.Errors = rapid.SampledFrom([]sim.Curve{
		nil, nil, sim.Constant(1), sim.Constant(.02), {{From: seconds(1, 200, "onset"), Value: .5}},
	}).Draw(t, "errors")
	g.request = map[string]any{
		"function-name": "f", "alias": "live", "new-version": "2",
		"type":          rapid.SampledFrom([]string{"linear", "canary", "exponential", "all-at-once"}).Draw(t, "type"),
		"steps":         rapid.IntRange(1, 5).Draw(t, "steps"),
		"interval":      rapid.SampledFrom([]int{0, 1, 10, 45}).Draw(t, "interval"),
		"bake":          rapid.SampledFrom([]int{0, 5, 70}).Draw(t, "bake"),
		"poll-interval": rapid.IntRange(1, 20).Draw(t, "poll"),
	}
	if m == calm {
		return g
	}
	g.request["health-check"] = rapid.SampledFrom([]any{
		true, false,
		map[string]any{"errors": map[string]any{"max-rate": .1}},
		map[string]any{"on-no-data": "hold"},
		map[string]any{"on-no-data": "rollback", "min-invocations": 3},
		map[string]any{"errors": "off"},
		map[string]any{"latency": "compare", "throttles": "any"},
		map[string]any{"latency": map[string]any{"max-ms": 100, "quantile": .2}},
		map[string]any{"function": "judge", "probes": []any{map[string]any{"name": "ping", "every-step": true, "compare": map[string]any{}}}},
		map[string]any{"errors": "off", "metrics": []any{map[string]any{"id": "m", "expression": "1", "max": 1}}},
	}).Draw(t, "health-check")
	g.request["on-failure"] = rapid.SampledFrom([]string{"rollback", "rollback", "hold"}).Draw(t, "on-failure")
	for range rapid.IntRange(0, 3).Draw(t, "faults") {
		g.faults = append(g.faults, drawFault(t))
	}
	g.stale = rapid.SampledFrom([]time.Duration{0, 0, 120 * time.Millisecond, 2 * time.Second}).Draw(t, "stale reads")
	g.skews = drawSkews(t)
	if rapid.Bool().Draw(t, "twin") {
		g.others = append(g.others, other{action: "deploy"})
	}
	for range rapid.IntRange(0, 2).Draw(t, "others") {
		g.others = append(g.others, other{
			at: seconds(0, 240, "at"), beforeWrite: rapid.SampledFrom([]int{0, 0, 1, 2, 3, 5}).Draw(t, "before write"),
			action: rapid.SampledFrom([]string{
				"deploy", "rollback", "promote", "pause", "resume", "stranger moves", "stranger wipes", "stranger words", "stranger restores",
			}).Draw(t, "other"),
		})
	}
	return g
}

// drawSkews makes up by how much the clocks of hosts are wrong.
func drawSkews(t *rapid.T) []time.Duration {
	skew := rapid.SampledFrom([]time.Duration{0, 2 * time.Second, -2 * time.Second, 20 * time.Second, -20 * time.Second})
	return rapid.SliceOfN(skew, 0, 3).Draw(t, "skews")
}

func drawFault(t *rapid.T) sim.Fault {
	f := sim.Fault{
		On:     rapid.SampledFrom([]sim.Operation{"", sim.GetAlias, sim.UpdateAlias, sim.UpdateAlias, sim.GetMetrics}).Draw(t, "on"),
		Call:   rapid.IntRange(1, 25).Draw(t, "call"),
		Times:  rapid.SampledFrom([]int{1, 1, 3, 40, 100_000}).Draw(t, "times"),
		Effect: rapid.SampledFrom([]sim.Effect{sim.Throttled, sim.ServerError, sim.ReplyLost, sim.KilledBefore, sim.KilledAfter, sim.NotFound, sim.Denied, sim.None}).Draw(t, "effect"),
		Takes:  time.Duration(rapid.SampledFrom([]int{0, 0, 1, 4}).Draw(t, "takes")) * time.Second,
	}
	if f.Effect == sim.KilledBefore || f.Effect == sim.KilledAfter {
		f.Times = min(f.Times, 40)
	}
	return f
}
