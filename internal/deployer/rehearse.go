package deployer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rehearsal"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// rehearsalMargin is how long before the end of an invocation no replay is begun any more.
const rehearsalMargin = 30 * time.Second

// rehearse answers action rehearse: the request's plan over the alias's recorded minutes.
func (r *run) rehearse(ctx context.Context) (Answer, error) {
	var alias target.Alias
	err := r.retried(ctx, func() (err error) {
		alias, err = r.account.Aliases.Alias(ctx, r.request.Function, r.request.Alias)
		return err
	})
	switch {
	case errors.Is(err, target.ErrNotFound):
		return r.finish(rollout.Finish{Outcome: rollout.NotReady, Reason: fmt.Sprintf("function %s has no alias %s to rehearse on: check both names", r.request.Function, r.request.Alias)})
	case err != nil:
		return r.finish(rollout.Finish{Outcome: rollout.NotReady, Reason: fmt.Sprintf("the alias cannot be read: %v; %s", err, remedyDenied)})
	}
	record, err := r.recorded(ctx)
	if err != nil {
		return r.finish(rollout.Finish{Outcome: rollout.NotReady, Reason: fmt.Sprintf("the recorded minutes cannot be read: %v; %s", err, remedyDenied)})
	}
	cut := false
	cases := record.Rehearse(r.request.Plan, func() bool {
		cut = ctx.Err() != nil || !r.end.IsZero() && r.now().Add(rehearsalMargin).After(r.end)
		return !cut
	})
	answer := r.blank("rehearsed", "")
	answer.OldVersion, answer.NewVersion, answer.Weight = alias.Routing.Primary, r.request.NewVersion, rollout.Full-alias.Routing.Weight
	answer.Cases = cases
	answer.Reason = fmt.Sprintf("%d rollouts of this plan replayed over %d days, %d of them would have gone back with the old version against itself; nothing was changed",
		cases[0].Rollouts, r.request.Days, cases[0].RolledBack)
	if rehearsal.Blind(r.request.Plan) {
		answer.Warnings = append(answer.Warnings, "replayed with invocations and errors alone: alarms, hooks, probes and the other checks of this request took no part")
	}
	switch {
	case cut:
		answer.Warnings = append(answer.Warnings, "the invocation would have ended: not every rollout was replayed; ask for fewer days")
	case cases[0].Rollouts == 0:
		answer.Warnings = append(answer.Warnings, fmt.Sprintf("there was nothing to replay: the alias had no calls in the last %d days, or the plan takes longer than they are", r.request.Days))
	}
	return answer, nil
}

// recorded reads the alias's minutes of the last days, a day at a time: two series of 1,440 minutes, far below the 100,800
// datapoints of one GetMetricData, and quick.
func (r *run) recorded(ctx context.Context) (rehearsal.Record, error) {
	since, until := rehearsal.RecordSpan(r.now(), r.request.Days)
	var all []analysis.Minute
	for from := since; from.Before(until); from = from.AddDate(0, 0, 1) {
		err := r.retried(ctx, func() error {
			minutes, err := r.aliasMinutes(ctx, from, earlier(from.AddDate(0, 0, 1), until).Add(-time.Minute))
			all = append(all, minutes...)
			return err
		})
		if err != nil {
			return rehearsal.Record{}, err
		}
	}
	return rehearsal.NewRecord(since, until, all), nil
}
