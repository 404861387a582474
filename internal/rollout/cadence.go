package rollout

import (
	"fmt"
	"time"
)

// The looks of a long driver. Each costs nine of the 25,000 events that a workflow's history may have, and one of a durable
// execution's 3,000 operations (docs/engines.md).
const (
	// MostLooks is how many a rollout may take: then it goes back.
	MostLooks = 2_700
	// LastLooks is how many more a way back may take that could not be written.
	LastLooks = 40
	// plannedLooks is how many a plan may take by itself, and leastLooks how many those without an end of a hold are at least.
	plannedLooks, leastLooks = 1_400, 400
	// lateLooks is by what part of its lateness a rollout is looked at that waits for something.
	lateLooks = 90
	// prepareLook is how long the wait for what Lambda prepares is at least.
	prepareLook = 10 * time.Second
	// retryLook is how long the wait is after a call whose last turn failed; it doubles with each, up to the pace, and is
	// pressingLook at the longest while a way back is pending.
	retryLook, pressingLook = 30 * time.Second, time.Minute
)

// Pace is how long a long driver leaves a rollout alone that is on time.
func (p Plan) Pace() time.Duration {
	looks := max(leastLooks, plannedLooks-len(p.Steps))
	return max(p.Poll, p.Duration()/time.Duration(looks))
}

// pace is how long the driver leaves the rollout alone where it stands.
func (d decision) pace() time.Duration {
	switch {
	case !d.driver.Long:
		return d.plan.Poll
	case d.live == nil:
		return d.plan.Pace()
	}
	return max(d.plan.Pace(), d.lateness()/lateLooks)
}

// lateness is how long ago the present hold has ended or, where few looks are left, by how much the rollout is behind its plan.
func (d decision) lateness() time.Duration {
	due := d.holdEnd()
	if d.token.Looks > MostLooks-plannedLooks {
		due = d.live.First.Add(d.plan.Duration() - d.plan.holdsAfter(d.live.Weight))
	}
	return d.snapshot.Now.Sub(due)
}

// prepared is how long the driver waits for what Lambda prepares, where others wait for a pause.
func (d decision) prepared(pause time.Duration) time.Duration {
	switch {
	case !d.driver.Long:
		return pause
	case d.live == nil:
		return max(pause, prepareLook)
	}
	return max(pause, prepareLook, d.lateness()/lateLooks)
}

// panicked is why a rollout goes back after maxPanics.
const panicked = "an internal error of the deployer, three times in a row; its log has the stack"

// mustEnd says that the rollout's time is over, or its looks are.
func (d decision) mustEnd() bool {
	return d.atDeadline() || d.driver.Long && d.token.Looks >= MostLooks
}

// timeUp says why the rollout has to go back without anybody's blame: its time is over, or its looks are; "" while it has both.
func (d decision) timeUp() string {
	switch {
	case d.atDeadline():
		return "the time ran out: " + d.unfinished()
	case d.driver.Long && d.token.Looks >= MostLooks:
		return d.looksUsedUp() + ": " + d.unfinished()
	}
	return ""
}

// looksUsedUp says that the driver has no more looks.
func (d decision) looksUsedUp() string {
	return fmt.Sprintf("its driver has looked %d times, which is as often as it can", d.token.Looks)
}

// lookedOut says that a long driver must end, whatever it has come to: its engine has no room for more.
func (d decision) lookedOut() bool { return d.driver.Long && d.token.Looks >= MostLooks+LastLooks }

// Woken is the token of a driver that was told that there are news: it reads the alias, however fresh its own write is.
func (t Token) Woken() Token {
	t.Written = time.Time{}
	return t
}

// AfterCall takes the end of a call of a driver that makes many, and says when the next is worth making: at next, as its last
// turn said, unless that one failed. It counts the looks of a long driver.
func (t Token) AfterCall(p Plan, r Driver, dl Deadline, now, next time.Time, failed bool) (Token, time.Time) {
	if r.Long {
		t.Looks++
	}
	if !failed {
		t.FailedCalls = 0
		return t, next
	}
	d := decision{plan: p, driver: r, deadline: dl, token: t, live: t.Journal()}
	d.snapshot.Now = now
	pause := min(retryLook<<min(t.FailedCalls, 20), max(retryLook, d.pace()))
	if t.Failure != nil {
		pause = min(pause, pressingLook)
	}
	t.FailedCalls++
	next = now.Add(pause)
	ends := []time.Time{d.wayBack()}
	if t.Rollout == "" && t.Failing != nil {
		ends = append(ends, t.Failing.Since.Add(startTime))
	}
	for _, end := range ends {
		if end.After(now) && end.Before(next) {
			next = end
		}
	}
	return t, next
}

// AfterPanic counts a turn that panicked. After the third in a row a rollout goes back, or is held, without blame; that takes
// nothing but reading and writing the alias. A person's command ends.
func (t Token) AfterPanic() Token {
	t.Format = tokenFormat
	t.Panics++
	return t
}
