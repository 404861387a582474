package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// all asks for everything that is measured of the shop.
func all(w *sim.World) target.MetricsQuery {
	return target.MetricsQuery{
		Function: "shop", Alias: "live", OldVersion: "1", NewVersion: "2", Since: sim.Start(), Until: w.Now(),
		Slow: []float64{100, 216.1, 382.2}, Throttles: true, Metrics: []analysis.Metric{{ID: "orders", Name: "Orders", Stat: "Sum"}},
	}
}

func TestDurationsAreCountedByThreshold(t *testing.T) {
	w := shop(t)
	w.Latency, w.MetricsDelay = 0, 0
	w.Publish("shop", "2", sim.Version{Milliseconds: sim.Curve{{Value: 200}, {From: time.Minute, Value: 50}}})
	w.SetTraffic("shop", "live", sim.Constant(10))
	require.NoError(t, w.ChangeAlias("console", "shop", "live", split))
	w.Advance(2 * time.Minute)
	shown, err := w.Account().Metrics.Minutes(t.Context(), all(w))
	require.NoError(t, err)
	require.Len(t, shown, 2)
	assert.InDelta(t, 540, shown[0].OldTook.Samples, 0)
	for i, slow := range []float64{270, 54, 5.4} {
		assert.InDelta(t, slow, shown[0].OldTook.Slow[i], 0.1, "half take more than 100 ms, a tenth more than 216.1")
	}
	assert.InDelta(t, 60, shown[0].NewTook.Slow[0], 0.1, "all take more than half of 200 ms")
	assert.InDelta(t, 7.5, shown[1].NewTook.Slow[0], 0.1, "an eighth takes more than twice 50 ms")
	assert.InDelta(t, 330, shown[0].AliasTook.Slow[0], 0.1)
}

func TestQuantilesAreOfTheAlias(t *testing.T) {
	w := shop(t)
	w.Latency, w.MetricsDelay = 0, 0
	w.SetTraffic("shop", "live", sim.Curve{{Value: 10}, {From: 7 * time.Minute}})
	w.Advance(20 * time.Minute)
	q, err := w.Account().Metrics.Quantiles(t.Context(), all(w))
	require.NoError(t, err)
	require.Len(t, q, 2, "periods without calls are left out")
	assert.Equal(t, sim.Start().Add(5*time.Minute), q[1].Start)
	assert.InDelta(t, 216.1, q[1].P90, 0.1)
	assert.InDelta(t, 382.2, q[1].P99, 0.1)
}

func TestAPublishedVersionAnswers(t *testing.T) {
	w := shop(t)
	w.Publish("shop", "3", sim.Version{Errors: sim.Constant(1)})
	hooks := w.Account().Invoker
	reply, err := hooks.Invoke(t.Context(), target.Invocation{Function: "shop:2"})
	require.NoError(t, err)
	assert.Empty(t, reply.Failure)
	assert.JSONEq(t, `{}`, string(reply.Body))
	w.SetHook("shop:2", sim.Hook{Answer: `{"ok": true}`})
	reply, err = hooks.Invoke(t.Context(), target.Invocation{Function: "arn:aws:lambda:eu-central-1:123456789012:function:shop:2"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"ok": true}`, string(reply.Body), "an ARN names a version too")
	reply, err = hooks.Invoke(t.Context(), target.Invocation{Function: "shop:3"})
	require.NoError(t, err)
	assert.NotEmpty(t, reply.Failure, "every call of it fails")
	require.ErrorIs(t, hooks.CanInvoke(t.Context(), "shop:9"), target.ErrNotFound)
}
