package scenario_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// BenchmarkRollout is a world with traffic and a healthy rollout of three steps of 20 s, from its start to its end.
func BenchmarkRollout(b *testing.B) {
	request := []byte(`{"function-name": "shop", "alias": "live", "new-version": "2", "steps": 3, "interval": 20}`)
	for b.Loop() {
		w := sim.New()
		w.MetricsDelay = 5 * time.Second
		w.Publish("shop", "1", sim.Version{})
		w.Publish("shop", "2", sim.Version{})
		require.NoError(b, w.CreateAlias("shop", "live", target.Alias{Routing: rollout.Routing{Primary: "1"}}))
		w.SetTraffic("shop", "live", sim.Constant(20))
		ctx, _, cancel := w.Begin(sim.Invocation{})
		answer, err := scenario.Deployer(w, slog.New(slog.DiscardHandler)).Handle(ctx, request)
		cancel()
		require.NoError(b, err)
		require.Equal(b, "succeeded", answer.Status)
	}
}
