package analysis

import "time"

// seen says that something of what the shift at Awaited brought is visible: a call of the new version in the minute of the
// shift or later or, where it brought all traffic, in a minute that began after it; or a call of the alias, whichever version
// ran, in a minute that began after it.
func (e Measurements) seen() bool {
	since := e.Awaited.Truncate(time.Minute)
	if !e.Reading.Alone.IsZero() {
		since = e.Awaited
	}
	for _, m := range e.Reading.Minutes {
		if !m.Start.Before(since) && e.Reading.newIn(m).calls() > 0 || !m.Start.Before(e.Awaited) && m.Alias.calls() > 0 {
			return true
		}
	}
	return false
}

// holdSeen says that a call of the alias is visible in a minute that began after the end of the step's hold.
func (e Measurements) holdSeen() bool {
	for _, m := range e.Reading.Minutes {
		if !m.Start.Before(e.HoldEnd) && m.Alias.calls() > 0 {
			return true
		}
	}
	return false
}

// quiet says that the old version had no call in the time before the rollout that is known.
func (e Measurements) quiet() bool {
	for _, c := range e.History {
		if c.calls() > 0 {
			return false
		}
	}
	return true
}
