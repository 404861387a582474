package loop_test

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

const threeWeeks = 20*24*time.Hour + 17*time.Minute

// forgotten is a rollout of three steps whose driver died while it was paused at its first, half an hour after the traffic
// began, and that nobody looked at for twenty days.
func forgotten(t *testing.T, g game, health map[string]any) (*sim.World, func(d loop.Deployer, change map[string]any) (answer.Answer, error)) {
	t.Helper()
	g.request["interval"], g.request["poll-interval"], g.request["health-check"] = 90, 15, health
	w, d := g.world()
	w.Advance(30 * time.Minute)
	ask := func(d loop.Deployer, change map[string]any) (answer.Answer, error) {
		request := maps.Clone(g.request)
		if change["action"] != nil {
			request = map[string]any{"function-name": "f", "alias": "live"}
		}
		maps.Copy(request, change)
		raw, err := json.Marshal(request)
		require.NoError(t, err)
		ctx, _, cancel := w.Begin(sim.Invocation{})
		defer cancel()
		return d.Handle(ctx, raw)
	}
	w.Go(w.Elapsed(), func() {
		first := story{log: &strings.Builder{}}
		first.invoke(w, d, g.raw(), sim.Invocation{KilledAt: w.Elapsed() + 2*time.Minute})
	})
	w.Advance(time.Minute)
	_, err := ask(d, map[string]any{"action": "pause"})
	require.NoError(t, err)
	w.Advance(threeWeeks)
	alias, err := w.Alias("f", "live")
	require.NoError(t, err)
	require.Equal(t, rollout.Routing{Primary: "1", Secondary: "2", Weight: 33_33}, alias.Routing)
	return w, ask
}

// minutely reads everything by the minute, as if CloudWatch kept that for ever.
type minutely struct{ target.Metrics }

func (m minutely) Minutes(ctx context.Context, q target.MetricsQuery) ([]analysis.Minute, error) {
	q.Period = 0
	return m.Metrics.Minutes(ctx, q)
}

// A rollout is judged by everything since it began, however long ago: what failed in its first hour is not forgotten when
// CloudWatch's minutes of it are gone.
func TestAForgottenRolloutIsJudgedByEverythingSinceItBegan(t *testing.T) {
	failing := quick()
	failing.rps = 0.5
	failing.newVersion.Errors = sim.Curve{{From: time.Hour, Value: 0.5}, {From: 2 * time.Hour}}
	health := map[string]any{"errors": "any"}
	w, ask := forgotten(t, failing, health)

	status := func(metrics func(target.Metrics) target.Metrics) analysis.Check {
		d := scenario.Deployer(w, discard())
		d.Accounts = func(string, string, string) target.Account {
			a := w.Account()
			a.Metrics = metrics(a.Metrics)
			return a
		}
		answer, err := ask(d, map[string]any{"action": "status", "health-check": health})
		require.NoError(t, err)
		return judged{answer: answer}.check(t, "errors")
	}
	asked := []target.MetricsQuery{}
	c := status(func(m target.Metrics) target.Metrics { return counting{m, &asked, new(int)} })
	served := w.Served("f", "live", "2")
	assert.Equal(t, analysis.Fail, c.Verdict)
	assert.InDelta(t, 300, c.New.Errors, 10, "half of an hour's calls")
	assert.InDelta(t, served.Errors, c.New.Errors, 0)
	assert.InDelta(t, served.Invocations, c.New.Invocations, 30, "all but those of the last minute")
	periods := []time.Duration{}
	for _, q := range asked {
		periods = append(periods, q.Period)
	}
	assert.Equal(t, []time.Duration{5 * time.Minute, 5 * time.Minute, time.Hour, time.Minute}, periods, "the time before, and three stretches since")

	blind := status(func(m target.Metrics) target.Metrics { return minutely{m} })
	assert.Equal(t, analysis.Pass, blind.Verdict, "by the minute that would be out of sight")

	_, err := ask(scenario.Deployer(w, discard()), nil)
	require.ErrorAs(t, err, new(answer.RolledBack))
	require.ErrorContains(t, err, "allowed none")
}

// Steps after a long pause are judged by their own minutes, beside hours of the pause.
func TestAForgottenRolloutGoesOn(t *testing.T) {
	g := quick()
	g.rps = 2
	g.oldVersion.Errors, g.newVersion.Errors = sim.Constant(0.02), sim.Constant(0.02)
	w, ask := forgotten(t, g, map[string]any{"min-invocations": 20, "on-no-data": "rollback"})
	asked := []target.MetricsQuery{}
	d := scenario.Deployer(w, discard())
	d.Accounts = func(string, string, string) target.Account {
		a := w.Account()
		a.Metrics = counting{a.Metrics, &asked, new(int)}
		return a
	}
	w.Go(w.Elapsed()+20*time.Second, func() {
		_, err := ask(scenario.Deployer(w, discard()), map[string]any{"action": "resume"})
		assert.NoError(t, err)
	})
	answer, err := ask(d, nil)
	require.NoError(t, err)
	assert.Equal(t, "succeeded", answer.Status)
	c := judged{answer: answer}.check(t, "errors")
	served := w.Served("f", "live", "2")
	assert.Equal(t, analysis.Pass, c.Verdict)
	assert.InDelta(t, served.Invocations, c.New.Invocations, 400, "all but the last minutes' calls")
	longer := 0
	for _, q := range asked {
		if q.Period > time.Minute {
			longer++
		}
	}
	assert.Equal(t, 3, longer, "the history, the beginning and what lies between are read once; a poll is one question")
}

// A regression that begins after the long pause goes back by its own minutes.
func TestAForgottenRolloutStillGoesBack(t *testing.T) {
	g := quick()
	g.rps = 2
	g.newVersion.Errors = sim.Curve{{From: threeWeeks + 31*time.Minute, Value: 0.5}}
	w, ask := forgotten(t, g, map[string]any{})
	_, err := ask(scenario.Deployer(w, discard()), nil)
	require.ErrorAs(t, err, new(answer.RolledBack))
}
