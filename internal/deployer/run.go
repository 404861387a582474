package deployer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// run is one invocation's work on one alias.
type run struct {
	deployer Deployer
	request  rollout.Request
	account  Account
	log      *slog.Logger
	driver   string
	began    time.Time
	// end is when this driver has to have answered; zero is never.
	end time.Time

	progress rollout.Progress
	// journal is the last one seen of the rollout that this run drives.
	journal *rollout.Journal
	record  record
	past    past
	memo    analysis.Memo
	settled settled
	// probed are the latest results of this driver's probes.
	probed []analysis.ProbeResult
	// scheduled is the end of the traffic that the schedule of type auto was chosen by, and doubt what is to be said of it;
	// zero and "" for none.
	scheduled time.Time
	doubt     string
	warnings  []string
	calls     latency
	// routing and bad, the versions known to be bad, are as the alias was last read.
	routing rollout.Routing
	bad     []string
	// quiet says that no rollout was running when the alias was last read.
	quiet bool
	// trouble counts the turns in a row that ended in an error.
	trouble int
}

// decider is rollout.Decide or rollout.Control.
type decider func(rollout.Target, rollout.Plan, rollout.Situation, rollout.Progress) (rollout.NextAction, rollout.Progress)

// drive takes turns until one of them finishes. It only waits; what happens is decided in rollout.
func (r *run) drive(ctx context.Context, decide decider) (Answer, error) {
	if finish := r.resolve(ctx); finish != nil {
		return r.finish(*finish)
	}
	for {
		next, finish, err := r.turn(ctx, decide)
		if finish != nil {
			return r.finish(*finish)
		}
		now := r.now()
		if err != nil {
			r.trouble++
			next = now.Add(r.backoff(err))
			r.log.WarnContext(ctx, "turn", "error", err.Error(), "again-in", next.Sub(now).String())
		} else {
			r.trouble = 0
		}
		if finish := r.giveUp(ctx, next, err); finish != nil {
			return r.finish(*finish)
		}
		if err := r.deployer.Clock.Sleep(ctx, next.Sub(now)); err != nil {
			return r.finish(r.unfinished(err))
		}
	}
}

// turn looks at the alias and the measurements, decides, and performs at most one effect.
func (r *run) turn(ctx context.Context, decide decider) (next time.Time, finish *rollout.Finish, err error) {
	alias, err := r.readAlias(ctx)
	if err != nil {
		finish, err := r.aliasUnread(ctx, err)
		return r.now(), finish, err
	}
	unscheduled := r.schedule(ctx, alias)
	if unscheduled != nil && r.progress.Rollout == "" && !Permanent(unscheduled) {
		return r.now(), nil, unscheduled
	}
	s := r.look(ctx, alias)
	s.Unscheduled = unscheduled != nil
	action, progress := decide(r.target(), r.request.Plan, s, r.progress)
	r.note(ctx, s, action)
	switch a := action.(type) {
	case rollout.Preflight:
		r.progress = progress
		return r.preflightTurn(ctx, alias)
	case rollout.Write:
		r.progress = progress
		return r.write(ctx, alias, a)
	case rollout.RunHook:
		r.progress = progress
		return r.runHook(ctx, a)
	case rollout.RunProbe:
		r.progress = progress
		return r.runProbe(ctx, a)
	case rollout.Wait:
		r.progress = progress
		return a.Until, nil, nil
	case rollout.Finish:
		r.progress = progress
		return time.Time{}, &a, nil
	}
	return time.Time{}, nil, fmt.Errorf("decide answered %T", action)
}

func (r *run) target() rollout.Target {
	return rollout.Target{Function: r.request.Function, Alias: r.request.Alias, NewVersion: r.request.NewVersion}
}

func (r *run) now() time.Time { return r.deployer.Clock.Now() }

// timed measures a call to AWS, which the reserve for the way back follows.
func (r *run) timed(call func() error) error {
	start := r.now()
	err := call()
	r.calls.add(r.now().Sub(start))
	return err
}

