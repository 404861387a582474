package deployer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// patience is how long something that cannot be invoked is tried again, at the most so long after the last try.
const (
	patience  = time.Minute
	mostPause = 10 * time.Second
)

// insist invokes a function until it has run. It tries again for up to a minute where it could not be run, and not beyond
// the way back, which begins at until; limit is as for attempt. The error is why it was not run; what says that it was
// what, for the message.
func (r *run) insist(ctx context.Context, what, function string, payload []byte, limit time.Duration, until time.Time) (a rollout.ProbeAnswer, err error) {
	giveUp := r.now().Add(patience)
	if !until.IsZero() {
		bounded, cancel := r.deployer.Clock.Bound(ctx, until)
		defer cancel()
		ctx, giveUp = bounded, earlier(giveUp, until)
	}
	for pause := time.Second; ; pause = min(2*pause, mostPause) {
		a, err = r.attempt(ctx, function, payload, limit)
		switch {
		case err == nil:
			return a, nil
		case ctx.Err() != nil:
			return a, fmt.Errorf("the time ran out: %s had not answered", what)
		case !r.now().Add(pause).Before(giveUp):
			return a, fmt.Errorf("%s could not be run: %w", what, err)
		}
		r.log.WarnContext(ctx, "invoke", "function", function, "error", err.Error(), "again-in", pause.String())
		if r.deployer.Clock.Sleep(ctx, pause) != nil {
			return a, fmt.Errorf("the time ran out: %s could not be run: %w", what, err)
		}
	}
}

// attempt invokes a function once. It is not waited for any longer than limit, 0 is without end.
func (r *run) attempt(ctx context.Context, function string, payload []byte, limit time.Duration) (a rollout.ProbeAnswer, err error) {
	asked, call := r.now(), ctx
	if limit > 0 {
		bounded, cancel := r.deployer.Clock.Bound(ctx, asked.Add(limit))
		defer cancel()
		call = bounded
	}
	reply, err := r.account.Invoker.Invoke(call, target.Invocation{Function: function, Payload: payload})
	a.Body, a.Failure = reply.Body, reply.Failure
	a.Took = r.now().Sub(asked)
	if err != nil && call.Err() != nil && ctx.Err() == nil {
		a.Cut, err = true, nil
	}
	return a, err
}

// runHook invokes a hook.
func (r *run) runHook(ctx context.Context, a rollout.RunHook) (time.Time, *rollout.Finish, error) {
	payload, err := json.Marshal(a.Event)
	if err != nil {
		return time.Time{}, nil, err
	}
	answer, err := r.insist(ctx, a.String(), a.Function, payload, 0, a.Until)
	r.progress = r.progress.AfterHook(a, answer, err)
	r.log.InfoContext(ctx, "hook", "function", a.Function, "passed", r.progress.Failure == nil, "answer", rollout.Shorten(string(answer.Body)))
	return r.now(), nil, nil
}

// runProbe invokes the new version with a probe, and the old one where the answers are compared. A probe that could not be
// made is not the version's fault.
func (r *run) runProbe(ctx context.Context, a rollout.RunProbe) (time.Time, *rollout.Finish, error) {
	fresh, err := r.ask(ctx, a, "probe "+a.Probe.Name, a.NewVersion)
	var old *rollout.ProbeAnswer
	if err == nil && !fresh.Cut && a.Probe.Compare {
		var answer rollout.ProbeAnswer
		answer, err = r.ask(ctx, a, "probe "+a.Probe.Name+" of the old version", a.OldVersion)
		old = &answer
	}
	if err != nil {
		return r.unprobed(ctx, a, err), nil, nil
	}
	r.progress.Unprobed = time.Time{}
	r.probeAnswered(ctx, a.Probe.Judge(fresh, old))
	return r.now(), nil, nil
}

// ask invokes a version with a probe. While the new version has traffic it is one attempt, for the turn has to end soon.
func (r *run) ask(ctx context.Context, a rollout.RunProbe, what, version string) (rollout.ProbeAnswer, error) {
	limit := a.Probe.Limit(a.Weight)
	if version == a.OldVersion {
		limit = rollout.Probe{}.Limit(a.Weight)
	}
	if a.Weight == 0 {
		return r.insist(ctx, what, r.numbered(version), a.Probe.Payload, limit, a.Until)
	}
	if !a.Until.IsZero() {
		bounded, cancel := r.deployer.Clock.Bound(ctx, a.Until)
		defer cancel()
		ctx = bounded
	}
	answer, err := r.attempt(ctx, r.numbered(version), a.Probe.Payload, limit)
	if err != nil {
		err = fmt.Errorf("%s could not be run: %w", what, err)
	}
	return answer, err
}

// unprobed says when to go on after a probe that could not be made. While the new version has traffic, the next turns try
// again.
func (r *run) unprobed(ctx context.Context, a rollout.RunProbe, err error) time.Time {
	const pause = 2 * time.Second
	now := r.now()
	if r.progress.Unprobed.IsZero() {
		r.progress.Unprobed = now
	}
	if a.Weight == 0 || now.Sub(r.progress.Unprobed) >= patience {
		r.progress.Failure = &rollout.Failure{Why: err.Error()}
		return now
	}
	r.log.WarnContext(ctx, "probe", "name", a.Probe.Name, "error", err.Error(), "again-in", pause.String())
	if next := now.Add(pause); a.Until.IsZero() || next.Before(a.Until) {
		return next
	}
	return a.Until
}

// probeAnswered notes what a probe has shown.
func (r *run) probeAnswered(ctx context.Context, result analysis.ProbeResult) {
	r.probed = append(slices.DeleteFunc(r.probed, func(earlier analysis.ProbeResult) bool { return earlier.Name == result.Name }), result)
	check := result.Check()
	r.log.InfoContext(ctx, "probe", "name", result.Name, "verdict", check.Verdict.String(), "reason", check.Reason)
	r.progress = r.progress.AfterProbe(check)
}

// numbered is a version as calls name it.
func (r *run) numbered(version string) string { return r.request.Function + ":" + version }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
