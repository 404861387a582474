package endpoint_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/sim/accounttest"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// CloudWatch answers without an error, and without datapoints, what it does not keep any more in so short a period.
func TestWhatIsNoLongerKeptIsNoDataOverHTTP(t *testing.T) {
	now := time.Now()
	w, f := accounttest.World(now.AddDate(0, 0, -20))
	w.Advance(now.Sub(w.Now()))
	metrics := overHTTP(t, w).Metrics
	q := target.MetricsQuery{Function: f.Function, Alias: f.Busy, OldVersion: f.Old, NewVersion: f.New, Since: f.TrafficSince, Until: f.TrafficSince.Add(time.Hour)}
	minutes, err := metrics.Minutes(t.Context(), q)
	require.NoError(t, err)
	assert.Empty(t, minutes)

	q.Period = 5 * time.Minute
	periods, err := metrics.Minutes(t.Context(), q)
	require.NoError(t, err)
	calls := 0.0
	for _, p := range periods {
		calls += p.Alias.Invocations
	}
	assert.InDelta(t, 1200, calls, 0)
}
