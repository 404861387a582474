package analysis

import "fmt"

// troubled says that calls failed more often than the history makes normal, and not just once.
func (h History) troubled(old Counts) bool {
	return h.Reference > 0 && old.Errors >= 2 && old.rate() > h.Reference
}

// environment says that both versions fail alike: in those of the last minutes that both served, the old one failed more
// often than its history makes normal; "" when not, or when there is no history to tell.
func environment(h History, blocks []Block) string {
	const recent = 3
	var old, fresh Counts
	for _, b := range blocks[max(0, len(blocks)-recent):] {
		if b.Old.Invocations > 0 {
			old, fresh = old.plus(b.Old), fresh.plus(b.New)
		}
	}
	if !h.troubled(old) {
		return ""
	}
	return fmt.Sprintf("both versions fail: in the last minutes %.0f of %.0f invocations of the old version (%s, usually below %s) and %.0f of %.0f of the new one; it waits until that has passed",
		old.Errors, old.Invocations, percent(old.rate()), percent(h.Reference), fresh.Errors, fresh.Invocations)
}

// Trouble sets the Trouble of each of the blocks, which are the minutes of a rollout in order. Where the old version was in
// trouble when it was last seen, and the new one has had all traffic since, nobody can see whether that is over; for five
// minutes it is taken to go on. It is over where so many calls of the old version went well that five would have failed.
func Trouble(blocks []Block, h History) {
	const minutes, enough = 5, 5
	rate, seen := 0.0, int64(0)
	for i := range blocks {
		b := &blocks[i]
		b.Trouble = 0
		switch {
		case h.troubled(b.Old):
			rate, seen = max(rate, b.Old.rate()), b.Minute
		case rate*b.Old.Invocations >= enough:
			rate = 0
		case b.Old.Invocations == 0 && b.Minute <= seen+minutes:
			b.Trouble = rate
		}
	}
}
