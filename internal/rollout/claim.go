package rollout

import "slices"

// takeOver claims a rollout that another call has begun, or that lost its driver: rule 2 and 4.
func (d decision) takeOver() (Action, Token) {
	j := *d.live
	if j.Driver == d.driver.ID {
		d.token.Rollout = j.ID
		return d.carryOn()
	}
	if d.asksEngine() {
		return Look{TheEngine}, d.token
	}
	if action, token := d.keptByEngine(j); action != nil {
		return action, token
	}
	switch handOff, now, end := d.driver.HandOff, d.snapshot.Now, d.deadline.Rollout; {
	case !handOff.fits(d.plan, &j, now, end):
		return d.finish(DoesNotFit, d.describeLeft(j)+d.describeMisfit(&j))
	case handOff.Takes(d.plan, &j, now, end):
		return d.handOver(j.ID)
	}
	if action, token := d.setSwitch(); action != nil {
		return action, token
	}
	j.Driver = d.driver.ID
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
	return d.write(TakeOver, j, "take over")
}

// begin claims the alias for a new rollout: rule 3. A split that force takes over goes back to the old version.
func (d decision) begin() (Action, Token) {
	if action, token := d.setSwitch(); action != nil {
		return action, token
	}
	now := d.snapshot.Now
	j := Journal{
		Old: d.oldVersion(), New: d.plan.NewVersion, Start: now, Since: now, First: now,
		Steps: len(d.plan.Steps), Driver: d.driver.ID,
		Bad: slices.DeleteFunc(slices.Clone(d.description.Bad()), func(v string) bool { return v == d.plan.NewVersion }),
	}
	j.ID = NewID(d.plan.Target, j.Old, j.New, now)
	return d.write(Begin, j, "begin")
}
