package main

// answer is what a rule makes of what it sees.
type answer uint8

const (
	carryOn answer = iota
	// halt repeats the last minute of the plan.
	halt
	rollBack
)

// judge looks at what is visible, again and again during one rollout.
type judge func(*view) answer

// clock is when a rule is asked whether it looks.
type clock struct {
	rollout *rollout
	// now is the second of the rollout, at of the plan: not the same after a halt.
	now, at int
}

// role is why a rule is in the table.
type role uint8

const (
	// rival is a rule that others use.
	rival role = iota
	// ours is the default.
	ours
	// variant is the default with a part left out.
	variant
	// yardstick knows what no rule can.
	yardstick
)

// rule says when to look and how to judge what is seen.
type rule struct {
	name string
	role role
	// about says in a clause what the rule does.
	about string
	due   func(clock) bool
	judge func(*rollout) judge
}

// rules are all that are compared. The first is ours, the second the oracle that all are measured by.
func rules() []rule {
	return []rule{
		{"compare", ours, "our default: the sequential test at alpha 1 %, with a history of 180 minutes", everyPoll, compareWith(historyOf)},
		{"oracle", yardstick, "a sequential probability ratio test at 1 % that knows both rates at every moment", everyPoll, oracle},
		{"oracle, every 10 s", yardstick, "the same, but looking whenever there is something new", everyTick, oracle},
		{"compare, whole minutes", variant, "our test without the newest minute while it grows", everyPoll, compareWhole},
		{"compare, no history", variant, "our test of a function without a past", everyPoll, compareWith(noHistory)},
		{"compare, careful", variant, "our test, for which minutes of several weights have the highest", everyPoll, compareCareful},
		{"any", rival, "one error in the whole rollout fails", everyPoll, anyError},
		{"max-rate 1 %", rival, "more than 1 % errors in the whole rollout fail", everyPoll, maxRate},
		{"aws-lambda-deploy", rival, "as it was: at each step's end, one error in the last 60 s fails", everyStep, lastMinute},
		{"alarm: errors >= 1 in 300 s", rival, "CodeDeploy with a CloudWatch alarm", everyAlarm, alarm(5, 1, anyFailed)},
		{"alarm: errors > 0, 2 x 60 s", rival, "CodeDeploy with the alarm that SAM's documentation shows", everyAlarm, alarm(1, 2, anyFailed)},
		{"alarm: rate > 1 %, 2 x 60 s", rival, "CodeDeploy with a metric math alarm", everyAlarm, alarm(1, 2, above(0.01))},
		{"alarm: rate > 5 %, 2 x 60 s", rival, "CodeDeploy with a metric math alarm", everyAlarm, alarm(1, 2, above(0.05))},
		{"Flagger: 99 %, 5 failures", rival, "less than 99 % success within a minute halts, the fifth time rolls back", everyMinute, flagger},
		{"Mann-Whitney (Kayenta)", rival, "failure rates by the minute, 98 % confidence, effect size 0.25", everyMinute, mannWhitney},
	}
}

// The rules by their places in rules.
const (
	ourRule    = 0
	oracleRule = 1
)

func everyPoll(c clock) bool   { return c.now%15 == 0 }
func everyTick(c clock) bool   { return c.now%tick == 0 }
func everyMinute(c clock) bool { return c.now%60 == 0 }
func everyStep(c clock) bool   { return c.rollout.world.plan.stepEnds(c.at) }

// everyAlarm is when CloudWatch evaluates alarms: once a minute, anywhere in it. CodeDeploy takes no time to notice.
func everyAlarm(c clock) bool { return c.now%60 == c.rollout.evaluated*tick }
