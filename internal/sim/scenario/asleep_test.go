package scenario_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// invoke invokes a function or a version; the error says why not.
func invoke(t *testing.T, w *sim.World, function string) error {
	t.Helper()
	_, err := w.Account().Invoker.Invoke(t.Context(), target.Invocation{Function: function})
	return err
}

func TestAScenarioTellsOfSleepTenantsAndStaleReads(t *testing.T) {
	play, err := load(t, `{"function": "f", "stale-reads": "1m",
		"versions": {"1": {}, "2": {"state": "Inactive", "wakes-in": "30s"}, "3": {"tenant-isolation": true}}, "aliases": {"live": {"version": "1"}},
		"hooks": {"nap": {"answer": {}, "asleep": "40s"}, "for-tenants": {"answer": {}, "tenant-isolation": true}},
		"requests": [{"send": {"action": "status", "function-name": "f", "alias": "live"}, "expect": "idle"}],
		"faults": [{"on": "Invoke", "call": 7, "effect": "not-found"}]}`)
	require.NoError(t, err)
	assert.Empty(t, play.Problems())
	w := play.World
	assert.Equal(t, time.Minute, w.StaleReads)
	require.ErrorIs(t, invoke(t, w, "f:3"), target.ErrRefused)
	require.ErrorIs(t, invoke(t, w, "for-tenants"), target.ErrRefused)
	require.ErrorIs(t, invoke(t, w, "f:2"), target.ErrUnavailable)
	require.ErrorIs(t, invoke(t, w, "nap"), target.ErrUnavailable)
	w.Advance(29 * time.Second)
	require.ErrorIs(t, invoke(t, w, "f:2"), target.ErrUnavailable)
	w.Advance(time.Second)
	require.NoError(t, invoke(t, w, "f:2"))
	w.Advance(10 * time.Second)
	require.ErrorIs(t, invoke(t, w, "nap"), target.ErrNotFound)
	require.NoError(t, invoke(t, w, "nap"))
}
