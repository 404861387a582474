package rollout

import "time"

// movingConcurrency says that the weights on the alias are Lambda's own and will go away: with provisioned concurrency
// it sets some while it prepares a version (terraform-provider-aws PR 48116).
func (d decision) movingConcurrency() bool {
	since, j := d.progress.Moving, d.situation.Description.Journal
	patient := since.IsZero() || d.situation.Now.Before(since.Add(Patience))
	ours := j != nil && j.ID == d.progress.Rollout && j.Weight == Full
	return d.situation.Moving && d.situation.Routing.Split() && (patient || ours)
}

func (d decision) waitForConcurrency() (NextAction, Progress) {
	if d.progress.Moving.IsZero() {
		d.progress.Moving = d.situation.Now
	}
	return Wait{Until: d.situation.Now.Add(Patience / 100)}, d.progress
}

// bakeAnew notes that the alias stands at the new version alone only now: until then Lambda sent calls to the old one.
func (d decision) bakeAnew() (NextAction, Progress) {
	j := *d.live
	j.Since = d.situation.Now
	d.progress.Moving, d.progress.Shifted, d.progress.Late = time.Time{}, j.Since, 0
	return d.write(j, "bake")
}
