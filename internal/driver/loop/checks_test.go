package loop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// judged is a rollout of two steps of a minute and a half with a health check, half an hour after the traffic began.
type judged struct {
	health map[string]any
	// prepare changes the world before; may be nil.
	prepare func(*sim.World)
	// instead stands before the world's; may be nil.
	instead func(target.Metrics) target.Metrics

	world  *sim.World
	answer answer.Answer
	err    error
}

// deploy plays the rollout.
func (j judged) deploy(t *testing.T) judged {
	t.Helper()
	g := quick()
	g.request["steps"], g.request["interval"], g.request["poll-interval"], g.request["health-check"] = 2, 90, 15, j.health
	j.world, _ = g.world()
	if j.prepare != nil {
		j.prepare(j.world)
	}
	j.world.Advance(30 * time.Minute)
	d := scenario.Deployer(j.world, slog.New(slog.DiscardHandler))
	if j.instead != nil {
		d.Accounts = func(string, string, string) target.Account {
			a := j.world.Account()
			a.Metrics = j.instead(a.Metrics)
			return a
		}
	}
	ctx, _, cancel := j.world.Begin(sim.Invocation{})
	defer cancel()
	j.answer, j.err = d.Handle(ctx, g.raw())
	return j
}

func (j judged) rolledBack(t *testing.T, says ...string) {
	t.Helper()
	require.ErrorAs(t, j.err, new(answer.RolledBack), j.answer.Reason)
	for _, text := range says {
		assert.ErrorContains(t, j.err, text)
	}
	alias, err := j.world.Alias("f", "live")
	require.NoError(t, err)
	assert.Equal(t, rollout.Routing{Primary: "1"}, alias.Routing)
}

// check is the last answer's check of a name.
func (j judged) check(t *testing.T, name string) analysis.Check {
	t.Helper()
	require.NoError(t, j.err)
	for _, c := range j.answer.Steps[len(j.answer.Steps)-1].Checks {
		if c.Name == name {
			return c
		}
	}
	require.Fail(t, "no check "+name)
	return analysis.Check{}
}

func slower(factor float64) func(*sim.World) {
	return func(w *sim.World) {
		w.Publish("f", "1", sim.Version{Milliseconds: sim.Constant(50)})
		w.Publish("f", "2", sim.Version{Milliseconds: sim.Constant(50 * factor)})
	}
}

func TestLatencyIsComparedWithTheOldVersion(t *testing.T) {
	compare := map[string]any{"latency": "compare"}
	judged{health: compare, prepare: slower(3)}.deploy(t).rolledBack(t, "latency: ", "took longer than 108.05 ms", "its p90 before the start", "is remembered as bad")

	same := judged{health: compare, prepare: slower(1)}.deploy(t)
	c := same.check(t, "latency")
	assert.Equal(t, "succeeded", same.answer.Status)
	assert.Equal(t, analysis.Pass, c.Verdict)
	require.Len(t, c.Slow, 2)
	assert.InDelta(t, 108.048, c.Slow[0].AboveMS, 0)
	assert.InDelta(t, 0.1, c.Slow[0].New.Slow/c.Slow[0].New.Invocations, 0.01)
}

func TestLatencyWithoutAHistoryIsLeftOut(t *testing.T) {
	j := judged{health: map[string]any{"latency": "compare"}, prepare: func(w *sim.World) {
		slower(3)(w)
		w.SetTraffic("f", "live", sim.Curve{{From: 30 * time.Minute, Value: 20}})
	}}.deploy(t)
	c := j.check(t, "latency")
	assert.Equal(t, analysis.Inconclusive, c.Verdict)
	assert.Contains(t, c.Reason, "left out")
	assert.Equal(t, "succeeded", j.answer.Status, "the errors were compared")
}

func TestLatencyHasALimit(t *testing.T) {
	limit := map[string]any{"latency": map[string]any{"max-ms": 200, "quantile": 0.9}}
	judged{health: limit, prepare: slower(3)}.deploy(t).rolledBack(t, "took longer than 200 ms", "allowed 10 %")
	assert.Equal(t, analysis.Pass, judged{health: limit, prepare: slower(1.5)}.deploy(t).check(t, "latency").Verdict)
}

// counting counts the questions to CloudWatch.
type counting struct {
	target.Metrics
	asked *[]target.MetricsQuery
	since *int
}

