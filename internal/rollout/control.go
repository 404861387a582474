package rollout

import (
	"fmt"
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
	switch {
	case d.panics >= maxPanics && d.token.Failure == nil:
		return Expire(d.plan, d.token, false, panicked), d.token
	case d.snapshot.Unread != nil:
		return d.controlUnread()
	case d.claimRefused():
		return d.finish(PreflightFailed, "the alias cannot be written: "+d.token.Failing.Error.Text)
	case d.asksConcurrency():
		return Look{TheConcurrency}, d.token
	case d.unexplained():
		return d.explainLater()
	case d.moving() && d.ours() && d.at100() == nil:
		return d.waitForConcurrency()
	}
	if d.live == nil {
		d.live = d.bakedJournal()
	}
	return d.controlLive(c)
}

// controlLive is a command for an alias that was read.
func (d decision) controlLive(c Command) (Action, Token) {
	j := d.live
	switch ours := j != nil && (d.token.Rollout == "" || j.ID == d.token.Rollout); {
	case !ours && d.token.Last != "":
		return d.journalMissing()
	case !ours:
		return d.controlNothing()
	}
	d.token.Rollout = j.ID
	d.see()
	if end, obeyed := d.token.obeyed(*j); obeyed {
		return end, d.token
	}
	return d.obey(c)
}

// obey is a command for the running rollout.
func (d decision) obey(c Command) (Action, Token) {
	switch named := d.plan.NewVersion; {
	case named != "" && named != d.live.New:
		return d.finish(RolloutInProgress, fmt.Sprintf("the request names version %s, and %s", named, d.describeOther()))
	case c == Rollback:
		why := "a person asked for it (action rollback)"
		if d.plan.Message != "" {
			why += ": " + d.plan.Message
		}
		d.token.Failure = &Failure{Why: brief(why), Plain: d.token.Failure != nil && d.token.Failure.Plain}
		return d.goBack()
	case c == Pause:
		return d.pause()
	case c == Resume:
		return d.resume()
	}
	return d.promote()
}

// controlNothing is a command where no rollout is running that it could be meant for.
func (d decision) controlNothing() (Action, Token) {
	routing := d.snapshot.Alias.Routing
	if d.live == nil && routing.Split() {
		return d.finish(RolloutInProgress, fmt.Sprintf("the alias is split, %s, and no rollout explains it; to give version %s everything: %s",
			routing, routing.Primary, RestoreCommand(d.plan.Target, routing.Primary)))
	}
	return d.finish(NoOp, "no rollout is running: "+d.describeIdle())
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
	err := *d.snapshot.Unread
	d.recall()
	switch {
	case d.token.ended() != "":
		return d.journalMissing()
	case d.live != nil && d.maySendBack():
		return d.goBack()
	case d.token.Last == "":
		return d.retry("GetAlias", err, "the alias cannot be read: ")
	}
	d.token = d.token.callFailed("GetAlias", err, d.snapshot.Now)
	return d.tryLater(d.token.Failing.pause(d.token.Failure != nil))
}

// obeyed is the answer to a command whose write the journal shows; false where it does not.
func (t Token) obeyed(j Journal) (Finish, bool) {
	switch {
	case t.Last == ByPause && j.Paused:
		return Finish{Outcome: Paused, Reason: fmt.Sprintf("rollout %s is paused at %s %%, still watched; action resume lets it go on", j.ID, j.Weight)}, true
	case t.Last == ByResume && !j.stopped() && !j.Held:
		return Finish{Outcome: InProgress, Reason: fmt.Sprintf("rollout %s goes on from %s %%", j.ID, j.Weight)}, true
	case t.Last == ByPromote && j.Weight == Full && !j.Held:
		return Finish{Outcome: InProgress, Reason: fmt.Sprintf("rollout %s is at 100 %%, its driver bakes and finishes it", j.ID)}, true
	}
	return Finish{}, false
}

// pause holds the rollout at its weight.
func (d decision) pause() (Action, Token) {
	j := *d.live
	switch {
	case j.Held:
		return d.finish(NoOp, fmt.Sprintf("rollout %s is held at %s %% already", j.ID, j.Weight))
	case j.Paused:
		return d.finish(NoOp, fmt.Sprintf("rollout %s is paused at %s %% already", j.ID, j.Weight))
	}
	j.Paused = true
	return d.write(ByPause, j, "pause")
}

// resume takes a pause back and approves the present step.
func (d decision) resume() (Action, Token) {
	j := *d.live
	if !j.stopped() {
		return d.finish(NoOp, fmt.Sprintf("rollout %s is neither paused nor waiting for approval", j.ID))
	}
	j.Paused = false
	if j.Approval == Wanted {
		j.Approval = Granted
	}
	return d.write(ByResume, j, "resume")
}

// promote goes to 100 % after one passing verdict. Before the first shift there is nothing to judge.
func (d decision) promote() (Action, Token) {
	j := *d.live
	switch {
	case j.Held:
		return d.finish(Held, fmt.Sprintf("rollout %s failed and is held at %s %%, a failure is final", j.ID, j.Weight))
	case d.token.Failure != nil:
		return d.goBack()
	case j.Weight == Full:
		return d.finish(NoOp, fmt.Sprintf("rollout %s is at 100 %% already", j.ID))
	case d.asksHealth():
		return Look{TheHealth}, d.token
	}
	switch a := d.snapshot.Assessment; {
	case d.verdict(true):
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

// RestoreCommand is the command that gives a version all traffic of an alias.
func RestoreCommand(t Target, version string) string {
	return fmt.Sprintf("aws lambda update-alias --function-name %s --name %s --function-version %s --routing-config AdditionalVersionWeights={}",
		t.Function, t.Alias, version)
}

// ShowCommand is the command that shows an alias.
func ShowCommand(t Target) string {
	return fmt.Sprintf("aws lambda get-alias --function-name %s --name %s", t.Function, t.Alias)
}
