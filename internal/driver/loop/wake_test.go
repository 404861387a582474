package loop_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// begun is an account in which a driver has begun a rollout and left it at its first step.
func begun(t *testing.T) (*sim.World, loop.Deployer) {
	t.Helper()
	w := sim.New()
	w.Publish("f", "1", sim.Version{})
	w.Publish("f", "2", sim.Version{})
	require.NoError(t, w.CreateAlias("f", "live", target.Alias{Routing: rollout.Routing{Primary: "1"}}))
	w.SetTraffic("f", "live", sim.Constant(20))
	w.Advance(10 * time.Minute)
	w.Go(w.Elapsed(), func() {
		defer func() { assert.True(t, sim.IsKill(recover())) }()
		ctx, _, cancel := w.Begin(sim.Invocation{ID: "f-live-2", KilledAt: w.Elapsed() + 2*time.Minute})
		defer cancel()
		_, _ = scenario.Deployer(w, slog.New(slog.DiscardHandler)).Invoke(ctx, []byte(`{"function-name": "f", "alias": "live", "new-version": "2", "steps": 3, "interval": 200}`))
	})
	w.Drain()
	return w, scenario.Deployer(w, slog.New(slog.DiscardHandler))
}

// command sends one.
func command(t *testing.T, w *sim.World, d loop.Deployer, action string) (warnings []string) {
	t.Helper()
	ctx, _, cancel := w.Begin(sim.Invocation{})
	defer cancel()
	a, err := d.Handle(ctx, fmt.Appendf(nil, `{"action": %q, "function-name": "f", "alias": "live"}`, action))
	require.NoError(t, err)
	return a.Warnings
}

// Whoever changes a rollout has its driver look at once, by its token.
func TestAChangeWakesTheDriver(t *testing.T) {
	for _, action := range []string{"pause", "promote", "rollback"} {
		w, d := begun(t)
		var woken []string
		d.Wake = func(_ context.Context, driver string) error {
			woken = append(woken, driver)
			return nil
		}
		assert.Empty(t, command(t, w, d, action))
		assert.Equal(t, []string{"f-live-2"}, woken, action)
	}
	w, d := begun(t)
	woken := 0
	d.Wake = func(context.Context, string) error { woken++; return nil }
	for _, action := range []string{"pause", "pause", "status", "resume"} {
		command(t, w, d, action)
	}
	assert.Equal(t, 2, woken, "a pause of what is paused, and a status, change nothing")
}

func TestAWakeThatFailsIsAWarning(t *testing.T) {
	for name, wake := range map[string]func(context.Context, string) error{
		"denied": func(context.Context, string) error {
			return &target.Error{Kind: target.ErrDenied, Action: "lambda:GetDurableExecutionHistory", Message: "no"}
		},
		"a panic": func(context.Context, string) error { panic("a bug") },
		"without an end": func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := begun(t)
			d.Wake = func(ctx context.Context, driver string) error {
				if name == "without an end" { // virtual time passes for who sleeps only
					assert.ErrorIs(t, w.Clock().Sleep(ctx, time.Hour), context.DeadlineExceeded)
				}
				return wake(ctx, driver)
			}
			asked := w.Elapsed()
			warnings := command(t, w, d, "rollback")
			require.Len(t, warnings, 1)
			assert.Contains(t, warnings[0], "the change stands, but its durable execution was not woken and looks when it is due: ")
			assert.Less(t, w.Elapsed()-asked, 7*time.Second)
			alias, err := w.Alias("f", "live")
			require.NoError(t, err)
			assert.Equal(t, rollout.Routing{Primary: "1"}, alias.Routing)
		})
	}
}
