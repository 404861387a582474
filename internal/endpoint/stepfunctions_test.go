package endpoint_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/executions"
	"github.com/meta-deployer/meta-deployer/internal/endpoint"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// engineOverHTTP is a world's state machine as AWS's own client sees it.
func engineOverHTTP(t *testing.T, w *sim.World, machine string) (*target.LongEngine, *endpoint.Endpoint) {
	t.Helper()
	e := endpoint.New(w, time.Now)
	go e.Run(t.Context())
	server := httptest.NewServer(e.Handler())
	t.Cleanup(server.Close)
	environment := map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
	config := cloud.Load(func(key string) string { return environment[key] })
	config.RetryMaxAttempts = 1
	return executions.LongEngine(config, machine), e
}

func TestExecutionsOverHTTP(t *testing.T) {
	w, started := sim.NewAt(time.Now().Truncate(time.Minute)), 0
	w.Machine.Run = func(sim.Started) { started++ }
	engine, e := engineOverHTTP(t, w, sim.RolloutMachine)
	arn, err := engine.Start(t.Context(), "f-live-2", []byte("{}"))
	require.NoError(t, err)
	again, err := engine.Start(t.Context(), "f-live-2", []byte("{}"))
	require.NoError(t, err)
	assert.Equal(t, []string{sim.ExecutionARN("f-live-2"), arn}, []string{arn, again})
	running, err := engine.Running(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{arn}, running)

	e.Touch(func(w *sim.World) { w.EndExecution(arn, target.ExecutionFailed, nil, "RolledBack", "why") })
	x, err := engine.Execution(t.Context(), arn)
	require.NoError(t, err)
	assert.Equal(t, []string{"FAILED", "RolledBack", "why", "{}"}, []string{string(x.Status), x.Error, x.Cause, string(x.Input)})
	_, err = engine.Start(t.Context(), "f-live-2", []byte("{}"))
	require.ErrorIs(t, err, target.ErrExists)
	_, err = engine.Execution(t.Context(), arn+"x")
	require.ErrorIs(t, err, target.ErrNotFound)
	e.Touch(func(*sim.World) { assert.Equal(t, 1, started) })
}

// What a state machine may do to whoever relies on it means the same over HTTP.
func TestABetrayingMachineOverHTTP(t *testing.T) {
	w := sim.NewAt(time.Now().Truncate(time.Minute))
	w.Faults = []sim.Fault{
		{On: sim.StartExecution, Call: 1, Effect: sim.Throttled}, {On: sim.StartExecution, Call: 2, Effect: sim.Denied}, {On: sim.StartExecution, Call: 3, Effect: sim.ReplyLost},
	}
	w.Machine.Forgetful, w.Machine.Late = true, time.Hour
	engine, e := engineOverHTTP(t, w, sim.RolloutMachine)
	for _, want := range []error{target.ErrUnavailable, target.ErrDenied, target.ErrUnavailable} {
		_, err := engine.Start(t.Context(), "f-live-2", []byte("{}"))
		require.ErrorIs(t, err, want)
	}
	arn := sim.ExecutionARN("f-live-2")
	_, err := engine.Execution(t.Context(), arn)
	require.ErrorIs(t, err, target.ErrNotFound, "it is there, and not described yet")
	e.Touch(func(w *sim.World) { w.EndExecution(arn, target.ExecutionAborted, nil, "", "") })
	again, err := engine.Start(t.Context(), "f-live-2", []byte("{}"))
	require.NoError(t, err, "answered with what has ended")
	assert.Equal(t, arn, again)

	other, _ := engineOverHTTP(t, sim.New(), sim.RolloutMachine+"s")
	_, err = other.Start(t.Context(), "f-live-2", []byte("{}"))
	require.ErrorIs(t, err, target.ErrNotFound)
	_, err = other.Running(t.Context())
	require.ErrorIs(t, err, target.ErrNotFound)
}
