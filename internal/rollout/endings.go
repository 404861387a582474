package rollout

import "fmt"

// blind is a rollout whose alias cannot be read. Where it has to go back, the way back is written with the revision that was
// last seen: if anybody has touched the alias since, Lambda refuses it.
func (d decision) blind() (Action, Token) {
	d.token = d.token.troubled("GetAlias", *d.snapshot.Unread, d.snapshot.Now)
	trouble := d.token.Trouble
	if trouble.Error.Kind == NotFound && d.snapshot.Now.Sub(trouble.Since) >= glance {
		return d.finish(Superseded, "the alias was deleted: "+trouble.Error.Text)
	}
	d.recall()
	if d.live != nil && d.live.ID == d.token.Rollout && d.live.Driver == d.driver.ID {
		if d.token.Failure == nil && d.atDeadline() {
			d.token.Failure = newFailure("the time ran out: "+d.unfinished(), false)
		}
		if d.token.Failure != nil && d.token.Tried == nil {
			return d.fail()
		}
	}
	return d.waitFor(trouble.pause(d.token.Failure != nil))
}

// recall puts the alias as it was last seen in the place of the one that could not be read.
func (d *decision) recall() {
	if d.token.Alias == nil {
		return
	}
	d.snapshot.Alias = *d.token.Alias
	d.description = ParseDescription(d.snapshot.Alias.Description)
	d.live = d.description.Live(d.plan.Target, d.snapshot.Alias.Routing, d.snapshot.Now)
}

// gone is an alias without this rollout's journal: rule 1. It is the rollout's own end, or that by another call, or somebody
// else's alias now.
func (d decision) gone() (Action, Token) {
	routing, record := d.snapshot.Alias.Routing, d.description.Record
	bare := d.description.Journal == nil && record == nil && !routing.Split()
	isNew := routing == Routing{Primary: d.newVersion()}
	switch sentBack := d.token.Failure != nil && d.token.Last == SendBack; {
	case record != nil && record.ID == d.token.Rollout && routing == (Routing{Primary: record.Old}):
		return d.finish(RolledBack, d.whyBack(record.Why))
	case sentBack && (bare && !isNew || d.startedOverFromOld()):
		return d.finish(RolledBack, d.whyBack(""))
	case bare && isNew && d.token.Last == Complete && d.token.Unverified:
		return d.finish(SucceededUnverified, "")
	case bare && isNew && d.token.Last == Complete:
		return d.finish(Succeeded, "")
	case bare && isNew && d.description.Owner == d.owner():
		return d.finish(InProgress, fmt.Sprintf("another call has finished rollout %s: alias %s points at version %s alone", d.token.Rollout, d.plan.Alias, routing.Primary))
	}
	return d.finish(Superseded, fmt.Sprintf("somebody else moved the alias: it now sends traffic to %s", routing))
}

// whyBack is why the rollout went back: what this driver knows, else what the alias says.
func (d decision) whyBack(written string) string {
	if d.token.Failure != nil {
		return d.token.Failure.Why
	}
	return written
}

// startedOverFromOld says that another rollout has begun from this one's old version since: so all traffic was back there.
func (d decision) startedOverFromOld() bool {
	ours, theirs := d.lastJournal(), d.description.Journal
	return ours != nil && theirs != nil && theirs.ID != ours.ID && theirs.Old == ours.Old && theirs.Start.After(ours.Start)
}

// lastJournal is the journal of this rollout as it was last seen; nil where it never was.
func (d decision) lastJournal() *Journal {
	if d.token.Alias == nil {
		return nil
	}
	j := ParseDescription(d.token.Alias.Description).Journal
	if j == nil || j.ID != d.token.Rollout {
		return nil
	}
	return j
}

// owner is the owner's text as it was last seen while the alias was this rollout's.
func (d decision) owner() string {
	if d.token.Alias == nil {
		return d.description.Owner
	}
	return ParseDescription(d.token.Alias.Description).Owner
}

// newVersion is the version that this rollout goes to.
func (d decision) newVersion() string {
	if j := d.lastJournal(); j != nil {
		return j.New
	}
	return d.plan.NewVersion
}

// Expire is the end of a driver whose time is up before its work was done. deploys says that it runs a rollout, and is not
// a person's call about one.
func Expire(p Plan, t Token, deploys bool, why string) Finish {
	d := decision{plan: p, token: t}
	if t.Trouble != nil {
		why = t.Trouble.Error.Text
	}
	j := d.lastJournal()
	switch {
	case t.Tried != nil:
		return Finish{StateUnknown, fmt.Sprintf("the answer to the last write (%s) was lost, and the alias could not be read after it: %s", t.Tried.Kind, why)}
	case j == nil || !deploys && t.Failure == nil:
		return Finish{PreflightFailed, "the alias could not be worked with: " + why}
	case t.Failure == nil:
		return Finish{RollbackFailed, "the rollout could not be brought to an end: " + why}
	case p.HoldOnFailure && deploys:
		return Finish{Held, fmt.Sprintf("%s; the alias could not be marked as held: %s", t.Failure.Why, why)}
	}
	return Finish{RollbackFailed, fmt.Sprintf("%s; then the alias could not be put back: %s", t.Failure.Why, why)}
}