func (c counting) Minutes(ctx context.Context, q target.MetricsQuery) ([]analysis.Minute, error) {
	*c.asked = append(*c.asked, q)
	return c.Metrics.Minutes(ctx, q)
}

func (c counting) Quantiles(ctx context.Context, q target.MetricsQuery) ([]analysis.Quantiles, error) {
	*c.since++
	return c.Metrics.Quantiles(ctx, q)
}

func TestAPollIsOneQuestionToCloudWatch(t *testing.T) {
	var asked []target.MetricsQuery
	quantiles := 0
	j := judged{
		health: map[string]any{
			"latency": map[string]any{"compare": true, "max-ms": 5000}, "throttles": "any",
			"metrics": []any{map[string]any{"id": "orders", "expression": "0", "max": 1}},
		},
		instead: func(m target.Metrics) target.Metrics { return counting{m, &asked, &quantiles} },
	}.deploy(t)
	require.NoError(t, j.err)
	assert.Equal(t, 1, quantiles, "thresholds are fixed once")
	looks := 0
	for _, q := range asked[2:] {
		assert.Len(t, q.Slow, 3)
		assert.True(t, q.Throttles)
		assert.Len(t, q.Metrics, 1)
		looks++
	}
	assert.Equal(t, 12, looks, "pre-flight, history, then one each look")
}

func TestThrottledCallsOfTheAliasFail(t *testing.T) {
	throttled := func(w *sim.World) {
		w.SetThrottles("f", "live", sim.Curve{{From: 31 * time.Minute, Value: 1}, {From: 32 * time.Minute}})
	}
	judged{health: map[string]any{"throttles": "any"}, prepare: throttled}.deploy(t).rolledBack(t, "throttles: ", "were throttled, allowed none")
	assert.Equal(t, "succeeded", judged{health: map[string]any{}, prepare: throttled}.deploy(t).answer.Status)
	assert.Equal(t, analysis.Pass, judged{health: map[string]any{"throttles": "any"}}.deploy(t).check(t, "throttles").Verdict)
}

func TestMetricsOfTheRequestsOwn(t *testing.T) {
	orders := func(w *sim.World) { w.SetMetric("Orders", sim.Curve{{Value: 40}, {From: 32 * time.Minute, Value: 10}}) }
	metric := func(more string) map[string]any {
		var list []any
		must(json.Unmarshal([]byte(`[{"id": "orders", "metric": {"namespace": "Shop", "name": "Orders", "stat": "Minimum"}, "min": 25`+more+`}]`), &list))
		return map[string]any{"metrics": list}
	}
	judged{health: metric(""), prepare: orders}.deploy(t).rolledBack(t, "metric orders: ", "lowest 10, highest 10, 1 still growing, allowed at least 25")

	c := judged{health: metric(`, "report-only": true`), prepare: orders}.deploy(t).check(t, "metric orders")
	assert.Equal(t, analysis.Fail, c.Verdict)
	assert.True(t, c.ReportOnly)

	assert.Equal(t, "succeeded-unverified", judged{health: metric("")}.deploy(t).answer.Status, "without a datapoint it is not verified")
}

// strict is a CloudWatch that refuses every expression.
type strict struct{ target.Metrics }

func (s strict) Minutes(ctx context.Context, q target.MetricsQuery) ([]analysis.Minute, error) {
	if len(q.Metrics) > 0 {
		return nil, fmt.Errorf("%w: ValidationError: Error in expression 'bad'", target.ErrRefused)
	}
	return s.Metrics.Minutes(ctx, q)
}

func TestPreflightFindsWhatTheChecksNeed(t *testing.T) {
	j := judged{
		health:  map[string]any{"function": "nobody-made-it", "metrics": []any{map[string]any{"id": "bad", "expression": "1 +", "max": 1}}},
		instead: func(m target.Metrics) target.Metrics { return strict{m} },
	}.deploy(t)
	require.ErrorAs(t, j.err, new(answer.PreflightFailed))
	require.ErrorContains(t, j.err, "health-check.metrics are refused by CloudWatch")
	require.ErrorContains(t, j.err, "health-check.function: function nobody-made-it does not exist")

	j = judged{health: map[string]any{"probes": []any{map[string]any{}}}, prepare: func(w *sim.World) {
		w.Faults = []sim.Fault{{On: sim.DryRun, Effect: sim.Denied}}
	}}.deploy(t)
	require.ErrorAs(t, j.err, new(answer.PreflightFailed))
	require.ErrorContains(t, j.err, "health-check.probes: version 2 of function f cannot be invoked")
}

