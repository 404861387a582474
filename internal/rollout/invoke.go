package rollout

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/strictjson"
)

const (
	// invokeTime is for how long a hook or a probe that could not be run is tried again: Lambda takes up to two minutes to wake
	// a function that was idle for weeks (docs.aws.amazon.com/lambda/latest/dg/functions-states.html).
	invokeTime = 3 * time.Minute
	// longestHook is how long a hook may run: Lambda's longest timeout, less what the rest of an invocation needs.
	longestHook = 14 * time.Minute
)

// runHook asks for a hook's verdict.
func (d decision) runHook(stage HookStage, function string) (Action, Token) {
	if again := d.tryAgain(invokedHook); again.After(d.snapshot.Now) {
		return d.tryLater(again.Sub(d.snapshot.Now))
	}
	if d.leavesNoTime() {
		return d.waitFor(d.deadline.Process.Sub(d.snapshot.Now))
	}
	return RunHook{Stage: stage, Function: function, Until: d.invokeUntil(), Event: NewHookEvent(stage, d.plan.Target, *d.live)}, d.token
}

// probesDue says that the new version has not stood all the probes of this weight yet.
func (d decision) probesDue() bool {
	done := 0
	if d.token.ProbedAt == d.live.Weight {
		done = d.token.Probed
	}
	return done < len(d.plan.probesAt(d.live.Weight))
}

// runProbe asks for what the new version answers to the next probe.
func (d decision) runProbe() (Action, Token) {
	j := d.live
	if d.token.ProbedAt != j.Weight {
		d.token.Probed, d.token.ProbedAt = 0, j.Weight
	}
	if again := d.tryAgain(invokedProbe); again.After(d.snapshot.Now) {
		return d.tryLater(again.Sub(d.snapshot.Now))
	}
	if d.leavesNoTime() {
		return d.waitFor(d.deadline.Process.Sub(d.snapshot.Now))
	}
	next := d.plan.probesAt(j.Weight)[d.token.Probed]
	return RunProbe{Probe: next, OldVersion: j.Old, NewVersion: j.New, Weight: j.Weight, Until: d.invokeUntil()}, d.token
}

// leavesNoTime says that a hook or a probe that begins now could not take its whole time in this call, and could in another.
func (d decision) leavesNoTime() bool {
	last := d.deadline.Process.Add(-longestHook)
	return !d.deadline.Began.IsZero() && !last.Before(d.deadline.Began) && d.snapshot.Now.After(last)
}

// invokeUntil is until when a hook or a probe that begins now is waited for.
func (d decision) invokeUntil() time.Time {
	until := d.snapshot.Now.Add(longestHook)
	if back := d.wayBack(); !back.IsZero() && back.Before(until) {
		until = back
	}
	return until
}

// What FailedCall.Call is for functions.
const (
	invokedHook  = "Invoke of a hook"
	invokedProbe = "Invoke of a probe"
)

// tryAgain is when a call that failed is made again; zero for at once.
func (d decision) tryAgain(call string) time.Time {
	t := d.token.Failing
	if t == nil || t.Call != call {
		return time.Time{}
	}
	return t.Last.Add(t.pause(false))
}

// hookStuck says that a hook or a probe could not be run for as long as it is tried: not again where Lambda refuses it for good.
func (d decision) hookStuck() bool {
	t := d.token.Failing
	return t != nil && (t.Call == invokedHook || t.Call == invokedProbe) && (t.Error.Kind == Refused || t.Last.Sub(t.Since) >= invokeTime-10*time.Second)
}

// String is the hook for messages: "pre-traffic hook smoke-test".
func (a RunHook) String() string { return fmt.Sprintf("%s hook %s", a.Stage, a.Function) }

// afterHook takes what became of a hook: everything but an answer with status Succeeded has failed. One that could not be
// run is not the version's fault.
func (t Token) afterHook(a RunHook, r Result) Token {
	if r.Err != nil {
		r.Err.Text = fmt.Sprintf("%s could not be run: %s", a, r.Err.Text)
		return t.callFailed(invokedHook, *r.Err, r.At)
	}
	t = t.callSucceeded(invokedHook)
	passed, why := succeeded(r.Answer)
	switch {
	case !passed:
		t.fail(a.String()+" "+why, !r.Answer.Cut)
	case a.Stage == PreTraffic:
		t.PreTraffic = true
	default:
		t.PostTraffic = true
	}
	return t
}

// succeeded says whether a hook's answer is that it has.
func succeeded(answer ProbeAnswer) (passed bool, why string) {
	switch {
	case answer.Cut:
		return false, fmt.Sprintf("had not answered after %s", answer.Took.Round(time.Second))
	case answer.Failure != "":
		return false, "failed: " + Shorten(answer.Failure)
	}
	var status string
	values, err := strictjson.Object(answer.Body)
	if twice, ok := errors.AsType[strictjson.DuplicateKeyError](err); ok {
		return false, "gave an answer that is not taken: " + Shorten(twice.Error()+": give it once")
	}
	if err != nil || json.Unmarshal(values["status"], &status) != nil || status != "Succeeded" {
		return false, "did not answer status Succeeded but " + Shorten(string(answer.Body))
	}
	return true, ""
}

// afterProbe takes what a probe has shown: one that fails is the version's fault.
func (t Token) afterProbe(a RunProbe, r Result) Token {
	if r.Err != nil {
		r.Err.Text = fmt.Sprintf("probe %s could not be run: %s", a.Probe.Name, strings.TrimSpace(r.Err.Text))
		return t.callFailed(invokedProbe, *r.Err, r.At)
	}
	t = t.callSucceeded(invokedProbe)
	if check := r.Probe.Check(); check.Verdict == analysis.Fail {
		t.fail(check.Name+": "+check.Reason, true)
		return t
	}
	t.Probed++
	return t
}
