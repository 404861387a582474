package rollout

import (
	"fmt"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// ForRecover is the plan as Recover goes by it: what bounds the rollout's time has passed or does not matter any more, and the
// new version is the journal's.
func (p Plan) ForRecover() Plan {
	p.Candidate, p.Only, p.MaxDuration = "", "", 0
	return p
}

// Recover says what follows for a rollout whose driver is dead, in that driver's name: r.ID is its token and r.Ended how it
// ended. A rollout that lacks nothing but its end is ended, every other goes back, or is held; the version is not to blame.
// Nothing is written on an alias that does not carry the driver's token, nor on one that is held. p is ForRecover.
func Recover(p Plan, s Snapshot, r Driver, dl Deadline, t Token) (Action, Token) {
	auto := p.Auto
	p.Auto = nil
	d, _ := newDecision(p, s, r, dl, t)
	d.plan.Auto = auto
	action, token := d.recover()
	if finish, ends := action.(Finish); ends {
		action = finish.Recovered()
	}
	return action, token
}

// Recovered is an end as recover has it: an alias that is somebody else's needs nothing, and one that could not be worked with
// may still be split.
func (f Finish) Recovered() Finish {
	switch f.Outcome {
	case Superseded, InProgress:
		f.Outcome = NoOp
	case PreflightFailed:
		f.Outcome = StateUnknown
	default:
	}
	return f
}

func (d decision) recover() (Action, Token) {
	if d.panics >= maxPanics && d.token.Failure == nil {
		d.token.fail(panicked, false)
	}
	switch {
	case d.panics >= maxPanics && d.token.Rollout == "":
		return d.finish(StateUnknown, panicked)
	case d.snapshot.Unread != nil:
		return d.recoverUnread()
	case d.asksConcurrency():
		return Look{TheConcurrency}, d.token
	case d.unexplained():
		return d.explainLater()
	case d.moving() && d.ours() && d.at100() == nil:
		return d.waitForConcurrency()
	}
	return d.recoverRead()
}

// recoverRead is an alias that was read.
func (d decision) recoverRead() (Action, Token) {
	if d.live == nil {
		d.live = d.bakedJournal()
	}
	switch j := d.live; {
	case j != nil && j.Driver == d.driver.ID && (d.token.Rollout == "" || d.token.Rollout == j.ID):
		return d.recoverLive()
	case d.token.Last != "" && (j == nil || j.ID != d.token.Rollout):
		return d.journalMissing()
	}
	return d.finish(NoOp, d.describeForeign())
}

// describeForeign says why there is nothing to do on an alias that does not carry the driver's token.
func (d decision) describeForeign() string {
	if j := d.live; j != nil {
		return fmt.Sprintf("alias %s does not carry driver %s: rollout %s at %s %% is driver %s's", d.plan.Alias, d.driver.ID, j.ID, j.Weight, j.Driver)
	}
	return fmt.Sprintf("alias %s does not carry driver %s: %s", d.plan.Alias, d.driver.ID, d.describeIdle())
}

// recoverLive is a rollout that its driver has left behind.
func (d decision) recoverLive() (Action, Token) {
	moving := d.moving()
	j := d.live
	d.token.Rollout = j.ID
	d.see()
	switch {
	case j.Held && d.token.Last == Hold:
		return d.finish(Held, d.becauseOf(d.token.Failure))
	case j.Held:
		return d.finish(NoOp, fmt.Sprintf("rollout %s is held at %s %%, which needs no driver", j.ID, j.Weight))
	case d.hookStuck():
		d.token.fail(d.token.Failing.Error.Text, false)
	}
	switch {
	case d.token.Failure != nil:
		return d.leave(d.token.Failure)
	case j.Weight < Full || j.stopped() || d.plan.NewVersion != "" && d.plan.NewVersion != j.New:
		return d.leave(nil)
	case moving:
		return d.waitForConcurrency()
	}
	return d.recoverAt100()
}

// leave sends the rollout back, or holds it.
func (d decision) leave(also *Failure) (Action, Token) {
	plain := also != nil && also.Plain
	d.token.fail(d.becauseOf(also), false)
	d.token.Failure.Plain = plain
	return d.fail()
}

// becauseOf is why a rollout without its driver is brought to an end, and what was found beside that; nil is nothing.
func (d decision) becauseOf(also *Failure) string {
	why := fmt.Sprintf("its driver %s ended without it: %s", d.driver.ID, d.driver.Ended)
	switch {
	case also == nil || also.Why == "":
		return why
	case strings.HasPrefix(also.Why, "its driver "):
		return also.Why
	}
	return why + "; " + also.Why
}

// recoverAt100 ends a rollout whose bake is over, by one look that lets it go on; the others it leaves.
func (d decision) recoverAt100() (Action, Token) {
	if look := d.completePlan(); look != nil {
		return look, d.token
	}
	if d.asksHealth() {
		return Look{TheHealth}, d.token
	}
	a := d.snapshot.Assessment
	switch {
	case d.unscheduled() != nil:
		return d.lookAgain("the schedule is not known: " + d.unscheduled().Text)
	case a == nil || !d.holdOver():
		return d.leave(nil)
	case a.Verdict == analysis.Fail:
		return d.leave(&Failure{Why: a.Reason})
	case !d.allowed(a):
		return d.lookAgain(a.Reason)
	case d.probesDue():
		return d.runProbe()
	}
	d.token.Unverified = a.NoData
	if d.plan.PostTraffic != "" && !d.token.PostTraffic {
		return d.runHook(PostTraffic, d.plan.PostTraffic)
	}
	return d.restore(Complete, Routing{Primary: d.live.New}, nil, "finish, "+d.becauseOf(nil))
}

// lookAgain gives a look that could not tell a minute to do so.
func (d decision) lookAgain(why string) (Action, Token) {
	const pause = 5 * startTime / 60
	if d.late(startTime) {
		return d.leave(&Failure{Why: why})
	}
	return d.waitFor(pause)
}

// recoverUnread is an alias that cannot be read.
func (d decision) recoverUnread() (Action, Token) {
	before, err := d.token.Failing, *d.snapshot.Unread
	d.token = d.token.callFailed("GetAlias", err, d.snapshot.Now)
	d.recall()
	_, deleted := d.missing(before, false)
	switch {
	case d.token.ended() != "":
		return d.journalMissing()
	case deleted:
		return d.finish(NoOp, "the alias does not exist: "+d.token.Failing.Error.Text)
	case d.drives() && d.maySendBack():
		return d.leave(d.token.Failure)
	case d.token.Rollout == "" && err.Kind == Denied && d.snapshot.Now.Sub(d.token.Failing.Since) >= glance:
		return d.finish(StateUnknown, "the alias cannot be read: "+d.token.Failing.Error.Text)
	}
	return d.tryLater(d.token.Failing.pause(d.token.Failure != nil))
}
