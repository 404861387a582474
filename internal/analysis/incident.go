package analysis

// failsUnusually says that calls failed more often than the history makes normal, and not just once. Where most calls have always
// failed, half as many again are more.
func (h History) failsUnusually(old Counts) bool {
	const more = 1.5
	return h.Normal > 0 && old.Errors >= 2 && old.rate() > max(h.Normal, more*h.Usual)
}

// incidentMinutes is for how long an incident is taken to go on that nobody can see the end of.
const incidentMinutes = 3

// SharedIncident sets the Incident of each of the blocks, which are the minutes of a rollout in order. Where the old version was
// in one when it was last seen, and the new one has had all traffic since, nobody can see whether that is over; for three
// minutes, and in the next block however long that is, it is taken to go on. Ten calls of the old version in a minute can
// tell of an incident. It is over where so many of them went well that five would have failed.
func SharedIncident(blocks []Block, h History) {
	const telling, enough = 10, 5
	rate, seen := 0.0, 0
	for i := range blocks {
		b := &blocks[i]
		b.Incident = 0
		if rate > 0 && i > seen+1 && b.Minute > blocks[seen].Minute+incidentMinutes {
			rate = 0
		}
		switch {
		case b.Old.Invocations >= telling && h.failsUnusually(b.Old):
			rate, seen = max(rate, b.Old.rate()), i
		case rate*b.Old.Invocations >= enough:
			rate = 0
		case b.Old.Invocations == 0:
			b.Incident = rate
		}
	}
}
