package analysis

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// ErrorRule says which failed invocations of the new version are too many.
type ErrorRule uint8

// The error rules.
const (
	// ErrorsCompare fails when the new version fails more often than the old one in the same minutes, by a sequential
	// test: see Test.
	ErrorsCompare ErrorRule = iota
	// ErrorsAny fails at the first failed invocation: the rule of aws-lambda-deploy.
	ErrorsAny
	// ErrorsMaxRate fails when the share of failed invocations exceeds Health.MaxRate.
	ErrorsMaxRate
	// ErrorsOff looks at no errors.
	ErrorsOff
)

// Health is what a rollout is judged by. The zero Health judges by ErrorsCompare.
type Health struct {
	// Off asks for no proof: nothing is read, and only alarms can fail.
	Off bool
	// Errors is the rule for failed invocations.
	Errors ErrorRule
	// MaxRate is the highest tolerated share of failed invocations, 0 to 1; only for ErrorsMaxRate.
	MaxRate float64
	// FalseAlarmRate is the probability of a wrong rollback over a whole rollout, for ErrorsCompare; 0 is 0.01.
	FalseAlarmRate float64
	// MaxFailed caps the failures of the new version beyond the old one's rate and chance over the whole rollout; 0 is no
	// cap.
	MaxFailed float64
	// MinInvocations is how many calls the new version must have had in a step before its end; fewer are no data.
	MinInvocations int
	// Latency is the rule for slow invocations.
	Latency LatencyRule
	// Throttles fails at the first throttled call of the alias.
	Throttles bool
	// Metrics are the request's own.
	Metrics []Metric
	// Judge is a function that judges the rollout too; "" for none.
	Judge string
}

// NeedsMinutes says whether this health check reads metrics at all.
func (h Health) NeedsMinutes() bool {
	return !h.Off
}

// judgesCalls says whether it looks at invocations and errors.
func (h Health) judgesCalls() bool {
	return h.Errors != ErrorsOff || h.MinInvocations > 0 || h.MaxFailed > 0
}

// NeedsHistory says whether it looks at the old version's time before the rollout.
func (h Health) NeedsHistory() bool {
	return !h.Off
}

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
}

// Evidence is what one look at a running rollout has found.
type Evidence struct {
	Reading Reading
	// History is the old version's time before the rollout, by minute: see HistoryBefore.
	History []Counts
	// Thresholds are what is slow to the comparison of latency; none where the old version has no history to tell.
	Thresholds []Threshold
	// Judgement is what the health check's function said; nil where it was not asked.
	Judgement *Judgement
	// Probes are the latest results.
	Probes []ProbeResult
	// JudgedAlone says that the plan has judged time with all traffic on the new version.
	JudgedAlone bool
	Alarms      []Alarm
	// FirstShift is when the new version got its first traffic: an alarm that went red before cannot veto.
	FirstShift time.Time
	// StepSince is when the present step began; MinInvocations counts from its minute on, the finest that CloudWatch
	// tells.
	StepSince time.Time
	// Awaited is the shift whose effect must have been seen before the rollout goes on; zero for none.
	Awaited time.Time
	// HoldEnd is when the hold of the present step ends, for MinInvocations.
	HoldEnd time.Time
	// Terse leaves out the bounds for people, which take most of the time of an Assess.
	Terse bool
}

// Assess judges the new version by everything seen since the rollout began. It never says Pass without data, unless
// the health check is off.
func Assess(h Health, e Evidence) Assessment {
	var a Assessment
	if h.Off {
		a.Verdict, a.Reason = Pass, "the health check is off"
	} else {
		a.judge(h, e)
	}
	switch {
	case a.Verdict != 0:
	case anyOK(e.Alarms):
		a.Verdict, a.Reason = Pass, "errors are off, an alarm is watching"
	default:
		a.Verdict, a.Reason = Inconclusive, "errors are off and no alarm has data: nothing could have failed"
	}
	for _, p := range e.Probes {
		a.veto(p.Check())
	}
	for _, alarm := range e.Alarms {
		a.veto(assessAlarm(alarm, e.FirstShift))
	}
	for _, alarm := range e.Alarms {
		if a.Verdict == Fail && alarm.redBefore(e.FirstShift) {
			a.Reason += fmt.Sprintf("; alarm %s is pre-existing, red before the first shift", alarm.Name)
		}
	}
	a.NoData = a.Verdict == Inconclusive && !a.waiting
	a.Step = e.step()
	a.Seen, a.Quiet, a.HoldSeen = e.seen(), e.quiet(), e.holdSeen()
	a.TooFew = !h.Off && e.Reading.New(e.StepSince).Invocations < float64(h.MinInvocations)
	return a
}

