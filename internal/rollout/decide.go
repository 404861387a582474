package rollout

import (
	"fmt"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// Decide says what follows for a rollout from what a turn has found, and what its driver has to carry on. It is the only
// place with a rule of deployment; docs/design.md names the rules by number.
func Decide(p Plan, s Snapshot, r Driver, dl Deadline, t Token) (Action, Token) {
	if t.Panics >= maxPanics && t.Rollout != "" && t.Failure == nil {
		t.fail(panicked, false)
	}
	d, look := newDecision(p, s, r, dl, t)
	if look != nil {
		return look, d.token
	}
	switch {
	case d.token.Rollout == "":
		return d.start()
	case d.lookedOut():
		return Expire(d.plan, d.token, true, d.looksUsedUp()), d.token
	case d.snapshot.Unread != nil:
		return d.blind()
	}
	return d.carryOn()
}

// decision is one call of Decide or Control.
type decision struct {
	plan     Plan
	snapshot Snapshot
	driver   Driver
	deadline Deadline
	token    Token
	// panics is how many turns in a row panicked before this one.
	panics int
	// tried is a write whose answer was lost and whose outcome this turn's read of the alias has told; nil for none.
	tried *Attempt
	// description is the alias's, taken apart, and live the journal in it that explains the routing; nil without one.
	description Description
	live        *Journal
}

// newDecision puts together what is known. It asks for a look where the plan itself hangs on one.
func newDecision(p Plan, s Snapshot, r Driver, dl Deadline, t Token) (d decision, look Action) {
	s.Now = s.Now.UTC().Truncate(time.Millisecond)
	panics := t.Panics
	t.Format, t.Panics = tokenFormat, 0
	if t.Began.IsZero() && !r.Continues {
		t.Began = s.Now
	}
	d = decision{plan: p, snapshot: s, driver: r, deadline: dl, token: t, panics: panics, description: ParseDescription(s.Alias.Description)}
	d.live = d.description.Live(p.Target, s.Alias.Routing, s.Now)
	if s.Unread == nil && !s.JustWritten {
		d.tried, d.token.Tried = t.Tried, nil
		d.token.Written = time.Time{}
		d.token = d.token.callSucceeded("GetAlias")
	}
	return d, d.completePlan()
}

// completePlan finds the new version of a candidate and the schedule of type auto.
func (d *decision) completePlan() Action {
	if d.plan.NewVersion == "" && d.plan.Candidate != "" {
		d.plan.NewVersion = d.candidate()
		if d.plan.NewVersion == "" && d.snapshot.Candidate == nil && d.snapshot.Unread == nil {
			return Look{TheCandidate}
		}
	}
	if d.plan.Auto == nil || d.snapshot.Unread != nil || d.token.Failure != nil {
		return nil
	}
	switch {
	case d.snapshot.Traffic != nil:
		d.plan = d.plan.For(*d.snapshot.Traffic)
	case d.snapshot.NoTraffic == nil:
		return Look{TheTraffic}
	}
	return nil
}

// candidate is the version that a request by "@alias" goes on with: the running rollout's, wherever the candidate points
// by now, then what it pointed at when it was asked.
func (d *decision) candidate() string {
	switch found := d.snapshot.Candidate; {
	case d.live != nil && (d.live.Driver == d.driver.ID || !d.live.Held && !d.plan.Force):
		return d.live.New
	case d.token.NewVersion != "":
		return d.token.NewVersion
	case d.description.Record != nil && d.description.Record.Driver == d.driver.ID:
		return d.description.Record.New
	case found != nil && found.Version != "":
		d.token.NewVersion = found.Version
		return found.Version
	}
	return ""
}

// carryOn is every turn after the claim.
func (d decision) carryOn() (Action, Token) {
	moving, at100 := d.moving(), d.at100()
	if moving && at100 != nil {
		d.live = at100
	}
	switch {
	case d.asksConcurrency():
		return Look{TheConcurrency}, d.token
	case moving && at100 == nil && d.ours():
		return d.waitForConcurrency()
	case d.live == nil || d.live.ID != d.token.Rollout:
		return d.journalMissing()
	case d.live.Driver != d.driver.ID:
		return d.relieved()
	case moving && at100 != nil && !d.live.Held:
		return d.waitForConcurrency()
	}
	return d.drive()
}

// drive is a turn of the driver that the journal names.
func (d decision) drive() (Action, Token) {
	d.see()
	if d.asksHealth() {
		return Look{TheHealth}, d.token
	}
	d.judge()
	switch {
	case d.token.Failure != nil:
		return d.fail()
	case d.live.Held:
		return d.finish(Held, "another call has held the rollout")
	case !d.token.Moving.IsZero() && d.live.Weight == Full:
		return d.bakeAnew()
	}
	if action := d.handMidway(); action != nil {
		return action, d.token
	}
	return d.goForward()
}

// see notes the alias as this rollout's.
func (d *decision) see() {
	if last := d.lastJournal(); last != nil && !last.Since.Equal(d.live.Since) {
		d.token.Late = 0
		if d.tried != nil {
			d.token.Late = late(d.tried.Took)
		}
	}
	alias := d.snapshot.Alias
	d.token.Alias, d.token.Seen = &alias, d.snapshot.Now
	if d.live.Weight < Full || d.live.Since.After(d.token.Moving) {
		d.token.Moving = time.Time{}
	}
}

// asksHealth says whether the decision hangs on how the rollout does: once there is traffic, unless it is known to have
// failed, what was just written cannot be seen yet and is to be held, or the way back has to begin and must not lose its time
// to reading.
func (d decision) asksHealth() bool {
	return d.live.Weight > 0 && d.token.Failure == nil && !d.live.Held && (!d.snapshot.JustWritten || d.holdOver()) &&
		d.snapshot.Assessment == nil && !d.atDeadline()
}

// judge notes the first thing that went wrong: rule 5. Going back needs no evidence.
func (d *decision) judge() {
	switch {
	case d.token.Failure != nil || d.verdict(d.holdOver() && !d.live.stopped()):
	case d.hookStuck():
		d.token.fail(d.token.Failing.Error.Text, false)
	case d.timeUp() != "" && !d.lacksOnlyItsLastWrite():
		d.token.fail(d.timeUp(), false)
	}
}

// verdict notes what the look says: why it was inconclusive or, where it is reason to go back, a failure. due says that the rollout would go
// forward by it, so that having no data counts.
func (d *decision) verdict(due bool) (failed bool) {
	a := d.snapshot.Assessment
	if a == nil {
		return false
	}
	d.token.Inconclusive = ""
	switch {
	case a.Verdict == analysis.Fail:
		d.token.fail(a.Reason, true)
	case due && d.noData() && d.plan.OnNoData == RollbackOnNoData && !d.plan.Emergency:
		d.token.fail("no data, and on-no-data is rollback: "+a.Reason, false)
	case a.Verdict == analysis.Inconclusive:
		d.token.Inconclusive = brief(a.Reason)
	}
	return d.token.Failure != nil
}

// noData says that the look has shown nothing, and that it is not just too early to see it.
func (d decision) noData() bool {
	a := d.snapshot.Assessment
	return a != nil && a.NoData && !d.tooEarly()
}

// fail is a rollout that goes back, or is held.
func (d decision) fail() (Action, Token) {
	if d.plan.HoldOnFailure {
		return d.hold()
	}
	return d.goBack()
}

// goBack puts all traffic on the old version, in one write, and leaves why.
func (d decision) goBack() (Action, Token) {
	j, failure := d.live, d.token.Failure
	bad := j.Bad
	if failure.Bad || j.Held {
		bad = remember(bad, j.New)
	}
	record := &RollbackRecord{ID: j.ID, Driver: j.Driver, Old: j.Old, New: j.New, Bad: bad, Why: failure.Why}
	if failure.Plain {
		record = nil
	}
	return d.restore(SendBack, Routing{Primary: j.Old}, record, "roll back: "+failure.Why)
}

// remember appends a version to those known to be bad, once.
func remember(bad []string, version string) []string {
	kept := slices.DeleteFunc(slices.Clone(bad), func(v string) bool { return v == version })
	return append(kept, version)
}

// hold marks the rollout as held where it is.
func (d decision) hold() (Action, Token) {
	if d.live.Held {
		return d.finish(Held, d.token.Failure.Why)
	}
	j := *d.live
	j.Held, j.Paused, j.Approval = true, false, NotNeeded
	return d.write(Hold, j, "hold: "+d.token.Failure.Why)
}

// goForward is a rollout in which nothing is wrong: rules 3, 6, 8 and 9.
func (d decision) goForward() (Action, Token) {
	j, a := d.live, d.snapshot.Assessment
	switch {
	case d.unscheduled() != nil:
		return d.wait()
	case j.Weight == 0 && d.plan.PreTraffic != "" && !d.token.PreTraffic:
		return d.runHook(PreTraffic, d.plan.PreTraffic)
	case d.probesDue():
		return d.runProbe()
	case !d.holdOver() || j.stopped() || !d.mayRise():
		return d.wait()
	}
	if a != nil {
		d.token.Unverified = a.NoData
	}
	next := d.plan.next(j.Weight)
	switch {
	case next < len(d.plan.Steps):
		return d.shift(next)
	case d.plan.PostTraffic != "" && !d.token.PostTraffic:
		return d.runHook(PostTraffic, d.plan.PostTraffic)
	}
	return d.restore(Complete, Routing{Primary: j.New}, nil, "finish")
}

// mayRise says that nothing speaks against the next weight, or the end: before the first shift there is nothing to judge.
func (d decision) mayRise() bool {
	a := d.snapshot.Assessment
	return d.live.Weight == 0 || d.allowed(a) || a == nil && d.ending()
}

// allowed says whether the verdict lets the weight rise, or the rollout end.
func (d decision) allowed(a *analysis.Assessment) bool {
	switch {
	case a == nil || d.tooEarly():
		return false
	case a.Verdict == analysis.Pass:
		return true
	case d.plan.Emergency && d.live.Weight < Full:
		return a.Verdict != analysis.Fail
	}
	return a.Verdict == analysis.Inconclusive && a.NoData && (d.plan.OnNoData == AdvanceOnNoData || d.plan.Emergency)
}

// shift goes to a step of the plan.
func (d decision) shift(index int) (Action, Token) {
	j, step := *d.live, d.plan.Steps[index]
	if j.Weight == 0 {
		j.First = d.snapshot.Now
	}
	j.Weight, j.Step, j.Steps, j.Since = step.Weight, index+1, len(d.plan.Steps), d.snapshot.Now
	j.Approval = NotNeeded
	if step.Approve {
		j.Approval = Wanted
	}
	return d.write(ShiftStep, j, fmt.Sprintf("shift to %s %%", step.Weight))
}
