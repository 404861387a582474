package health

import (
	"context"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// recorded answers with the same minute in every period, but for those that a test has made up, and keeps the questions.
type recorded struct {
	target.Metrics
	asked  []target.MetricsQuery
	minute analysis.Minute
	others map[time.Time]analysis.Minute
}

func (r *recorded) Minutes(_ context.Context, q target.MetricsQuery) (all []analysis.Minute, err error) {
	r.asked = append(r.asked, q)
	for at := q.Since.Truncate(q.Granularity()); !at.After(q.Until); at = at.Add(q.Granularity()) {
		m, made := r.others[at]
		if !made {
			m = r.minute
		}
		m.Start = at
		all = append(all, m)
	}
	return all, nil
}

func (r *recorded) Quantiles(context.Context, target.MetricsQuery) ([]analysis.Quantiles, error) {
	return nil, nil
}

// taken are the questions since the last time.
func (r *recorded) taken() []target.MetricsQuery {
	asked := r.asked
	r.asked = nil
	return asked
}

// began is when the rollout of the tests begins.
func began() time.Time { return time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC) }

// rolling is a rollout that stands at 10, 20 or 30 %, and who reads for it.
func rolling(metrics *recorded, memory *Memory) (*time.Time, Reader, rollout.Plan, rollout.Journal) {
	now := began()
	reader := Reader{Account: target.Account{Metrics: metrics}, Clock: target.Clock{Now: func() time.Time { return now }}, Memory: memory}
	plan := rollout.Plan{
		Target: rollout.Target{Function: "shop", Alias: "live"}, NewVersion: "8",
		Steps: []rollout.Step{{Weight: 10_00, Hold: 48 * time.Hour}, {Weight: 20_00, Hold: time.Minute}, {Weight: 30_00, Hold: time.Minute}, {Weight: rollout.Full}},
	}
	journal := rollout.Journal{ID: "this", Old: "7", New: "8", Start: began(), Since: began(), First: began(), Weight: 10_00, Step: 1, Steps: 4}
	return &now, reader, plan, journal
}

// calls is a minute of an alias at a weight in which nothing fails.
func calls(alias, fresh float64) analysis.Minute {
	return analysis.Minute{
		New: analysis.Counts{Invocations: fresh}, Old: analysis.Counts{Invocations: alias - fresh}, Alias: analysis.Counts{Invocations: alias},
	}
}

func TestWhatLiesHoursBackIsReadOnceUntilThereIsMoreOfIt(t *testing.T) {
	metrics := &recorded{minute: calls(600, 60)}
	now, reader, plan, journal := rolling(metrics, new(Memory))
	look := func(at time.Duration) []target.MetricsQuery {
		*now = began().Add(at)
		a := reader.Assess(t.Context(), plan, journal, true)
		require.Equal(t, analysis.Pass, a.Verdict, a.Reason)
		return metrics.taken()
	}
	assert.Len(t, look(20*time.Hour), 4, "the time before, the first hours, those between, the last ones")
	latest := look(20*time.Hour + time.Minute)
	require.Len(t, latest, 1, "what does not change any more is kept")
	assert.Equal(t, began().Add(15*time.Hour), latest[0].Since)

	again := look(22 * time.Hour)
	require.Len(t, again, 3, "three hours more have settled, and the time before has not changed")
	assert.Equal(t, began().Add(18*time.Hour-time.Minute), again[1].Until)
	assert.Equal(t, began().Add(18*time.Hour), again[2].Since)
	assert.Len(t, look(22*time.Hour+time.Minute), 1)

	reader.Memory = nil
	assert.Len(t, look(22*time.Hour+2*time.Minute), 4, "nothing depends on the memory")
}

func TestWhatPreflightHasReadIsTheHistoryOfTheSameMinute(t *testing.T) {
	for name, tt := range map[string]struct {
		start time.Duration
		reads int
	}{
		"a rollout that begins at once":       {0, 1},
		"a rollout that begins a minute late": {time.Minute, 2},
	} {
		metrics := &recorded{minute: calls(600, 60)}
		now, reader, plan, journal := rolling(metrics, new(Memory))
		_, err := reader.Before(t.Context(), plan, "7")
		require.NoError(t, err)
		metrics.taken()
		journal.Start = began().Add(tt.start)
		*now = journal.Start.Add(5 * time.Minute)
		reader.Assess(t.Context(), plan, journal, true)
		assert.Len(t, metrics.taken(), tt.reads, name)
	}
}

// An incident within the minute of a shift is nobody's fault: the judge has to know from which weight to which it went, and when.
func TestTheJudgeKnowsTheWeightsOfTheNewestMinute(t *testing.T) {
	incident := analysis.Minute{
		New: analysis.Counts{Invocations: 90, Errors: 88}, Old: analysis.Counts{Invocations: 510, Errors: 40}, Alias: analysis.Counts{Invocations: 600, Errors: 128},
	}
	shift := began().Add(10 * time.Minute)
	for name, tt := range map[string]struct {
		weight  rollout.Weight
		since   time.Time
		highest float64
	}{
		"it went to the present weight in it": {20_00, shift.Add(30 * time.Second), 0.2},
		"it went on since":                    {30_00, shift.Add(70 * time.Second), 0.2},
		"it went to a third weight in it":     {30_00, shift.Add(30 * time.Second), 0.3},
	} {
		t.Run(name, func(t *testing.T) {
			metrics := &recorded{minute: calls(600, 60), others: map[time.Time]analysis.Minute{shift: incident, shift.Add(time.Minute): {}}}
			now, reader, plan, journal := rolling(metrics, nil)
			journal.Weight, journal.Since = tt.weight, tt.since
			*now = shift.Add(90 * time.Second)
			a := reader.Assess(t.Context(), plan, journal, true)
			require.Equal(t, analysis.Fail, a.Verdict, a.Reason)
			bias := regexp.MustCompile(`06:10 88/90 40/510 tilt ([0-9.]+)`).FindStringSubmatch(a.Reason)
			require.NotNil(t, bias, a.Reason)
			got, err := strconv.ParseFloat(bias[1], 64)
			require.NoError(t, err)
			assert.InDelta(t, tt.highest/(1-tt.highest)*510/90, got, 0.01)
		})
	}
}
