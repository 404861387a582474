package endpoint_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/executions"
	"github.com/meta-deployer/meta-deployer/internal/cloud/schedules"
	"github.com/meta-deployer/meta-deployer/internal/endpoint"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// The compiled functions' clients set, move and delete schedules of the simulated account, which call.
func TestSchedulesOverHTTP(t *testing.T) {
	w := sim.New()
	now := w.Now()
	fired := []string{}
	w.Scheduler.OnFire = func(name string, input []byte) { fired = append(fired, name+string(input)) }
	e := endpoint.New(w, func() time.Time { return now })
	go e.Run(t.Context())
	server := httptest.NewServer(e.Handler())
	t.Cleanup(server.Close)
	environment := map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
	cfg := cloud.Load(func(key string) string { return environment[key] })
	e.Touch(func(w *sim.World) { w.Latency = 0 })

	s := schedules.New(cfg, "arn:recover", "meta-deployer", "arn:role")
	made := target.Switch{Driver: "x", First: now.Add(time.Minute), Every: 10 * time.Minute, Input: []byte("1")}
	require.NoError(t, s.SetSwitch(t.Context(), made))
	again := made
	again.Input = []byte("2")
	require.NoError(t, s.SetSwitch(t.Context(), again), "the first one stays")
	e.Touch(func(w *sim.World) {
		w.Advance(12 * time.Minute)
		found, ok := w.Schedule("x")
		assert.True(t, ok)
		assert.Equal(t, made, found)
	})
	assert.Equal(t, []string{"x1", "x1"}, fired)
	again.First = now.Add(30 * time.Minute)
	require.NoError(t, s.MoveSwitch(t.Context(), again))
	e.Touch(func(w *sim.World) { w.Advance(17 * time.Minute) })
	assert.Len(t, fired, 2, "moved on")
	e.Touch(func(w *sim.World) { w.Advance(2 * time.Minute) })
	assert.Equal(t, "x2", fired[2])
	require.NoError(t, s.DeleteSwitch(t.Context(), "x"))
	require.NoError(t, s.DeleteSwitch(t.Context(), "x"))
	require.ErrorIs(t, s.MoveSwitch(t.Context(), again), target.ErrNotFound)
	e.Touch(func(w *sim.World) { w.Advance(time.Hour) })
	assert.Len(t, fired, 3)
	bad := made
	bad.Driver = "a name that is none"
	require.ErrorIs(t, s.SetSwitch(t.Context(), bad), target.ErrRefused)

	x := executions.Describe(cfg)
	_, err := x.Execution(t.Context(), sim.ExecutionARN("x"))
	require.ErrorIs(t, err, target.ErrNotFound)
	want := target.Execution{ARN: sim.ExecutionARN("x"), Status: target.ExecutionAborted, Input: []byte("{}")}
	e.Touch(func(w *sim.World) { w.SetExecution(want) })
	got, err := x.Execution(t.Context(), sim.ExecutionARN("x"))
	require.NoError(t, err)
	want.Started = got.Started
	assert.Equal(t, want, got)
}
