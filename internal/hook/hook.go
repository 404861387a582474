// Package hook is what the two lifecycle hook functions do: PreTraffic checks a version before it gets traffic,
// PostTraffic once it has all of it. Both serve the event of our own rollouts, which they answer, and CodeDeploy's, which
// they answer by reporting a status to CodeDeploy: always exactly one, for it would wait an hour for a missing one.
package hook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Status is a hook's verdict, in the words of CodeDeploy and of our own answer.
type Status string

// The statuses. There is no third: what could not be checked has failed.
const (
	Succeeded Status = "Succeeded"
	Failed    Status = "Failed"
)

// Answer is what a hook answers to both kinds of event.
type Answer struct {
	Status Status `json:"status"`
	// Reason is a sentence for people, with the numbers.
	Reason string `json:"reason"`
}

func failed(reason string) Answer { return Answer{Status: Failed, Reason: reason} }

// ErrAlreadyReported is what Report fails with where CodeDeploy has a status of this hook execution already.
var ErrAlreadyReported = errors.New("reported already")

// deployments is CodeDeploy. Its errors wrap one of the deployer's sentinels; any other counts as ErrUnavailable.
type deployments interface {
	// Target finds what a deployment moves.
	Target(ctx context.Context, deployment string) (Target, error)
	// Report tells CodeDeploy the status of one hook execution; ErrAlreadyReported where it has one. After
	// ErrUnavailable it may have been told all the same.
	Report(ctx context.Context, deployment, execution string, status Status) error
}

// UnknownEvent is an event of neither kind: there is nobody to answer to.
type UnknownEvent struct{ message string }

func (e UnknownEvent) Error() string { return e.message }

// NotReported is a deployment that still waits for a status.
type NotReported struct{ message string }

func (e NotReported) Error() string { return e.message }

const (
	// longest is how long an invocation takes whose context has no deadline: Lambda's longest timeout.
	longest = 15 * time.Minute
	// answerMargin is what is left of an invocation when reporting stops, to answer in.
	answerMargin = 200 * time.Millisecond
	// grace is how long a check has to say why, after its context has ended.
	grace = 100 * time.Millisecond
	// attemptTime is the least that one attempt to report is given.
	attemptTime = 500 * time.Millisecond
	// longestReason is how many characters a reason has.
	longestReason = 1000
)

// reserve is how much of the time left is kept for the report: a quarter, between a second and ten.
func reserve(left time.Duration) time.Duration {
	return min(max(left/4, time.Second), 10*time.Second)
}

// check does a hook's real work. Its error is the reason of Failed, else what it returns is the reason of Succeeded.
type check func(ctx context.Context, t Target) (reason string, err error)

// handler is what both hooks have in common.
type handler struct {
	stage       rollout.HookStage
	check       check
	deployments deployments
	clock       target.Clock
	log         *slog.Logger
}

// invoke answers one event. Once a status is reported it succeeds, so that Lambda does not run it again.
func (h handler) invoke(ctx context.Context, payload []byte) ([]byte, error) {
	now := h.clock.Now()
	end, ok := ctx.Deadline()
	if !ok {
		end = now.Add(longest)
	}
	e, err := parseEvent(payload)
	if err != nil {
		h.log.ErrorContext(ctx, "event", "stage", h.stage, "error", err.Error())
		return nil, err
	}
	answer := h.judge(ctx, end.Add(-reserve(end.Sub(now))), e)
	answer.Reason = printable.Text(answer.Reason, longestReason)
	h.log.InfoContext(ctx, "verdict", "stage", h.stage, "deployment", e.name(), "rollout", short(e.own.RolloutID),
		"status", answer.Status, "reason", answer.Reason)
	if e.deployment != "" {
		if err := h.report(ctx, end.Add(-answerMargin), e, answer.Status); err != nil {
			h.log.ErrorContext(ctx, "report", "error", err.Error())
			return nil, err
		}
	}
	return json.Marshal(answer)
}

