package analysis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const day = 24 * time.Hour

var began = time.Date(2026, 3, 2, 10, 17, 42, 0, time.UTC)

func TestShortestPeriod(t *testing.T) {
	now := began.Add(17 * time.Second)
	for _, tt := range []struct{ age, want time.Duration }{
		{0, time.Minute},
		{14 * day, time.Minute},
		{14*day + time.Second, 5 * time.Minute},
		{62 * day, 5 * time.Minute},
		{62*day + time.Second, time.Hour},
		{400 * day, time.Hour},
	} {
		assert.Equal(t, tt.want, ShortestPeriod(now.Add(-tt.age), now), tt.age)
	}
}

func TestStretches(t *testing.T) {
	clock := func(text string) time.Time {
		moment, err := time.Parse(time.DateTime, "2026-"+text)
		require.NoError(t, err)
		return moment
	}
	for name, tt := range map[string]struct {
		now  string
		want []Stretch
	}{
		"an ordinary rollout is read by the minute": {"03-02 10:30:00", []Stretch{{clock("03-02 10:17:00"), clock("03-02 10:30:00"), time.Minute}}},
		"up to the twelfth hour":                    {"03-02 20:59:59", []Stretch{{clock("03-02 10:17:00"), clock("03-02 20:59:59"), time.Minute}}},
		"then its middle comes in longer periods": {"03-02 21:00:00", []Stretch{
			{clock("03-02 10:17:00"), clock("03-02 14:59:00"), time.Minute},
			{clock("03-02 15:00:00"), clock("03-02 17:59:00"), 5 * time.Minute},
			{clock("03-02 18:00:00"), clock("03-02 21:00:00"), time.Minute},
		}},
		"after days in hours": {"03-05 09:00:00", []Stretch{
			{clock("03-02 10:17:00"), clock("03-02 14:59:00"), time.Minute},
			{clock("03-02 15:00:00"), clock("03-05 05:59:00"), time.Hour},
			{clock("03-05 06:00:00"), clock("03-05 09:00:00"), time.Minute},
		}},
		"the minutes of its beginning are gone": {"03-22 10:17:42", []Stretch{
			{clock("03-02 10:15:00"), clock("03-02 14:59:00"), 5 * time.Minute},
			{clock("03-02 15:00:00"), clock("03-22 05:59:00"), time.Hour},
			{clock("03-22 06:00:00"), clock("03-22 10:17:42"), time.Minute},
		}},
		"and after two months the five minutes too": {"06-02 10:17:42", []Stretch{
			{clock("03-02 10:00:00"), clock("03-02 14:59:00"), time.Hour},
			{clock("03-02 15:00:00"), clock("06-02 05:59:00"), 3 * time.Hour},
			{clock("06-02 06:00:00"), clock("06-02 10:17:42"), time.Minute},
		}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, Stretches(began, clock(tt.now))) })
	}
}

// Whatever the age of a rollout: all of it is read once, in periods that CloudWatch still has, and one call of the twenty
// series that a look may need stays within the 100,800 datapoints of a page.
func TestStretchesStayWithinCloudWatchsLimits(t *testing.T) {
	for age := time.Duration(0); age < 455*day; age += 97*time.Minute + 13*time.Second {
		now := began.Add(age)
		all := Stretches(began, now)
		next := began
		for i, s := range all {
			if i == 0 {
				assert.WithinRange(t, began, s.Since, s.Since.Add(s.Period), "%s: the beginning is within the first period", age)
			} else {
				assert.Equal(t, next, s.Since, age)
			}
			assert.Equal(t, s.Since.Truncate(s.Period), s.Since, "%s: aligned", age)
			next = s.Until.Truncate(s.Period).Add(s.Period)
			datapoints := next.Sub(s.Since) / s.Period
			assert.LessOrEqual(t, 20*int(datapoints), 100_800, age)
			if age < 90*day {
				assert.LessOrEqual(t, int(datapoints), 720, age)
			}
			switch {
			case now.Sub(s.Since) > 63*day:
				assert.Zero(t, s.Period%time.Hour, age)
			case now.Sub(s.Since) > 15*day:
				assert.Zero(t, s.Period%(5*time.Minute), age)
			}
		}
		assert.Equal(t, now, all[len(all)-1].Until)
		assert.Equal(t, time.Minute, all[len(all)-1].Period)
	}
}