func TestAFunctionJudgesEveryLook(t *testing.T) {
	health := map[string]any{"function": "judge"}
	says := func(answer string) func(*sim.World) {
		return func(w *sim.World) { w.SetHook("judge", sim.Hook{Answer: answer}) }
	}
	judged{health: health, prepare: says(`{"status": "fail", "reason": "no orders"}`)}.deploy(t).rolledBack(t, "function judge: no orders")

	j := judged{health: health, prepare: says(`{"status": "pass", "reason": "120 orders"}`)}.deploy(t)
	assert.Equal(t, "120 orders", j.check(t, "function judge").Reason)
	received := j.world.Received("judge")
	assert.Len(t, received, 12, "once each look")
	var event rollout.HookEvent
	require.NoError(t, json.Unmarshal(received[0], &event))
	assert.Equal(t, rollout.HookEvent{
		Stage: "health-check", RolloutID: j.answer.RolloutID, Function: "f", Alias: "live", OldVersion: "1", NewVersion: "2", StartedAt: *j.answer.StartedAt,
	}, event)
}

// What is not a verdict is neither a failure nor want of data: the rollout stays where it is until there is one.
func TestAFunctionWithoutAVerdictIsWaitedOut(t *testing.T) {
	for name, hook := range map[string]sim.Hook{
		"inconclusive":          {Answer: `{"status": "inconclusive", "reason": "too few"}`},
		"a function error":      {Failure: "Unhandled: boom"},
		"an unusable answer":    {Answer: `{"status": "green"}`},
		"it takes far too long": {Takes: time.Minute, Answer: `{"status": "fail"}`},
		"it is throttled":       {Throttled: 1000},
	} {
		t.Run(name, func(t *testing.T) {
			j := judged{health: map[string]any{"function": "judge"}, prepare: func(w *sim.World) {
				w.SetHook("judge", hook)
				w.At(36*time.Minute, func() { w.SetHook("judge", sim.Hook{Answer: `{"status": "pass"}`}) })
			}}.deploy(t)
			require.NoError(t, j.err)
			assert.Equal(t, "succeeded", j.answer.Status)
			assert.Greater(t, j.answer.EndedAt.Sub(*j.answer.StartedAt), 6*time.Minute, "it waited")
		})
	}
	j := judged{health: map[string]any{"function": "judge"}, prepare: func(w *sim.World) {
		w.SetHook("judge", sim.Hook{Takes: time.Minute})
	}}.deploy(t)
	j.rolledBack(t, "the time ran out", "did not answer within 10s")
	assert.NotContains(t, j.err.Error(), "remembered as bad")
}

// What an invocation does nobody knows: it is spared where it could not change the verdict.
func TestTheJudgeIsNotAskedInVain(t *testing.T) {
	health := map[string]any{"function": "judge"}
	looks := func(j judged) int { return j.world.Calls(sim.GetMetrics) - 1 } // without pre-flight, which is the history too

	failing := judged{health: health, prepare: func(w *sim.World) {
		w.SetHook("judge", sim.Hook{Answer: `{"status": "pass"}`})
		w.Publish("f", "2", sim.Version{Errors: sim.Curve{{From: 31 * time.Minute, Value: 1}}})
	}}.deploy(t)
	failing.rolledBack(t, "errors: ")
	require.Greater(t, looks(failing), 1)
	assert.Len(t, failing.world.Received("judge"), looks(failing)-1, "not at the look that failed")

	unread := judged{health: health, prepare: func(w *sim.World) {
		w.SetHook("judge", sim.Hook{Answer: `{"status": "pass"}`})
		w.Faults = []sim.Fault{{On: sim.GetMetrics, Call: 3, Times: 100_000, Effect: sim.Denied}}
	}}.deploy(t)
	unread.rolledBack(t)
	require.Greater(t, looks(unread), 10)
	assert.Len(t, unread.world.Received("judge"), 1, "only at the look that could be read")
}
