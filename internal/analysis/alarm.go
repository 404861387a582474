package analysis

import (
	"fmt"
	"slices"
	"time"
)

// AlarmState is a CloudWatch alarm's state. The zero AlarmState is none.
type AlarmState string

// CloudWatch's alarm states.
const (
	AlarmOK      AlarmState = "OK"
	AlarmRed     AlarmState = "ALARM"
	AlarmUnknown AlarmState = "INSUFFICIENT_DATA"
)

// Alarm is a CloudWatch alarm as it stands.
type Alarm struct {
	Name  string
	State AlarmState
	// Since is when it changed to State; zero when CloudWatch does not say.
	Since time.Time
	// Periods is how long the datapoints together are that have to be bad before it goes into ALARM: their number times its
	// period. 0 where CloudWatch does not say, as of a composite alarm.
	Periods time.Duration
}

func anyOK(alarms []Alarm) bool {
	return slices.ContainsFunc(alarms, func(a Alarm) bool { return a.State == AlarmOK })
}

// redBefore says that the alarm is red since before a time.
func (a Alarm) redBefore(at time.Time) bool {
	return a.State == AlarmRed && !a.Since.IsZero() && a.Since.Before(at)
}

// assessAlarm lets an alarm veto that went red after the new version got its first traffic. One whose change has no
// time vetoes: going back needs no evidence.
func assessAlarm(alarm Alarm, firstShift time.Time) Check {
	c := Check{Name: "alarm " + alarm.Name}
	switch {
	case alarm.redBefore(firstShift):
		c.Verdict = Inconclusive
		c.Reason = fmt.Sprintf("pre-existing: red since %s, before the first shift, so it cannot veto", alarm.Since.UTC().Format(time.RFC3339))
	case alarm.State == AlarmRed:
		c.Verdict, c.Reason = Fail, "went into ALARM after the first shift"
	case alarm.State == AlarmOK:
		c.Verdict, c.Reason = Pass, "OK"
	default:
		c.Verdict, c.Reason = Inconclusive, string(alarm.State)
	}
	return c
}
