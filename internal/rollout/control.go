package rollout

import (
	"fmt"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// Command is what a person tells a running rollout.
type Command string

// The commands.
const (
	Rollback Command = "rollback"
	Promote  Command = "promote"
	Pause    Command = "pause"
	Resume   Command = "resume"
)

// Control says what follows from a command, as Decide does for a rollout. It changes the journal and keeps its driver, so
// that the running driver is not relieved but notices: rule 2. Plan.NewVersion may be "", which is any.
func Control(c Command, p Plan, s Snapshot, dl Deadline, t Token) (Action, Token) {
	p.Auto, p.Candidate = nil, ""
	d, _ := newDecision(p, s, Driver{}, dl, t)
	return d.control(c)
}

func (d decision) control(c Command) (Action, Token) {
	j, tried := d.live, d.token.Last != ""
	switch {
	case d.panics >= maxPanics && d.token.Failure == nil:
		return d.startFailed(panicked)
	case d.snapshot.Unread != nil:
		return d.controlUnread()
	case d.claimRefused():
		return d.finish(PreflightFailed, "the alias cannot be written: "+d.token.Trouble.Error.Text)
	case d.asksConcurrency():
		return Look{TheConcurrency}, d.token
	case d.moving() && d.ours() && d.at100() == nil:
		return d.waitForConcurrency()
	case tried && (j == nil || j.ID != d.token.Rollout):
		return d.gone()
	case j == nil && d.bakedJournal() != nil:
		j = d.bakedJournal()
		d.live = j
	case j == nil && d.snapshot.Alias.Routing.Split():
		return d.finish(RolloutInProgress, fmt.Sprintf("the alias is split, %s, and no rollout explains it; to give version %s everything: %s",
			d.snapshot.Alias.Routing, d.snapshot.Alias.Routing.Primary, MendCommand(d.plan.Target, d.snapshot.Alias.Routing.Primary)))
	case j == nil || d.token.Rollout != "" && j.ID != d.token.Rollout:
		return d.finish(NoOp, "no rollout is running: "+d.describeIdle())
	case d.plan.NewVersion != "" && d.plan.NewVersion != j.New:
		return d.finish(RolloutInProgress, fmt.Sprintf("the request names version %s, and %s", d.plan.NewVersion, d.describeOther()))
	}
	d.token.Rollout = j.ID
	d.see()
	switch c {
	case Rollback:
		why := "a person asked for it (action rollback)"
		if d.plan.Message != "" {
			why += ": " + d.plan.Message
		}
		d.token.Failure = &Failure{Why: FirstLine(why, maxWhy), Plain: d.token.Failure != nil && d.token.Failure.Plain}
		return d.goBack()
	case Pause:
		return d.pause(tried)
	case Resume:
		return d.resume(tried)
	default:
		return d.promote(tried)
	}
}

// bakedJournal is the journal of a rollout at 100 % beside which Lambda has set weights of its own; nil where there is none.
func (d decision) bakedJournal() *Journal {
	j := d.description.Journal
	if j == nil || !d.moving() || j.Weight != Full || !j.credible(d.plan.Target, d.snapshot.Now) {
		return nil
	}
	return j
}

// controlUnread is a command for an alias that cannot be read.
func (d decision) controlUnread() (Action, Token) {
	d.token = d.token.troubled("GetAlias", *d.snapshot.Unread, d.snapshot.Now)
	trouble := d.token.Trouble
	glancing := trouble.Error.Kind.momentary() && d.snapshot.Now.Sub(trouble.Since) < glance
	if d.token.Last == "" && !glancing && (trouble.Error.Kind != Unavailable || d.late(startTime)) {
		return d.startFailed("the alias cannot be read: " + trouble.Error.Text)
	}
	d.recall()
	if d.token.Failure != nil && d.token.Tried == nil && d.live != nil {
		return d.goBack()
	}
	return d.waitFor(trouble.pause(d.token.Failure != nil))
}

// pause holds the rollout at its weight. It is done when the journal says so; tried says that we wrote it.
func (d decision) pause(tried bool) (Action, Token) {
	j := *d.live
	switch {
	case j.Held:
		return d.finish(NoOp, fmt.Sprintf("rollout %s is held at %s %% already", j.ID, j.Weight))
	case j.Paused && tried:
		return d.finish(Paused, fmt.Sprintf("rollout %s is paused at %s %%, still watched; action resume lets it go on", j.ID, j.Weight))
	case j.Paused:
		return d.finish(NoOp, fmt.Sprintf("rollout %s is paused at %s %% already", j.ID, j.Weight))
	}
	j.Paused = true
	return d.write(ByPause, j, "pause")
}

// resume takes a pause back and approves the present step.
func (d decision) resume(tried bool) (Action, Token) {
	j := *d.live
	switch {
	case d.stopped():
		j.Paused = false
		if j.Approval == Wanted {
			j.Approval = Granted
		}
		return d.write(ByResume, j, "resume")
	case tried:
		return d.finish(InProgress, fmt.Sprintf("rollout %s goes on from %s %%", j.ID, j.Weight))
	}
	return d.finish(NoOp, fmt.Sprintf("rollout %s is neither paused nor waiting for approval", j.ID))
}

// promote goes to 100 % after one passing verdict. Before the first shift there is nothing to judge.
func (d decision) promote(tried bool) (Action, Token) {
	j := *d.live
	switch {
	case j.Held:
		return d.finish(Held, fmt.Sprintf("rollout %s failed and is held at %s %%, a failure is final", j.ID, j.Weight))
	case j.Weight == Full && tried:
		return d.finish(InProgress, fmt.Sprintf("rollout %s is at 100 %%, its driver bakes and finishes it", j.ID))
	case j.Weight == Full:
		return d.finish(NoOp, fmt.Sprintf("rollout %s is at 100 %% already", j.ID))
	case d.asksHealth():
		return Look{TheHealth}, d.token
	}
	a := d.snapshot.Assessment
	if d.token.Failure == nil && a != nil {
		switch {
		case a.Verdict == analysis.Fail:
			d.token.Failure = newFailure(a.Reason, true)
		case d.noData() && d.plan.OnNoData == RollbackOnNoData:
			d.token.Failure = newFailure("no data, and on-no-data is rollback: "+a.Reason, false)
		case a.Verdict == analysis.Inconclusive:
			d.token.Doubt = FirstLine(a.Reason, maxWhy)
		}
	}
	switch {
	case d.token.Failure != nil:
		return d.goBack()
	case j.Weight > 0 && d.allowed(a):
		j.Weight, j.Step, j.Since = Full, j.Steps, d.snapshot.Now
		j.Paused, j.Approval = false, NotNeeded
		return d.write(ByPromote, j, "promote")
	case d.atDeadline():
		return d.finish(Held, "no passing verdict in time, nothing was changed: "+d.unfinished())
	}
	return d.wait()
}

// describeIdle says where the alias points, and what the last rollback left.
func (d decision) describeIdle() string {
	text := fmt.Sprintf("alias %s sends traffic to %s", d.plan.Alias, d.snapshot.Alias.Routing)
	if record := d.description.Record; record != nil {
		text += fmt.Sprintf("; rollout %s to version %s was rolled back: %s", record.ID, record.New, record.Why)
	}
	return text
}

// MendCommand is the command that gives a version all traffic of an alias.
func MendCommand(t Target, version string) string {
	return fmt.Sprintf("aws lambda update-alias --function-name %s --name %s --function-version %s --routing-config AdditionalVersionWeights={}",
		t.Function, t.Alias, version)
}

// ShowCommand is the command that shows an alias.
func ShowCommand(t Target) string {
	return fmt.Sprintf("aws lambda get-alias --function-name %s --name %s", t.Function, t.Alias)
}