func (r *run) readAlias(ctx context.Context) (alias Alias, err error) {
	err = r.timed(func() error {
		alias, err = r.account.Aliases.Alias(ctx, r.request.Function, r.request.Alias)
		return err
	})
	return alias, err
}

// look gathers what there is to decide on. The clock is read last: rule of the design for the deadline.
func (r *run) look(ctx context.Context, alias Alias) rollout.Situation {
	s := rollout.Situation{
		Routing: alias.Routing, Description: rollout.ParseDescription(alias.Description),
		Driver: r.driver, End: r.end, Reserve: r.calls.reserve(),
	}
	live := s.Description.Live(s.Routing)
	r.routing, r.bad = s.Routing, s.Description.Bad()
	r.quiet = live == nil && !s.Routing.Split()
	switch {
	case live != nil && r.judges(live):
		s.Assessment = r.assessInTime(ctx, live, s.Reserve)
	case live == nil && s.Routing.Split():
		s.Moving = r.moving(ctx)
	}
	s.Now = r.now()
	return s
}

// moving says whether Lambda is moving the alias's provisioned concurrency.
func (r *run) moving(ctx context.Context) bool {
	var setting ProvisionedConcurrency
	err := r.timed(func() (err error) {
		setting, err = r.account.Versions.ProvisionedConcurrency(ctx, r.request.Function, r.request.Alias)
		return err
	})
	return err == nil && setting.Status == "IN_PROGRESS"
}

// note remembers and logs what a turn saw and decided: one line a turn.
func (r *run) note(ctx context.Context, s rollout.Situation, action rollout.NextAction) {
	attributes := []any{"routing", s.Routing.String()}
	if live := s.Description.Live(s.Routing); live != nil && (r.request.Action != rollout.Deploy || live.ID == r.progress.Rollout || live.Driver == r.driver) {
		r.journal = live
		r.record.reach(live.Weight, live.Since)
		attributes = append(attributes, "rollout", live.ID, "weight", live.Weight, "step", live.Step, "steps", live.Steps)
	}
	if s.Assessment != nil {
		r.record.judge(s.Assessment)
		attributes = append(attributes, "verdict", s.Assessment.Verdict.String(), "no-data", s.Assessment.NoData, "why", s.Assessment.Reason)
	}
	switch a := action.(type) {
	case rollout.Write:
		attributes = append(attributes, "then", a.Why)
	case rollout.RunHook:
		attributes = append(attributes, "then", "run hook "+a.Function)
	case rollout.RunProbe:
		attributes = append(attributes, "then", fmt.Sprintf("make probe %s of version %s", a.Probe.Name, a.NewVersion))
	case rollout.Wait:
		attributes = append(attributes, "then", "wait until "+a.Until.Format(time.RFC3339))
	case rollout.Finish:
		attributes = append(attributes, "then", "finish "+string(a.Outcome))
	case rollout.Preflight:
		attributes = append(attributes, "then", "pre-flight")
	}
	r.log.InfoContext(ctx, "turn", attributes...)
}

// write moves the alias if it is still as it was read. What became of a write without an answer, or one that came too
// late, the next turn sees.
func (r *run) write(ctx context.Context, read Alias, w rollout.Write) (time.Time, *rollout.Finish, error) {
	to := Alias{Routing: w.Routing, Description: w.Description, Revision: read.Revision}
	err := r.timed(func() error { return r.account.Aliases.UpdateAlias(ctx, r.request.Function, r.request.Alias, to) })
	switch {
	case err == nil:
		r.progress.Rollout = w.Rollout
		return r.now(), nil, nil
	case !Permanent(err):
		return r.now(), nil, fmt.Errorf("update-alias to %s: %w", w.Routing, err)
	case r.journal == nil || r.request.Action != rollout.Deploy:
		finish := r.unfinished(fmt.Errorf("%w; %s", err, remedyDenied))
		return time.Time{}, &finish, nil
	case r.progress.Failure == nil:
		r.progress.Failure = &rollout.Failure{Why: fmt.Sprintf("going on was refused: %v", err)}
	}
	return r.now(), nil, fmt.Errorf("update-alias to %s: %w", w.Routing, err)
}

