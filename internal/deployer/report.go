package deployer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// finish turns an outcome into an answer, or into the error that callers match on.
func (r *run) finish(f rollout.Finish) (Answer, error) {
	now := r.now().UTC().Truncate(time.Millisecond)
	r.record.end(now)
	if err := wireError(f.Outcome, r.message(f)); err != nil {
		return Answer{}, err
	}
	answer := r.blank(string(f.Outcome), f.Reason)
	answer.NewVersion, answer.EndedAt, answer.Steps = r.request.NewVersion, &now, r.record
	if j := r.journal; j != nil {
		answer.RolloutID, answer.OldVersion, answer.NewVersion, answer.StartedAt = j.ID, j.Old, j.New, &j.Start
		answer.Weight = r.routing.Share(j.New)
	}
	switch f.Outcome {
	case rollout.Succeeded, rollout.SucceededUnverified:
		answer.Reason = r.success(f.Outcome, now)
	default:
		if r.journal == nil {
			answer.NewVersion, answer.Weight = r.routing.Primary, rollout.Full-r.routing.Weight
		}
	}
	return answer, nil
}

// success is the sentence of a rollout that went well.
func (r *run) success(outcome rollout.Outcome, now time.Time) string {
	text := fmt.Sprintf("all traffic of %s is on version %s after %s", r.label(), r.journal.New, now.Sub(r.journal.Start).Round(time.Second))
	if outcome == rollout.SucceededUnverified {
		return sentence(text+", unverified", r.progress.Doubt)
	}
	return sentence(text, r.lastReason())
}

// lastReason is what the latest checks said.
func (r *run) lastReason() string {
	if n := len(r.record); n > 0 && len(r.record[n-1].Checks) > 0 {
		check := r.record[n-1].Checks[0]
		return check.Name + ": " + check.Reason
	}
	return ""
}

// message is what a person reads of a failure: what happened, why, and what to do next.
func (r *run) message(f rollout.Finish) string {
	switch f.Outcome {
	case rollout.NotReady:
		return sentence(r.label()+" is not ready, nothing was changed", f.Reason)
	case rollout.DoesNotFit:
		return sentence("nothing was changed: "+f.Reason, "")
	case rollout.RolloutInProgress:
		return sentence(r.label()+" is being shifted, nothing was changed: "+f.Reason,
			"wait for it (action status), end it (action rollback; for a split that is not ours, aws lambda update-alias), or take over with force")
	case rollout.KnownBadVersion:
		return sentence("nothing was changed: "+f.Reason, `publish a fix, or send it again with "force": {"reason": "…"}`)
	case rollout.RolledBack:
		return sentence(r.wentBack()+": "+f.Reason, r.afterRollback())
	case rollout.Held:
		if r.request.Action == rollout.Promote && r.journal != nil && !r.journal.Held {
			return sentence(r.label()+" goes on as it was: "+f.Reason, "look at it, then promote again, or roll it back")
		}
		return sentence(r.label()+" is held where it is: "+f.Reason, "look at it, then send action rollback, or another version with force")
	case rollout.Superseded:
		return sentence(r.label()+" is no longer this rollout's, nothing more was changed: "+f.Reason, "agree with whoever moved it, then deploy again")
	case rollout.RollbackFailed:
		return sentence(fmt.Sprintf("%s may be split: %s", r.label(), f.Reason), "put it back by hand: "+r.mend())
	default:
		return f.Reason
	}
}

// wentBack says where the traffic is after a rollback, and how far the rollout had come.
func (r *run) wentBack() string {
	j := r.journal
	if j == nil {
		return fmt.Sprintf("%s was rolled back", r.label())
	}
	if j.Weight == 0 {
		return fmt.Sprintf("all traffic of %s stayed on version %s", r.label(), j.Old)
	}
	return fmt.Sprintf("all traffic of %s is back on version %s; version %s had reached %s %%", r.label(), j.Old, j.New, j.Weight)
}

// afterRollback says what to do next.
func (r *run) afterRollback() string {
	if r.journal != nil && slices.Contains(r.bad, r.journal.New) {
		return fmt.Sprintf(`version %s is remembered as bad here: publish a fix, or send it again with "force": {"reason": "…"}`, r.journal.New)
	}
	return "mend the cause and send the request again"
}

// mend is the command that puts the alias back.
func (r *run) mend() string {
	old := "OLD_VERSION"
	if r.journal != nil {
		old = r.journal.Old
	}
	return fmt.Sprintf("aws lambda update-alias --function-name %s --name %s --function-version %s --routing-config AdditionalVersionWeights={}",
		r.request.Function, r.request.Alias, old)
}

// preview answers action plan: the schedule as if the first shift were now, and what would be refused.
func (r *run) preview(ctx context.Context) (Answer, error) {
	answer := r.blank("planned", "")
	answer.Findings = []string{}
	if finding := r.previewCandidate(ctx); finding != "" {
		answer.Findings = append(answer.Findings, finding)
	}
	var alias *Alias
	var read Alias
	err := r.retried(ctx, func() (err error) {
		read, err = r.account.Aliases.Alias(ctx, r.request.Function, r.request.Alias)
		return err
	})
	if err == nil {
		alias = &read
		r.previewTraffic(ctx, read, &answer)
		if done := r.previewState(ctx, read, &answer); done {
			return answer, nil
		}
	} else if !errors.Is(err, ErrNotFound) {
		answer.Findings = append(answer.Findings, fmt.Sprintf("the alias cannot be read: %v; %s", err, remedyDenied))
	}
	if err == nil || errors.Is(err, ErrNotFound) {
		r.previewReadiness(ctx, alias, &answer)
	}
	r.previewSteps(&answer)
	if alias != nil {
		r.previewRadius(ctx, &answer)
	}
	return answer, nil
}

