package deployer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// insist invokes a function until it has run. It tries again for up to a minute where it could not be run, and not beyond
// the way back, which begins at until. The error is why it was not run; what says that it was what, for the message.
func (r *run) insist(ctx context.Context, what, function string, payload []byte, until time.Time) (a rollout.ProbeAnswer, err error) {
	giveUp := r.now().Add(time.Minute)
	if !until.IsZero() {
		bounded, cancel := r.deployer.Clock.Bound(ctx, until)
		defer cancel()
		ctx, giveUp = bounded, earlier(giveUp, until)
	}
	for pause := time.Second; ; pause *= 2 {
		asked := r.now()
		a.Body, a.Failure, err = r.account.Hooks.Invoke(ctx, function, payload)
		a.Took = r.now().Sub(asked)
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

// runHook invokes a hook.
func (r *run) runHook(ctx context.Context, a rollout.RunHook) (time.Time, *rollout.Finish, error) {
	payload, err := json.Marshal(a.Event)
	if err != nil {
		return time.Time{}, nil, err
	}
	name := fmt.Sprintf("%s hook %s", a.Stage, a.Function)
	answer, err := r.insist(ctx, name, a.Function, payload, a.Until)
	switch {
	case err != nil:
		r.progress.Failure = &rollout.Failure{Why: err.Error()}
	case answer.Failure != "":
		r.progress.Failure = &rollout.Failure{Why: name + " failed: " + answer.Failure, Bad: true}
	default:
		r.hookAnswered(ctx, a, answer.Body)
	}
	return r.now(), nil, nil
}

// hookAnswered takes a hook's answer: everything but status Succeeded has failed.
func (r *run) hookAnswered(ctx context.Context, a rollout.RunHook, answer []byte) {
	var verdict struct {
		Status string `json:"status"`
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal(answer, &verdict); err != nil || verdict.Status != "Succeeded" {
		why := fmt.Sprintf("%s hook %s did not answer status Succeeded but %.200s", a.Stage, a.Function, answer)
		r.progress.Failure = &rollout.Failure{Why: why, Bad: true}
		return
	}
	r.log.InfoContext(ctx, "hook", "function", a.Function, "status", verdict.Status, "reason", verdict.Reason)
	if a.Stage == rollout.PreTraffic {
		r.progress.PreTraffic = true
	} else {
		r.progress.PostTraffic = true
	}
}

// runProbes invokes the new version with one probe after the other. The first that is not met fails it.
func (r *run) runProbes(ctx context.Context, a rollout.RunProbes) (time.Time, *rollout.Finish, error) {
	for _, p := range a.Probes {
		if r.progress.Failure = r.probe(ctx, a, p); r.progress.Failure != nil {
			return r.now(), nil, nil
		}
	}
	r.progress.Probed, r.progress.ProbedAt = true, a.Weight
	return r.now(), nil, nil
}

// probe invokes the new version by its number, and the old one where the answers are compared. A probe that could not be
// made is not the version's fault.
func (r *run) probe(ctx context.Context, a rollout.RunProbes, p rollout.Probe) *rollout.Failure {
	fresh, err := r.insist(ctx, "probe "+p.Name, r.numbered(a.NewVersion), p.Payload, a.Until)
	var old *rollout.ProbeAnswer
	if err == nil && p.Compare {
		var answer rollout.ProbeAnswer
		answer, err = r.insist(ctx, "probe "+p.Name+" of the old version", r.numbered(a.OldVersion), p.Payload, a.Until)
		old = &answer
	}
	if err != nil {
		return &rollout.Failure{Why: err.Error()}
	}
	result := p.Judge(fresh, old)
	r.probed = append(slices.DeleteFunc(r.probed, func(earlier analysis.ProbeResult) bool { return earlier.Name == p.Name }), result)
	check := result.Check()
	r.log.InfoContext(ctx, "probe", "name", p.Name, "verdict", check.Verdict.String(), "reason", check.Reason)
	if check.Verdict == analysis.Fail {
		return &rollout.Failure{Why: check.Name + ": " + check.Reason, Bad: true}
	}
	return nil
}

// numbered is a version as calls name it.
func (r *run) numbered(version string) string { return r.request.Function + ":" + version }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
