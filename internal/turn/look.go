package turn

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/health"
	"github.com/meta-deployer/meta-deployer/internal/preflight"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// look answers a question in the snapshot. It ends before the way back has to begin, but for what the way back itself has to
// know.
func (w *work) look(ctx context.Context, q rollout.Question, s *rollout.Snapshot) {
	if q == rollout.TheConcurrency {
		bounded, cancel := w.bounded(ctx, readShare)
		defer cancel()
		ctx = bounded
	} else if back := rollout.WayBack(w.request.Plan, w.deadline, w.token); !back.IsZero() {
		bounded, cancel := w.Clock.Bound(ctx, back)
		defer cancel()
		ctx = bounded
	}
	switch q {
	case rollout.TheCandidate:
		s.Candidate = Candidate(ctx, w.Account.Aliases, w.request.Plan)
	case rollout.TheTraffic:
		w.traffic(ctx, s)
	case rollout.TheAccount:
		w.account(ctx, s)
	case rollout.TheConcurrency:
		s.Concurrency = w.concurrency(ctx)
	case rollout.TheExecution:
		s.Execution = w.execution(ctx)
	case rollout.TheEngine:
		s.Living = new(rollout.Living)
		if j := w.liveJournal(*s); j != nil {
			s.Living = w.living(ctx, *j)
		}
	case rollout.TheHealth:
		if j := w.liveJournal(*s); j != nil {
			reader := w.reader()
			reader.Learn = func(history []analysis.Counts) {
				w.tell(rollout.HistoryRead{At: w.Clock.Now(), Rollout: j.ID, Minutes: history})
			}
			a := reader.Assess(ctx, w.scheduled(*s), *j, true)
			s.Assessment = &a
		}
	case rollout.TheSwitch:
		s.Switch = &rollout.Switch{}
		if err := w.SetSwitch(ctx); err != nil {
			s.Switch.Err = target.CallError(err)
			w.callFailed(w.Clock.Now(), "CreateSchedule", *s.Switch.Err)
		}
	}
}

// concurrency says whether Lambda moves the alias's provisioned concurrency.
func (w *work) concurrency(ctx context.Context) *rollout.Concurrency {
	plan := w.request.Plan
	setting, err := w.Account.Versions.ProvisionedConcurrency(ctx, plan.Function, plan.Alias)
	c := &rollout.Concurrency{Moving: err == nil && setting.Status == "IN_PROGRESS"}
	if err != nil && !target.Permanent(err) {
		c.Err = target.CallError(fmt.Errorf("get-provisioned-concurrency-config: %w", err))
	}
	return c
}

func (w *work) reader() health.Reader {
	return health.Reader{Account: w.Account, Clock: w.Clock, Memory: w.Memory}
}

// scheduled is the request's plan with the schedule that suits the traffic.
func (w *work) scheduled(s rollout.Snapshot) rollout.Plan {
	if s.Traffic == nil {
		return w.request.Plan
	}
	return w.request.Plan.For(*s.Traffic)
}

// liveJournal is the journal that explains the alias, or explained it when it could still be read.
func (w *work) liveJournal(s rollout.Snapshot) *rollout.Journal {
	alias := s.Alias
	if s.Unread != nil && w.token.Alias != nil {
		alias = *w.token.Alias
	}
	return rollout.ParseDescription(alias.Description).Live(w.request.Plan.Target, alias.Routing, w.Clock.Now())
}

// account is pre-flight, of the alias as it was read; of a missing one it tells what is missing.
func (w *work) account(ctx context.Context, s *rollout.Snapshot) {
	plan, alias := w.request.Plan, &s.Alias
	if s.Unread != nil {
		alias = nil
	}
	if plan.NewVersion == "" {
		plan.NewVersion = w.token.NewVersion
	}
	ready := preflight.Check(ctx, w.reader(), plan, alias)
	s.Readiness = &ready
	if ready.Err == nil && len(ready.Findings) == 0 && ready.Pending == "" {
		w.tell(rollout.Checked{At: w.Clock.Now(), Warnings: ready.Warnings})
	}
}

// traffic reads how busy the alias was before the rollout: before the one in the journal or, without one, before now.
func (w *work) traffic(ctx context.Context, s *rollout.Snapshot) {
	start := w.Clock.Now()
	if j := w.liveJournal(*s); j != nil && (j.New == w.request.Plan.NewVersion || w.request.Plan.NewVersion == "") {
		start = j.Start
	}
	known := w.reader().KnowsTraffic(w.request.Plan.Target, start)
	traffic, err := w.reader().Traffic(ctx, w.request.Plan.Target, start)
	if err != nil {
		s.NoTraffic = target.CallError(err)
		return
	}
	s.Traffic = &traffic
	if plan := w.request.Plan.For(traffic); !known {
		w.tell(rollout.ScheduleChosen{At: w.Clock.Now(), Traffic: traffic, Steps: plan.Steps, Warning: plan.ScheduleWarning(traffic)})
	}
}

// Candidate finds the version that a plan's candidate alias points at.
func Candidate(ctx context.Context, aliases target.Aliases, p rollout.Plan) *rollout.Candidate {
	alias, err := aliases.Alias(ctx, p.Function, p.Candidate)
	name := "new-version is @" + p.Candidate
	switch {
	case errors.Is(err, target.ErrNotFound):
		return &rollout.Candidate{
			Finding: fmt.Sprintf("%s, and function %s has no alias %s: create it, or name a version", name, p.Function, p.Candidate),
			Err:     target.CallError(err),
		}
	case err != nil:
		return &rollout.Candidate{Finding: fmt.Sprintf("alias %s cannot be read: %v", p.Candidate, err), Err: target.CallError(err)}
	case alias.Routing.Split():
		return &rollout.Candidate{Finding: fmt.Sprintf("%s, and that alias is split, %s: give it one version", name, alias.Routing)}
	case strings.HasPrefix(alias.Routing.Primary, "$LATEST"):
		return &rollout.Candidate{Finding: name + ", and that alias points at $LATEST: publish a version and point it there"}
	}
	return &rollout.Candidate{Version: alias.Routing.Primary}
}
