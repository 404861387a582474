package rollout

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// join is a driver's first turns: nothing is claimed yet.
func (d decision) join() (Action, Token) {
	j := d.live
	switch {
	case d.panics >= maxPanics:
		return d.startFailed(panicked)
	case d.snapshot.Unread != nil:
		return d.joinUnread()
	case d.plan.NewVersion == "":
		return d.joinWithoutVersion()
	case d.ownEnding():
		return d.finish(RolledBack, d.description.Record.Why)
	case d.claimRefused():
		return d.finish(PreflightFailed, "the alias cannot be written: "+d.token.Failing.Error.Text)
	case d.asksConcurrency():
		return Look{TheConcurrency}, d.token
	case d.movingOthers():
		return d.joinMoving()
	case d.plan.Only != "" && (j == nil || j.ID != d.plan.Only):
		return d.joinGone()
	case j != nil && j.New == d.plan.NewVersion:
		return d.joinSame()
	case j != nil || d.snapshot.Alias.Routing.Split():
		return d.joinOther()
	}
	return d.joinFresh()
}

// joinGone is an alias that does not carry the only rollout that was to be gone on with: it has ended, and nothing is begun.
func (d decision) joinGone() (Action, Token) {
	only, routing, record := d.plan.Only, d.snapshot.Alias.Routing, d.description.Record
	switch {
	case record != nil && record.ID == only && routing == Routing{Primary: record.Old}:
		return d.finish(RolledBack, record.Why)
	case d.description.Journal == nil && routing == Routing{Primary: d.plan.NewVersion}:
		return d.finish(NoOp, fmt.Sprintf("rollout %s is over: alias %s points at version %s alone", only, d.plan.Alias, routing.Primary))
	}
	return d.finish(Superseded, fmt.Sprintf("the alias does not carry rollout %s any more: it sends traffic to %s, and nothing was begun", only, routing))
}

// joinSame is a running rollout to the version that was asked for: it is taken over, unless it has failed.
func (d decision) joinSame() (Action, Token) {
	switch j := d.live; {
	case !j.Held:
		return d.takeOver()
	case d.plan.Force && j.Weight < Full:
		return d.joinOther()
	default:
		return d.finish(Held, fmt.Sprintf("rollout %s failed earlier and was held at %s %%", j.ID, j.Weight))
	}
}

// ownEnding says that the line on the alias is this driver's own: it was started again after its rollout went back. A driver
// that goes on without its token does not know whether the id in the line was its own, and takes it for that.
func (d decision) ownEnding() bool {
	record := d.description.Record
	return record != nil && (record.Driver == d.driver.ID || d.mayHaveBegun()) && record.New == d.plan.NewVersion && d.snapshot.Alias.Routing == Routing{Primary: record.Old}
}

// mayHaveBegun says that an earlier call of this driver may have begun the rollout: its token does not say that none has.
func (d decision) mayHaveBegun() bool {
	return d.driver.Continues && !d.token.waitsToBegin(d.snapshot.Now)
}

// claimRefused says that Lambda will not let this driver write the alias, or has not for too long. A rollout that runs already
// is worth trying until time is up.
func (d decision) claimRefused() bool {
	t := d.token.Failing
	switch {
	case t == nil || t.Call != "UpdateAlias" || d.snapshot.Unread != nil:
		return false
	case d.live != nil && (d.live.Driver == d.driver.ID || t.Error.Kind == Unavailable):
		return false
	}
	return t.Last.Sub(t.Since) >= patience(t.Error.Kind)
}

// joinUnread is an alias that cannot be read, and of which nobody knows whether something runs on it. Of one that does not
// exist pre-flight says how to make it.
func (d decision) joinUnread() (Action, Token) {
	err := *d.snapshot.Unread
	if found := d.snapshot.Readiness; found != nil && len(found.Findings) > 0 {
		return d.startFailed(strings.Join(found.Findings, "; "))
	}
	action, token := d.retry("GetAlias", err, "the alias cannot be read: ")
	if _, ended := action.(Finish); ended && err.Kind == NotFound && d.snapshot.Readiness == nil {
		return Look{TheAccount}, d.token
	}
	return action, token
}

