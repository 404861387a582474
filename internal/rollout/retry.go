package rollout

import "time"

// startTime is how long errors in a row are tolerated where nothing is known to run. Where something may, it is worth trying
// until time is up.
const startTime = time.Minute

// patience is how long a call of a start may fail: what may pass within seconds for glance, what AWS will never accept not at
// all.
func patience(k ErrorKind) time.Duration {
	switch {
	case k.momentary():
		return glance
	case k == Refused:
		return 0
	}
	return startTime
}

// retry waits before a call that failed is made again, unless it has failed for too long. A driver without memory, whose own
// rollout may stand anywhere on the way, reads the alias until time is up.
func (d decision) retry(call string, err CallError, failed string) (Action, Token) {
	d.token = d.token.callFailed(call, err, d.snapshot.Now)
	mayRun := d.driver.Continues && d.token.Began.IsZero() && d.snapshot.Unread != nil && err.Kind == Unavailable
	if d.snapshot.Now.Sub(d.token.Failing.Since) >= patience(err.Kind) && !mayRun || d.mustEnd() {
		return d.startFailed(failed + err.Text)
	}
	return d.tryLater(d.token.Failing.pause(false))
}

// retryTraffic is a plan without a schedule. Of what is refused pre-flight may say more, and is asked first.
func (d decision) retryTraffic(err CallError) (Action, Token) {
	return d.retry("GetMetricData", err, "type auto chooses its schedule by the alias's traffic, which cannot be read: ")
}
