package rollout

import (
	"fmt"
	"time"
)

// Reserve is how long before its end a rollout goes back: a read, a write with one repetition and a last read, each bounded
// so that they fit.
const Reserve = 8 * time.Second

// wait leaves it until the sooner of the next look, the end of the hold and the deadline.
func (d decision) wait() (Action, Token) {
	now := d.snapshot.Now
	until := now.Add(d.pace())
	if d.leaving() {
		until = now.Add(min(d.pace(), handOverLook))
	}
	for _, sooner := range []time.Time{d.holdEnd(), d.wayBack(), d.handOverAt()} {
		if sooner.After(now) && sooner.Before(until) {
			until = sooner
		}
	}
	return Wait{Until: until}, d.token
}

// waitFor leaves it for a while, but not beyond the way back.
func (d decision) waitFor(pause time.Duration) (Action, Token) {
	until := d.snapshot.Now.Add(pause)
	if back := d.wayBack(); back.After(d.snapshot.Now) && back.Before(until) {
		until = back
	}
	return Wait{Until: until}, d.token
}

// tryLater waits for a while before a call that failed is made again.
func (d decision) tryLater(pause time.Duration) (Action, Token) {
	action, token := d.waitFor(pause)
	if wait, ok := action.(Wait); ok {
		wait.Retry = true
		action = wait
	}
	return action, token
}

// holdEnd is when the hold of the present step ends; the hold counts from when the step's write was seen.
func (d decision) holdEnd() time.Time { return d.plan.HoldEnd(*d.live).Add(d.token.Late) }

func (d decision) holdOver() bool {
	return !d.holdEnd().After(d.snapshot.Now) || d.seenEnough()
}

// stopped says that a person has paused the rollout, or has to approve the next step: rule 8.
func (j Journal) stopped() bool { return j.Paused || j.Approval == Wanted }

// end is when the rollout has to be over; zero is never.
func (d decision) end() time.Time { return d.plan.End(d.live, d.deadline.Rollout) }

// wayBack is when the way back must begin; zero is never.
func (d decision) wayBack() time.Time {
	if end := d.end(); !end.IsZero() {
		return end.Add(-Reserve)
	}
	return time.Time{}
}

// WayBack is when the way back of the rollout that a token tells of must begin; zero is never. Nothing but the way back may
// take longer than until then.
func WayBack(p Plan, dl Deadline, t Token) time.Time {
	d := decision{plan: p, deadline: dl, token: t}
	if t.Alias != nil {
		d.live = ParseDescription(t.Alias.Description).Journal
	}
	return d.wayBack()
}

func (d decision) atDeadline() bool {
	back := d.wayBack()
	return !back.IsZero() && !d.snapshot.Now.Before(back)
}

// lacksOnlyItsLastWrite says that everything has passed but for the write that ends the rollout. That one goes first, for
// half of the reserve.
func (d decision) lacksOnlyItsLastWrite() bool {
	return d.live.Weight == Full && d.mayRise() && d.holdOver() && !d.live.stopped() && (d.plan.PostTraffic == "" || d.token.PostTraffic) &&
		d.snapshot.Now.Before(d.end().Add(-Reserve/2))
}

// unfinished says what a rollout was waiting for when its time ran out.
func (d decision) unfinished() string {
	j, inconclusive := d.live, d.token.Inconclusive
	at := fmt.Sprintf("it was at %s %%, step %d of %d", j.Weight, j.Step, j.Steps)
	switch {
	case d.token.Failing != nil:
		return fmt.Sprintf("%s, because of AWS: %s", at, d.token.Failing.Error.Text)
	case j.Paused:
		return fmt.Sprintf("it was paused at %s %%", j.Weight)
	case j.Approval == Wanted:
		return fmt.Sprintf("it was waiting for approval at %s %%", j.Weight)
	case inconclusive != "":
		return at + "; " + inconclusive
	}
	return at
}

// Standing is where the rollout of a token stands, for people.
func (t Token) Standing() string {
	j, why := t.Journal(), t.Inconclusive
	if t.Failing != nil {
		why = t.Failing.Error.Text
	}
	text := "nothing has begun yet"
	if j != nil {
		text = fmt.Sprintf("at %s %%, step %d of %d", j.Weight, j.Step, j.Steps)
		switch {
		case t.Failure != nil:
			text += ", going back: " + t.Failure.Why
		case j.Paused:
			text += ", paused"
		case j.Approval == Wanted:
			text += ", waiting for approval"
		}
	}
	if why != "" {
		text += "; " + why
	}
	return text
}

const (
	// latestSight is how long after a shift CloudWatch shows what came of it, at the latest.
	latestSight = 3 * time.Minute
	// usualSight is how long that usually takes: what plans reckon with.
	usualSight = 2*time.Minute + 15*time.Second
)

// tooEarly says that what the new version did cannot have been seen yet: since its first traffic or since it has all of it,
// or, with min-invocations, until the end of the hold (docs/contract.md, section 4). It gives up where waiting any longer
// would leave the rest of the plan no room.
func (d decision) tooEarly() bool {
	a := d.snapshot.Assessment
	if a == nil || a.Quiet || !d.plan.sees(d.live.Weight) {
		return false
	}
	var latest time.Time
	if since := d.plan.Awaited(d.live); !since.IsZero() && !a.Seen {
		latest = since.Add(latestSight)
	}
	if end := d.holdEnd().Add(latestSight); a.TooFew && !a.HoldSeen && end.After(latest) {
		latest = end
	}
	if end := d.end(); !end.IsZero() {
		if room := end.Add(-Overhead - d.plan.holdsAfter(d.live.Weight)); room.Before(latest) {
			latest = room
		}
	}
	return d.snapshot.Now.Before(latest)
}

// sees says that a rollout at a weight waits until what it did can be seen: not before the first shift, at a step that is not
// held, in an emergency or without a health check.
func (p Plan) sees(w Weight) bool {
	i, exact := p.position(w)
	return i >= 0 && (!exact || p.Steps[i].Hold > 0) && !p.Emergency && !p.Health.Off
}

// Awaited is the shift whose effect must have been seen before a rollout goes on from where it stands: the first one or, at
// 100 %, the one to there; zero where nothing is waited for.
func (p Plan) Awaited(j *Journal) time.Time {
	switch {
	case !p.sees(j.Weight):
		return time.Time{}
	case j.Weight == Full:
		return j.Since
	}
	return j.First
}
