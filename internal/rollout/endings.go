package rollout

import (
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// blind is a rollout whose alias cannot be read. Where it has to go back, the way back is written with the revision that was
// last seen: if anybody has touched the alias since, Lambda refuses it. Health is watched meanwhile.
func (d decision) blind() (Action, Token) {
	before := d.token.Failing
	d.token = d.token.callFailed("GetAlias", *d.snapshot.Unread, d.snapshot.Now)
	failing := d.token.Failing
	d.recall()
	ours := d.drives()
	missing, deleted := d.missing(before, ours)
	switch {
	case d.token.ended() != "":
		return d.journalMissing()
	case deleted:
		return d.finish(Superseded, "the alias was deleted: "+failing.Error.Text)
	case missing && d.token.Failure == nil:
		d.token.fail("the alias is said not to exist: "+failing.Error.Text, false)
	case ours && d.asksHealth():
		return Look{TheHealth}, d.token
	case ours && d.unhealthy():
		d.token.fail(d.snapshot.Assessment.Reason, true)
	case ours && d.token.Failure == nil && d.timeUp() != "":
		d.token.fail(d.timeUp(), false)
	}
	if ours && d.maySendBack() {
		return d.fail()
	}
	return d.tryLater(failing.pause(d.token.Failure != nil))
}

// missing says that the alias is said not to exist, for so long or by a write too that it is believed; and that it is known
// to be deleted: by a write, or where this driver has no rollout on it to send back. before is what had gone wrong already.
func (d decision) missing(before *FailedCall, ours bool) (missing, deleted bool) {
	written := before != nil && before.Call == "UpdateAlias" && before.Error.Kind == NotFound
	missing = d.token.Failing.Error.Kind == NotFound && (written || d.snapshot.Now.Sub(d.token.Failing.Since) >= glance)
	return missing, missing && (written || !ours)
}

// drives says that the journal is of this rollout and this driver.
func (d decision) drives() bool {
	return d.live != nil && d.live.ID == d.token.Rollout && d.live.Driver == d.driver.ID
}

// unhealthy says that the new version has failed its health check.
func (d decision) unhealthy() bool {
	return d.snapshot.Assessment != nil && d.snapshot.Assessment.Verdict == analysis.Fail
}

// maySendBack says that there is a reason to go back, and that no write whose answer was lost is still under way: it may be
// made again before the alias was read, after a pause.
func (d decision) maySendBack() bool {
	tried := d.token.Tried
	return d.token.Failure != nil && (tried == nil || !d.snapshot.Now.Before(tried.Until.Add(fresh)))
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

// journalMissing is an alias without this rollout's journal: rule 1. It is the rollout's own end, or that by another call, or
// somebody else's alias now: a read may be old, so what was seen a moment ago is looked at again before that is believed.
func (d decision) journalMissing() (Action, Token) {
	if outcome, why := d.outcome(); outcome != "" {
		return d.finish(outcome, why)
	}
	routing, ours, bare := d.snapshot.Alias.Routing, d.lastJournal(), d.description.Journal == nil && d.description.Record == nil
	if bare && ours != nil && routing == (Routing{Primary: ours.New}) && d.description.Owner == d.owner() {
		if d.due(*ours) {
			return d.finish(NoOp, fmt.Sprintf("rollout %s is over: alias %s points at version %s alone", ours.ID, d.plan.Alias, ours.New))
		}
		return d.finish(InProgress, fmt.Sprintf("another call has finished rollout %s: alias %s points at version %s alone", ours.ID, d.plan.Alias, ours.New))
	}
	if seen := d.snapshot.Now.Sub(d.token.Seen); seen >= 0 && seen < glance {
		return d.tryLater(time.Second)
	}
	return d.finish(Superseded, fmt.Sprintf("somebody else moved the alias: it now sends traffic to %s", routing))
}

// outcome is how this rollout has ended, and why; "" where it has not, or nobody can tell. What UpdateAlias has answered to the
// driver's last write counts as seen, whatever was made of the alias since.
func (d decision) outcome() (outcome Outcome, why string) {
	ended, record, ours := d.token.ended(), d.description.Record, d.lastJournal()
	switch {
	case ended != "":
		return ended, d.whyBack("")
	case record != nil && record.ID == d.token.Rollout && d.snapshot.Alias.Routing == Routing{Primary: record.Old}:
		return RolledBack, d.whyBack(record.Why)
	case ours == nil:
	case d.token.Last == SendBack && d.token.Failure != nil && d.cameTo(ours.Old):
		return RolledBack, d.whyBack("")
	case d.token.Last == Complete && d.cameTo(ours.New):
		return d.token.success(), ""
	}
	return "", ""
}

// due says that this driver itself could have ended the rollout since it stood at the journal, and not know it any more: its
// token is older than its last write.
func (d decision) due(j Journal) bool {
	return j.Driver == d.driver.ID && !d.plan.soonest(j).After(d.snapshot.Now)
}

// cameTo says that a version has all traffic, or had it when another rollout began from it.
func (d decision) cameTo(version string) bool {
	ours, theirs := d.lastJournal(), d.live
	return d.snapshot.Alias.Routing == Routing{Primary: version} || theirs != nil && theirs.Old == version && theirs.Start.After(ours.Start)
}

// whyBack is why the rollout went back: what this driver knows, else what the alias says.
func (d decision) whyBack(written string) string {
	if d.token.Failure != nil {
		return d.token.Failure.Why
	}
	return written
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
func (d decision) owner() string { return ParseDescription(d.token.Alias.Description).Owner }

// ended is how the rollout ended by the driver's own last write, where UpdateAlias has answered that; "" where it has not.
func (t Token) ended() Outcome {
	switch {
	case t.Alias == nil || t.Journal() != nil:
		return ""
	case t.Last == SendBack:
		return RolledBack
	case t.Last == Complete:
		return t.success()
	}
	return ""
}

// success is how a rollout ends that has come to its end.
func (t Token) success() Outcome {
	if t.Unverified {
		return SucceededUnverified
	}
	return Succeeded
}

// Expire is the end of a driver whose time is up before its work was done. deploys says that it runs a rollout, and is not
// a person's call about one.
func Expire(p Plan, t Token, deploys bool, why string) Finish {
	d := decision{plan: p, token: t}
	if t.Failing != nil {
		why = t.Failing.Error.Text
	}
	j := d.lastJournal()
	if j != nil && t.Tried == nil {
		if end, obeyed := t.obeyed(*j); obeyed {
			return end
		}
	}
	switch {
	case t.Rollout == "" && t.Handing.started():
		return t.Handing.expire(why)
	case t.Tried != nil:
		return Finish{Outcome: StateUnknown, Reason: fmt.Sprintf("the answer to the last write (%s) was lost, and the alias could not be read after it: %s", t.Tried.Kind, why)}
	case t.ended() != "":
		return Finish{Outcome: t.ended(), Reason: d.whyBack("")}
	case j == nil || !deploys && t.Failure == nil:
		return Finish{Outcome: PreflightFailed, Reason: "the alias could not be worked with: " + why}
	}
	return d.expireRunning(*j, deploys, why)
}

// expireRunning is Expire of a rollout that stands on the alias.
func (d decision) expireRunning(j Journal, deploys bool, why string) Finish {
	p, t := d.plan, d.token
	switch {
	case t.Failure == nil:
		return Finish{Outcome: RollbackFailed, Reason: "the rollout could not be brought to an end: " + why}
	case deploys && j.Weight == 0:
		return Finish{Outcome: RolledBack, Reason: fmt.Sprintf("%s; the line of the rollout could not be taken off the alias: %s", t.Failure.Why, why)}
	case p.HoldOnFailure && deploys:
		return Finish{Outcome: Held, Reason: fmt.Sprintf("%s; the alias could not be marked as held: %s", t.Failure.Why, why)}
	}
	return Finish{Outcome: RollbackFailed, Reason: fmt.Sprintf("%s; then the alias could not be put back: %s", t.Failure.Why, why)}
}

// ending says that this driver has tried already to end its rollout: the last verdict has let it.
func (d decision) ending() bool { return d.token.Last == Complete && d.live.Weight == Full }
