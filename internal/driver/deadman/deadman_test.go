package deadman_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/driver/deadman"
	"github.com/meta-deployer/meta-deployer/internal/driver/pipeline"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// request takes so long that its driver still runs when the test looks.
const request = `{"function-name": "f", "alias": "live", "new-version": "2", "type": "canary", "interval": "5m"}`

// account has the function f, with traffic.
func account(t *testing.T) *sim.World {
	t.Helper()
	w := sim.New()
	w.Publish("f", "1", sim.Version{})
	w.Publish("f", "2", sim.Version{})
	require.NoError(t, w.CreateAlias("f", "live", target.Alias{Routing: rollout.Routing{Primary: "1"}}))
	w.SetTraffic("f", "live", sim.Constant(20))
	return w
}

// When each engine's switch calls, and with what.
func TestWhenASwitchCalls(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	for engine, tt := range map[string]struct {
		drive        func(t *testing.T, w *sim.World, ctx context.Context)
		first, every time.Duration
		end          time.Duration
		execution    string
	}{
		rollout.EngineDeployer: {func(t *testing.T, w *sim.World, ctx context.Context) {
			d := scenario.Deployer(w, log)
			d.Switches = w.Schedules()
			_, err := d.Handle(ctx, json.RawMessage(request))
			require.NoError(t, err)
		}, 16 * time.Minute, 10 * time.Minute, 15 * time.Minute, ""},
		rollout.EngineWorkflow: {func(t *testing.T, w *sim.World, ctx context.Context) {
			d := scenario.Worker(w, log)
			d.Switches = w.Schedules()
			event, err := json.Marshal(map[string]any{"execution": sim.ExecutionARN("x"), "started": w.Now(), "request": json.RawMessage(request)})
			require.NoError(t, err)
			_, err = d.Invoke(ctx, event)
			require.NoError(t, err)
		}, time.Hour, time.Hour, 365*24*time.Hour - time.Hour, sim.ExecutionARN("x")},
		rollout.EnginePipeline: {func(t *testing.T, w *sim.World, ctx context.Context) {
			d := pipeline.Driver{Accounts: scenario.Deployer(w, log).Accounts, Switches: w.Schedules(), Clock: w.Clock(), Log: log, Caller: sim.Caller}
			d.Call(ctx, pipeline.Job{ID: "x", Request: request}, w.Now().Add(sim.DefaultTimeout), func(pipeline.Reply) {})
		}, time.Hour, 10 * time.Minute, time.Hour, ""},
	} {
		t.Run(engine, func(t *testing.T) {
			w := account(t)
			var set target.Switch
			w.Faults = []sim.Fault{{On: sim.UpdateAlias, Call: 1, Before: func() { set, _ = w.Schedule("x") }}}
			ctx, _, cancel := w.Begin(sim.Invocation{ID: "x"})
			defer cancel()
			tt.drive(t, w, ctx)
			require.NotEmpty(t, set.Driver, "it is there before the claim is written")
			assert.InDelta(t, tt.first.Seconds(), set.First.Sub(sim.Start()).Seconds(), 1)
			assert.Equal(t, tt.every, set.Every)
			var input deadman.Input
			require.NoError(t, json.Unmarshal(set.Input, &input))
			assert.Equal(t, engine, input.Engine)
			assert.Equal(t, "x", input.Driver)
			assert.Equal(t, tt.execution, input.Execution)
			assert.InDelta(t, tt.end.Seconds(), input.End.Sub(sim.Start()).Seconds(), 1)
			assert.JSONEq(t, request, string(input.Request))
		})
	}
}

// A switch that is slow to be deleted does not keep the answer back until Lambda ends the invocation.
func TestTheAnswerComesBeforeASlowDeletion(t *testing.T) {
	const stays = `{"function-name": "f", "alias": "live", "new-version": "2", "type": "stages", "stages": [{"weight": 20, "hold": 5, "approve": true}], "bake": 5}`
	w := account(t)
	d := scenario.Deployer(w, slog.New(slog.DiscardHandler))
	d.Switches = w.Schedules()
	const timeout = 5 * time.Minute
	w.Faults = []sim.Fault{
		{On: sim.UpdateAlias, During: sim.Span{From: timeout - 10*time.Second, Until: timeout - 3*time.Second}, Effect: sim.ServerError},
		{On: sim.DeleteSchedule, Takes: time.Minute},
	}
	var err error
	w.Go(0, func() {
		ctx, _, cancel := w.Begin(sim.Invocation{ID: "x", Timeout: timeout})
		defer cancel()
		_, err = d.Handle(ctx, json.RawMessage(stays))
	})
	w.Drain()
	require.ErrorAs(t, err, new(answer.RolledBack))
	assert.Less(t, w.Elapsed(), timeout)
	_, left := w.Schedule("x")
	assert.True(t, left, "recover finds nothing to do, and deletes it")
}

// What is refused, or changes nothing, sets no switch.
func TestNothingIsSetForWhatClaimsNothing(t *testing.T) {
	for name, request := range map[string]string{
		"refused":          `{"function-name": "f", "alias": "live"}`,
		"not ready":        `{"function-name": "f", "alias": "live", "new-version": "9"}`,
		"nothing to do":    `{"function-name": "f", "alias": "live", "new-version": "1"}`,
		"does not fit":     `{"function-name": "f", "alias": "live", "new-version": "2", "interval": "1h"}`,
		"only looked at":   `{"function-name": "f", "alias": "live", "action": "status"}`,
		"planned":          `{"function-name": "f", "alias": "live", "new-version": "2", "action": "plan"}`,
		"nothing to pause": `{"function-name": "f", "alias": "live", "action": "pause"}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := account(t)
			d := scenario.Deployer(w, slog.New(slog.DiscardHandler))
			d.Switches = w.Schedules()
			ctx, _, cancel := w.Begin(sim.Invocation{ID: "x"})
			defer cancel()
			_, _ = d.Handle(ctx, json.RawMessage(request))
			assert.Zero(t, w.Calls(sim.CreateSchedule))
			assert.Zero(t, w.Calls(sim.DeleteSchedule))
			assert.Len(t, w.Writes(), 1)
		})
	}
}
