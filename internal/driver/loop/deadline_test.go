package loop_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// paused is a rollout that a person has paused, so that only its deadline ends it.
func paused() game {
	g := withKeys(map[string]any{"poll-interval": 15, "interval": 60})
	g.others = []other{{at: 30 * time.Second, action: "pause"}}
	return g
}

// The way back begins eight seconds before the end, and what answers at all within them is enough for it.
func TestOneBadCallAtTheDeadlineDoesNotLeaveTheAliasSplit(t *testing.T) {
	const back = 15*time.Minute - 400*time.Millisecond - rollout.Reserve
	first := sim.Span{From: back - 50*time.Millisecond, Until: back + 150*time.Millisecond}
	later := sim.Span{From: back - 50*time.Millisecond, Until: back + time.Minute}
	for _, on := range []sim.Operation{sim.GetAlias, sim.UpdateAlias} {
		for name, fault := range map[string]sim.Fault{
			"slow by 1.5 s":        {During: first, Takes: 1500 * time.Millisecond},
			"slow by 2.5 s":        {During: first, Takes: 2500 * time.Millisecond},
			"slow by 5 s":          {During: first, Takes: 5 * time.Second},
			"hung":                 {During: first, Takes: time.Hour},
			"reset":                {During: first, Effect: sim.ServerError},
			"its reply lost":       {During: first, Effect: sim.ReplyLost},
			"hung, its reply lost": {During: first, Effect: sim.ReplyLost, Takes: 5 * time.Second},
			"throttled":            {During: first, Effect: sim.Throttled},
			"always slow by 1.5 s": {During: later, Takes: 1500 * time.Millisecond},
			"always slow by 2 s":   {During: later, Takes: 2 * time.Second},
		} {
			t.Run(fmt.Sprintf("%s %s", on, name), func(t *testing.T) {
				g := paused()
				fault.On = on
				g.faults = []sim.Fault{fault}
				s := g.play()
				requireEnded(t, s, "paused", "RolledBack")
				assert.Equal(t, rollout.Routing{Primary: "1"}, s.finalRouting())
				assert.Less(t, s.ends[1].at, 15*time.Minute)
			})
		}
	}
}

// Where only reading fails, the way back is written with the last revision: the fence makes it safe.
func TestTheWayBackNeedsNoReading(t *testing.T) {
	for _, effect := range []sim.Effect{sim.Denied, sim.ServerError, sim.Throttled, sim.ReplyLost} {
		g := withKeys(map[string]any{"interval": 60})
		g.faults = []sim.Fault{{On: sim.GetAlias, Call: 2, Times: 100_000, Effect: effect}}
		s := g.play()
		requireEnded(t, s, "RolledBack")
		assert.Equal(t, rollout.Routing{Primary: "1"}, s.finalRouting())
		assert.NotContains(t, s.writes[len(s.writes)-1].Description, "bad 2", "that is not the version's fault")

		meddled := g
		meddled.others = []other{{at: time.Minute, action: "stranger moves"}}
		s = meddled.play()
		assert.Equal(t, rollout.Routing{Primary: "1", Secondary: "2", Weight: 77_77}, s.finalRouting(), "what somebody else did stays")
	}
}

// The time runs while Lambda moves provisioned concurrency, too, and whether it does is asked before the way back is written.
func TestTheDeadlineCountsWhileLambdaMovesConcurrency(t *testing.T) {
	const back = 292 * time.Second
	around := sim.Span{From: back - time.Second, Until: back + time.Second}
	for name, fault := range map[string]sim.Fault{
		"answers":   {},
		"slow":      {During: around, Takes: 1500 * time.Millisecond},
		"hung":      {During: around, Takes: time.Hour},
		"throttled": {During: around, Effect: sim.Throttled},
	} {
		t.Run(name, func(t *testing.T) {
			g := withKeys(map[string]any{"steps": 2, "interval": 20, "bake": 20, "max-duration": 300})
			fault.On = sim.GetConcurrency
			g.faults = []sim.Fault{fault}
			w, d := g.world()
			w.SetConcurrency("f", "live", 5, 20*time.Minute)
			s := story{game: g, log: nil}
			ended := time.Duration(0)
			w.Go(0, func() {
				ctx, _, cancel := w.Begin(sim.Invocation{})
				defer cancel()
				_, err := d.Handle(ctx, s.raw())
				assert.ErrorContains(t, err, "the time ran out: Lambda was moving provisioned concurrency to version 2")
				ended = w.Elapsed()
			})
			w.Drain()
			assert.NotZero(t, ended)
			for _, write := range w.Writes() {
				if rollout.ParseDescription(write.Description).Record != nil {
					assert.InDelta(t, back.Seconds()+3, write.At.Seconds(), 4, "it goes back eight seconds before its time is up")
					return
				}
			}
			t.Fatal("it never went back")
		})
	}
}

// A version that fails goes back though the alias cannot be read: health is watched by what was last seen of it.
func TestAFailIsSeenWhereTheAliasCannotBeRead(t *testing.T) {
	g := withKeys(map[string]any{"interval": 120})
	g.before = 20 * time.Minute
	g.newVersion.Errors = sim.Constant(1)
	g.faults = []sim.Fault{{On: sim.GetAlias, Call: 2, Times: 100_000, Effect: sim.ServerError}}
	s := g.play()
	requireEnded(t, s, "RolledBack")
	assert.Less(t, s.ends[0].at-s.before, 3*time.Minute, "long before the deadline")
	assert.Contains(t, s.writes[len(s.writes)-1].Description, "bad 2")
}

// Where it can never be read whose weights they are, nothing is written over them, and the end says so.
func TestWeightsThatNobodyCanExplainStayAtTheDeadline(t *testing.T) {
	g := withKeys(map[string]any{"steps": 2, "interval": 20, "bake": 20, "max-duration": 300})
	g.faults = []sim.Fault{{On: sim.GetConcurrency, During: sim.Span{From: 21 * time.Second, Until: time.Hour}, Effect: sim.Throttled}}
	w, d := g.world()
	w.SetConcurrency("f", "live", 5, 20*time.Minute)
	s := story{game: g}
	w.Go(0, func() {
		ctx, _, cancel := w.Begin(sim.Invocation{})
		defer cancel()
		_, err := d.Handle(ctx, s.raw())
		assert.ErrorAs(t, err, new(answer.RollbackFailed))
		assert.ErrorContains(t, err, "then the alias could not be put back: get-provisioned-concurrency-config: unavailable")
	})
	w.Drain()
	last := w.Writes()[len(w.Writes())-1]
	assert.Equal(t, sim.Lambda, last.By)
}
