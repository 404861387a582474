package pipeline

import (
	"fmt"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// progress is what is told of a rollout on its way.
type progress struct {
	plan rollout.Plan
	// verdict is the latest of this call, with its numbers; "" where nobody has looked.
	verdict string
}

// tell takes what has happened.
func (p *progress) tell(events ...rollout.Event) {
	for _, event := range events {
		switch e := event.(type) {
		case rollout.Turned:
			if a := e.Assessment; a != nil {
				p.verdict = a.Verdict.String() + ": " + a.Reason
			}
		case rollout.ScheduleChosen:
			p.plan.Steps = e.Steps
		}
	}
}

// reply is that of a call that another one follows, with what that one is given.
func (p *progress) reply(c carried, t rollout.Token, now time.Time) Reply {
	return Reply{Token: c.with(t), Rollout: t.Rollout, Percent: percent(t.Journal()), Message: printable.Text(p.summary(t, now), maxSummary)}
}

// percent is how many of the steps have begun, where the end is one more.
func percent(j *rollout.Journal) int {
	if j == nil || j.Steps < 1 {
		return 0
	}
	return min(100*j.Step/(j.Steps+1), 99)
}

// summary is what a person reads in the pipeline: where the rollout is, until when, and how it does. When CodePipeline calls
// again nobody knows, so it says nothing of the next look.
func (p *progress) summary(t rollout.Token, now time.Time) string {
	var clauses []string
	j := t.Journal()
	if j == nil {
		clauses = append(clauses, fmt.Sprintf("%s: nothing is shifted yet", p.plan.Target))
	} else {
		clauses = append(clauses, fmt.Sprintf("%s at %s %% on version %s, step %d of %d, %s", p.plan.Target, j.Weight, j.New, j.Step, j.Steps, p.until(*j, now)))
	}
	if p.verdict != "" {
		clauses = append(clauses, p.verdict)
	}
	if t.Failing != nil {
		clauses = append(clauses, "AWS: "+t.Failing.Error.Text)
	}
	return strings.Join(clauses, "; ")
}

// until says how long the rollout stays at its weight.
func (p *progress) until(j rollout.Journal, now time.Time) string {
	end := p.plan.HoldEnd(j)
	switch {
	case j.Paused:
		return "paused"
	case end.After(now):
		return "until " + stamp(&end)
	case j.Approval == rollout.Wanted:
		return "waiting for approval: action resume"
	}
	return "until a look lets it go on"
}
