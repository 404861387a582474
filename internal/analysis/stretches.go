package analysis

import "time"

// Stretch is a part of a reading, in periods of one length.
type Stretch struct {
	// Since is when its first period begins, and Until a moment of its last one, which is read whole.
	Since, Until time.Time
	// Period is a whole number of minutes.
	Period time.Duration
}

// stretch is how much of both ends of a rollout is read by the minute at least, and what the stretches between are
// aligned to; every period divides it.
const stretch = 3 * time.Hour

// Stretches are how everything from since to until, which is now, is read, the oldest first. Up to twelve hours are read by
// the minute. Of more the first three to six hours come in the ShortestPeriod, the last three to six by the minute, and what
// lies between in longer periods: the shortest of which there are 720, or the longest. So weights that rise, and whatever is
// judged now, are seen finely, and a series has at most 1,440 datapoints in the first 90 days and 4,000 after 455.
func Stretches(since, until time.Time) []Stretch {
	const most = 720
	since, until = since.UTC(), until.UTC()
	first, last := since.Truncate(stretch).Add(2*stretch), until.Add(-stretch).Truncate(stretch)
	if !first.Before(last) {
		return []Stretch{{since.Truncate(time.Minute), until, time.Minute}}
	}
	between := 5 * time.Minute
	for _, longer := range []time.Duration{time.Hour, stretch} {
		if last.Sub(first)/between > most {
			between = longer
		}
	}
	shortest := ShortestPeriod(since, until)
	return []Stretch{
		{since.Truncate(shortest), first.Add(-time.Minute), shortest},
		{first, last.Add(-time.Minute), between},
		{last, until, time.Minute},
	}
}

// ShortestPeriod is the shortest period in which CloudWatch still has what happened at a time: it keeps a minute for 15
// days, five minutes for 63 and an hour for 455
// (docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html). A day is left for the call to arrive in.
func ShortestPeriod(at, now time.Time) time.Duration {
	const day = 24 * time.Hour
	switch age := now.Sub(at); {
	case age <= 14*day:
		return time.Minute
	case age <= 62*day:
		return 5 * time.Minute
	default:
		return time.Hour
	}
}
