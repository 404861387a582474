package rollout

import (
	"fmt"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// Target is what a rollout moves: the alias of a function, to a version.
type Target struct{ Function, Alias, NewVersion string }

// Situation is what a turn has found: the alias, the measurements, the clock.
type Situation struct {
	// Now is read after everything else was.
	Now time.Time
	// Routing and Description are the alias's.
	Routing     Routing
	Description Description
	// Assessment judges the running rollout; nil where the turn had nothing to judge.
	Assessment *analysis.Assessment
	// Moving says that Lambda itself is moving provisioned concurrency, for which it sets weights of its own for a while.
	Moving bool
	// Driver is the token of the driver that takes this turn; it began at Began.
	Driver string
	Began  time.Time
	// End is when the driver itself ends; zero is never.
	End time.Time
	// Reserve is the time that the way back needs before End, or before the plan's MaxDuration.
	Reserve time.Duration
}

// Progress is what a driver carries from turn to turn. Losing it costs at most a repeated pre-flight or hook: whatever
// matters stands on the alias. The zero Progress is a driver's first turn.
type Progress struct {
	// Rollout is the id of the rollout that this driver runs; "" until it has claimed one.
	Rollout string
	// Owner is the owner's text as last seen.
	Owner string
	// Checked says that pre-flight has passed.
	Checked bool
	// PreTraffic and PostTraffic say that the hook has passed.
	PreTraffic, PostTraffic bool
	// Failure is why the rollout goes back; nil while it goes forward. It is latched.
	Failure *Failure
	// Finishing says that the last write, which brings the owner's text back, was tried.
	Finishing bool
	// Unverified says that the last forward step was allowed without data.
	Unverified bool
}

// Failure is why a rollout goes back, or is held.
type Failure struct {
	Why string
	// Bad says that the version itself is to blame, and is remembered.
	Bad bool
}

// NextAction is what follows: exactly one of Preflight, Write, RunHook, Wait and Finish.
type NextAction interface{ action() }

// Preflight asks whether the account is ready. Nothing was written before it passed.
type Preflight struct{}

// Write is one conditional UpdateAlias: routing and description together.
type Write struct {
	Routing     Routing
	Description string
	// Rollout is the id of the rollout that the alias belongs to once this is written; the driver has joined it then.
	// Whether a write that failed was done all the same, the alias tells at the next turn.
	Rollout string
	// Why says what the write is for, for the log.
	Why string
}

// RunHook invokes the hook of a stage.
type RunHook struct {
	Stage HookStage
	// Function is the hook's name.
	Function string
	// Event tells the hook about the rollout.
	Event HookEvent
	// Until is when the way back must begin; zero is never.
	Until time.Time
}

// Wait leaves everything as it is until a time.
type Wait struct{ Until time.Time }

// Finish ends the driver's work.
type Finish struct {
	Outcome Outcome
	// Reason is a sentence for people, with the numbers.
	Reason string
}

func (Preflight) action() {}
func (Write) action()     {}
func (RunHook) action()   {}
func (Wait) action()      {}
func (Finish) action()    {}

// Outcome is how a driver's work ended.
type Outcome string

// The outcomes. Those that begin with a capital letter are failures, by the name that callers match on.
const (
	Succeeded           Outcome = "succeeded"
	SucceededUnverified Outcome = "succeeded-unverified"
	NoOp                Outcome = "no-op"
	// GoesOn leaves the rest to the rollout's driver: a newer one than this, or the one that a person has told something.
	GoesOn Outcome = "in-progress"
	// SentBack and IsPaused are the answers to the actions rollback and pause.
	SentBack          Outcome = "rolled-back"
	IsPaused          Outcome = "paused"
	NotReady          Outcome = "PreflightFailed"
	RolloutInProgress Outcome = "RolloutInProgress"
	KnownBadVersion   Outcome = "KnownBadVersion"
	DoesNotFit        Outcome = "DoesNotFit"
	RolledBack        Outcome = "RolledBack"
	Held              Outcome = "Held"
	Superseded        Outcome = "Superseded"
	RollbackFailed    Outcome = "RollbackFailed"
)

// Patience is how long a driver waits, from its own start, for what Lambda does by itself: a version that becomes
// active, provisioned concurrency that moves.
const Patience = 5 * time.Minute

// HookStage is a hook's place in the rollout.
type HookStage string

// The stages.
const (
	PreTraffic  HookStage = "pre-traffic"
	PostTraffic HookStage = "post-traffic"
)

// HookEvent is what a hook is told about the rollout.
type HookEvent struct {
	Stage      HookStage `json:"lifecycle-event"`
	RolloutID  string    `json:"rollout-id"`
	Function   string    `json:"function-name"`
	Alias      string    `json:"alias"`
	OldVersion string    `json:"old-version"`
	NewVersion string    `json:"new-version"`
	StartedAt  time.Time `json:"started-at"`
}

// Decide says what follows from a situation, and what the driver has to carry on. It is the only place with a rule of
// deployment; docs/decisions and the design name the rules by number.
func Decide(t Target, p Plan, s Situation, g Progress) (NextAction, Progress) {
	s.Now = s.Now.UTC().Truncate(time.Millisecond)
	d := decision{Target: t, plan: p, situation: s, progress: g, live: s.Description.Live(s.Routing)}
	if g.Rollout == "" {
		return d.join()
	}
	return d.carryOn()
}

// decision is one call of Decide.
type decision struct {
	Target
	plan      Plan
	situation Situation
	progress  Progress
	// live is the journal that explains the routing; nil without one.
	live *Journal
}

// join is a driver's first turns: nothing is claimed yet.
func (d decision) join() (NextAction, Progress) {
	j := d.live
	switch {
	case j == nil && d.movingConcurrency():
		return Wait{Until: d.situation.Now.Add(Patience / 100)}, d.progress
	case j != nil && j.New == d.NewVersion && !j.Held:
		return d.takeOver()
	case j != nil && j.New == d.NewVersion && (!d.plan.Force || j.Weight == Full):
		return d.finish(Held, fmt.Sprintf("rollout %s failed earlier and was held at %s %%", j.ID, j.Weight))
	case j != nil || d.situation.Routing.Split():
		return d.joinOther()
	}
	return d.joinFresh()
}

// joinOther is an alias that somebody else is shifting: only force takes it over.
func (d decision) joinOther() (NextAction, Progress) {
	away := d.situation.Routing.Primary == d.NewVersion && (d.live == nil || d.live.Weight < Full)
	switch {
	case !d.plan.Force:
		return d.finish(RolloutInProgress, d.describeOther())
	case away:
		return d.finish(RolloutInProgress, d.describeOther()+", away from version "+d.NewVersion+" which even force cannot shift to: roll it back")
	}
	return d.joinFresh()
}

// joinFresh is an alias to begin on: rule 3.
func (d decision) joinFresh() (NextAction, Progress) {
	switch {
	case d.situation.Routing.Primary == d.NewVersion:
		return d.finish(NoOp, fmt.Sprintf("alias %s already points at version %s alone", d.Alias, d.NewVersion))
	case slices.Contains(d.situation.Description.Bad(), d.NewVersion) && !d.plan.Force:
		return d.finish(KnownBadVersion, d.describeBad())
	case !d.plan.Fits(nil, d.situation.Now, d.situation.End):
		return d.finish(DoesNotFit, d.describeMisfit(nil))
	case !d.progress.Checked:
		return Preflight{}, d.progress
	}
	return d.begin()
}

// takeOver claims a rollout that another call has begun, or that lost its driver: rule 2 and 4.
func (d decision) takeOver() (NextAction, Progress) {
	j := *d.live
	if j.Driver == d.situation.Driver {
		d.progress.Rollout = j.ID
		return d.carryOn()
	}
	if !d.plan.Fits(&j, d.situation.Now, d.situation.End) {
		return d.finish(DoesNotFit, d.describeMisfit(&j))
	}
	j.Driver = d.situation.Driver
	j.Steps = len(d.plan.Steps)
	at, exact := d.plan.position(j.Weight)
	if j.Step = at + 1; !exact {
		j.Step = at
	}
	switch needs := exact && at >= 0 && d.plan.Steps[at].Approve; {
	case needs && j.Approval == NotNeeded:
		j.Approval = Wanted
	case !needs:
		j.Approval = NotNeeded
	}
	j.Paused = j.Paused && !d.plan.Emergency
	return d.write(j, "take over")
}

// begin claims the alias for a new rollout: rule 3. The old version is the alias's primary; a split that force takes
// over goes back to it.
func (d decision) begin() (NextAction, Progress) {
	now := d.situation.Now
	j := Journal{
		Old: d.situation.Routing.Primary, New: d.NewVersion, Start: now, Since: now, First: now,
		Steps: len(d.plan.Steps), Driver: d.situation.Driver,
		Bad: slices.DeleteFunc(slices.Clone(d.situation.Description.Bad()), func(v string) bool { return v == d.NewVersion }),
	}
	j.ID = NewID(d.Function, d.Alias, j.Old, j.New, now)
	return d.write(j, "begin")
}

// carryOn is every turn after the claim.
func (d decision) carryOn() (NextAction, Progress) {
	switch {
	case d.live == nil && d.movingConcurrency():
		return Wait{Until: d.situation.Now.Add(Patience / 100)}, d.progress
	case d.live == nil || d.live.ID != d.progress.Rollout:
		return d.gone()
	case d.live.Driver != d.situation.Driver:
		return d.finish(GoesOn, fmt.Sprintf("driver %s has taken over rollout %s at %s %%", d.live.Driver, d.live.ID, d.live.Weight))
	}
	d.progress.Owner = d.situation.Description.Owner
	d.latch()
	switch {
	case d.progress.Failure != nil && d.plan.HoldOnFailure:
		return d.hold()
	case d.progress.Failure != nil:
		return d.goBack()
	case d.live.Held:
		return d.finish(Held, "another call has held the rollout")
	}
	return d.goForward()
}

// gone is an alias without our journal: rule 1. It is our own end, or that of another call of this rollout, or somebody
// else's alias now.
func (d decision) gone() (NextAction, Progress) {
	routing, description := d.situation.Routing, d.situation.Description
	restored := description.Journal == nil && description.Scar == nil && description.Owner == d.progress.Owner &&
		routing == Routing{Primary: d.NewVersion}
	scar := description.Scar
	switch {
	case scar != nil && scar.ID == d.progress.Rollout && routing == (Routing{Primary: scar.Old}):
		why := scar.Why
		if d.progress.Failure != nil {
			why = d.progress.Failure.Why
		}
		return d.finish(RolledBack, why)
	case restored && d.progress.Finishing && d.progress.Unverified:
		return d.finish(SucceededUnverified, "")
	case restored && d.progress.Finishing:
		return d.finish(Succeeded, "")
	case restored:
		return d.finish(NoOp, fmt.Sprintf("another call has finished rollout %s: alias %s points at version %s alone", d.progress.Rollout, d.Alias, d.NewVersion))
	}
	return d.finish(Superseded, fmt.Sprintf("somebody else moved the alias: it now sends traffic to %s", routing))
}

// latch notes the first thing that went wrong: rule 5. Going back needs no evidence.
func (d *decision) latch() {
	a := d.situation.Assessment
	switch {
	case d.progress.Failure != nil:
	case a != nil && a.Verdict == analysis.Fail:
		d.progress.Failure = &Failure{Why: a.Reason, Bad: true}
	case d.atDeadline():
		d.progress.Failure = &Failure{Why: "the time ran out: " + d.unfinished()}
	case d.holdOver() && !d.stopped() && a != nil && a.NoData && d.plan.OnNoData == RollbackOnNoData && !d.plan.Emergency:
		d.progress.Failure = &Failure{Why: "no data, and on-no-data is rollback: " + a.Reason}
	}
}

// goBack puts all traffic on the old version, in one write, and leaves why.
func (d decision) goBack() (NextAction, Progress) {
	j, failure := d.live, d.progress.Failure
	bad := j.Bad
	if failure.Bad || j.Held {
		bad = remember(bad, j.New)
	}
	scar := &Scar{ID: j.ID, Old: j.Old, New: j.New, Bad: bad, Why: failure.Why}
	return d.restore(Routing{Primary: j.Old}, scar, "roll back: "+failure.Why)
}

// remember appends a version to those known to be bad, once.
func remember(bad []string, version string) []string {
	kept := slices.DeleteFunc(slices.Clone(bad), func(v string) bool { return v == version })
	return append(kept, version)
}

// movingConcurrency says that the weights on the alias are Lambda's own and will go away: with provisioned concurrency
// it sets some while it prepares a version (terraform-provider-aws PR 48116).
func (d decision) movingConcurrency() bool {
	return d.situation.Moving && d.situation.Routing.Split() && d.situation.Now.Before(d.situation.Began.Add(Patience))
}

// hold marks the rollout as held where it is.
func (d decision) hold() (NextAction, Progress) {
	if d.live.Held {
		return d.finish(Held, d.progress.Failure.Why)
	}
	j := *d.live
	j.Held, j.Paused, j.Approval = true, false, NotNeeded
	return d.write(j, "hold: "+d.progress.Failure.Why)
}

// goForward is a rollout in which nothing is wrong: rules 3, 6, 8 and 9.
func (d decision) goForward() (NextAction, Progress) {
	j, a := d.live, d.situation.Assessment
	switch {
	case j.Weight == 0 && d.plan.PreTraffic != "" && !d.progress.PreTraffic:
		return d.runHook(PreTraffic, d.plan.PreTraffic)
	case !d.holdOver() || d.stopped():
		return d.wait()
	case j.Weight > 0 && !d.allowed(a):
		return d.wait()
	}
	d.progress.Unverified = a != nil && a.NoData
	next := d.plan.next(j.Weight)
	switch {
	case next < len(d.plan.Steps):
		return d.shift(next)
	case d.plan.PostTraffic != "" && !d.progress.PostTraffic:
		return d.runHook(PostTraffic, d.plan.PostTraffic)
	}
	d.progress.Finishing = true
	return d.restore(Routing{Primary: j.New}, nil, "finish")
}

// allowed says whether the verdict lets the weight rise, or the rollout end.
func (d decision) allowed(a *analysis.Assessment) bool {
	switch {
	case a == nil:
		return false
	case a.Verdict == analysis.Pass:
		return true
	case d.plan.Emergency && d.live.Weight < Full:
		return a.Verdict != analysis.Fail
	}
	return a.Verdict == analysis.Inconclusive && a.NoData && (d.plan.OnNoData == AdvanceOnNoData || d.plan.Emergency)
}

// shift goes to a step of the plan.
func (d decision) shift(index int) (NextAction, Progress) {
	j, step := *d.live, d.plan.Steps[index]
	if j.Weight == 0 {
		j.First = d.situation.Now
	}
	j.Weight, j.Step, j.Steps, j.Since = step.Weight, index+1, len(d.plan.Steps), d.situation.Now
	j.Approval = NotNeeded
	if step.Approve {
		j.Approval = Wanted
	}
	return d.write(j, fmt.Sprintf("shift to %s %%", step.Weight))
}

// runHook asks for a hook's verdict.
func (d decision) runHook(stage HookStage, function string) (NextAction, Progress) {
	j := d.live
	return RunHook{
		Stage: stage, Function: function, Until: d.wayBack(),
		Event: HookEvent{
			Stage: stage, RolloutID: j.ID, Function: d.Function, Alias: d.Alias, OldVersion: j.Old, NewVersion: j.New, StartedAt: j.Start,
		},
	}, d.progress
}

// wait leaves it until the sooner of the next poll, the end of the hold and the deadline.
func (d decision) wait() (NextAction, Progress) {
	until := d.situation.Now.Add(d.plan.Poll)
	if end := d.plan.holdEnd(d.live); end.After(d.situation.Now) && end.Before(until) {
		until = end
	}
	if back := d.wayBack(); !back.IsZero() && back.Before(until) {
		until = back
	}
	return Wait{Until: until}, d.progress
}

// write puts a journal and the routing it stands for on the alias.
func (d decision) write(j Journal, why string) (NextAction, Progress) {
	text, ok := Description{Owner: d.situation.Description.Owner, Journal: &j}.Encode()
	if !ok {
		return d.noRoom()
	}
	return Write{Routing: j.Routing(), Description: text, Rollout: j.ID, Why: why}, d.progress
}

// restore takes the journal off the alias. Where the owner's text, grown meanwhile, leaves no room for the scar, the
// way back goes without it.
func (d decision) restore(r Routing, scar *Scar, why string) (NextAction, Progress) {
	description := Description{Owner: d.situation.Description.Owner, Scar: scar}
	text, ok := description.Encode()
	if !ok {
		text = description.Owner
	}
	return Write{Routing: r, Description: text, Rollout: d.live.ID, Why: why}, d.progress
}

// noRoom is a journal that does not fit behind the owner's text: nothing is begun, and what runs goes back.
func (d decision) noRoom() (NextAction, Progress) {
	why := "the alias's description leaves no room for the journal, shorten it to 120 characters"
	if d.live == nil || d.live.Driver != d.situation.Driver {
		return d.finish(NotReady, why)
	}
	d.progress.Failure = &Failure{Why: why}
	return d.goBack()
}

func (d decision) finish(outcome Outcome, reason string) (NextAction, Progress) {
	return Finish{Outcome: outcome, Reason: reason}, d.progress
}

// stopped says that a person has paused the rollout, or has to approve the next step: rule 8.
func (d decision) stopped() bool { return d.live.Paused || d.live.Approval == Wanted }

func (d decision) holdOver() bool { return !d.plan.holdEnd(d.live).After(d.situation.Now) }

// end is when the rollout has to be over: the driver's own end or, if sooner, the plan's.
func (d decision) end() time.Time {
	end := d.situation.End
	if d.live == nil || d.plan.MaxDuration == 0 {
		return end
	}
	if own := d.live.Start.Add(d.plan.MaxDuration); end.IsZero() || own.Before(end) {
		return own
	}
	return end
}

// wayBack is when the way back must begin; zero is never.
func (d decision) wayBack() time.Time {
	if end := d.end(); !end.IsZero() {
		return end.Add(-d.situation.Reserve)
	}
	return time.Time{}
}

func (d decision) atDeadline() bool {
	back := d.wayBack()
	return !back.IsZero() && !d.situation.Now.Before(back)
}

// unfinished says what a rollout was waiting for when its time ran out.
func (d decision) unfinished() string {
	j, a := d.live, d.situation.Assessment
	switch {
	case j.Paused:
		return fmt.Sprintf("it was paused at %s %%", j.Weight)
	case j.Approval == Wanted:
		return fmt.Sprintf("it was waiting for approval at %s %%", j.Weight)
	case a != nil && a.Verdict == analysis.Inconclusive:
		return fmt.Sprintf("it was at %s %%, %s", j.Weight, a.Reason)
	}
	return fmt.Sprintf("it was at %s %%, step %d of %d", j.Weight, j.Step, j.Steps)
}

// describeOther says who else shifts this alias.
func (d decision) describeOther() string {
	if j := d.live; j != nil {
		return fmt.Sprintf("rollout %s to version %s is at %s %%", j.ID, j.New, j.Weight)
	}
	return fmt.Sprintf("the alias is split, %s, and no rollout explains it", d.situation.Routing)
}

func (d decision) describeBad() string {
	if scar := d.situation.Description.Scar; scar != nil && scar.New == d.NewVersion {
		return fmt.Sprintf("version %s was sent back here by rollout %s: %s", d.NewVersion, scar.ID, scar.Why)
	}
	return fmt.Sprintf("version %s was sent back here before", d.NewVersion)
}

// describeMisfit says how much time is wanted, how much there is, and what can run it.
func (d decision) describeMisfit(j *Journal) string {
	return fmt.Sprintf("the plan still takes %s and this driver ends in %s: it needs the durable driver, which can run for a year; this version ships the deployer only, so shorten the plan",
		(d.plan.remaining(j, d.situation.Now) + d.plan.overhead(j)).Round(time.Second), d.situation.End.Sub(d.situation.Now).Round(time.Second))
}
