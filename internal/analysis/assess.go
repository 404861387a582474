package analysis

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
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

// judgesCalls says whether it looks at invocations and errors.
func (h Health) judgesCalls() bool {
	return h.Errors != ErrorsOff || h.MinInvocations > 0 || h.MaxFailed > 0
}

// Assess judges the new version by everything seen since the rollout began. It never says Pass without data, unless
// the health check is off.
func Assess(h Health, e Measurements) Assessment {
	var a Assessment
	e = e.judged()
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
	if a.NoData = a.Verdict == Inconclusive && !a.waiting; a.NoData && len(a.unseen) > 0 {
		a.Reason = grouped(a.unseen)
	}
	a.Seen, a.Quiet, a.HoldSeen = e.seen(), e.quiet(), e.holdSeen()
	if e.unreadableCalls() == "" {
		a.Step = e.step()
		a.TooFew = !h.Off && e.Reading.New(e.StepSince).Invocations < float64(h.MinInvocations)
	}
	return a
}

// judge takes every check of the request into the assessment. Its verdict stays none where nothing could be judged. What
// cannot be read keeps the checks from passing that it is needed for, and no other.
func (a *Assessment) judge(h Health, e Measurements) {
	calls, durations := e.unreadableCalls(), e.unreadableDurations()
	durations = cmp.Or(durations, calls)
	t := h.trial(e, calls == "", durations == "")
	switch {
	case h.judgesCalls() && calls != "":
		a.add(unreadable("errors", calls))
	case h.judgesCalls():
		a.add(h.assessCalls(e, t))
	}
	if h.MaxFailed > 0 && calls == "" {
		a.veto(h.assessBudget(e))
	}
	if h.Latency.on() && durations != "" {
		a.add(unreadable("latency", durations))
	} else if h.Latency.on() {
		if c, decides := h.assessLatency(e, t); decides {
			a.add(c)
		} else {
			a.veto(c)
		}
	}
	if h.Throttles {
		a.add(assessThrottles(e.Reading, calls))
	}
	for _, m := range h.Metrics {
		c := m.assess(e.Reading, e.Now)
		if c.warning != "" {
			a.Warnings = append(a.Warnings, c.warning)
		}
		if m.ReportOnly {
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
	if c.Verdict == Inconclusive && !c.waiting {
		a.Unseen, a.unseen = append(a.Unseen, c.Name), append(a.unseen, c)
	}
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

// grouped names checks with their reasons, those of the same reason together.
func grouped(checks []Check) string {
	var reasons []string
	names := map[string][]string{}
	for _, c := range checks {
		if names[c.Reason] == nil {
			reasons = append(reasons, c.Reason)
		}
		names[c.Reason] = append(names[c.Reason], c.Name)
	}
	for i, reason := range reasons {
		reasons[i] = strings.Join(names[reason], ", ") + ": " + reason
	}
	return strings.Join(reasons, "; ")
}

// assessCalls judges the new version's invocations and errors.
func (h Health) assessCalls(e Measurements, t trial) Check {
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
		c.Verdict, c.waiting, c.Reason = Inconclusive, false, "no invocation of the new version is visible yet"
	case c.waiting:
	case step.Invocations < float64(h.MinInvocations):
		c.Verdict = Inconclusive
		c.Reason = fmt.Sprintf("%.0f invocations of the new version are visible in this step, min-invocations is %d", step.Invocations, h.MinInvocations)
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
