package deployer

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rehearsal"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// aliasMinutes reads what went through the alias, whichever version ran, by the minute or as CloudWatch still has it.
func (r *run) aliasMinutes(ctx context.Context, since, until time.Time) (minutes []analysis.Minute, err error) {
	err = r.timed(func() error {
		minutes, err = r.account.Meter.Minutes(ctx, MeterQuery{
			Function: r.request.Function, Alias: r.request.Alias, Since: since, Until: until, Period: analysis.ShortestPeriod(since, r.now()),
		})
		return cmp.Or(err, analysis.CheckMinutes(minutes))
	})
	return minutes, err
}

// schedule gives a plan of type auto the schedule that suits the traffic before the rollout's start: the one in the
// journal or, without one, now. It reads once for a start, and tries again where it could not.
func (r *run) schedule(ctx context.Context, alias Alias) error {
	if r.request.Plan.Auto == nil || r.request.Action != rollout.Deploy && r.request.Action != rollout.Preview {
		return nil
	}
	start := r.now()
	if live := rollout.ParseDescription(alias.Description).Live(alias.Routing); live != nil && live.New == r.request.NewVersion {
		start = live.Start
	}
	since, until := rollout.TrafficSpan(start)
	if r.scheduled.Equal(until) {
		return nil
	}
	minutes, err := r.aliasMinutes(ctx, since, until)
	if err != nil {
		return fmt.Errorf("the traffic of the last hour, which type auto chooses its schedule by: %w", err)
	}
	traffic := rollout.TrafficBefore(start, minutes)
	r.scheduled, r.request.Plan, r.doubt = until, r.request.Plan.For(traffic), r.request.Plan.Doubts(traffic)
	r.log.InfoContext(ctx, "schedule", "per-second", traffic.PerSecond, "first", r.request.Plan.Steps[0].Weight, "steps", len(r.request.Plan.Steps))
	return nil
}

// previewTraffic chooses the schedule of type auto, as for a start now.
func (r *run) previewTraffic(ctx context.Context, alias Alias, answer *Answer) {
	err := r.retried(ctx, func() error { return r.schedule(ctx, alias) })
	switch {
	case err != nil:
		answer.Warnings = append(answer.Warnings, fmt.Sprintf("the schedule shown is the one for an alias without calls: %v", err))
	case r.doubt != "":
		answer.Warnings = append(answer.Warnings, r.doubt)
	}
}

// previewRadius adds what bad versions are expected to cost.
func (r *run) previewRadius(ctx context.Context, answer *Answer) {
	now := r.now()
	var minutes []analysis.Minute
	err := r.retried(ctx, func() (err error) {
		minutes, err = r.aliasMinutes(ctx, analysis.HistorySince(now), now)
		return err
	})
	if err != nil {
		answer.Warnings = append(answer.Warnings, fmt.Sprintf("blast-radius is not known: the traffic of the last hour cannot be read: %v", err))
		return
	}
	answer.BlastRadius = rehearsal.BlastRadius(r.request.Plan, now, minutes)
	if answer.BlastRadius == nil {
		answer.Warnings = append(answer.Warnings, "blast-radius is not known: no calls of the last hour are recorded")
	}
}
