package sim

import (
	"context"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// AlarmRule is what an alarm looks at by itself, and when it is red.
type AlarmRule struct {
	Metric    Metric
	Statistic string
	// Comparison is CloudWatch's, such as GreaterThanThreshold.
	Comparison string
	Threshold  float64
	// Periods are how many of the last are looked at, and Breaching how many of these have to be beyond the threshold.
	Periods, Breaching int
	// Missing is what a period without data counts as: missing, breaching, notBreaching or ignore.
	Missing string
}

// Comparisons are those that an AlarmRule can have.
func Comparisons() map[string]func(value, threshold float64) bool {
	return map[string]func(value, threshold float64) bool{
		"GreaterThanThreshold":          func(v, t float64) bool { return v > t },
		"GreaterThanOrEqualToThreshold": func(v, t float64) bool { return v >= t },
		"LessThanThreshold":             func(v, t float64) bool { return v < t },
		"LessThanOrEqualToThreshold":    func(v, t float64) bool { return v <= t },
	}
}

// PutAlarm is PutMetricAlarm: a new alarm has too little data, a changed one stays in its state until it looks again.
func (c Control) PutAlarm(ctx context.Context, name string, rule AlarmRule) error {
	return c.world.call(ctx, "PutMetricAlarm", func() error {
		w := c.world
		if w.alarms[name] == nil {
			w.alarms[name] = &alarm{state: analysis.AlarmUnknown, since: w.elapsed}
		}
		a := w.alarms[name]
		a.rule, a.watch, a.periods = &rule, nil, time.Duration(rule.Breaching)*rule.Metric.Period
		return nil
	})
}

// evaluateRule brings an alarm with a rule up to date. It looks at whole periods, the last of which ended long enough ago to be
// shown.
func (w *World) evaluateRule(a *alarm) {
	r := a.rule
	end := w.Now().Add(-w.MetricsDelay).Truncate(r.Metric.Period)
	points := w.series(r.Metric, end.Add(-time.Duration(r.Periods)*r.Metric.Period), end)
	breaching, missing := 0, 0
	for i := range r.Periods {
		at := end.Add(-time.Duration(i+1) * r.Metric.Period)
		found := slices.IndexFunc(points, func(p Datapoint) bool { return p.At.Equal(at) })
		if found < 0 {
			missing++
			if r.Missing == "breaching" {
				breaching++
			}
			continue
		}
		if value, known := points[found].Statistic(r.Statistic); known && Comparisons()[r.Comparison](value, r.Threshold) {
			breaching++
		}
	}
	state := analysis.AlarmOK
	switch {
	case breaching >= r.Breaching:
		state = analysis.AlarmRed
	case missing == r.Periods && r.Missing == "ignore":
		state = a.state
	case missing == r.Periods && r.Missing != "notBreaching" && r.Missing != "breaching":
		state = analysis.AlarmUnknown
	}
	if state != a.state {
		a.state, a.since = state, w.elapsed
	}
}