// previewSteps adds the schedule, as if the first shift were now.
func (r *run) previewSteps(answer *Answer) {
	plan, now := r.request.Plan, r.now()
	answer.NewVersion = r.request.NewVersion
	answer.Duration = plan.Duration().String()
	answer.Driver = "deployer"
	if !plan.Fits(nil, now, r.end) {
		answer.Driver = "durable"
		answer.Warnings = append(answer.Warnings, "the plan is longer than one invocation of this deployer, which would answer DoesNotFit")
	}
	for _, step := range plan.Steps {
		from := now.UTC().Truncate(time.Millisecond)
		now = now.Add(step.Hold)
		until := now.UTC().Truncate(time.Millisecond)
		answer.Steps = append(answer.Steps, Step{Weight: step.Weight, From: from, Until: &until})
	}
	answer.Reason = fmt.Sprintf("%d steps in %s, %d findings; nothing was changed", len(plan.Steps), answer.Duration, len(answer.Findings))
}

// previewCandidate resolves "@alias", as a finding where it cannot.
func (r *run) previewCandidate(ctx context.Context) string {
	if r.request.CandidateAlias == "" {
		return ""
	}
	return r.resolveCandidate(ctx)
}

// previewState says what the rollout would meet on the alias. It is done where there is nothing to deploy.
func (r *run) previewState(ctx context.Context, alias Alias, answer *Answer) (done bool) {
	answer.OldVersion = alias.Routing.Primary
	s := r.look(ctx, alias)
	s.End = time.Time{}
	next, _ := rollout.Decide(r.target(), r.request.Plan, s, rollout.Progress{})
	finish, ok := next.(rollout.Finish)
	switch {
	case ok && finish.Outcome == rollout.NoOp:
		answer.Status, answer.Reason, answer.NewVersion, answer.Weight = "no-op", finish.Reason, r.request.NewVersion, rollout.Full
		return true
	case ok:
		answer.Findings = append(answer.Findings, r.message(finish))
	}
	if live := s.Description.Live(s.Routing); live != nil && live.New == r.request.NewVersion && !live.Held {
		answer.Warnings = append(answer.Warnings, fmt.Sprintf("rollout %s to this version is at %s %%: the same request joins it", live.ID, live.Weight))
	}
	return false
}

// previewReadiness adds what pre-flight finds.
func (r *run) previewReadiness(ctx context.Context, alias *Alias, answer *Answer) {
	var found findings
	err := r.retried(ctx, func() (err error) {
		found, err = r.preflight(ctx, alias)
		return err
	})
	answer.Findings = append(answer.Findings, found.texts...)
	answer.Warnings = append(answer.Warnings, found.warnings...)
	if found.pending != "" {
		answer.Warnings = append(answer.Warnings, found.pending+", a rollout would wait for it")
	}
	if err != nil {
		answer.Findings = append(answer.Findings, fmt.Sprintf("the account cannot be read: %v", err))
	}
}

// status answers what the alias says now.
func (r *run) status(ctx context.Context) (Answer, error) {
	var alias Alias
	err := r.retried(ctx, func() (err error) {
		alias, err = r.readAlias(ctx)
		return err
	})
	if err != nil {
		finish, _ := r.aliasUnread(ctx, err)
		if finish == nil {
			failed := r.unfinished(err)
			finish = &failed
		}
		return r.finish(*finish)
	}
	description := rollout.ParseDescription(alias.Description)
	live := description.Live(alias.Routing)
	if live == nil {
		return r.idle(alias, description), nil
	}
	answer := r.blank(liveStatus(live), "")
	answer.RolloutID, answer.OldVersion, answer.NewVersion = live.ID, live.Old, live.New
	answer.Weight, answer.StartedAt = live.Weight, &live.Start
	answer.Reason = fmt.Sprintf("step %d of %d since %s, driver %s", live.Step, live.Steps, live.Since.Format(time.RFC3339), live.Driver)
	if live.Weight > 0 {
		r.record.reach(live.Weight, live.Since)
		assessment := r.assess(ctx, live)
		r.record.judge(assessment)
		answer.Steps = r.record
		answer.Reason = sentence(answer.Reason, fmt.Sprintf("by this request's health-check %s: %s", assessment.Verdict, assessment.Reason))
	}
	return answer, nil
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
func (r *run) idle(alias Alias, description rollout.Description) Answer {
	answer := r.blank("idle", "no rollout is running: the alias sends traffic to "+alias.Routing.String())
	answer.NewVersion, answer.Weight = alias.Routing.Primary, rollout.Full-alias.Routing.Weight
	if scar := description.Scar; scar != nil {
		answer.Reason = sentence(answer.Reason, fmt.Sprintf("rollout %s to version %s was rolled back: %s", scar.ID, scar.New, scar.Why))
	}
	return answer
}
