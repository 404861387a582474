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
	d, look := newDecision(p, s, r, dl, t)
	if look != nil {
		return look, d.token
	}
	if d.token.Rollout == "" {
		return d.join()
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
	// description is the alias's, taken apart, and live the journal in it that explains the routing; nil without one.
	description Description
	live        *Journal
}

// newDecision puts together what is known. It asks for a look where the plan itself hangs on one.
func newDecision(p Plan, s Snapshot, r Driver, dl Deadline, t Token) (d decision, look Action) {
	s.Now = s.Now.UTC().Truncate(time.Millisecond)
	panics := t.Panics
	t.Format, t.Panics = tokenFormat, 0
	if t.Began.IsZero() {
		t.Began = s.Now
	}
	d = decision{plan: p, snapshot: s, driver: r, deadline: dl, token: t, panics: panics, description: ParseDescription(s.Alias.Description)}
	d.live = d.description.Live(p.Target, s.Alias.Routing, s.Now)
	if s.Unread == nil && !s.JustWritten {
		d.token.Written, d.token.Tried = time.Time{}, d.settled()
		d.token = d.token.untroubled("GetAlias")
	}
	return d, d.completePlan()
}

// settled is the token's write without an answer, until the alias was read after it. What became of it the alias then
// tells; but a write may still be on its way for as long as a read may be older than it.
func (d decision) settled() *Attempt {
	if tried := d.token.Tried; tried != nil && d.snapshot.Now.Before(tried.Until) {
		return tried
	}
	return nil
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
	case d.live != nil && !d.live.Held && !d.plan.Force:
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
	switch {
	case d.snapshot.Unread != nil:
		return d.blind()
	case d.asksConcurrency():
		return Look{TheConcurrency}, d.token
	case d.moving() && d.ours():
		return d.waitForConcurrency()
	case d.live == nil || d.live.ID != d.token.Rollout:
		return d.gone()
	case d.live.Driver != d.driver.ID:
		return d.finish(InProgress, fmt.Sprintf("driver %s has taken over rollout %s at %s %%", d.live.Driver, d.live.ID, d.live.Weight))
	}
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
	return d.goForward()
}

// see notes the alias as this rollout's.
func (d *decision) see() {
	alias := d.snapshot.Alias
	d.token.Alias = &alias
	if d.live.Weight < Full {
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
	a := d.snapshot.Assessment
	if a != nil {
		d.token.Doubt = ""
		if a.Verdict == analysis.Inconclusive {
			d.token.Doubt = FirstLine(a.Reason, maxWhy)
		}
	}
	switch {
	case d.token.Failure != nil:
	case a != nil && a.Verdict == analysis.Fail:
		d.token.Failure = newFailure(a.Reason, true)
	case d.hookStuck():
		d.token.Failure = newFailure(d.token.Trouble.Error.Text, false)
	case d.atDeadline() && !d.lacksOnlyItsLastWrite():
		d.token.Failure = newFailure("the time ran out: "+d.unfinished(), false)
	case d.holdOver() && !d.stopped() && d.noData() && d.plan.OnNoData == RollbackOnNoData && !d.plan.Emergency:
		d.token.Failure = newFailure("no data, and on-no-data is rollback: "+a.Reason, false)
	}
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
	case d.plan.Auto != nil && d.snapshot.Traffic == nil:
		return d.wait()
	case j.Weight == 0 && d.plan.PreTraffic != "" && !d.token.PreTraffic:
		return d.runHook(PreTraffic, d.plan.PreTraffic)
	case d.probesDue():
		return d.runProbe()
	case !d.holdOver() || d.stopped():
		return d.wait()
	case j.Weight > 0 && !d.allowed(a):
		return d.wait()
	}
	d.token.Unverified = a != nil && a.NoData
	next := d.plan.next(j.Weight)
	switch {
	case next < len(d.plan.Steps):
		return d.shift(next)
	case d.plan.PostTraffic != "" && !d.token.PostTraffic:
		return d.runHook(PostTraffic, d.plan.PostTraffic)
	}
	return d.restore(Complete, Routing{Primary: j.New}, nil, "finish")
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
