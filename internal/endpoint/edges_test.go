package endpoint_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/endpoint"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/accounttest"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// What the simulated account does otherwise than AWS on its best day means the same to the client that is shipped.
func TestTheEdgesOfTheAccountOverHTTP(t *testing.T) {
	w, f := accounttest.World(time.Now())
	w.Publish(f.Function, "4", sim.Version{Version: target.Version{State: "Inactive"}, WakesIn: time.Hour})
	w.Publish(f.Function, "5", sim.Version{Isolated: true})
	w.NoLogAlarms, w.StaleReads = true, time.Hour
	w.SetAlarmPeriods(f.Alarm, 45*time.Minute)
	account := overHTTP(t, w)
	ctx := t.Context()
	invoke := func(version, tenant string) error {
		_, err := account.Invoker.Invoke(ctx, target.Invocation{Function: f.Function + ":" + version, TenantID: tenant})
		return err
	}

	_, err := account.Metrics.Minutes(ctx, target.MetricsQuery{Function: f.Function, Alias: f.Alias, Since: time.Now(), Until: time.Now(), Metrics: []analysis.Metric{{ID: "sum", Expression: "1 + 1"}}})
	require.ErrorIs(t, err, target.ErrRefused)
	require.ErrorContains(t, err, "no metric math: 1 + 1")

	alarms, err := account.Metrics.Alarms(ctx, []string{f.Alarm})
	require.NoError(t, err, "without log alarms it is asked again for the others")
	require.Len(t, alarms, 1)
	assert.Equal(t, 45*time.Minute, alarms[0].Periods)

	before, err := account.Aliases.Alias(ctx, f.Function, f.Alias)
	require.NoError(t, err)
	to := before
	to.Routing.Secondary, to.Routing.Weight = f.New, 10_00
	made, err := account.Aliases.UpdateAlias(ctx, f.Function, f.Alias, to)
	require.NoError(t, err)
	assert.Equal(t, to.Routing, made.Routing)
	assert.NotEqual(t, before.Revision, made.Revision)
	shown, err := account.Aliases.Alias(ctx, f.Function, f.Alias)
	require.NoError(t, err)
	assert.Equal(t, before, shown, "a read is older than the write")

	err = invoke("4", "")
	require.ErrorIs(t, err, target.ErrUnavailable)
	require.ErrorContains(t, err, "ResourceNotReadyException")
	version, err := account.Versions.Version(ctx, f.Function, "4")
	require.NoError(t, err)
	assert.Equal(t, "Pending", version.State)
	require.ErrorIs(t, invoke("4", ""), target.ErrUnavailable)

	err = invoke("5", "")
	require.ErrorIs(t, err, target.ErrRefused)
	require.ErrorContains(t, err, "the function has tenant isolation: give a tenant-id")
	require.NoError(t, invoke("5", "blue"))
	require.ErrorIs(t, invoke(f.New, "blue"), target.ErrRefused)
}

// Moments of not found and denied are told apart from what fails for another reason.
func TestMomentsOverHTTP(t *testing.T) {
	for effect, want := range map[sim.Effect]error{sim.NotFound: target.ErrNotFound, sim.Denied: target.ErrDenied} {
		w, f := accounttest.World(time.Now())
		w.Faults = []sim.Fault{{On: sim.GetAlias, Call: 1, Times: 2, Effect: effect}}
		account := overHTTP(t, w)
		for range 2 {
			_, err := account.Aliases.Alias(t.Context(), f.Function, f.Alias)
			require.ErrorIs(t, err, want)
		}
		_, err := account.Aliases.Alias(t.Context(), f.Function, f.Alias)
		require.NoError(t, err)
	}
}

func TestNoLogAlarms(t *testing.T) {
	w, _ := accounttest.World(time.Now())
	e := endpoint.New(w, time.Now)
	go e.Run(t.Context())
	server := httptest.NewServer(e.Handler())
	t.Cleanup(server.Close)
	for unknown, status := range map[bool]int{false: http.StatusOK, true: http.StatusBadRequest} {
		e.Touch(func(w *sim.World) { w.NoLogAlarms = unknown })
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(`{"AlarmTypes": ["MetricAlarm", "LogAlarm"]}`))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/x-amz-json-1.0")
		request.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801.DescribeAlarms")
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, status, response.StatusCode)
	}
}
