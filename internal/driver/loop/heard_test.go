package loop_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// told is an event as listeners read it, but for when.
func told(h sim.Heard) notify.Detail {
	var d notify.Detail
	must(json.Unmarshal(h.Detail, &d))
	return d
}

// due is what has to be heard of a write by a driver; "" of one that is not an event by itself.
func (s story) due(w sim.Write) string {
	before, after := s.journalBefore(w), journalOf(w.Description, w.Routing)
	id := rolloutOf(w.Description)
	switch {
	case after != nil && before == nil:
		return fmt.Sprintf("%s started 0", id)
	case after != nil && after.Weight != before.Weight:
		return fmt.Sprintf("%s shifted %s", id, after.Weight)
	case after == nil && before != nil && w.Routing.Primary == before.Old:
		return fmt.Sprintf("%s rolled-back 0", id)
	case after == nil && before != nil:
		return fmt.Sprintf("%s succeeded 100", before.ID)
	}
	return ""
}

// checkHeard wants every write to be heard of, after it was made, in order. Of the very last write of a driver that was killed
// then nobody hears who has not its token.
func (s story) checkHeard(t *rapid.T) {
	first := map[string]time.Duration{}
	for _, h := range s.heard {
		d := told(h)
		state := d.State
		if state == rollout.StateSucceededUnverified {
			state = rollout.StateSucceeded
		}
		if key := fmt.Sprintf("%s %s %s", d.Rollout, state, d.Weight); first[key] == 0 {
			first[key] = h.At
		}
	}
	var last time.Duration
	ours := s.ours()
	for _, w := range ours {
		key := s.due(w)
		if key == "" || s.byPerson(w) {
			continue
		}
		at, heard := first[key]
		ended := journalOf(w.Description, w.Routing) == nil
		switch {
		case !heard && ended && s.kills > 0:
		case !heard:
			s.fatal(t, "nobody heard of %q", key)
		case at < w.At:
			s.fatal(t, "%q was told at %s, and written at %s", key, at, w.At)
		case at < last:
			s.fatal(t, "%q was told before what was written before it", key)
		default:
			last = at
		}
	}
}

func TestOthersHearOfEveryWriteAfterItInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := drawCertain(t)
		if rapid.Bool().Draw(t, "a pipeline") {
			g.jobs = drawJobs(t)
			g.jobs.dropped = nil
		}
		s := g.play()
		s.checkHeard(t)
		g.sameID, g.restart = rapid.Bool().Draw(t, "started again as itself"), time.Duration(rapid.IntRange(0, 30).Draw(t, "restart after"))*time.Second
		g.faults = append(slices.Clone(g.faults), sim.Fault{
			Call: rapid.IntRange(1, max(1, s.calls)).Draw(t, "killed at call"), Effect: rapid.SampledFrom([]sim.Effect{sim.KilledBefore, sim.KilledAfter}).Draw(t, "killed"),
		})
		s = g.play()
		s.checkHeard(t)
	})
}

// Whatever the bus does, the rollout is the same.
func TestABusThatDoesNotAnswerChangesNoRollout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawCertain(t)
		want := g.play()
		g.faults = append([]sim.Fault{rapid.SampledFrom([]sim.Fault{
			{On: sim.PutEvents, Takes: time.Minute},
			{On: sim.PutEvents, Effect: sim.Denied},
			{On: sim.PutEvents, Effect: sim.Throttled},
			{On: sim.PutEvents, Effect: sim.EntryFailed},
			{On: sim.PutEvents, Effect: sim.ReplyLost},
		}).Draw(t, "bus")}, g.faults...)
		s := g.play()
		if !slices.Equal(want.routings(), s.routings()) || want.endings() != s.endings() {
			s.fatal(t, "ended %s by %v, with a bus that answers %s by %v", s.endings(), s.routings(), want.endings(), want.routings())
		}
	})
}

