package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// CloudWatch keeps minutes for 15 days, five minutes for 63 and hours for 455.
func TestMinutesAreNotKeptForEver(t *testing.T) {
	const day = 24 * time.Hour
	w := shop(t)
	w.Latency = 0
	w.Publish("shop", "2", sim.Version{Errors: sim.Constant(0.5)})
	w.SetThrottles("shop", "live", sim.Curve{{Value: 1}, {From: 2 * time.Minute}})
	w.SetTraffic("shop", "live", sim.Curve{{Value: 10}, {From: 2 * time.Minute}})
	require.NoError(t, w.ChangeAlias("console", "shop", "live", split))
	show := func(period time.Duration) []analysis.Minute {
		all, err := w.Account().Metrics.Minutes(t.Context(), target.MetricsQuery{
			Function: "shop", Alias: "live", OldVersion: "1", NewVersion: "2", Since: sim.Start(), Until: sim.Start().Add(10 * time.Minute), Period: period,
			Slow: []float64{50}, Throttles: true,
		})
		require.NoError(t, err)
		return all
	}
	quantiles := func() int {
		all, err := w.Account().Metrics.Quantiles(t.Context(), target.MetricsQuery{Function: "shop", Alias: "live", Since: sim.Start(), Until: sim.Start().Add(time.Hour)})
		require.NoError(t, err)
		return len(all)
	}
	together := []analysis.Minute{{
		Start: sim.Start(), New: counts(120, 60), Old: counts(1080, 0), Alias: counts(1200, 60), Throttles: 120,
		NewTook: took(120), OldTook: took(1080), AliasTook: took(1200),
	}}
	for _, tt := range []struct {
		age                    time.Duration
		minutes, fives, hourly int
		durations              int
	}{
		{time.Hour, 2, 1, 1, 1},
		{15*day + time.Second, 1, 1, 1, 1},
		{16 * day, 0, 1, 1, 1},
		{64 * day, 0, 0, 1, 0},
		{456 * day, 0, 0, 0, 0},
	} {
		w.Advance(tt.age - w.Elapsed())
		assert.Len(t, show(0), tt.minutes, tt.age)
		assert.Len(t, show(5*time.Minute), tt.fives, tt.age)
		assert.Len(t, show(time.Hour), tt.hourly, tt.age)
		assert.Equal(t, tt.durations, quantiles(), tt.age)
		if tt.hourly > 0 {
			assert.Equal(t, together, show(3*time.Hour), tt.age)
		}
	}
}

// took are calls all of which take longer than 50 ms.
func took(calls float64) analysis.Durations {
	return analysis.Durations{Samples: calls, Slow: [analysis.MaxThresholds]float64{calls}}
}
