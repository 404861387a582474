package sim

import (
	"fmt"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// alarm is a CloudWatch alarm.
type alarm struct {
	state analysis.AlarmState
	since time.Duration
	// periods is how long the datapoints together are that have to be bad; 0 is not told.
	periods time.Duration
	watch   *errorWatch
	// rule is what it looks at where somebody has put it; nil otherwise.
	rule *AlarmRule
}

// errorWatch is what an alarm looks at by itself, every minute.
type errorWatch struct {
	function, alias string
	// above is how many errors of the alias in a minute are too many.
	above float64
	// evaluated is the last whole minute at which it looked.
	evaluated time.Duration
}

// SetAlarm puts an alarm into a state, now. An alarm that is not there is created.
func (w *World) SetAlarm(name string, state analysis.AlarmState) {
	a := w.alarms[name]
	switch {
	case a == nil:
		w.alarms[name] = &alarm{state: state, since: w.elapsed}
	case a.state != state:
		w.alarms[name] = &alarm{state: state, since: w.elapsed, periods: a.periods, rule: a.rule}
	}
}

// SetAlarmPeriods has CloudWatch say how long the datapoints together are that have to be bad before the alarm, which must
// exist, goes into ALARM.
func (w *World) SetAlarmPeriods(name string, together time.Duration) {
	w.alarms[name].periods = together
}

// SetErrorAlarm creates an alarm that is red while more than so many calls of an alias fail in a minute, as CloudWatch
// shows them. Minutes without data are fine.
func (w *World) SetErrorAlarm(name, function, aliasName string, above float64) {
	w.alarms[name] = &alarm{
		state: analysis.AlarmOK, since: w.elapsed, periods: time.Minute,
		watch: &errorWatch{function: function, alias: aliasName, above: above, evaluated: w.elapsed.Truncate(time.Minute)},
	}
}

// evaluate brings an alarm that looks by itself up to date.
func (w *World) evaluate(a *alarm) {
	if a.rule != nil {
		w.evaluateRule(a)
		return
	}
	if a.watch == nil || w.functions[a.watch.function] == nil {
		return
	}
	f := w.functions[a.watch.function]
	watched := f.aliases[a.watch.alias]
	if watched == nil {
		return
	}
	w.show(f, watched)
	for a.watch.evaluated+time.Minute <= w.elapsed {
		a.watch.evaluated += time.Minute
		newest := int((a.watch.evaluated-w.MetricsDelay)/time.Minute) - 1
		state := analysis.AlarmOK
		if newest >= 0 && watched.shown.at(newest).Errors > a.watch.above {
			state = analysis.AlarmRed
		}
		if state != a.state {
			a.state, a.since = state, a.watch.evaluated
		}
	}
}

// describeAlarms fails, naming them, where alarms do not exist.
func (w *World) describeAlarms(names []string) ([]analysis.Alarm, error) {
	var found []analysis.Alarm
	var absent []string
	for _, name := range names {
		a := w.alarms[name]
		if a == nil {
			absent = append(absent, name)
			continue
		}
		w.evaluate(a)
		found = append(found, analysis.Alarm{Name: name, State: a.state, Since: w.start.Add(a.since), Periods: a.periods})
	}
	if len(absent) > 0 {
		return found, fmt.Errorf("%w: %s", target.ErrNotFound, strings.Join(absent, ", "))
	}
	return found, nil
}
