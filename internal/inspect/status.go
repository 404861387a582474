package inspect

import (
	"context"
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/version"
)

// Status answers what the alias says now, and how the running rollout does by the request's own health check.
func (i Inspector) Status(ctx context.Context, r request.Request) (answer.Answer, error) {
	warnings := r.Warnings
	if health := r.Plan.Health; health.Judge != "" && !health.Off {
		warnings = append(warnings, "health-check.function is not invoked by action status, which changes nothing")
	}
	alias, err := i.alias(ctx, r.Plan.Target)
	if err != nil {
		return answer.Answer{}, i.unreadable(ctx, r.Plan, err)
	}
	description := rollout.ParseDescription(alias.Description)
	live := description.Live(r.Plan.Target, alias.Routing, i.Clock.Now())
	if live == nil {
		a := idle(r.Plan.Target, alias, description, warnings)
		a.DeployerVersion = version.Number
		return a, nil
	}
	a := answer.New(r.Plan.Target, liveStatus(live), fmt.Sprintf("step %d of %d since %s, driver %s", live.Step, live.Steps, live.Since.Format(time.RFC3339), live.Driver), warnings...)
	a.RolloutID, a.OldVersion, a.NewVersion = live.ID, live.Old, live.New
	a.Weight, a.StartedAt, a.DeployerVersion = live.Weight, &live.Start, version.Number
	if live.Weight > 0 {
		reader := i.reader()
		reader.Learn = func(history []analysis.Counts) { a.History = analysis.FormatHistory(history) }
		reader.Memory = nil
		assessment := reader.Assess(ctx, r.Plan, *live, false)
		a.Steps = []answer.Step{{Weight: live.Weight, From: live.Since.UTC().Truncate(time.Millisecond), Verdict: assessment.Verdict.String(), Checks: assessment.Checks}}
		a.Reason += fmt.Sprintf("; by this request's health-check %s: %s", assessment.Verdict, assessment.Reason)
	}
	return a, nil
}

// liveStatus is the status of a running rollout.
func liveStatus(j *rollout.Journal) string {
	switch {
	case j.Held:
		return "held"
	case j.Paused:
		return "paused"
	case j.Approval == rollout.Wanted:
		return "awaiting-approval"
	}
	return "in-progress"
}

// idle is the status of an alias without a rollout.
func idle(t rollout.Target, alias rollout.Alias, description rollout.Description, warnings []string) answer.Answer {
	a := answer.New(t, "idle", "no rollout is running: the alias sends traffic to "+alias.Routing.String(), warnings...)
	a.NewVersion, a.Weight = alias.Routing.Primary, rollout.Full-alias.Routing.Weight
	if record := description.Record; record != nil {
		a.Reason += fmt.Sprintf("; rollout %s to version %s was rolled back: %s", record.ID, record.New, record.Why)
	}
	return a
}
