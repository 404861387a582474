package analysis

import (
	"fmt"
	"math"
)

// lastMinutes is how many minutes say how the versions fail at present.
const lastMinutes = 3

// luck is the chance that a new version fails so seldom by luck, from which on it is not taken for a fix.
const luck = 0.05

// environment is what there is to say while a version fails far more than usual, from all minutes of a rollout in order; "" while
// none does, or where no history tells. waits says that nothing may go forward: both versions fail alike, or too few calls of the
// new one have been seen to tell a fix from luck, or most of its calls fail and it is not proven yet that this is its fault.
func environment(h History, minutes []Block) (says string, waits bool) {
	if len(minutes) == 0 {
		return "", false
	}
	now, seen := present(h, minutes)
	if last := minutes[len(minutes)-1]; last.Incident > 0 {
		return aftermath(h, last, now.New)
	}
	if !h.failsUnusually(now.Old) {
		return mostly(h, now)
	}
	counts := fmt.Sprintf("in the last minutes %.0f of %.0f invocations of the old version (%s, usually below %s) and %.0f of %.0f of the new one",
		seen.Old.Errors, seen.Old.calls(), percent(seen.Old.rate()), percent(h.Normal), seen.New.Errors, seen.New.calls())
	switch {
	case !half(now.New, now.Old.rate()):
		return "both versions fail: " + counts + "; it waits until that has passed", true
	case chance(seen.New, seen.Old.rate()) >= luck:
		return "the old version fails: " + counts + ", too few calls to tell a fix from luck; it waits for more", true
	}
	return "the old version fails: " + counts + ", which is taken for a fix", false
}

// aftermath is the environment of a new version that is alone since the old one was in an incident: in the last minute it may still
// fail of that, but for a fix, which the last minutes tell.
func aftermath(h History, last Block, recent Counts) (says string, waits bool) {
	if !h.failsUnusually(last.New) || better(recent, last.Incident) {
		return "", false
	}
	return fmt.Sprintf("both versions failed before the shift (the old one %s, usually below %s), and the new one, alone now, still does: %.0f of %.0f invocations in the last minute; it waits for %d minutes at most",
		percent(last.Incident), percent(h.Normal), last.New.Errors, last.New.calls(), incidentMinutes), true
}

// mostly is the environment of a new version most of whose last calls failed, half as many again as of the old one, beside it and
// usually. That may be an incident, or chance where little is known of the old version; but it is no success.
func mostly(h History, now Block) (says string, waits bool) {
	const more = 1.5
	if now.New.Errors < 2 || !now.New.consistent() || now.New.rate() <= max(most, more*h.Usual, more*now.Old.rate()) {
		return "", false
	}
	return fmt.Sprintf("the new version fails: in the last minutes %.0f of %.0f invocations; it waits until they have passed or it is proven", now.New.Errors, now.New.calls()), true
}

// present are both versions' calls of the last minutes, now. seen goes further back where these are too few of the new version
// to show a fix, to where the incident began.
func present(h History, minutes []Block) (now, seen Block) {
	i, newest := len(minutes), minutes[len(minutes)-1].Minute
	for ; i > 0 && minutes[i-1].Minute > newest-lastMinutes; i-- {
		now = now.plus(minutes[i-1])
	}
	seen = now
	for ; i > 0 && chance(Counts{Invocations: seen.New.calls()}, seen.Old.rate()) >= luck; i-- {
		longer := seen.plus(minutes[i-1])
		if !h.failsUnusually(longer.Old) || better(minutes[i-1].Old, seen.Old.rate()) {
			break
		}
		seen = longer
	}
	return now, seen
}

// plus adds the calls of two blocks.
func (b Block) plus(c Block) Block { return Block{New: b.New.Plus(c.New), Old: b.Old.Plus(c.Old)} }

// better says that calls fail at most half as often as at a rate, and that this is no luck.
func better(c Counts, rate float64) bool { return half(c, rate) && chance(c, rate) < luck }

// half says that calls fail at most half as often as at a rate.
func half(c Counts, rate float64) bool { return 2*c.Errors <= rate*c.calls() }

// chance is the probability that at a failure rate no more of the calls fail than did, each by itself.
func chance(c Counts, rate float64) float64 {
	if c.Errors >= c.calls() {
		return 1
	}
	sum, term := 0.0, math.Exp(c.calls()*math.Log1p(-rate))
	for k := 0.0; k <= c.Errors && term > 0; k++ {
		sum += term
		term *= (c.calls() - k) / (k + 1) * rate / (1 - rate)
	}
	return sum
}

// Failing says how the old version fails at the end of its history, see HistoryBefore: far more often than it used to, or most
// of its calls. It is "" where it does not, and where nothing is known of it.
func Failing(history []Counts) string {
	end := len(history)
	for end > 0 && history[end-1].calls() == 0 {
		end--
	}
	var now Counts
	for _, c := range history[max(0, end-lastMinutes):end] {
		now = now.Plus(c)
	}
	h := NewHistory(history)
	text := fmt.Sprintf("%.0f of %.0f invocations failed in its last minutes (%s", now.Errors, now.calls(), percent(now.rate()))
	switch {
	case h.failsUnusually(now):
		return text + fmt.Sprintf(", usually below %s)", percent(h.Normal))
	case now.Errors >= 2 && now.rate() > most:
		return text + ")"
	}
	return ""
}

// most is the share above which most calls fail.
const most = 0.5

// broken says that so many more of the old version's calls fail in a minute than usual that their durations tell nothing: what
// fails at once is fast.
func (h History) broken(old Counts) bool {
	const more = 0.25
	return old.Errors >= 2 && old.rate() > h.Usual+more
}
