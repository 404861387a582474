package deployer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// past is the old version's time before the rollout id: what it does not know any more later, read once.
type past struct {
	id         string
	counts     []analysis.Counts
	thresholds []analysis.Threshold
}

// settled is what the rollout id did until a time that lies hours back: it does not change any more, so it is read once.
type settled struct {
	id      string
	until   time.Time
	minutes []analysis.Minute
}

// judges says whether this run has to know how a rollout does: its own one, or one to promote, once there is traffic.
func (r *run) judges(live *rollout.Journal) bool {
	if live.Weight == 0 || r.progress.Failure != nil {
		return false
	}
	return r.request.Action == rollout.Promote || r.request.Action == rollout.Deploy && live.ID == r.progress.Rollout && live.Driver == r.driver
}

// assessInTime judges, unless the way back has to begin: reading must not cost it its time.
func (r *run) assessInTime(ctx context.Context, live *rollout.Journal, reserve time.Duration) *analysis.Assessment {
	end := r.request.Plan.End(live, r.end)
	if end.IsZero() {
		return r.assess(ctx, live)
	}
	back := end.Add(-reserve)
	if !r.now().Before(back) {
		return nil
	}
	bounded, cancel := r.deployer.Clock.Bound(ctx, back)
	defer cancel()
	return r.assess(bounded, live)
}

// assess reads everything since the rollout began and judges it. A failed read is never healthy.
func (r *run) assess(ctx context.Context, live *rollout.Journal) *analysis.Assessment {
	plan := r.request.Plan
	evidence := analysis.Evidence{FirstShift: live.First, StepSince: live.Since, JudgedAlone: plan.JudgesAlone(), Probes: r.probed, Memo: &r.memo}
	evidence.Reading.Share, evidence.Reading.Before, evidence.Reading.Shifted = live.Weight.Share(), plan.Before(live.Weight).Share(), live.Since
	if live.Weight == rollout.Full {
		evidence.Reading.Alone = live.Since
	}
	err := errors.Join(r.readMetrics(ctx, live, &evidence), r.readAlarms(ctx, &evidence))
	a := analysis.Assess(plan.Health, evidence)
	if r.asksJudge() && a.Verdict != analysis.Fail && err == nil {
		evidence.Judgement = r.askJudge(ctx, live)
		a = analysis.Assess(plan.Health, evidence)
	}
	if err != nil && a.Verdict != analysis.Fail {
		a = analysis.Unread(err)
	}
	return &a
}

// readMetrics reads what the rollout is judged by: the time before it once, everything since in one call, or, where that
// is long, what is hours old once and the rest in one call.
func (r *run) readMetrics(ctx context.Context, live *rollout.Journal, e *analysis.Evidence) error {
	health := r.request.Plan.Health
	if health.NeedsHistory() {
		if err := r.readPast(ctx, live); err != nil {
			return err
		}
		e.History, e.Thresholds = r.past.counts, r.past.thresholds
	}
	if !health.NeedsMinutes() {
		return nil
	}
	stretches := analysis.Stretches(live.Start, r.now())
	old, latest := stretches[:len(stretches)-1], stretches[len(stretches)-1]
	if r.settled.id != live.ID || !r.settled.until.Equal(latest.Since) {
		minutes, err := r.stretches(ctx, live, old, e.Thresholds)
		if err != nil {
			return err
		}
		r.settled = settled{live.ID, latest.Since, minutes}
	}
	minutes, err := r.stretches(ctx, live, []analysis.Stretch{latest}, e.Thresholds)
	e.Reading.Minutes = slices.Concat(r.settled.minutes, minutes)
	return err
}

// stretches reads what both versions did in some stretches of a rollout. The limits of the request's own metrics are of
// minutes: a sum of an hour is another figure, so these are asked for by the minute alone.
func (r *run) stretches(ctx context.Context, live *rollout.Journal, stretches []analysis.Stretch, thresholds []analysis.Threshold) (all []analysis.Minute, err error) {
	health := r.request.Plan.Health
	for _, s := range stretches {
		q := r.query(live, s)
		q.Slow, q.Throttles = health.Latency.Slow(thresholds), health.Throttles
		if s.Period == time.Minute {
			q.Metrics = health.Metrics
		}
		minutes, err := r.minutes(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, minutes...)
	}
	return all, nil
}

