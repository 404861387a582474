package sim_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// One's own calls to an alias run on the version that the weights choose, fail as that version does, and count.
func TestOwnCallsAreLikeEveryOther(t *testing.T) {
	for name, dice := range map[string]*rand.Rand{"as expected": nil, "with dice": rand.New(rand.NewPCG(1, 2))} {
		t.Run(name, func(t *testing.T) {
			w := sim.New()
			w.Latency, w.Dice = 0, dice
			w.Publish("f", "1", sim.Version{})
			w.Publish("f", "2", sim.Version{Errors: sim.Constant(0.5)})
			require.NoError(t, w.CreateAlias("f", "live", target.Alias{Routing: rollout.Routing{Primary: "1", Secondary: "2", Weight: 20_00}}))
			ran, failed := map[string]int{}, map[string]int{}
			for range 1000 {
				reply, version, err := w.Control().Invoke(t.Context(), target.Invocation{Function: "arn:aws:lambda:eu-west-1:123456789012:function:f:live"})
				require.NoError(t, err)
				ran[version]++
				if reply.Failure != "" {
					failed[version]++
					assert.Contains(t, reply.Failure, "version 2 of f fails 50 % of its calls")
				}
			}
			margin := 0.0
			if dice != nil {
				margin = 40
			}
			assert.InDelta(t, 200, ran["2"], margin)
			assert.InDelta(t, 800, ran["1"], margin)
			assert.InDelta(t, 100, failed["2"], margin)
			assert.Zero(t, failed["1"])

			w.Advance(5 * time.Minute)
			for metric, want := range map[string]int{"Invocations": ran["2"], "Errors": failed["2"]} {
				points := datapoints(t, w, sim.Metric{Namespace: "AWS/Lambda", Name: metric, Dimensions: map[string]string{"FunctionName": "f", "Resource": "f:live", "ExecutedVersion": "2"}})
				require.Len(t, points, 1)
				assert.InDelta(t, want, points[0].Sum, 0, metric)
			}
			assert.InDelta(t, ran["1"], w.Served("f", "live", "1").Invocations, 0)
		})
	}
}

// A call that names no alias is as before: no weights choose, and nothing is counted.
func TestACallOfAVersionIsNotOfAnAlias(t *testing.T) {
	w := sim.New()
	w.Publish("f", "1", sim.Version{})
	_, version, err := w.Control().Invoke(t.Context(), target.Invocation{Function: "f:1"})
	require.NoError(t, err)
	assert.Empty(t, version)
	_, _, err = w.Control().Invoke(t.Context(), target.Invocation{Function: "f:live"})
	require.ErrorIs(t, err, target.ErrNotFound)
}
