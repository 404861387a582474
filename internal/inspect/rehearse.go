package inspect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/rehearsal"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// rehearsalMargin is how long before the end of an invocation no replay is begun any more.
const rehearsalMargin = 30 * time.Second

// Rehearse answers the request's plan over the alias's recorded minutes.
func (i Inspector) Rehearse(ctx context.Context, r request.Request) (answer.Answer, error) {
	alias, err := i.alias(ctx, r.Plan.Target)
	switch {
	case errors.Is(err, target.ErrNotFound):
		return answer.Answer{}, answer.Failure(rollout.PreflightFailed, fmt.Sprintf("function %s has no alias %s to rehearse on: check both names", r.Plan.Function, r.Plan.Alias))
	case err != nil:
		return answer.Answer{}, i.unreadable(ctx, r.Plan, err)
	}
	record, err := i.recorded(ctx, r)
	if err != nil {
		return answer.Answer{}, answer.Failure(rollout.PreflightFailed, fmt.Sprintf("the recorded minutes of %s cannot be read: %s", r.Plan.Target, target.Explain(err)))
	}
	cut := false
	cases := record.Rehearse(r.Plan, func() bool {
		cut = ctx.Err() != nil || !i.End.IsZero() && i.Clock.Now().Add(rehearsalMargin).After(i.End)
		return !cut
	})
	a := answer.New(r.Plan.Target, "rehearsed", fmt.Sprintf("%d rollouts of this plan replayed over %d days, %d of them would have gone back with the old version against itself: %s; nothing was changed",
		cases[0].Rollouts, r.Days, cases[0].RolledBack, rehearsal.ByChance(r.Plan, cases[0].Rollouts)), r.Warnings...)
	a.OldVersion, a.NewVersion, a.Weight, a.Cases = alias.Routing.Primary, r.Plan.NewVersion, rollout.Full-alias.Routing.Weight, cases
	if rehearsal.Blind(r.Plan) {
		a.Warnings = append(a.Warnings, "replayed with invocations and errors alone: alarms, hooks, probes and the other checks of this request took no part")
	}
	switch {
	case cut:
		a.Warnings = append(a.Warnings, "the invocation would have ended: not every rollout was replayed; ask for fewer days")
	case cases[0].Rollouts == 0:
		a.Warnings = append(a.Warnings, fmt.Sprintf("there was nothing to replay: the alias had no calls in the last %d days, or the plan takes longer than they are", r.Days))
	}
	return a, nil
}

// recorded reads the alias's minutes of the last days, a day at a time: two series of 1,440 minutes, far below the 100,800
// datapoints of one GetMetricData, and quick.
func (i Inspector) recorded(ctx context.Context, r request.Request) (rehearsal.Record, error) {
	since, until := rehearsal.RecordSpan(i.Clock.Now(), r.Days)
	var all []analysis.Minute
	for from := since; from.Before(until); from = from.AddDate(0, 0, 1) {
		end := from.AddDate(0, 0, 1)
		if until.Before(end) {
			end = until
		}
		err := i.retried(ctx, func() error {
			minutes, err := i.reader().AliasMinutes(ctx, r.Plan.Target, from, end.Add(-time.Minute))
			all = append(all, minutes...)
			return err
		})
		if err != nil {
			return rehearsal.Record{}, err
		}
	}
	return rehearsal.NewRecord(since, until, all), nil
}
