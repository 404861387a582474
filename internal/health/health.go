// Package health reads what a rollout is judged by, and has it judged. What it has read of the past it may keep in memory;
// nothing depends on that.
package health

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Reader judges the rollouts of an account.
type Reader struct {
	Account target.Account
	Clock   target.Clock
	// Memory keeps what does not change any more; nil keeps nothing.
	Memory *Memory
	// Learn is told of the old version's minutes before a rollout when they are read; nil is nobody. With them and its message
	// a decision can be repeated.
	Learn func(history []analysis.Counts)
}

// Assess reads everything since the rollout that stands at the journal began, and judges it by the plan. A failed read is
// never healthy. asks says that the health check's function is asked too.
func (r Reader) Assess(ctx context.Context, p rollout.Plan, j rollout.Journal, asks bool) analysis.Assessment {
	measured := analysis.Measurements{
		Now: r.Clock.Now(), Start: j.Start, FirstShift: j.First, StepSince: j.Since, JudgedAlone: p.JudgesAlone(), Awaited: p.Awaited(&j), HoldEnd: p.HoldEnd(j),
		Reading: analysis.Reading{Share: j.Weight.Share(), Before: p.Before(j.Weight).Share(), Shifted: j.Since},
	}
	if j.Weight == rollout.Full {
		measured.Reading.Alone = j.Since
	}
	err := errors.Join(r.readMetrics(ctx, p, j, &measured), r.readAlarms(ctx, p.Alarms, &measured))
	a := analysis.Assess(p.Health, measured)
	if asks && p.Health.Judge != "" && !p.Health.Off && a.Verdict != analysis.Fail && err == nil {
		measured.Judgement = r.ask(ctx, p, j)
		a = analysis.Assess(p.Health, measured)
	}
	if err != nil && a.Verdict != analysis.Fail {
		a = analysis.Unread(err)
	}
	return a
}

// readMetrics reads the time before the rollout once, everything since in one call, or, where that is long, what is hours
// old once and the rest in one call.
func (r Reader) readMetrics(ctx context.Context, p rollout.Plan, j rollout.Journal, e *analysis.Measurements) error {
	if p.Health.Off {
		return nil
	}
	known, err := r.history(ctx, p, j)
	if err != nil {
		return err
	}
	e.History, e.Thresholds, e.Memo = known.counts, known.thresholds, known.memo
	stretches := analysis.Stretches(j.Start, r.Clock.Now())
	old, latest := stretches[:len(stretches)-1], stretches[len(stretches)-1]
	if !known.settledUntil.Equal(latest.Since) {
		minutes, err := r.stretches(ctx, p, j, old, e.Thresholds)
		if err != nil {
			return err
		}
		known.settled, known.settledUntil = minutes, latest.Since
		r.Memory.keep(r.subject(p, j), known)
	}
	minutes, err := r.stretches(ctx, p, j, []analysis.Stretch{latest}, e.Thresholds)
	e.Reading.Minutes = slices.Concat(known.settled, minutes)
	return err
}

// stretches reads what both versions did in some stretches of a rollout. The limits of the request's own metrics are of
// minutes: a sum of an hour is another figure, so these are asked for by the minute alone.
func (r Reader) stretches(ctx context.Context, p rollout.Plan, j rollout.Journal, stretches []analysis.Stretch, thresholds []analysis.Threshold) (all []analysis.Minute, err error) {
	for _, s := range stretches {
		q := query(p, j, s)
		q.Slow, q.Throttles = p.Health.Latency.Slow(thresholds), p.Health.Throttles
		if s.Period == time.Minute {
			q.Metrics = p.Health.Metrics
		}
		minutes, err := r.Account.Metrics.Minutes(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, minutes...)
	}
	return all, nil
}