// judge runs the check until end. It owns the goroutine of the check, which is there so that a check that ignores its
// context cannot keep the report back: such a one is left behind with a context that has ended, and what it finds goes
// nowhere.
func (h handler) judge(ctx context.Context, end time.Time, e event) Answer {
	bounded, cancel := h.clock.Bound(ctx, end)
	defer cancel()
	late, cancelLate := h.clock.Bound(ctx, end.Add(grace))
	defer cancelLate()
	verdict := make(chan Answer, 1)
	go func() {
		answer := failed("the check ended without a verdict")
		defer func() {
			if r := recover(); r != nil {
				h.log.ErrorContext(ctx, "panic", "value", fmt.Sprint(r), "stack", string(debug.Stack()))
				answer = failed(fmt.Sprintf("the hook panicked: %v; its log has the stack", r))
			}
			verdict <- answer
		}()
		answer = h.work(bounded, e)
	}()
	select {
	case answer := <-verdict:
		return answer
	case <-late.Done():
		return failed("the check did not end before the hook's own time did: give the hook function a longer timeout, or look at what hangs")
	}
}

// work finds the target and checks it.
func (h handler) work(ctx context.Context, e event) Answer {
	target, err := h.target(ctx, e)
	if err != nil {
		return failed(err.Error())
	}
	reason, err := h.check(ctx, target)
	if err != nil {
		return failed(err.Error())
	}
	return Answer{Status: Succeeded, Reason: reason}
}

// target is what the event is about.
func (h handler) target(ctx context.Context, e event) (Target, error) {
	if e.refused != nil {
		return Target{}, fmt.Errorf("the event is refused: %w", e.refused)
	}
	if e.deployment == "" {
		target, err := ownTarget(e.own, h.stage)
		if err != nil {
			return target, fmt.Errorf("the event is refused: %w", err)
		}
		return target, nil
	}
	var target Target
	err := retried(ctx, h.clock, func() (err error) {
		target, err = h.deployments.Target(ctx, e.deployment)
		return err
	})
	if err == nil {
		err = target.validate("functionName", "functionAlias", "currentVersion", "targetVersion")
	}
	if err != nil {
		return target, fmt.Errorf("the target of deployment %s cannot be told: %w", e.name(), err)
	}
	return target, nil
}

// report tells CodeDeploy the status. Where no answer comes it is told again, with the same status, until end: one
// attempt takes at most half of the time left, so that a lost reply leaves time for another.
func (h handler) report(ctx context.Context, end time.Time, e event, status Status) error {
	ctx, cancel := h.clock.Bound(ctx, end)
	defer cancel()
	err := retried(ctx, h.clock, func() error {
		now := h.clock.Now()
		attempt, cancel := h.clock.Bound(ctx, now.Add(max(end.Sub(now)/2, attemptTime)))
		defer cancel()
		err := h.deployments.Report(attempt, e.deployment, e.execution, status)
		if errors.Is(err, ErrAlreadyReported) {
			h.log.WarnContext(ctx, "report", "deployment", e.name(), "error", err.Error())
			return nil
		}
		return err
	})
	if err == nil {
		return nil
	}
	return NotReported{printable.Text(fmt.Sprintf("deployment %s was not told %s and waits for it up to an hour: %v", e.name(), status, err), longestReason) +
		"; end the deployment: " + e.stop()}
}

// moment is for how long a "not found" or "access denied" may be of a moment: what is named, or the role, may have been
// made just before.
const moment = 5 * time.Second

// retried makes a call again while it is unavailable, until the context ends, and for a moment what is missing or denied. An
// error says what mends it.
func retried(ctx context.Context, clock target.Clock, call func() error) error {
	const first, most = 200 * time.Millisecond, 5 * time.Second
	began := clock.Now()
	for pause := first; ; pause = min(2*pause, most) {
		err := call()
		switch {
		case err == nil:
			return nil
		case errors.Is(err, target.ErrRefused), target.Permanent(err) && clock.Now().Sub(began) >= moment:
			return fmt.Errorf("%w; %s", err, target.Remedy(err))
		}
		if clock.Sleep(ctx, pause) != nil {
			return fmt.Errorf("%w (tried until the hook's own time ran out)", err)
		}
	}
}
