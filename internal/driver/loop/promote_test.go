package loop_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

func TestPromoteNeedsNoLeastNumberOfInvocations(t *testing.T) {
	g := withKeys(map[string]any{"interval": 300, "steps": 2})
	w, d := g.world()
	w.Go(0, func() {
		ctx, _, cancel := w.Begin(sim.Invocation{})
		defer cancel()
		_, _ = d.Handle(ctx, g.raw())
	})
	w.Advance(30 * time.Second)
	raw, err := json.Marshal(map[string]any{
		"action": "promote", "function-name": "f", "alias": "live",
		"health-check": map[string]any{"min-invocations": 1_000_000, "on-no-data": "hold"},
	})
	require.NoError(t, err)
	ctx, _, cancel := w.Begin(sim.Invocation{})
	defer cancel()
	answer, err := d.Handle(ctx, raw)
	require.NoError(t, err)
	assert.Equal(t, "in-progress", answer.Status, answer.Reason)
	assert.Less(t, w.Elapsed(), time.Minute)
	alias, err := w.Alias("f", "live")
	require.NoError(t, err)
	assert.Equal(t, rollout.Routing{Primary: "2"}, alias.Routing)
	w.Drain()
}
