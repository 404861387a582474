package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// An alarm that somebody puts looks at whole periods, and says so once enough of them are beyond the threshold.
func TestAnAlarmLooksByItself(t *testing.T) {
	w := sim.New()
	w.Latency = 0
	queue := sim.Metric{Namespace: "Shop", Name: "Queue", Period: time.Minute}
	state := func(missing string) analysis.AlarmState {
		require.NoError(t, w.Control().PutAlarm(t.Context(), "queue", sim.AlarmRule{
			Metric: queue, Statistic: "Maximum", Comparison: "GreaterThanThreshold", Threshold: 10, Periods: 3, Breaching: 2, Missing: missing,
		}))
		alarms, err := w.Account().Metrics.Alarms(t.Context(), []string{"queue"})
		require.NoError(t, err)
		assert.Equal(t, 2*time.Minute, alarms[0].Periods)
		return alarms[0].State
	}
	w.Advance(10 * time.Minute)
	assert.Equal(t, analysis.AlarmUnknown, state("missing"))
	assert.Equal(t, analysis.AlarmOK, state("notBreaching"))
	assert.Equal(t, analysis.AlarmOK, state("ignore"))
	assert.Equal(t, analysis.AlarmRed, state("breaching"))
	for i, value := range []float64{11, 10, 12, 9, 9} {
		w.WriteMetric(queue, sim.ValueAt(w.Now(), value))
		w.Advance(2 * time.Minute)
		want := analysis.AlarmOK
		assert.Equal(t, want, state("notBreaching"), "%d: every second minute has no data", i)
	}
	for range 2 {
		w.WriteMetric(queue, sim.ValueAt(w.Now(), 11))
		w.Advance(time.Minute)
	}
	w.Advance(time.Minute)
	assert.Equal(t, analysis.AlarmRed, state("missing"))
	w.Advance(10 * time.Minute)
	assert.Equal(t, analysis.AlarmRed, state("ignore"))
	assert.Equal(t, analysis.AlarmUnknown, state("missing"))
}
