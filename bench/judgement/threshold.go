package main

import "github.com/meta-deployer/meta-deployer/internal/analysis"

// anyError fails at the first visible error of the rollout.
func anyError(*rollout) judge {
	return func(v *view) answer { return rollBackIf(v.total.Errors > 0) }
}

// maxRate fails when more than 1 % of all visible calls of the rollout failed.
func maxRate(*rollout) judge {
	return func(v *view) answer { return rollBackIf(failing(v.total) > 0.01) }
}

// lastMinute is aws-lambda-deploy's health check: GetMetricStatistics from 60 s ago, which CloudWatch rounds down to the
// minute, in which it finds what of that minute is visible.
func lastMinute(*rollout) judge {
	return func(v *view) answer { return rollBackIf(v.since(v.minuteOf(v.now-60)).Errors > 0) }
}

// alarm is a CloudWatch alarm on so many periods in a row, each of so many minutes. Minutes without calls do not breach,
// and the newest counts while it still grows: kind to alarms.
func alarm(minutes, periods int, breaching func(analysis.Counts) bool) func(*rollout) judge {
	return func(*rollout) judge {
		return func(v *view) answer {
			end := len(v.minutes)
			for range periods {
				begin := max(0, end-minutes)
				var c analysis.Counts
				for _, b := range v.minutes[begin:end] {
					c = c.Plus(b.New)
				}
				if !breaching(c) {
					return carryOn
				}
				end = begin
			}
			return rollBack
		}
	}
}

func anyFailed(c analysis.Counts) bool { return c.Errors > 0 }

func above(rate float64) func(analysis.Counts) bool {
	return func(c analysis.Counts) bool { return failing(c) > rate }
}

// flagger checks the success rate of the last visible minute. A check that fails halts the plan, and the fifth ends it.
// Without data it waits: kind to Flagger, which counts that as a failure.
func flagger(*rollout) judge {
	failures := 0
	return func(v *view) answer {
		var c analysis.Counts
		for _, f := range v.flows[max(0, v.shown-ticksPerMinute):v.shown] {
			c = c.Plus(f.new)
		}
		if failing(c) <= 0.01 {
			return carryOn
		}
		if failures++; failures == 5 {
			return rollBack
		}
		return halt
	}
}

func rollBackIf(bad bool) answer {
	if bad {
		return rollBack
	}
	return carryOn
}
