package loop_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// statusOf asks for the alias's status with a health check.
func statusOf(t *testing.T, w *sim.World, d loop.Deployer, health map[string]any) answer.Answer {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"action": "status", "function-name": "f", "alias": "live", "health-check": health})
	require.NoError(t, err)
	ctx, _, cancel := w.Begin(sim.Invocation{})
	defer cancel()
	answer, err := d.Handle(ctx, raw)
	require.NoError(t, err)
	return answer
}

func TestStatusInvokesNothing(t *testing.T) {
	g := quick()
	w, d := g.world()
	judge := map[string]any{"function": "judge"}
	w.Go(0, func() {
		ctx, _, cancel := w.Begin(sim.Invocation{})
		defer cancel()
		_, _ = d.Handle(ctx, g.raw())
	})
	w.Advance(15 * time.Second)
	answer := statusOf(t, w, d, judge)
	assert.Equal(t, "in-progress", answer.Status)
	assert.Empty(t, w.Received("judge"))
	assert.Contains(t, answer.Warnings, "health-check.function is not invoked by action status, which changes nothing")
	check := judged{answer: answer}.check(t, "function judge")
	assert.Equal(t, analysis.Inconclusive, check.Verdict)
	assert.Equal(t, "it was not asked", check.Reason)

	off := statusOf(t, w, d, map[string]any{})
	assert.Empty(t, off.Warnings)
	w.Drain()
}

func TestStatusOfAForeignSplitStatesThePrimarysShare(t *testing.T) {
	w, d := quick().world()
	require.NoError(t, w.ChangeAlias("stranger", "f", "live", func(a *target.Alias) {
		a.Routing = rollout.Routing{Primary: "1", Secondary: "2", Weight: 30_00}
	}))
	answer := statusOf(t, w, d, map[string]any{})
	assert.Equal(t, "idle", answer.Status)
	assert.Equal(t, "1", answer.NewVersion)
	assert.Equal(t, rollout.Weight(70_00), answer.Weight)
}