// judge takes every check of the request into the assessment. Its verdict stays none where nothing could be judged.
func (a *Assessment) judge(h Health, e Evidence) {
	t := h.trial(e)
	if h.judgesCalls() {
		a.add(h.assessCalls(e, t))
	}
	if h.MaxFailed > 0 {
		a.veto(h.assessBudget(e))
	}
	if h.Latency.on() {
		if c, decides := h.assessLatency(e, t); decides {
			a.add(c)
		} else {
			a.veto(c)
		}
	}
	if h.Throttles {
		a.add(assessThrottles(e.Reading))
	}
	for _, m := range h.Metrics {
		if c := m.assess(e.Reading); m.ReportOnly {
			a.Checks = append(a.Checks, c)
		} else {
			a.add(c)
		}
	}
	if h.Judge != "" {
		a.add(h.assessJudge(e.Judgement))
	}
}

// Unread is the assessment of a look that failed: never healthy, and no want of data either.
func Unread(err error) Assessment {
	reason := fmt.Sprintf("health could not be read: %v", err)
	return Assessment{
		Verdict: Inconclusive,
		Checks:  []Check{{Name: "read", Verdict: Inconclusive, Reason: reason}},
		Reason:  reason,
	}
}

// add takes a check into the assessment; the worst verdict decides. Of what is inconclusive, what is to be waited out
// does: want of data must not let a rollout pass by it.
func (a *Assessment) add(c Check) {
	a.Checks = append(a.Checks, c)
	a.Doubtful = a.Doubtful || c.doubtful
	if c.Verdict > a.Verdict || c.Verdict == Inconclusive && a.Verdict == Inconclusive && c.waiting && !a.waiting {
		a.Verdict, a.Reason, a.waiting = c.Verdict, c.Name+": "+c.Reason, c.waiting
	}
}

// veto takes a check that can only fail: an alarm that is not red, or a budget that is not spent, proves nothing about
// the new version.
func (a *Assessment) veto(c Check) {
	if c.Verdict == Fail {
		a.add(c)
		return
	}
	a.Checks = append(a.Checks, c)
}

// assessCalls judges the new version's invocations and errors.
func (h Health) assessCalls(e Evidence, t trial) Check {
	all, old := e.Reading.New(time.Time{}), e.Reading.Old()
	step := e.Reading.New(e.StepSince)
	c := Check{Name: "errors", Verdict: Pass, New: &all, Old: &old, Reason: failures(all, old)}
	switch {
	case h.Errors == ErrorsCompare:
		t.compareErrors(&c, e)
	case h.Errors == ErrorsAny && all.Errors > 0:
		c.Verdict, c.Reason = Fail, c.Reason+", allowed none"
	case h.Errors == ErrorsMaxRate && all.rate() > h.MaxRate:
		c.Verdict, c.Reason = Fail, fmt.Sprintf("%s, allowed %s", c.Reason, percent(h.MaxRate))
	}
	switch {
	case c.Verdict == Fail:
	case all.Invocations == 0:
		c.Verdict, c.Reason = Inconclusive, "no invocation of the new version is visible yet"
	case step.Invocations < float64(h.MinInvocations):
		c.Verdict = Inconclusive
		c.Reason = fmt.Sprintf("%.0f invocations of the new version are visible in this step, min-invocations is %d", step.Invocations, h.MinInvocations)
	}
	return c
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

// failures is "5 of 120 invocations of the new version failed (4.17 %), of the old version 2 of 1100 (0.18 %)", without the
// old one where it had none.
func failures(now, old Counts) string {
	text := fmt.Sprintf("%.0f of %.0f invocations of the new version failed (%s)", now.Errors, now.Invocations, percent(now.rate()))
	if old.Invocations > 0 {
		text += fmt.Sprintf(", of the old version %.0f of %.0f (%s)", old.Errors, old.Invocations, percent(old.rate()))
	}
	return text
}

// percent writes a share as a percentage with at most two decimals.
func percent(share float64) string {
	text := strconv.FormatFloat(share*100, 'f', 2, 64)
	for text[len(text)-1] == '0' {
		text = text[:len(text)-1]
	}
	if text[len(text)-1] == '.' {
		text = text[:len(text)-1]
	}
	return text + " %"
}
