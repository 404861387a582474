package rollout

import (
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// Control says what follows from a person's rollback, pause, resume or promote. It changes the journal and keeps its
// driver, so that the running driver is not relieved but notices: rule 2. The situation's Assessment is needed for
// promote only. Progress.Finishing says that a write was tried; what became of it, the alias tells.
func Control(action Action, t Target, p Plan, s Situation, g Progress) (NextAction, Progress) {
	s.Now = s.Now.UTC().Truncate(time.Millisecond)
	d := decision{Target: t, plan: p, situation: s, progress: g, live: s.Description.Live(s.Routing)}
	next, progress := d.control(action)
	if _, write := next.(Write); write {
		progress.Finishing = true
	}
	return next, progress
}

func (d decision) control(action Action) (NextAction, Progress) {
	j, tried := d.live, d.progress.Finishing
	switch {
	case j == nil && tried && action == Rollback:
		return d.sentBack()
	case j == nil && tried:
		return d.gone()
	case j == nil || d.progress.Rollout != "" && j.ID != d.progress.Rollout:
		return d.finish(NoOp, "no rollout is running: "+d.describeIdle())
	}
	d.progress.Rollout = j.ID
	d.arrive()
	switch action {
	case Rollback:
		d.progress.Failure = &Failure{Why: "a person asked for it (action rollback)"}
		if d.plan.Message != "" {
			d.progress.Failure.Why += ": " + d.plan.Message
		}
		return d.goBack()
	case Pause:
		return d.pause(tried)
	case Resume:
		return d.resume(tried)
	default:
		return d.promote(tried)
	}
}

// sentBack is an alias after action rollback has written.
func (d decision) sentBack() (NextAction, Progress) {
	end, progress := d.gone()
	if finish, ok := end.(Finish); ok && finish.Outcome == RolledBack {
		return Finish{Outcome: SentBack, Reason: finish.Reason}, progress
	}
	return end, progress
}

// pause holds the rollout at its weight. It is done when the journal says so; tried says that we wrote it.
func (d decision) pause(tried bool) (NextAction, Progress) {
	j := *d.live
	switch {
	case j.Held:
		return d.finish(NoOp, fmt.Sprintf("rollout %s is held at %s %% already", j.ID, j.Weight))
	case j.Paused && tried:
		return d.finish(IsPaused, fmt.Sprintf("rollout %s is paused at %s %%, still watched; action resume lets it go on", j.ID, j.Weight))
	case j.Paused:
		return d.finish(NoOp, fmt.Sprintf("rollout %s is paused at %s %% already", j.ID, j.Weight))
	}
	j.Paused = true
	return d.write(j, "pause")
}

// resume takes a pause back and approves the present step.
func (d decision) resume(tried bool) (NextAction, Progress) {
	j := *d.live
	switch {
	case d.stopped():
		j.Paused = false
		if j.Approval == Wanted {
			j.Approval = Granted
		}
		return d.write(j, "resume")
	case tried:
		return d.finish(GoesOn, fmt.Sprintf("rollout %s goes on from %s %%", j.ID, j.Weight))
	}
	return d.finish(NoOp, fmt.Sprintf("rollout %s is neither paused nor waiting for approval", j.ID))
}

// promote goes to 100 % after one passing verdict. Before the first shift there is nothing to judge.
func (d decision) promote(tried bool) (NextAction, Progress) {
	j, a := *d.live, d.situation.Assessment
	switch {
	case j.Held:
		return d.finish(Held, fmt.Sprintf("rollout %s failed and is held at %s %%, a failure is final", j.ID, j.Weight))
	case j.Weight == Full && tried:
		return d.finish(GoesOn, fmt.Sprintf("rollout %s is at 100 %%, its driver bakes and finishes it", j.ID))
	case j.Weight == Full:
		return d.finish(NoOp, fmt.Sprintf("rollout %s is at 100 %% already", j.ID))
	}
	if d.progress.Failure == nil {
		switch {
		case a != nil && a.Verdict == analysis.Fail:
			d.progress.Failure = &Failure{Why: a.Reason, Bad: true}
		case a != nil && a.NoData && d.plan.OnNoData == RollbackOnNoData:
			d.progress.Failure = &Failure{Why: "no data, and on-no-data is rollback: " + a.Reason}
		}
	}
	switch {
	case d.progress.Failure != nil:
		return d.goBack()
	case j.Weight > 0 && d.allowed(a):
		j.Weight, j.Step, j.Since = Full, j.Steps, d.situation.Now
		j.Paused, j.Approval = false, NotNeeded
		return d.write(j, "promote")
	case d.atDeadline():
		return d.finish(Held, "no passing verdict in time, nothing was changed: "+d.unfinished())
	}
	return d.wait()
}

// describeIdle says where the alias points, and what the last rollback left.
func (d decision) describeIdle() string {
	text := fmt.Sprintf("alias %s sends traffic to %s", d.Alias, d.situation.Routing)
	if scar := d.situation.Description.Scar; scar != nil {
		text += fmt.Sprintf("; rollout %s to version %s was rolled back: %s", scar.ID, scar.New, scar.Why)
	}
	return text
}