// late says that so much time has passed since the driver began, or that its time is up.
func (d decision) late(most time.Duration) bool {
	return d.snapshot.Now.Sub(d.token.Began) >= most || d.atDeadline()
}

// startFailed ends a rollout that could not begin; unless a claim may have been written, or an earlier call of this driver may
// have done anything at all.
func (d decision) startFailed(why string) (Action, Token) {
	if unread := d.snapshot.Unread; d.mayHaveBegun() && unread != nil && unread.Kind != NotFound {
		return d.finish(StateUnknown, "an earlier call may have shifted it, and "+why)
	}
	if h := d.token.Handing; h.started() {
		return d.finish(StateUnknown, fmt.Sprintf("execution %s may run it all the same, and %s", h.Name, why))
	}
	if d.token.Tried != nil {
		end := Expire(d.plan, d.token, true, why)
		return end, d.token
	}
	return d.finish(PreflightFailed, why)
}

// joinMoving waits until Lambda has taken its weights away, unless time is up.
func (d decision) joinMoving() (Action, Token) {
	if d.atDeadline() {
		return d.startFailed("Lambda is moving provisioned concurrency of the alias, and the time ran out")
	}
	return d.waitForConcurrency()
}

// joinWithoutVersion is a candidate alias that names no version.
func (d decision) joinWithoutVersion() (Action, Token) {
	c := d.snapshot.Candidate
	if c.Err != nil {
		action, token := d.retry("GetAlias of @"+d.plan.Candidate, *c.Err, "")
		if _, ended := action.(Finish); !ended {
			return action, token
		}
	}
	if d.snapshot.Readiness == nil {
		return Look{TheAccount}, d.token
	}
	return d.startFailed(strings.Join(append([]string{c.Finding}, d.snapshot.Readiness.Findings...), "; "))
}

// joinOther is an alias that somebody else is shifting: only force takes it over.
func (d decision) joinOther() (Action, Token) {
	switch {
	case !d.plan.Force:
		return d.finish(RolloutInProgress, d.describeOther())
	case d.oldVersion() == d.plan.NewVersion:
		return d.finish(RolloutInProgress, d.describeOther()+", away from version "+d.plan.NewVersion+" which even force cannot shift to: roll it back")
	}
	return d.joinFresh()
}

// joinFresh is an alias to begin on: rule 3.
func (d decision) joinFresh() (Action, Token) {
	unscheduled := d.unscheduled()
	switch {
	case d.oldVersion() == d.plan.NewVersion:
		return d.finish(NoOp, fmt.Sprintf("alias %s already points at version %s alone", d.plan.Alias, d.plan.NewVersion))
	case d.mayHaveBegun():
		return d.finish(Superseded, "the alias carries no rollout any more, and a call that is not the first begins none")
	case slices.Contains(d.description.Bad(), d.plan.NewVersion) && !d.plan.Force:
		return d.finish(KnownBadVersion, d.describeBad())
	case unscheduled != nil && unscheduled.Kind == Unavailable:
		return d.retryTraffic(*unscheduled)
	case !d.driver.HandOff.fits(d.plan, nil, d.snapshot.Now, d.deadline.Rollout):
		return d.finish(DoesNotFit, d.describeMisfit(nil))
	case d.snapshot.Readiness == nil:
		return Look{TheAccount}, d.token
	}
	return d.prepare(*d.snapshot.Readiness)
}

