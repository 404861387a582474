package endpoint_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/account"
	"github.com/meta-deployer/meta-deployer/internal/endpoint"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/accounttest"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

func TestTheEndpointIsAnAccount(t *testing.T) {
	accounttest.Run(t, func(t *testing.T) accounttest.Fixture {
		w, f := accounttest.World(time.Now())
		f.Account = overHTTP(t, w)
		return f
	})
}

// overHTTP is a world as AWS's own client sees it.
func overHTTP(t *testing.T, w *sim.World) target.Account {
	t.Helper()
	e := endpoint.New(w, time.Now)
	go e.Run(t.Context())
	server := httptest.NewServer(e.Handler())
	t.Cleanup(server.Close)
	environment := map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
	}
	return account.Of(cloud.Load(func(key string) string { return environment[key] }))("", "", "")
}

func TestEverythingThatIsMeasuredIsTheSameOverHTTP(t *testing.T) {
	now := time.Now().Truncate(time.Minute)
	world := func() (*sim.World, accounttest.Fixture) {
		w, f := accounttest.World(now)
		w.SetThrottles(f.Function, f.Busy, sim.Constant(2))
		w.SetMetric("Orders", sim.Constant(40))
		w.SetMetric("orders / alias_invocations", sim.Curve{{Value: 0.0006}, {From: 90 * time.Second, Value: 0.05}})
		return w, f
	}
	direct, f := world()
	served, _ := world()
	http := overHTTP(t, served).Metrics
	q := target.MetricsQuery{
		Function: f.Function, Alias: f.Busy, OldVersion: f.Old, NewVersion: f.New, Since: f.TrafficSince, Until: f.TrafficSince.Add(2 * time.Minute),
		Slow: []float64{216.1, 382.19}, Throttles: true,
		Metrics: []analysis.Metric{
			{ID: "orders", Namespace: "Shop", Name: "Orders", Stat: "Sum"},
			{ID: "per_call", Expression: "orders / alias_invocations"},
			{ID: "nothing", Expression: "SEARCH('Nothing', 'Sum')"},
		},
	}
	want, err := direct.Account().Metrics.Minutes(t.Context(), q)
	require.NoError(t, err)
	got, err := http.Minutes(t.Context(), q)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.InDelta(t, 60, got[0].AliasTook.Slow[0], 0.1, "a tenth")
	assert.InDelta(t, 120, got[0].Throttles, 0)
	assert.Len(t, got[0].Values["per_call"], 1)
	assert.NotContains(t, got[0].Values, "nothing")

	longer := q
	longer.Period, longer.Throttles, longer.Metrics = time.Hour, false, nil
	want, err = direct.Account().Metrics.Minutes(t.Context(), longer)
	require.NoError(t, err)
	got, err = http.Minutes(t.Context(), longer)
	require.NoError(t, err)
	assert.Equal(t, want, got)

	q.Since = q.Since.Truncate(analysis.QuantilePeriod)
	q.Until = q.Since.Add(2 * analysis.QuantilePeriod)
	quantiles, err := direct.Account().Metrics.Quantiles(t.Context(), q)
	require.NoError(t, err)
	same, err := http.Quantiles(t.Context(), q)
	require.NoError(t, err)
	assert.Equal(t, quantiles, same)
}
