package rollout

import (
	"fmt"
	"slices"
	"time"
)

// join is a driver's first turns: nothing is claimed yet.
func (d decision) join() (NextAction, Progress) {
	j := d.live
	switch {
	case j == nil && d.movingConcurrency():
		return d.waitForConcurrency()
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
