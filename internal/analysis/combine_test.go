package analysis

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// threeMetrics are errors and two latency thresholds with the specification's weights (section 2.11).
func threeMetrics() Combination {
	slow := Weighted{NewTest(LatencyParams(), History{}), LatencyWeight}
	return Combine(NewTest(guarded(), cleanHours()), slow, slow)
}

func TestOneMetricAloneIsItsTest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		test := NewTest(guarded(), drawHistory(t))
		all := Combine(test)
		for _, b := range drawBlocks(t, 1e5) {
			test.Add(b)
			all.Add(0, b)
			assert.Equal(t, test.Standing(), all.Standing(), "metrics that are off return their weight to errors")
			assert.True(t, test == all.Metric(0))
		}
	})
}

func TestEvidenceOfSeveralMetricsIsTheirWeightedMean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := threeMetrics()
		failed, slow90, slow99 := drawBlocks(t, 100), drawBlocks(t, 100), drawBlocks(t, 100)
		peak := 0.0
		for i := range min(len(failed), len(slow90), len(slow99)) {
			all.Add(0, failed[i], slow90[i], slow99[i])
			mean := 0.0
			for j, weight := range []float64{0.7, 0.15, 0.15} {
				metric := all.Metric(j)
				mean += weight * math.Exp(metric.Standing().Unhealthy)
			}
			assertClose(t, math.Log(mean), all.Standing().Unhealthy, "the mean of E")
			peak = max(peak, all.Standing().Unhealthy)
			assert.InDelta(t, peak, all.Standing().Peak, 0)
		}
	})
}

func TestMetricsTogether(t *testing.T) {
	clean, bad, few := one(1200, 0, 10800, 0), one(1200, 60, 10800, 5), one(60, 0, 540, 0)
	tests := map[string]struct {
		blocks  [3]Block
		verdict Verdict
	}{
		"all good":                             {[3]Block{clean, clean, clean}, Pass},
		"errors alone":                         {[3]Block{bad, clean, clean}, Fail},
		"one latency threshold alone":          {[3]Block{clean, clean, bad}, Fail},
		"one that cannot tell yet":             {[3]Block{clean, few, clean}, Inconclusive},
		"one without data, as a metric unread": {[3]Block{clean, clean, {}}, Inconclusive},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			all := threeMetrics()
			all.Add(0, tt.blocks[:]...)
			assert.Equal(t, tt.verdict, all.Standing().Verdict)
		})
	}
}

func TestLatencyIsToleratedMoreThanErrors(t *testing.T) {
	slower := NewTest(LatencyParams(), cleanHours())
	worse := NewTest(guarded(), cleanHours())
	for minute := range int64(20) {
		b := one(6000, 60+12, 54000, 540-54).at(minute) // 1.2 % of the new version's calls against 0.9 %
		slower.Add(b)
		worse.Add(b)
	}
	assert.Less(t, slower.Comparison(), 0.0)
	assert.Greater(t, worse.Comparison(), 0.0)
	assert.Zero(t, slower.Guard(), "the past says little about latency now")
}

func TestWhatACombinationFailedOnceStaysFailed(t *testing.T) {
	all := threeMetrics()
	all.Add(0, one(600, 8, 5400, 5), Block{}, Block{})
	copied := all
	for minute := range int64(30) {
		all.Add(0, one(600, 0, 5400, 100).at(minute+1), Block{}, Block{})
	}
	assert.Less(t, all.Standing().Unhealthy, all.Standing().Peak)
	assert.Equal(t, Fail, all.Standing().Verdict)
	assert.True(t, copied != all, "a copy goes its own way")
}
