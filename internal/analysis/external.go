package analysis

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/strictjson"
)

// Judgement is what a function said that judges the rollout.
type Judgement struct {
	Verdict Verdict
	Reason  string
}

// ParseJudgement reads a function's answer: {"status": "pass", "fail" or "inconclusive", "reason": text}, by exact keys. One
// that is not that, or that has a key twice, is inconclusive.
func ParseJudgement(answer []byte) *Judgement {
	values, err := strictjson.Object(answer)
	var status Verdict
	var reason string
	if twice, ok := errors.AsType[strictjson.DuplicateKeyError](err); ok {
		return &Judgement{Inconclusive, "its answer is not taken: " + printable.Text(twice.Error(), 200) + ", it has to be given once; it is asked again"}
	}
	if err != nil || json.Unmarshal(values["status"], &status) != nil || values["reason"] != nil && json.Unmarshal(values["reason"], &reason) != nil {
		return &Judgement{Inconclusive, fmt.Sprintf("it did not answer status pass, fail or inconclusive but %s; it is asked again", printable.Text(string(answer), 200))}
	}
	if reason = printable.Text(reason, 300); reason == "" {
		reason = "it gave no reason"
	}
	return &Judgement{status, reason}
}

// assessJudge takes the function's verdict. Whatever is inconclusive about it is waited out: it is no want of data.
func (h Health) assessJudge(j *Judgement) Check {
	c := Check{Name: "function " + h.Judge, Verdict: Inconclusive, Reason: "it was not asked", waiting: true}
	if j != nil {
		c.Verdict, c.Reason = j.Verdict, j.Reason
	}
	return c
}

// ProbeResult is what an invocation of the new version by number has shown.
type ProbeResult struct {
	Name string
	// Unmet is which expectation was not met; "" for none.
	Unmet string
	// Note is what else there is to say, Took how long the answer took.
	Note string
	Took time.Duration
}

// Check is the probe as a check. It is no data: it can only fail.
func (p ProbeResult) Check() Check {
	c := Check{Name: "probe " + p.Name, Verdict: Pass, Reason: fmt.Sprintf("answered as expected in %s", p.Took.Round(time.Millisecond))}
	if p.Note != "" {
		c.Reason += ", " + p.Note
	}
	if p.Unmet != "" {
		c.Verdict, c.Reason = Fail, p.Unmet
	}
	return c
}

// assessThrottles fails at the first throttled call of the alias. It proves something only where the new version has
// calls; unread is why these cannot be read, "" where they can.
func assessThrottles(r Reading, unread string) Check {
	throttled := 0.0
	for _, m := range r.Minutes {
		if isCount(m.Throttles) {
			throttled += m.Throttles
		} else {
			unread = fmt.Sprintf("the throttled calls at %s cannot be read: %g", clock(m.Start), m.Throttles)
		}
	}
	c := Check{Name: "throttles", Verdict: Pass}
	c.Reason = fmt.Sprintf("%.0f calls of the alias were throttled, allowed none", throttled)
	switch {
	case throttled > 0:
		c.Verdict = Fail
	case unread != "":
		return unreadable(c.Name, unread)
	case r.New(time.Time{}).Invocations == 0:
		c.Verdict, c.Reason = Inconclusive, "no invocation of the new version is visible yet"
	}
	return c
}
