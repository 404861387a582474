package sim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

func invoke(t *testing.T, w *sim.World, function string) error {
	t.Helper()
	_, err := w.Account().Invoker.Invoke(t.Context(), target.Invocation{Function: function})
	return err
}

func TestAnInactiveVersionIsWokenByItsFirstCall(t *testing.T) {
	w := shop(t)
	w.Publish("shop", "4", sim.Version{Version: target.Version{State: "Inactive"}, WakesIn: 80 * time.Second})
	state := func() string {
		v, err := w.Account().Versions.Version(t.Context(), "shop", "4")
		require.NoError(t, err)
		return v.State
	}
	w.Advance(time.Hour)
	assert.Equal(t, "Inactive", state(), "it does not wake by itself")
	require.NoError(t, w.Account().Invoker.CanInvoke(t.Context(), "shop:4"), "a dry run wakes nothing")
	assert.Equal(t, "Inactive", state())
	err := invoke(t, w, "shop:4")
	require.ErrorIs(t, err, target.ErrUnavailable)
	require.ErrorContains(t, err, "ResourceNotReadyException")
	assert.Equal(t, "Pending", state())
	w.Advance(79 * time.Second)
	require.ErrorIs(t, invoke(t, w, "shop:4"), target.ErrUnavailable)
	assert.Equal(t, "Pending", state(), "a call more does not make it last longer")
	w.Advance(time.Second)
	assert.Equal(t, "Active", state())
	require.NoError(t, invoke(t, w, "shop:4"))
	require.NoError(t, invoke(t, w, "shop:2"), "others never slept")
}

// Calls through an alias wake it too. They are turned away until then, and no metric tells of them.
func TestCallsThroughAnAliasToAnInactiveVersionAreTurnedAway(t *testing.T) {
	w := shop(t)
	w.MetricsDelay = 0
	w.Publish("shop", "4", sim.Version{Version: target.Version{State: "Inactive"}, WakesIn: 32 * time.Second})
	w.SetTraffic("shop", "live", sim.Constant(10))
	require.NoError(t, w.ChangeAlias("console", "shop", "live", func(a *target.Alias) {
		a.Routing = rollout.Routing{Primary: "1", Secondary: "4", Weight: 50_00}
	}))
	w.Advance(time.Minute)
	require.NoError(t, invoke(t, w, "shop:4"), "the calls have woken it")
	w.Advance(time.Minute - w.Latency)
	assert.InDelta(t, 160, w.TurnedAway("shop", "live"), 1)
	assert.InDelta(t, 440, w.Served("shop", "live", "4").Invocations, 1)
	minutes, err := w.Account().Metrics.Minutes(t.Context(), target.MetricsQuery{
		Function: "shop", Alias: "live", OldVersion: "1", NewVersion: "4", Since: sim.Start(), Until: w.Now(),
	})
	require.NoError(t, err)
	assert.InDelta(t, 140, minutes[0].New.Invocations, 1)
	assert.InDelta(t, 440, minutes[0].Alias.Invocations, 1)
	assert.Zero(t, minutes[0].Alias.Errors)
}

func TestAHookFunctionAsleep(t *testing.T) {
	w := shop(t)
	w.SetHook("check", sim.Hook{Answer: `{"status": "Succeeded"}`, Asleep: 80 * time.Second})
	for range 8 {
		require.ErrorIs(t, invoke(t, w, "check"), target.ErrUnavailable)
		w.Advance(10 * time.Second)
	}
	require.NoError(t, invoke(t, w, "check"))
	assert.Len(t, w.Received("check"), 1, "it ran once")
}

