package rollout

import (
	"fmt"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

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

// carryOn is every turn after the claim.
func (d decision) carryOn() (NextAction, Progress) {
	switch {
	case d.live == nil && d.movingConcurrency():
		return d.waitForConcurrency()
	case d.live == nil || d.live.ID != d.progress.Rollout:
		return d.gone()
	case d.live.Driver != d.situation.Driver:
		return d.finish(GoesOn, fmt.Sprintf("driver %s has taken over rollout %s at %s %%", d.live.Driver, d.live.ID, d.live.Weight))
	}
	d.arrive()
	d.latch()
	switch {
	case d.progress.Failure == nil && !d.progress.Moving.IsZero() && d.live.Weight == Full:
		return d.bakeAnew()
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
	case restored && !d.situation.Now.Before(d.progress.Due):
		return d.finish(GoesOn, fmt.Sprintf("another call has finished rollout %s: alias %s points at version %s alone", d.progress.Rollout, d.Alias, d.NewVersion))
	}
	return d.finish(Superseded, fmt.Sprintf("somebody else moved the alias: it now sends traffic to %s", routing))
}

// arrive notes what the driver has to know of this look at its own rollout. A write that was long on its way took effect
// long after the step's Since: its hold counts from when it was seen.
func (d *decision) arrive() {
	now, j := d.situation.Now, d.live
	d.progress.Owner = d.situation.Description.Owner
	if !d.progress.Shifted.IsZero() {
		if late := now.Sub(d.progress.Shifted); late > time.Second && d.progress.Shifted.Equal(j.Since) {
			d.progress.Late = late
		}
		d.progress.Shifted = time.Time{}
	}
	if j.Weight < Full {
		d.progress.Moving = time.Time{}
	}
	d.progress.Due = now.Add(d.plan.remaining(j, now))
	if a := d.situation.Assessment; a != nil {
		d.progress.Doubt = ""
		if a.Verdict == analysis.Inconclusive {
			d.progress.Doubt = a.Reason
		}
	}
}

// holdEnd is when the hold of the present step ends.
func (d decision) holdEnd() time.Time { return d.plan.holdEnd(d.live).Add(d.progress.Late) }

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
	case d.situation.Unscheduled:
		return d.wait()
	case j.Weight == 0 && d.plan.PreTraffic != "" && !d.progress.PreTraffic:
		return d.runHook(PreTraffic, d.plan.PreTraffic)
	case d.probesDue():
		return d.runProbe()
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
	d.progress.Shifted, d.progress.Late = j.Since, 0
	return d.write(j, fmt.Sprintf("shift to %s %%", step.Weight))
}

// runHook asks for a hook's verdict.
func (d decision) runHook(stage HookStage, function string) (NextAction, Progress) {
	return RunHook{
		Stage: stage, Function: function, Until: d.wayBack(),
		Event: NewHookEvent(stage, d.Target, *d.live),
	}, d.progress
}

// wait leaves it until the sooner of the next poll, the end of the hold and the deadline.
func (d decision) wait() (NextAction, Progress) {
	until := d.situation.Now.Add(d.plan.Poll)
	if end := d.holdEnd(); end.After(d.situation.Now) && end.Before(until) {
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

func (d decision) holdOver() bool {
	return !d.holdEnd().After(d.situation.Now) || d.seenEnough()
}

// wayBack is when the way back must begin; zero is never.
func (d decision) wayBack() time.Time {
	if end := d.plan.End(d.live, d.situation.End); !end.IsZero() {
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
	j, doubt := d.live, d.progress.Doubt
	switch {
	case j.Paused:
		return fmt.Sprintf("it was paused at %s %%", j.Weight)
	case j.Approval == Wanted:
		return fmt.Sprintf("it was waiting for approval at %s %%", j.Weight)
	case doubt != "":
		return fmt.Sprintf("it was at %s %%, step %d of %d; %s", j.Weight, j.Step, j.Steps, doubt)
	}
	return fmt.Sprintf("it was at %s %%, step %d of %d", j.Weight, j.Step, j.Steps)
}
