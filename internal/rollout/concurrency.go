package rollout

import "time"

// PrepareTime is how long a driver waits for what Lambda does by itself before a rollout begins: a version that becomes
// active, provisioned concurrency that moves.
const PrepareTime = 5 * time.Minute

// asksConcurrency says that weights which no journal explains may be Lambda's own: with provisioned concurrency it sets some
// while it prepares a version (terraform-provider-aws PR 48116).
func (d decision) asksConcurrency() bool {
	return d.live == nil && d.snapshot.Alias.Routing.Split() && d.snapshot.Concurrency == nil && (d.token.Rollout == "" || d.ours())
}

// ours says that the line on the alias is this rollout's, whatever the weights beside it: its journal of 100 %, or what its
// way back has left.
func (d decision) ours() bool {
	record := d.description.Record
	return d.at100() != nil || record != nil && record.ID == d.token.Rollout
}

// at100 is this rollout's journal of 100 %, whatever the weights beside it; nil where there is none.
func (d decision) at100() *Journal {
	if j := d.description.Journal; j != nil && j.ID == d.token.Rollout && j.Weight == Full {
		return j
	}
	return nil
}

// moving says that Lambda is moving the concurrency, or may be: it could not be asked.
func (d decision) moving() bool {
	c := d.snapshot.Concurrency
	return d.live == nil && d.snapshot.Alias.Routing.Split() && c != nil && (c.Moving || c.Err != nil)
}

// unexplained says that there are weights beside a journal of 100 %, and that it could not be read whether they are Lambda's own.
// They may be somebody's: nothing is written over them.
func (d decision) unexplained() bool {
	c, j := d.snapshot.Concurrency, d.description.Journal
	return c != nil && c.Err != nil && d.snapshot.Alias.Routing.Split() &&
		j != nil && j.Weight == Full && j.credible(d.plan.Target, d.snapshot.Now)
}

// explainLater waits until it is known whose weights they are. A call that has written nothing ends without it after a minute.
func (d decision) explainLater() (Action, Token) {
	if d.token.Moving.IsZero() {
		d.token.Moving = d.snapshot.Now
	}
	if d.token.Last == "" && (d.mustEnd() || d.snapshot.Now.Sub(d.token.Moving) >= startTime) {
		return d.finish(PreflightFailed, "the alias is split, and whether Lambda has split it cannot be read: "+d.snapshot.Concurrency.Err.Text)
	}
	return d.tryLater(d.prepared(PrepareTime / 100))
}

// movingOthers says that Lambda moves the concurrency of an alias where nothing is running, for no longer than that is
// waited for.
func (d decision) movingOthers() bool {
	return d.moving() && (d.token.Moving.IsZero() || d.snapshot.Now.Sub(d.token.Moving) < PrepareTime)
}

// waitForConcurrency waits until Lambda takes its weights away, but not beyond the deadline.
func (d decision) waitForConcurrency() (Action, Token) {
	if d.token.Moving.IsZero() {
		d.token.Moving = d.snapshot.Now
	}
	if j := d.at100(); j != nil {
		d.live = j
		if d.token.Failure == nil && d.atDeadline() {
			d.token.fail("the time ran out: Lambda was moving provisioned concurrency to version "+j.New, false)
		}
		switch {
		case d.token.Failure != nil && d.unexplained():
			d.token = d.token.callFailed("GetProvisionedConcurrencyConfig", *d.snapshot.Concurrency.Err, d.snapshot.Now)
			return d.tryLater(d.token.Failing.pause(true))
		case d.token.Failure != nil:
			return d.fail()
		}
	}
	return d.waitFor(d.prepared(PrepareTime / 100))
}

// bakeAnew notes that the alias stands at the new version alone only now: until then Lambda sent calls to the old one.
func (d decision) bakeAnew() (Action, Token) {
	j := *d.live
	j.Since = d.snapshot.Now
	return d.write(Bake, j, "bake")
}
