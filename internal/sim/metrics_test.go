package sim_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// minutes is what CloudWatch shows now.
func minutes(t *testing.T, w *sim.World) []analysis.Minute {
	t.Helper()
	w.Latency = 0
	shown, err := w.Account().Metrics.Minutes(t.Context(), target.MetricsQuery{
		Function: "shop", Alias: "live", OldVersion: "1", NewVersion: "2", Since: sim.Start(), Until: w.Now(),
	})
	require.NoError(t, err)
	return shown
}

func counts(invocations, errors float64) analysis.Counts {
	return analysis.Counts{Invocations: invocations, Errors: errors}
}

func TestCloudWatchIsLateAndShowsMinutesByTheStartOfCalls(t *testing.T) {
	w := shop(t)
	w.Publish("shop", "2", sim.Version{Errors: sim.Constant(0.5)})
	w.SetTraffic("shop", "live", sim.Constant(10))
	require.NoError(t, w.ChangeAlias("console", "shop", "live", split))
	w.Advance(64 * time.Second)
	assert.Empty(t, minutes(t, w), "nothing is a minute old but the first four seconds, which are not sent yet")
	w.Advance(time.Second)
	assert.Equal(t, []analysis.Minute{{Start: sim.Start(), New: counts(5, 2), Old: counts(45, 0), Alias: counts(50, 2)}}, minutes(t, w))
	w.Advance(65 * time.Second)
	assert.Equal(t, []analysis.Minute{
		{Start: sim.Start(), New: counts(60, 30), Old: counts(540, 0), Alias: counts(600, 30)},
		{Start: sim.Start().Add(time.Minute), New: counts(10, 5), Old: counts(90, 0), Alias: counts(100, 5)},
	}, minutes(t, w))
	assert.Equal(t, counts(130, 65), w.Served("shop", "live", "2"))
}

func TestWithoutWeightsVersionsAreNotNamed(t *testing.T) {
	for name, c := range map[string]struct {
		named bool
		want  analysis.Counts
	}{"as reported": {}, "where they are": {named: true, want: counts(60, 0)}} {
		t.Run(name, func(t *testing.T) {
			w := shop(t)
			w.VersionsNamed, w.MetricsDelay = c.named, 0
			w.SetTraffic("shop", "live", sim.Constant(1))
			w.Advance(time.Minute)
			assert.Equal(t, []analysis.Minute{{Start: sim.Start(), Old: c.want, Alias: counts(60, 0)}}, minutes(t, w))
		})
	}
}

func TestSlowCallsShowLater(t *testing.T) {
	w := shop(t)
	w.Publish("shop", "1", sim.Version{Takes: 30 * time.Second})
	w.MetricsDelay = 0
	w.SetTraffic("shop", "live", sim.Constant(1))
	w.Advance(time.Minute)
	assert.Equal(t, counts(30, 0), minutes(t, w)[0].Alias)
}

func TestGapsNeverShow(t *testing.T) {
	w := shop(t)
	w.MetricsDelay, w.MetricsGaps = 0, []sim.Span{{From: time.Minute, Until: 2 * time.Minute}}
	w.SetTraffic("shop", "live", sim.Constant(1))
	w.Advance(3 * time.Minute)
	shown := minutes(t, w)
	require.Len(t, shown, 2)
	assert.Equal(t, sim.Start().Add(2*time.Minute), shown[1].Start)
	assert.Equal(t, counts(180, 0), w.Served("shop", "live", "1"))
}

func TestFiguresChangeAtTheirMoment(t *testing.T) {
	w := shop(t)
	w.Publish("shop", "1", sim.Version{Errors: sim.Curve{{From: 31 * time.Second, Value: 1}}})
	w.SetIncident("shop", sim.Curve{{From: 10 * time.Second, Value: 1}, {From: 11 * time.Second, Value: 0}})
	w.SetTraffic("shop", "live", sim.Curve{{Value: 100}, {From: 33 * time.Second, Value: 0}})
	w.Advance(time.Minute)
	assert.Equal(t, counts(3300, 300), w.Served("shop", "live", "1"))
}

func TestRareCallsAddUp(t *testing.T) {
	w := shop(t)
	w.Publish("shop", "2", sim.Version{Errors: sim.Constant(0.1)})
	w.SetTraffic("shop", "live", sim.Constant(0.05))
	require.NoError(t, w.ChangeAlias("console", "shop", "live", split))
	w.Advance(24 * time.Hour)
	assert.Equal(t, counts(432, 43), w.Served("shop", "live", "2"))
}

func TestDiceMakeTrafficRandomAndRepeatable(t *testing.T) {
	roll := func(seed uint64) analysis.Counts {
		w := shop(t)
		w.Dice = rand.New(rand.NewPCG(seed, 0))
		w.Publish("shop", "1", sim.Version{Errors: sim.Constant(0.1)})
		w.SetTraffic("shop", "live", sim.Constant(10))
		w.Advance(1000 * time.Second)
		return w.Served("shop", "live", "1")
	}
	assert.Equal(t, roll(1), roll(1))
	assert.NotEqual(t, roll(1), roll(2))
	assert.InDelta(t, 10_000, roll(3).Invocations, 500)
	assert.InDelta(t, 1_000, roll(3).Errors, 150)
}