// A history in longer periods is the list of these periods: a rate and a spread, not a few minutes among many empty ones.
func TestAHistoryInLongerPeriods(t *testing.T) {
	start := began.Add(7*time.Minute + 30*time.Second)
	for period, points := range map[time.Duration]int{time.Minute: 180, 5 * time.Minute: 36, time.Hour: 3} {
		first := HistorySince(start).Truncate(period)
		end := start.Truncate(period)
		var read []Minute
		for begin := first; !begin.After(end); begin = begin.Add(period) { // the last one has calls of the rollout
			read = append(read, Minute{Start: begin, Alias: Counts{Invocations: 100 * period.Minutes(), Errors: period.Minutes()}})
		}
		history := HistoryBefore(start, period, read)
		assert.Len(t, history, points)
		h, want := NewHistory(history), NewHistory(HistoryBefore(start, time.Minute, everyMinute(start)))
		assert.InDelta(t, want.Reference, h.Reference, 1e-12, period)
		assert.InDelta(t, want.Usual, h.Usual, 1e-12, period)
		assert.InDelta(t, want.Dispersion, h.Dispersion, 1e-12, period)
		slow := SlowBefore(start, period, []Minute{{Start: first, AliasTook: Durations{Samples: 50, Slow: [MaxThresholds]float64{5}}}}, []Threshold{{Name: "p90"}})
		assert.Equal(t, Counts{50, 5}, slow[0].History[0])
		assert.Len(t, slow[0].History, points)
	}
}

func everyMinute(start time.Time) []Minute {
	var all []Minute
	for begin := HistorySince(start); begin.Before(start.Truncate(time.Minute)); begin = begin.Add(time.Minute) {
		all = append(all, Minute{Start: begin, Alias: Counts{100, 1}})
	}
	return all
}

// Of a period that is longer than a minute only a whole one counts as of a step, or as one of the new version alone.
func TestAReadingInLongerPeriods(t *testing.T) {
	hour := began.Truncate(time.Hour)
	r := Reading{Alone: hour.Add(90 * time.Minute), Minutes: []Minute{
		{Start: hour, New: Counts{100, 1}, Old: Counts{900, 9}, Alias: Counts{1000, 10}},
		{Start: hour.Add(time.Hour), New: Counts{100, 0}, Old: Counts{400, 4}, Alias: Counts{1000, 4}},
		{Start: hour.Add(2 * time.Hour), Alias: Counts{1000, 2}},
		{Start: hour.Add(3 * time.Hour), Alias: Counts{10, 0}},
	}}
	assert.Equal(t, Counts{1210, 3}, r.New(time.Time{}))
	assert.Equal(t, Counts{1010, 2}, r.New(r.Alone), "the hour in which the step began is of the step before too")
	assert.Equal(t, Counts{1300, 13}, r.Old())
}

// A bad version is found in hours as in minutes: an hour's counts bear on the same odds.
func TestEvidenceInLongerPeriods(t *testing.T) {
	for _, period := range []time.Duration{time.Minute, 5 * time.Minute, time.Hour} {
		minutes := func(failing float64) (all []Minute) {
			for begin := began.Truncate(time.Hour); begin.Before(began.Truncate(time.Hour).Add(5 * time.Hour)); begin = begin.Add(period) {
				n := period.Minutes()
				all = append(all, Minute{Start: begin, New: Counts{20 * n, 20 * n * failing}, Old: Counts{180 * n, 1.8 * n}, Alias: Counts{200 * n, 1.8*n + 20*n*failing}})
			}
			return all
		}
		assert.Equal(t, Fail, Assess(Health{}, Measurements{Reading: Reading{Minutes: minutes(0.05)}, NoBounds: true}).Verdict, period)
		assert.Equal(t, Pass, Assess(Health{}, Measurements{Reading: Reading{Minutes: minutes(0.01)}, NoBounds: true}).Verdict, period)
	}
}