// prepare begins where the account is ready.
func (d decision) prepare(ready Readiness) (Action, Token) {
	unscheduled := d.unscheduled()
	switch {
	case ready.Err != nil:
		return d.retry("pre-flight", *ready.Err, "the account cannot be read: ")
	case len(ready.Findings) > 0 && ready.Momentary && !d.late(glance):
		return d.tryLater(time.Second)
	case len(ready.Findings) > 0:
		return d.startFailed(strings.Join(ready.Findings, "; "))
	case ready.Pending != "" && d.late(PrepareTime):
		return d.startFailed(fmt.Sprintf("%s, still after %s: wait until it is done and send the request again", ready.Pending, d.snapshot.Now.Sub(d.token.Began).Round(time.Second)))
	case ready.Pending != "":
		return d.waitFor(d.prepared(2 * time.Second))
	case unscheduled != nil:
		return d.retryTraffic(*unscheduled)
	case d.driver.HandOff.Takes(d.plan, nil, d.snapshot.Now, d.deadline.Rollout):
		return d.handOver("")
	}
	return d.begin()
}

// unscheduled is why the plan has no schedule; nil where it has.
func (d decision) unscheduled() *CallError {
	if d.plan.Auto == nil || d.snapshot.Traffic != nil {
		return nil
	}
	return d.snapshot.NoTraffic
}

// waitsToBegin says that the driver has taken turns and not claimed anything yet. For longer than a start can take, a token
// that says so is an old one.
func (t Token) waitsToBegin(now time.Time) bool {
	return !t.Began.IsZero() && t.Rollout == "" && t.Tried == nil && now.Sub(t.Began) <= PrepareTime+startTime
}

// oldVersion is the version that a new rollout begins from: the one that serves the most. Where a rollout is taken over by
// force, that one's old version until it has everything.
func (d decision) oldVersion() string {
	r := d.snapshot.Alias.Routing
	if d.live == nil && r.Weight > Full/2 {
		return r.Secondary
	}
	return r.Primary
}

// describeOther says who else shifts this alias.
func (d decision) describeOther() string {
	if j := d.live; j != nil {
		return fmt.Sprintf("rollout %s to version %s is at %s %%", j.ID, j.New, j.Weight)
	}
	return fmt.Sprintf("the alias is split, %s, and no rollout explains it", d.snapshot.Alias.Routing)
}

func (d decision) describeBad() string {
	if record := d.description.Record; record != nil && record.New == d.plan.NewVersion {
		return fmt.Sprintf("version %s was sent back here by rollout %s: %s", d.plan.NewVersion, record.ID, record.Why)
	}
	return fmt.Sprintf("version %s was sent back here before", d.plan.NewVersion)
}

// describeLeft says where a rollout stays that this driver does not go on with, and what kept it from that so far.
func (d decision) describeLeft(j Journal) string {
	text := fmt.Sprintf("rollout %s stays at %s %% on version %s, action rollback ends it: ", j.ID, j.Weight, j.New)
	if t := d.token.Failing; t != nil {
		text += "it could not be taken over (" + t.Error.Text + "), and "
	}
	return text
}

// describeMisfit says how much time is wanted, how much there is, and what can run it.
func (d decision) describeMisfit(j *Journal) string {
	const byHand = ", or give it to the stack's state machine (aws stepfunctions start-execution --state-machine-arn RolloutStateMachineArn --input REQUEST, where the former is an output of the stack)"
	takes := (d.plan.remaining(j, d.snapshot.Now) + d.plan.overhead(j)).Round(time.Second)
	switch h, left := d.driver.HandOff, d.deadline.Rollout.Sub(d.snapshot.Now).Round(time.Second); {
	case h.Takes(d.plan, j, d.snapshot.Now, d.deadline.Rollout):
		return fmt.Sprintf("the plan still takes %s and the %s ends in %s: shorten the plan", takes, h.Engine, h.Longest)
	case h.Always:
		return `hand-off is "always", and nothing can be handed over: ` + h.Unfit + byHand
	case h.Unfit != "" && !d.driver.Long:
		return fmt.Sprintf("the plan still takes %s and this driver ends in %s: %s, shorten the plan%s", takes, left, h.Unfit, byHand)
	case d.driver.Long:
		return fmt.Sprintf("the plan still takes %s and this driver ends in %s: shorten the plan", takes, left)
	default:
		return fmt.Sprintf("the plan still takes %s and this driver ends in %s: shorten the plan%s", takes, left, byHand)
	}
}