// history reads the old version's time before a rollout, once: it does not change any more. What is slow to a comparison is
// taken from there first, then how often calls were.
func (r Reader) history(ctx context.Context, p rollout.Plan, j rollout.Journal) (known, error) {
	if k, ok := r.Memory.recall(r.subject(p, j)); ok {
		return k, nil
	}
	var k known
	since := analysis.HistorySince(j.Start)
	if counts, ok := r.Memory.recallBefore(r.place(p.Target), since); ok && !p.Health.Latency.Compare {
		k.counts = counts
		return r.learnt(p, j, k), nil
	}
	if p.Health.Latency.Compare {
		from, until := analysis.QuantilesSpan(j.Start)
		periods, err := r.Account.Metrics.Quantiles(ctx, query(p, j, analysis.Stretch{Since: from, Until: until}))
		if err != nil {
			return known{}, err
		}
		if k.thresholds, err = analysis.Thresholds(periods); err != nil {
			return known{}, err
		}
	}
	period := analysis.ShortestPeriod(since, r.Clock.Now())
	q := query(p, j, analysis.Stretch{Since: since, Until: j.Start, Period: period})
	q.Slow = analysis.LatencyRule{Compare: true}.Slow(k.thresholds)
	minutes, err := r.Account.Metrics.Minutes(ctx, q)
	if err = cmp.Or(err, analysis.CheckMinutes(minutes)); err != nil {
		return known{}, err
	}
	k.counts = analysis.HistoryBefore(j.Start, period, minutes)
	k.thresholds = analysis.SlowBefore(j.Start, period, minutes, k.thresholds)
	return r.learnt(p, j, k), nil
}

// learnt keeps what was read of the time before a rollout, and tells of it.
func (r Reader) learnt(p rollout.Plan, j rollout.Journal, k known) known {
	k.memo = new(analysis.Memo)
	r.Memory.keep(r.subject(p, j), k)
	if r.Learn != nil {
		r.Learn(k.counts)
	}
	return k
}

func (r Reader) subject(p rollout.Plan, j rollout.Journal) subject {
	return subject{role: r.Account.Role, rollout: j.ID, latency: p.Health.Latency, throttles: p.Health.Throttles}
}

// readAlarms reads the alarms that may veto.
func (r Reader) readAlarms(ctx context.Context, names []string, e *analysis.Measurements) (err error) {
	if len(names) > 0 {
		e.Alarms, err = r.Account.Metrics.Alarms(ctx, names)
	}
	return err
}

// query is about both versions of a rollout.
func query(p rollout.Plan, j rollout.Journal, s analysis.Stretch) target.MetricsQuery {
	return target.MetricsQuery{
		Function: p.Function, Alias: p.Alias, OldVersion: j.Old, NewVersion: j.New, Since: s.Since, Until: s.Until, Period: s.Period,
	}
}

// ask asks the health check's function. Whatever keeps it from a verdict is inconclusive, and the next look asks again.
func (r Reader) ask(ctx context.Context, p rollout.Plan, j rollout.Journal) *analysis.Judgement {
	const most = 10 * time.Second
	payload, err := json.Marshal(rollout.NewHookEvent(rollout.HealthCheck, p.Target, j))
	if err != nil {
		return &analysis.Judgement{Verdict: analysis.Inconclusive, Reason: err.Error()}
	}
	ctx, cancel := r.Clock.Bound(ctx, r.Clock.Now().Add(most))
	defer cancel()
	reply, err := r.Account.Invoker.Invoke(ctx, target.Invocation{Function: p.Health.Judge, Payload: payload})
	switch {
	case err != nil && ctx.Err() != nil:
		return &analysis.Judgement{Verdict: analysis.Inconclusive, Reason: fmt.Sprintf("it did not answer within %s, it is asked again", most)}
	case err != nil:
		return &analysis.Judgement{Verdict: analysis.Inconclusive, Reason: fmt.Sprintf("it could not be asked: %v; it is asked again", err)}
	case reply.Failure != "":
		return &analysis.Judgement{Verdict: analysis.Inconclusive, Reason: fmt.Sprintf("it failed: %s; it is asked again", reply.Failure)}
	}
	return analysis.ParseJudgement(reply.Body)
}
