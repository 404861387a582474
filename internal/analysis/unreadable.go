package analysis

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"
)

// mostCalls is more than any minute has calls: what is above is no number of them.
const mostCalls = 1e12

// isCount says that a number can be one of calls.
func isCount(x float64) bool { return 0 <= x && x <= mostCalls }

// isFinite says that a number is one.
func isFinite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// readable says that the counts can be some of calls.
func (c Counts) readable() bool { return isCount(c.Invocations) && isCount(c.Errors) }

// readable says that they can be durations of calls.
func (d Durations) readable() bool {
	for _, slow := range d.Slow {
		if !isCount(slow) {
			return false
		}
	}
	return isCount(d.Samples)
}

// CheckMinutes fails where a number of calls or of slow calls cannot be one: it is not a number, negative or infinite. Assess looks
// for that itself; it is for what is kept of minutes, or used without an Assess.
func CheckMinutes(minutes []Minute) error {
	if why := cmp.Or(unreadableCalls(minutes), unreadableDurations(minutes)); why != "" {
		return errors.New(why)
	}
	return nil
}

// unreadableCalls names the first counts of calls in minutes that cannot be read; "" where all can.
func unreadableCalls(minutes []Minute) string {
	for _, m := range minutes {
		for _, side := range []struct {
			of string
			c  Counts
		}{{"the new version", m.New}, {"the old version", m.Old}, {"the alias", m.Alias}} {
			if !side.c.readable() {
				return fmt.Sprintf("the calls at %s cannot be read: %g of %g invocations of %s failed", clock(m.Start), side.c.Errors, side.c.Invocations, side.of)
			}
		}
	}
	return ""
}

// unreadableCalls names the first counts of calls that cannot be read, of the rollout or before it; "" where all can.
func (e Measurements) unreadableCalls() string {
	if why := unreadableCalls(e.before); why != "" {
		return why
	}
	if why := unreadableCalls(e.Reading.Minutes); why != "" {
		return why
	}
	return unreadableHistory("failed", e.History)
}

// unreadableDurations names the first durations in minutes that cannot be read; "" where all can.
func unreadableDurations(minutes []Minute) string {
	for _, m := range minutes {
		for _, side := range []struct {
			of string
			d  Durations
		}{{"the new version", m.NewTook}, {"the old version", m.OldTook}, {"the alias", m.AliasTook}} {
			if !side.d.readable() {
				return fmt.Sprintf("the durations at %s cannot be read: %g of %g invocations of %s were slow", clock(m.Start), side.d.Slow, side.d.Samples, side.of)
			}
		}
	}
	return ""
}

// unreadableDurations names the first durations that cannot be read, of the rollout or before it; "" where all can.
func (e Measurements) unreadableDurations() string {
	if why := unreadableDurations(e.Reading.Minutes); why != "" {
		return why
	}
	for _, t := range e.Thresholds {
		if !isCount(t.MS) {
			return fmt.Sprintf("the old version's %s cannot be read: %g ms", t.Name, t.MS)
		}
		if why := unreadableHistory("were slow", t.History); why != "" {
			return why
		}
	}
	return ""
}

// unreadableHistory names the first counts of a history that cannot be read; "" where all can.
func unreadableHistory(what string, history []Counts) string {
	for _, c := range history {
		if !c.readable() {
			return fmt.Sprintf("the old version's calls before the start cannot be read: %g of %g invocations %s", c.Errors, c.Invocations, what)
		}
	}
	return ""
}

// unreadable is a check whose numbers cannot be read: not healthy, and no want of data either.
func unreadable(name, why string) Check {
	return Check{Name: name, Verdict: Inconclusive, Reason: why, waiting: true}
}

func clock(t time.Time) string { return t.UTC().Format("15:04") }