// aliasUnread says what follows when the alias could not be read: before a rollout is joined that is an account that is
// not ready; of a running rollout it is tried again, unless the alias is gone.
func (r *run) aliasUnread(ctx context.Context, err error) (*rollout.Finish, error) {
	gone := errors.Is(err, ErrNotFound)
	switch {
	case r.progress.Rollout != "" && gone:
		return &rollout.Finish{Outcome: rollout.Superseded, Reason: fmt.Sprintf("the alias was deleted: %v", err)}, nil
	case r.progress.Rollout == "" && gone:
		findings, _ := r.preflight(ctx, nil)
		return &rollout.Finish{Outcome: rollout.NotReady, Reason: listed(findings.texts)}, nil
	case r.progress.Rollout == "" && Permanent(err):
		return &rollout.Finish{Outcome: rollout.NotReady, Reason: fmt.Sprintf("the alias cannot be read: %v; %s", err, remedyDenied)}, nil
	}
	return nil, fmt.Errorf("get-alias: %w", err)
}

// backoff is how long to wait after an error: not at all where the alias was changed and only has to be read again, and
// longer while nothing presses.
func (r *run) backoff(err error) time.Duration {
	const first, most = 200 * time.Millisecond, 5 * time.Second
	pause := first << min(r.trouble-1, 5)
	switch {
	case r.trouble == 1 && errors.Is(err, ErrMoved):
		return 0
	case r.progress.Failure != nil:
		return min(pause, time.Second)
	}
	return min(pause, most)
}

// startPatience is how long errors are tolerated on an alias where nothing is running. Where something may be, it is
// worth trying until the end.
const startPatience = time.Minute

// giveUp ends a run whose next turn would come too late, or that cannot even begin.
func (r *run) giveUp(ctx context.Context, next time.Time, err error) *rollout.Finish {
	late := ctx.Err() != nil || !r.end.IsZero() && !next.Before(r.end)
	stuck := err != nil && r.quiet && r.now().Sub(r.began) > startPatience
	if !late && !stuck {
		return nil
	}
	if err == nil {
		err = errors.New("the invocation ends")
	}
	finish := r.unfinished(err)
	return &finish
}

// unfinished is the end of a run that could not bring its work to one.
func (r *run) unfinished(err error) rollout.Finish {
	failure := r.progress.Failure
	switch {
	case r.journal == nil || r.request.Action != rollout.Deploy && failure == nil:
		return rollout.Finish{Outcome: rollout.NotReady, Reason: fmt.Sprintf("the alias could not be worked with: %v", err)}
	case failure == nil:
		return rollout.Finish{Outcome: rollout.RollbackFailed, Reason: fmt.Sprintf("the rollout could not be brought to an end: %v", err)}
	case r.request.Plan.HoldOnFailure:
		return rollout.Finish{Outcome: rollout.Held, Reason: fmt.Sprintf("%s; the alias could not be marked as held: %v", failure.Why, err)}
	}
	return rollout.Finish{Outcome: rollout.RollbackFailed, Reason: fmt.Sprintf("%s; then the alias could not be put back: %v", failure.Why, err)}
}

// latency remembers how slow the latest calls were.
type latency struct {
	recent [8]time.Duration
	next   int
}

func (l *latency) add(d time.Duration) {
	l.recent[l.next] = d
	l.next = (l.next + 1) % len(l.recent)
}

// reserve is the time that a way back needs, a read, a write and a last read, by the slowest recent call and one more.
func (l *latency) reserve() time.Duration {
	const least, most = 1500 * time.Millisecond, time.Minute
	slowest := time.Duration(0)
	for _, d := range l.recent {
		slowest = max(slowest, d)
	}
	return min(max(least, 4*slowest), most)
}
