package analysis

import "fmt"

// troubled says that calls failed more often than the history makes normal, and not just once. Where most calls have always
// failed, half as many again are more.
func (h History) troubled(old Counts) bool {
	const more = 1.5
	return h.Normal > 0 && old.Errors >= 2 && old.rate() > max(h.Normal, more*h.Usual)
}

// environment says that both versions fail alike: in those of the last minutes that both served, the old one failed more
// often than its history makes normal; or it did so when it was last seen, and the new one, alone since, still does. It is
// "" when not, or when there is no history to tell.
func environment(h History, blocks []Block) string {
	const recent = 3
	var old, fresh Counts
	for _, b := range blocks[max(0, len(blocks)-recent):] {
		if b.Old.Invocations > 0 {
			old, fresh = old.plus(b.Old), fresh.plus(b.New)
		}
	}
	switch {
	case h.troubled(old):
		return fmt.Sprintf("both versions fail: in the last minutes %.0f of %.0f invocations of the old version (%s, usually below %s) and %.0f of %.0f of the new one; it waits until that has passed",
			old.Errors, old.Invocations, percent(old.rate()), percent(h.Normal), fresh.Errors, fresh.Invocations)
	case len(blocks) > 0 && blocks[len(blocks)-1].Trouble > 0 && h.troubled(blocks[len(blocks)-1].New):
		last := blocks[len(blocks)-1]
		return fmt.Sprintf("both versions failed before the shift (the old one %s, usually below %s), and the new one, alone now, still does: %.0f of %.0f invocations in the last minute; it waits for %d minutes at most",
			percent(last.Trouble), percent(h.Normal), last.New.Errors, last.New.Invocations, troubleMinutes)
	}
	return ""
}

// troubleMinutes is for how long trouble is taken to go on that nobody can see the end of.
const troubleMinutes = 3

// Trouble sets the Trouble of each of the blocks, which are the minutes of a rollout in order. Where the old version was in
// trouble when it was last seen, and the new one has had all traffic since, nobody can see whether that is over; for three
// minutes, and in the next block however long that is, it is taken to go on. Ten calls of the old version in a minute can
// tell of trouble. It is over where so many of them went well that five would have failed.
func Trouble(blocks []Block, h History) {
	const telling, enough = 10, 5
	rate, seen := 0.0, 0
	for i := range blocks {
		b := &blocks[i]
		b.Trouble = 0
		if rate > 0 && i > seen+1 && b.Minute > blocks[seen].Minute+troubleMinutes {
			rate = 0
		}
		switch {
		case b.Old.Invocations >= telling && h.troubled(b.Old):
			rate, seen = max(rate, b.Old.rate()), i
		case rate*b.Old.Invocations >= enough:
			rate = 0
		case b.Old.Invocations == 0:
			b.Trouble = rate
		}
	}
}