// A way back that Lambda throttles is tried again at the same moments whether the bus answers or not, also where the turn that
// goes back has found something to tell: nothing is told before the way back is written.
func TestNothingIsToldBeforeTheWayBackIsWritten(t *testing.T) {
	tries := func(bus sim.Fault, paused time.Duration) (moments []time.Duration, s story) {
		g := quick()
		g.newVersion.Errors = sim.Constant(1)
		g.before = 10 * time.Minute
		var w *sim.World
		note := func() { moments = append(moments, w.Elapsed()) }
		g.faults = []sim.Fault{bus, {On: sim.UpdateAlias, Call: 3, Times: 4, Effect: sim.Throttled, After: note}}
		w, d := g.world()
		w.Advance(g.before)
		s = story{game: g, log: &strings.Builder{}}
		d.Watch = s.watch(w)
		w.Go(g.before, func() { s.drive(w, d, g.raw(), "first") })
		if paused > 0 {
			w.At(paused, func() {
				must(w.ChangeAlias("stranger", "f", "live", func(a *target.Alias) { a.Description = strings.Replace(a.Description, " id ", " paused id ", 1) }))
			})
		}
		w.Drain()
		s.writes, s.heard = w.Writes(), w.Heard()
		require.True(t, s.ended("RolledBack"), s.endings())
		return append(moments, s.writes[len(s.writes)-1].At), s
	}
	first, s := tries(sim.Fault{On: sim.PutEvents, Effect: sim.None}, 0)
	assert.Len(t, first, 5)
	last := told(s.heard[len(s.heard)-1])
	assert.Equal(t, rollout.StateRolledBack, last.State)
	assert.Contains(t, last.Reason, "errors: ")

	paused := first[0] - 500*time.Millisecond // between two looks
	calm, s := tries(sim.Fault{On: sim.PutEvents, Effect: sim.None}, paused)
	assert.Equal(t, rollout.StatePaused, told(s.heard[len(s.heard)-2]).State, "it is told once the way back is written")
	assert.Greater(t, s.heard[len(s.heard)-2].At, calm[4])
	dead, _ := tries(sim.Fault{On: sim.PutEvents, Takes: time.Minute, During: sim.Span{From: paused}}, paused)
	assert.Equal(t, calm, dead)
}

// A person's pause is heard from the call, and from the driver that finds it; each once.
func TestWhatPeopleDoIsHeard(t *testing.T) {
	g := quick()
	g.request["steps"], g.request["interval"], g.request["poll-interval"] = 2, 60, 15
	g.before = 10 * time.Minute
	g.others = []other{{at: 20 * time.Second, action: "pause"}, {at: 5 * time.Minute, action: "resume"}, {at: 6 * time.Minute, action: "pause"}, {at: 7 * time.Minute, action: "promote"}}
	s := g.play()
	var by []string
	for _, h := range s.heard {
		d := told(h)
		by = append(by, fmt.Sprintf("%s %s by %s", d.State, d.Weight, d.Driver))
		assert.Equal(t, "deployer", d.Engine)
		assert.NotEmpty(t, d.Reason)
	}
	assert.Contains(t, by, "paused 50 by pause-0-0")
	assert.Contains(t, by, "paused 50 by first-0")
	assert.Contains(t, by, "resumed 50 by resume-1-0")
	assert.Contains(t, by, "resumed 50 by first-0")
	for _, text := range by {
		assert.NotContains(t, text, "taken-over")
	}
	t.Log(by)
}

// Whoever takes a rollout over tells so, after how it stands; the driver that was relieved tells nothing more.
func TestOnlyTheNewerDriverTellsThatItHasTakenOver(t *testing.T) {
	g := quick()
	g.request["steps"], g.request["interval"], g.request["poll-interval"] = 2, 60, 15
	g.before = 10 * time.Minute
	g.others = []other{{at: 20 * time.Second, action: "deploy"}}
	s := g.play()
	requireEnded(t, s, "in-progress", "succeeded")
	var by []string
	for _, h := range s.heard {
		d := told(h)
		by = append(by, fmt.Sprintf("%s %s by %s", d.State, d.Weight, d.Driver))
	}
	assert.Equal(t, []string{
		"started 0 by first-0", "shifted 50 by first-0", "shifted 50 by deploy-0-0", "taken-over 50 by deploy-0-0", "shifted 100 by deploy-0-0", "succeeded 100 by deploy-0-0",
	}, by)
}
