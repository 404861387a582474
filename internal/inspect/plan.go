package inspect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/preflight"
	"github.com/meta-deployer/meta-deployer/internal/rehearsal"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/turn"
)

// Plan answers the schedule as if the first shift were now, and what would be refused.
func (i Inspector) Plan(ctx context.Context, r request.Request) (answer.Answer, error) {
	v := preview{inspector: i, plan: r.Plan, Answer: answer.New(r.Plan.Target, "planned", "", r.Warnings...)}
	v.Findings = []string{}
	v.candidate(ctx)
	alias, err := i.alias(ctx, r.Plan.Target)
	switch {
	case err == nil:
		v.OldVersion = alias.Routing.Primary
		v.traffic(ctx)
		if v.state(alias) {
			return v.Answer, nil
		}
		v.readiness(ctx, &alias)
	case errors.Is(err, target.ErrNotFound):
		v.readiness(ctx, nil)
	default:
		v.find("the alias cannot be read: %s", target.Explain(err))
	}
	if len(v.Findings) > 0 && v.Refusal == "" {
		v.Refusal = string(rollout.PreflightFailed)
	}
	v.schedule()
	if err == nil {
		v.radius(ctx)
	}
	return v.Answer, nil
}

// preview is the answer to a plan on its way.
type preview struct {
	inspector Inspector
	answer.Answer
	plan rollout.Plan
}

func (v *preview) find(format string, values ...any) {
	v.Findings = append(v.Findings, fmt.Sprintf(format, values...))
}

func (v *preview) warn(format string, values ...any) {
	v.Warnings = append(v.Warnings, fmt.Sprintf(format, values...))
}

// candidate resolves "@alias", as a finding where it cannot.
func (v *preview) candidate(ctx context.Context) {
	if v.plan.Candidate == "" {
		return
	}
	var c *rollout.Candidate
	_ = v.inspector.retried(ctx, func() error {
		if c = turn.Candidate(ctx, v.inspector.Account.Aliases, v.plan); c.Err != nil && c.Err.Kind == rollout.Unavailable {
			return c.Err
		}
		return nil
	})
	if v.plan.NewVersion = c.Version; c.Finding != "" {
		v.find("%s", c.Finding)
	}
}

// traffic chooses the schedule of type auto, as for a start now.
func (v *preview) traffic(ctx context.Context) {
	if v.plan.Auto == nil {
		return
	}
	var traffic rollout.Traffic
	err := v.inspector.retried(ctx, func() (err error) {
		traffic, err = v.inspector.reader().Traffic(ctx, v.plan.Target, v.inspector.Clock.Now())
		return err
	})
	if err != nil {
		v.warn("the schedule shown is the one for an alias without calls: %v", err)
		return
	}
	v.plan = v.plan.For(traffic)
	if warning := v.plan.ScheduleWarning(traffic); warning != "" {
		v.warn("%s", warning)
	}
}

// state says what the rollout would meet on the alias. It is done where there is nothing to deploy.
func (v *preview) state(alias rollout.Alias) (done bool) {
	if v.plan.NewVersion == "" {
		return false
	}
	plan := v.plan
	plan.Auto = nil
	snapshot := rollout.Snapshot{Now: v.inspector.Clock.Now(), Alias: alias, Readiness: &rollout.Readiness{}, Concurrency: &rollout.Concurrency{}}
	action, _ := rollout.Decide(plan, snapshot, rollout.Driver{ID: "plan"}, rollout.Deadline{}, rollout.Token{})
	finish, ended := action.(rollout.Finish)
	switch {
	case ended && finish.Outcome == rollout.NoOp:
		v.Status, v.Reason, v.NewVersion, v.Weight = "no-op", finish.Reason, plan.NewVersion, rollout.Full
		return true
	case ended:
		v.Refusal = string(finish.Outcome)
		v.find("%s: %s", finish.Outcome, finish.Reason)
	}
	if live := rollout.ParseDescription(alias.Description).Live(plan.Target, alias.Routing, snapshot.Now); live != nil && live.New == plan.NewVersion && !live.Held {
		v.warn("rollout %s to this version is at %s %%: the same request joins it", live.ID, live.Weight)
	}
	return false
}

// readiness adds what pre-flight finds.
func (v *preview) readiness(ctx context.Context, alias *rollout.Alias) {
	var ready rollout.Readiness
	began := v.inspector.Clock.Now()
	_ = v.inspector.retried(ctx, func() error {
		ready = preflight.Check(ctx, v.inspector.reader(), v.plan, alias)
		switch {
		case ready.Err != nil:
			return ready.Err
		case ready.Momentary && v.inspector.Clock.Now().Sub(began) < glance:
			return target.ErrNotFound
		}
		return nil
	})
	v.Findings, v.Warnings = append(v.Findings, ready.Findings...), append(v.Warnings, ready.Warnings...)
	if ready.Pending != "" {
		v.warn("%s, a rollout would wait for it", ready.Pending)
	}
	if ready.Err != nil {
		v.find("the account cannot be read: %v", ready.Err)
	}
}

// schedule adds the steps, as if the first shift were now.
func (v *preview) schedule() {
	now := v.inspector.Clock.Now()
	v.NewVersion = v.plan.NewVersion
	v.Duration = v.plan.Takes().String()
	v.driver(now)
	for _, step := range v.plan.Schedule(nil, now) {
		from, until := step.From.UTC().Truncate(time.Millisecond), step.Until.UTC().Truncate(time.Millisecond)
		v.Steps = append(v.Steps, answer.Step{Weight: step.Weight, From: from, Until: &until})
	}
	v.Reason = fmt.Sprintf("%d steps in %s, %d findings; nothing was changed", len(v.plan.Steps), v.Duration, len(v.Findings))
}

// driver says which driver runs the plan, and until when at the longest.
func (v *preview) driver(now time.Time) {
	end, handOff := v.inspector.End, v.inspector.HandOff
	v.Driver = rollout.EngineDeployer
	if handOff.Takes(v.plan, nil, now, end) {
		v.Driver, end = handOff.Engine, now.Add(handOff.Longest)
	}
	v.EndsAt = answer.At(v.plan.End(&rollout.Journal{Start: now}, end))
	if v.plan.Fits(nil, now, end) {
		return
	}
	remedy := "shorten the plan"
	if v.Driver == rollout.EngineDeployer {
		v.Driver, remedy = rollout.EngineWorkflow, remedy+", or give the request to the stack's state machine"
	}
	if handOff.Unfit != "" {
		remedy = handOff.Unfit + ", " + remedy
	}
	if v.Refusal == "" {
		v.Refusal = string(rollout.DoesNotFit)
	}
	v.find("%s: the plan takes %s, and a rollout ends in %s here: %s", rollout.DoesNotFit, v.Duration, end.Sub(now).Round(time.Second), remedy)
}

// radius adds what bad versions are expected to cost.
func (v *preview) radius(ctx context.Context) {
	now := v.inspector.Clock.Now()
	var minutes []analysis.Minute
	err := v.inspector.retried(ctx, func() (err error) {
		minutes, err = v.inspector.reader().AliasMinutes(ctx, v.plan.Target, analysis.HistorySince(now), now)
		return err
	})
	if err != nil {
		v.warn("blast-radius is not known: the traffic of the last hour cannot be read: %v", err)
		return
	}
	v.BlastRadius = rehearsal.BlastRadius(v.plan, now, minutes)
	if v.BlastRadius == nil {
		v.warn("blast-radius is not known: no calls of the last hour are recorded")
	}
}
