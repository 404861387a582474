package main

import "slices"

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
	// since is how many seconds ago the first shift was.
	since int
	// at is the second of the plan: another one after a halt.
	at int
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
	// pastless says that it is our default with less of a history.
	pastless bool
	// sampled judges only one of so many rollouts, to save time; 0 judges all.
	sampled uint64
}

// judges says whether the rule judges the rollout of that number.
func (r rule) judges(number uint64) bool { return r.sampled == 0 || number%r.sampled == 0 }

// The places of two rules in rules.
const (
	ourRule = iota
	oracleRule
)

// rules are all that are compared.
func rules() []rule {
	return slices.Concat(ourRules(), rivals())
}

// ourRules are our default, what all rules are measured by, and our default with a part changed.
func ourRules() []rule {
	const some = 5
	return []rule{
		{name: "compare", role: ours, due: everyPoll, judge: compare, about: "our default: the sequential test and the environment filter at 1 %, with a history of 180 minutes, every 15 s"},
		{name: "oracle", role: yardstick, due: everyPoll, judge: oracle, about: "a sequential probability ratio test at 1 % that knows both rates at every moment, incidents too, at the same looks: more than anybody can"},
		{name: "oracle, every 10 s", role: yardstick, due: everyTick, judge: oracle, about: "the same, looking whenever there is something new"},
		{name: "compare, guarded", role: variant, due: everyPoll, judge: compareGuarded, about: "our default before the filter"},
		{name: "compare, D = 1", role: variant, due: everyPoll, judge: compareSingles, about: "the same, and failures that come in bunches count as many as they are"},
		{name: "compare, even minutes", role: variant, due: everyPoll, judge: compareEven, sampled: some, about: "our default that takes every minute for one of a single weight"},
		{name: "compare, whole minutes", role: variant, due: everyPoll, judge: compareWhole, sampled: some, about: "our default that leaves out the newest minute while it grows"},
		{name: "compare, no history", role: variant, due: everyPoll, judge: compareAfter(nothing), sampled: some, pastless: true, about: "our default for a function without a past"},
		{name: "compare, 3 minutes", role: variant, due: everyPoll, judge: compareAfter(lastMinutes(3)), sampled: some, pastless: true, about: "our default after three minutes of history"},
		{name: "compare, 5-minute periods", role: variant, due: everyPoll, judge: compareAfter(inPeriods(5)), sampled: some, pastless: true, about: "our default with a history in periods of five minutes"},
		{name: "compare, hourly periods", role: variant, due: everyPoll, judge: compareAfter(inPeriods(60)), sampled: some, pastless: true, about: "our default with a history in periods of an hour"},
	}
}

// rivals are the rules that others use.
func rivals() []rule {
	return []rule{
		{name: "any", due: everyPoll, judge: anyError, about: "one error in the whole rollout fails, every 15 s"},
		{name: "max-rate 1 %", due: everyPoll, judge: maxRate, about: "more than 1 % errors in the whole rollout fail, every 15 s"},
		{name: "aws-lambda-deploy", due: everyStep, judge: lastMinute, about: "as it was: at each step's end, an error in the last 60 s fails"},
		{name: "alarm, errors >= 1 in 300 s", due: everyAlarm, judge: alarm(5, 1, anyFailed), about: "CodeDeploy with a CloudWatch alarm on the new version"},
		{name: "alarm, errors > 0 in 2 x 60 s", due: everyAlarm, judge: alarm(1, 2, anyFailed), about: "CodeDeploy with the alarm in SAM's documentation"},
		{name: "alarm, rate > 1 % in 2 x 60 s", due: everyAlarm, judge: alarm(1, 2, above(0.01)), about: "CodeDeploy with a metric math alarm"},
		{name: "alarm, rate > 5 % in 2 x 60 s", due: everyAlarm, judge: alarm(1, 2, above(0.05)), about: "CodeDeploy with a metric math alarm"},
		{name: "Flagger, 99 %, 5 failures", due: everyMinute, judge: flagger, about: "less than 99 % success in the last minute halts, and the fifth time rolls back"},
		{name: "Mann-Whitney (Kayenta)", due: everyMinute, judge: mannWhitney, about: "failure rates by the minute, 98 % confidence, tolerance 0.25, every minute"},
	}
}

func everyPoll(c clock) bool   { return c.since%15 == 0 }
func everyTick(c clock) bool   { return c.since%tick == 0 }
func everyMinute(c clock) bool { return c.since%60 == 0 }
func everyStep(c clock) bool   { return c.rollout.world.plan.stepEnds(c.at) }

// everyAlarm is when CloudWatch evaluates alarms: once a minute, anywhere in it. CodeDeploy takes no time to notice.
func everyAlarm(c clock) bool { return c.since%60 == c.rollout.evaluated*tick }