func TestTenants(t *testing.T) {
	w := shop(t)
	w.Publish("shop", "4", sim.Version{Isolated: true})
	w.SetHook("check", sim.Hook{Answer: `{}`, Isolated: true})
	for function, isolated := range map[string]bool{"shop:2": false, "shop:4": true, "check": true} {
		for tenant, given := range map[string]bool{"": false, "blue": true} {
			_, err := w.Account().Invoker.Invoke(t.Context(), target.Invocation{Function: function, TenantID: tenant})
			if given == isolated {
				require.NoError(t, err, function)
				continue
			}
			require.ErrorIs(t, err, target.ErrRefused, function)
			require.ErrorContains(t, err, "tenant isolation")
		}
	}
}

func TestALargeAnswerIsNotRead(t *testing.T) {
	w := shop(t)
	for size, read := range map[int]bool{target.LongestReply: true, target.LongestReply + 1: false} {
		w.SetHook("check", sim.Hook{Answer: strings.Repeat("x", size)})
		reply, err := w.Account().Invoker.Invoke(t.Context(), target.Invocation{Function: "check"})
		require.NoError(t, err)
		assert.Equal(t, read, reply.Failure == "")
		assert.Equal(t, read, len(reply.Body) == size)
	}
}

func TestStaleReads(t *testing.T) {
	w := shop(t)
	w.Latency, w.StaleReads = 0, 120*time.Millisecond
	read := func() target.Alias {
		a, err := w.Account().Aliases.Alias(t.Context(), "shop", "live")
		require.NoError(t, err)
		return a
	}
	before := read()
	assert.Equal(t, "ours", before.Description, "an alias that was just made is there")
	w.Advance(time.Minute)
	to := before
	split(&to)
	made, err := w.Account().Aliases.UpdateAlias(t.Context(), "shop", "live", to)
	require.NoError(t, err)
	assert.True(t, made.Routing.Split())
	assert.NotEqual(t, before.Revision, made.Revision, "a write answers what is true")
	assert.Equal(t, before, read())
	w.Advance(100 * time.Millisecond)
	again, err := w.Account().Aliases.UpdateAlias(t.Context(), "shop", "live", target.Alias{Routing: rollout.Routing{Primary: "2"}, Revision: made.Revision})
	require.NoError(t, err, "the fence is the truth too")
	_, err = w.Account().Aliases.UpdateAlias(t.Context(), "shop", "live", target.Alias{Routing: rollout.Routing{Primary: "1"}, Revision: before.Revision})
	require.ErrorIs(t, err, target.ErrMoved)
	w.Advance(20 * time.Millisecond)
	assert.Equal(t, made, read(), "each write shows in its own time")
	w.Advance(100 * time.Millisecond)
	assert.Equal(t, again, read())

	require.NoError(t, w.CreateAlias("shop", "fresh", before))
	fresh, err := w.Alias("shop", "fresh")
	require.NoError(t, err)
	require.NoError(t, w.ChangeAlias("console", "shop", "fresh", split))
	shown, err := w.Account().Aliases.Alias(t.Context(), "shop", "fresh")
	require.NoError(t, err)
	assert.Equal(t, fresh, shown, "a change right after it was made shows late too")

	require.NoError(t, w.DeleteAlias("console", "shop", "live"))
	assert.Equal(t, again, read(), "a deletion shows late too")
	w.Advance(120 * time.Millisecond)
	_, err = w.Account().Aliases.Alias(t.Context(), "shop", "live")
	require.ErrorIs(t, err, target.ErrNotFound)
}

// What is missing or denied for a moment is there again after some calls.
func TestMomentsOfNotFoundAndDenied(t *testing.T) {
	for effect, want := range map[sim.Effect]error{sim.NotFound: target.ErrNotFound, sim.Denied: target.ErrDenied} {
		w := shop(t)
		w.Faults = []sim.Fault{{On: sim.GetAlias, Call: 2, Times: 3, Effect: effect}}
		for call := 1; call <= 6; call++ {
			_, err := w.Account().Aliases.Alias(t.Context(), "shop", "live")
			if call < 2 || call > 4 {
				require.NoError(t, err)
				continue
			}
			require.ErrorIs(t, err, want)
		}
	}
}
