package accounttest

import (
	"maps"
	"slices"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

func meterTests() map[string]func(T, Fixture) {
	return map[string]func(T, Fixture){
		"an alias without traffic has no minutes": readsNoMinutes,
		"minutes are told by version":             readsMinutes,
		"an alias has a series of its own":        readsAliasSeries,
		"only minutes that are asked for":         readsSomeMinutes,
		"a long window in longer periods":         readsLongWindow,
		"alarms are told":                         tellsAlarms,
		"a red alarm says since when":             tellsRedAlarm,
		"missing alarms are named":                namesMissingAlarms,
	}
}

func (f Fixture) minutes(t T, alias string, since, until time.Time) []analysis.Minute {
	t.Helper()
	shown, err := f.Account.Metrics.Minutes(t.Context(), target.MetricsQuery{
		Function: f.Function, Alias: alias, OldVersion: f.Old, NewVersion: f.New, Since: since, Until: until,
	})
	require.NoError(t, err)
	return shown
}

func readsNoMinutes(t T, f Fixture) {
	assert.Empty(t, f.minutes(t, f.Alias, f.Now.Add(-10*time.Minute), f.Now))
}

func readsMinutes(t T, f Fixture) {
	assert.Equal(t, ofVersions(Traffic(f.TrafficSince)), ofVersions(f.minutes(t, f.Busy, f.TrafficSince.Add(30*time.Second), f.Now)))
}

// ofVersions leaves out the alias's own series.
func ofVersions(minutes []analysis.Minute) []analysis.Minute {
	for i := range minutes {
		minutes[i].Alias = analysis.Counts{}
	}
	return minutes
}

// A series is named by all of its dimensions: one of FunctionName and Resource has nothing of those with ExecutedVersion.
func readsAliasSeries(t T, f Fixture) {
	assert.Equal(t, Traffic(f.TrafficSince), f.minutes(t, f.Busy, f.TrafficSince, f.Now))
}

func readsSomeMinutes(t T, f Fixture) {
	second := ofVersions(Traffic(f.TrafficSince)[1:])
	assert.Equal(t, second, ofVersions(f.minutes(t, f.Busy, f.TrafficSince.Add(time.Minute), f.TrafficSince.Add(90*time.Second))))
}

// Twenty days are more than CloudWatch keeps minutes of; in longer periods everything is there.
func readsLongWindow(t T, f Fixture) {
	for period, days := range map[time.Duration]int{5 * time.Minute: 0, 3 * time.Hour: 20} {
		shown, err := f.Account.Metrics.Minutes(t.Context(), target.MetricsQuery{
			Function: f.Function, Alias: f.Busy, OldVersion: f.Old, NewVersion: f.New, Since: f.TrafficSince.AddDate(0, 0, -days), Until: f.Now, Period: period,
		})
		require.NoError(t, err)
		want := map[time.Time]analysis.Minute{}
		for _, m := range Traffic(f.TrafficSince) {
			at := m.Start.Truncate(period)
			sum := want[at]
			sum.Start = at
			sum.New.Invocations, sum.New.Errors = sum.New.Invocations+m.New.Invocations, sum.New.Errors+m.New.Errors
			sum.Old.Invocations += m.Old.Invocations
			want[at] = sum
		}
		assert.ElementsMatch(t, slices.Collect(maps.Values(want)), ofVersions(shown))
	}
}

func tellsAlarms(t T, f Fixture) {
	alarms, err := f.Account.Metrics.Alarms(t.Context(), []string{f.Alarm})
	require.NoError(t, err)
	require.Len(t, alarms, 1)
	assert.Equal(t, f.Alarm, alarms[0].Name)
	assert.Equal(t, analysis.AlarmOK, alarms[0].State)
}

func tellsRedAlarm(t T, f Fixture) {
	alarms, err := f.Account.Metrics.Alarms(t.Context(), []string{f.RedAlarm, f.Alarm})
	require.NoError(t, err)
	require.Len(t, alarms, 2)
	for _, a := range alarms {
		if a.Name == f.RedAlarm {
			assert.Equal(t, analysis.AlarmRed, a.State)
			assert.WithinDuration(t, f.Now, a.Since, time.Minute)
		}
	}
}

func namesMissingAlarms(t T, f Fixture) {
	_, err := f.Account.Metrics.Alarms(t.Context(), []string{f.Alarm, absent})
	require.ErrorIs(t, err, target.ErrNotFound)
	require.ErrorContains(t, err, absent)
	assert.NotContains(t, err.Error(), f.Alarm)
}
