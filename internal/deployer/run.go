package deployer

import (
	"context"
	"encoding/json"
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
	// past is the old version's time before the rollout pastID.
	past     []analysis.Counts
	pastID   string
	warnings []string
	calls    latency
	// bad are the versions known to be bad when the alias was last read.
	bad []string
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
	s := r.look(ctx, alias)
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
	r.bad = s.Description.Bad()
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

// judges says whether this run has to know how a rollout does: its own one, or one to promote, once there is traffic.
func (r *run) judges(live *rollout.Journal) bool {
	if live.Weight == 0 || r.progress.Failure != nil {
		return false
	}
	return r.request.Action == rollout.Promote || r.request.Action == rollout.Deploy && live.ID == r.progress.Rollout && live.Driver == r.driver
}

// assessInTime judges, unless the way back has to begin: reading must not cost it its time.
func (r *run) assessInTime(ctx context.Context, live *rollout.Journal, reserve time.Duration) *analysis.Assessment {
	if r.end.IsZero() {
		return r.assess(ctx, live)
	}
	back := r.end.Add(-reserve)
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
	evidence := analysis.Evidence{FirstShift: live.First, StepSince: live.Since, JudgedAlone: plan.JudgesAlone()}
	if live.Weight == rollout.Full {
		evidence.Reading.Alone = live.Since
	}
	var err, alarmErr error
	if plan.Health.NeedsCounts() {
		evidence.Reading.Minutes, err = r.minutes(ctx, live, live.Start, r.now())
	}
	if plan.Health.NeedsHistory() && err == nil {
		evidence.History, err = r.pastOf(ctx, live)
	}
	if len(plan.Alarms) > 0 {
		alarmErr = r.timed(func() error {
			evidence.Alarms, alarmErr = r.account.Meter.Alarms(ctx, plan.Alarms)
			return alarmErr
		})
	}
	err = errors.Join(err, alarmErr)
	a := analysis.Assess(plan.Health, evidence)
	if err != nil && a.Verdict != analysis.Fail {
		a = analysis.Unread(err)
	}
	return &a
}

// minutes reads what both versions did.
func (r *run) minutes(ctx context.Context, live *rollout.Journal, since, until time.Time) (minutes []analysis.Minute, err error) {
	err = r.timed(func() error {
		minutes, err = r.account.Meter.Minutes(ctx, MeterQuery{
			Function: r.request.Function, Alias: r.request.Alias, OldVersion: live.Old, NewVersion: live.New, Since: since, Until: until,
		})
		return err
	})
	return minutes, err
}

// pastOf reads the old version's time before a rollout, once: it does not change any more.
func (r *run) pastOf(ctx context.Context, live *rollout.Journal) ([]analysis.Counts, error) {
	if r.pastID == live.ID {
		return r.past, nil
	}
	minutes, err := r.minutes(ctx, live, analysis.HistorySince(live.Start), live.Start)
	if err != nil {
		return nil, err
	}
	r.pastID, r.past = live.ID, analysis.HistoryBefore(live.Start, minutes)
	return r.past, nil
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

// runHook invokes a hook. It is tried again for up to a minute where it could not be run, and not beyond the way back.
func (r *run) runHook(ctx context.Context, a rollout.RunHook) (time.Time, *rollout.Finish, error) {
	payload, err := json.Marshal(a.Event)
	if err != nil {
		return time.Time{}, nil, err
	}
	giveUp := r.now().Add(time.Minute)
	if !a.Until.IsZero() {
		bounded, cancel := r.deployer.Clock.Bound(ctx, a.Until)
		defer cancel()
		ctx = bounded
		giveUp = earlier(giveUp, a.Until)
	}
	for pause := time.Second; ; pause *= 2 {
		answer, failed, err := r.account.Hooks.Invoke(ctx, a.Function, payload)
		switch {
		case err == nil && failed != "":
			r.progress.Failure = &rollout.Failure{Why: fmt.Sprintf("%s hook %s failed: %s", a.Stage, a.Function, failed), Bad: true}
			return r.now(), nil, nil
		case err == nil:
			r.hookAnswered(ctx, a, answer)
			return r.now(), nil, nil
		case ctx.Err() != nil:
			r.progress.Failure = &rollout.Failure{Why: fmt.Sprintf("the time ran out: %s hook %s had not answered", a.Stage, a.Function)}
			return r.now(), nil, nil
		case !r.now().Add(pause).Before(giveUp):
			r.progress.Failure = &rollout.Failure{Why: fmt.Sprintf("%s hook %s could not be run: %v", a.Stage, a.Function, err)}
			return r.now(), nil, nil
		}
		r.log.WarnContext(ctx, "hook", "function", a.Function, "error", err.Error(), "again-in", pause.String())
		if err := r.deployer.Clock.Sleep(ctx, pause); err != nil {
			return r.now(), nil, nil
		}
	}
}

// hookAnswered takes a hook's answer: everything but status Succeeded has failed.
func (r *run) hookAnswered(ctx context.Context, a rollout.RunHook, answer []byte) {
	var verdict struct {
		Status string `json:"status"`
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal(answer, &verdict); err != nil || verdict.Status != "Succeeded" {
		why := fmt.Sprintf("%s hook %s did not answer status Succeeded but %.200s", a.Stage, a.Function, answer)
		r.progress.Failure = &rollout.Failure{Why: why, Bad: true}
		return
	}
	r.log.InfoContext(ctx, "hook", "function", a.Function, "status", verdict.Status, "reason", verdict.Reason)
	if a.Stage == rollout.PreTraffic {
		r.progress.PreTraffic = true
	} else {
		r.progress.PostTraffic = true
	}
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

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