// readAlarms reads the alarms that may veto.
func (r *run) readAlarms(ctx context.Context, e *analysis.Evidence) error {
	if len(r.request.Plan.Alarms) == 0 {
		return nil
	}
	return r.timed(func() (err error) {
		e.Alarms, err = r.account.Meter.Alarms(ctx, r.request.Plan.Alarms)
		return err
	})
}

// readPast reads the old version's time before a rollout, once: it does not change any more. What is slow to a comparison
// is taken from there first, then how often calls were.
func (r *run) readPast(ctx context.Context, live *rollout.Journal) error {
	if r.past.id == live.ID {
		return nil
	}
	read := past{id: live.ID}
	if r.request.Plan.Health.Latency.Compare {
		since, until := analysis.QuantilesSpan(live.Start)
		var periods []analysis.Quantiles
		err := r.timed(func() (err error) {
			periods, err = r.account.Meter.Quantiles(ctx, r.query(live, analysis.Stretch{Since: since, Until: until}))
			return err
		})
		if err != nil {
			return err
		}
		read.thresholds = analysis.Thresholds(periods)
	}
	since := analysis.HistorySince(live.Start)
	period := analysis.ShortestPeriod(since, r.now())
	q := r.query(live, analysis.Stretch{Since: since, Until: live.Start, Period: period})
	q.Slow = analysis.LatencyRule{Compare: true}.Slow(read.thresholds)
	minutes, err := r.minutes(ctx, q)
	if err != nil {
		return err
	}
	read.counts = analysis.HistoryBefore(live.Start, period, minutes)
	read.thresholds = analysis.SlowBefore(live.Start, period, minutes, read.thresholds)
	r.past = read
	return nil
}

// query is about both versions of a rollout.
func (r *run) query(live *rollout.Journal, s analysis.Stretch) MeterQuery {
	return MeterQuery{
		Function: r.request.Function, Alias: r.request.Alias, OldVersion: live.Old, NewVersion: live.New, Since: s.Since, Until: s.Until, Period: s.Period,
	}
}

// minutes reads what both versions did.
func (r *run) minutes(ctx context.Context, q MeterQuery) (minutes []analysis.Minute, err error) {
	err = r.timed(func() error {
		minutes, err = r.account.Meter.Minutes(ctx, q)
		return err
	})
	return minutes, err
}

// asksJudge says whether the health check has a function to ask. Action status asks none: it changes nothing, and what an
// invocation does nobody knows.
func (r *run) asksJudge() bool {
	health := r.request.Plan.Health
	return health.Judge != "" && !health.Off && r.request.Action != rollout.Status
}

// askJudge asks the health check's function. Whatever keeps it from a verdict is inconclusive, and the next look asks
// again.
func (r *run) askJudge(ctx context.Context, live *rollout.Journal) *analysis.Judgement {
	const most = 10 * time.Second
	payload, err := json.Marshal(rollout.NewHookEvent(rollout.HealthCheck, r.target(), *live))
	if err != nil {
		return &analysis.Judgement{Verdict: analysis.Inconclusive, Reason: err.Error()}
	}
	ctx, cancel := r.deployer.Clock.Bound(ctx, r.now().Add(most))
	defer cancel()
	answer, failed, err := r.account.Hooks.Invoke(ctx, r.request.Plan.Health.Judge, payload)
	switch {
	case err != nil && ctx.Err() != nil:
		return &analysis.Judgement{Verdict: analysis.Inconclusive, Reason: fmt.Sprintf("it did not answer within %s, it is asked again", most)}
	case err != nil:
		return &analysis.Judgement{Verdict: analysis.Inconclusive, Reason: fmt.Sprintf("it could not be asked: %v; it is asked again", err)}
	case failed != "":
		return &analysis.Judgement{Verdict: analysis.Inconclusive, Reason: fmt.Sprintf("it failed: %s; it is asked again", failed)}
	}
	return analysis.ParseJudgement(answer)
}
