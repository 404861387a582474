package loop_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

func TestL1InAQuietWorldEveryPlanEndsInItsTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := draw(t, calm)
		g.rps, g.newVersion.Errors = rapid.SampledFrom([]float64{0, 20}).Draw(t, "rps of a quiet world"), nil
		g.before = rapid.SampledFrom([]time.Duration{0, 30 * time.Minute}).Draw(t, "before")
		g.stops = rapid.Bool().Draw(t, "stops")
		s := g.play()
		if !s.ended("succeeded") && !s.ended("succeeded-unverified") {
			s.fatal(t, "L1: ended %s", s.endings())
		}
		const waits = 2 * 45 * time.Second
		took, slack := s.ends[0].at-s.before, time.Duration(len(s.plan.Steps))*s.plan.Poll+waits+10*time.Second
		if took > s.plan.Takes()+slack {
			s.fatal(t, "L1: took %s, planned %s", took, s.plan.Takes())
		}
		if took < s.plan.Duration() {
			s.fatal(t, "L1: took %s, and the holds are %s", took, s.plan.Duration())
		}
	})
}

func TestL1NoHoldEndsEarly(t *testing.T) {
	torture(t, func(t *rapid.T, s story) {
		for _, w := range s.ours() {
			before, after := s.journalBefore(w), journalOf(w.Description, w.Routing)
			if s.byPerson(w) || before == nil || before.Weight == 0 || after != nil && after.Weight <= before.Weight || w.Routing == (rollout.Routing{Primary: "1"}) {
				continue
			}
			if held := sim.Start().Add(w.At).Sub(before.Since); held < s.plan.HoldEnd(*before).Sub(before.Since)-s.clocksApart() {
				s.fatal(t, "L1: %s %% was held for %s", before.Weight, held)
			}
		}
	})
}

// A driver that is killed anywhere and started again, as itself, ends as it would have ended: but for a success that it was
// killed before it could tell.
func TestL2AKilledDriverStartedAgainReachesTheSameEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawCertain(t)
		want := g.play()
		g.sameID, g.restart = true, time.Duration(rapid.IntRange(0, 30).Draw(t, "restart after"))*time.Second
		g.faults = append(g.faults, sim.Fault{
			Call: rapid.IntRange(1, max(1, want.calls)).Draw(t, "killed at call"), Effect: rapid.SampledFrom([]sim.Effect{sim.KilledBefore, sim.KilledAfter}).Draw(t, "killed"),
		})
		g.skews = drawSkews(t)
		got := g.play()
		got.sameAs(t, "L2", want)
	})
}

// wholeRollouts are one of each kind.
func wholeRollouts() map[string]game {
	failing := withKeys(map[string]any{"interval": 60})
	failing.newVersion.Errors, failing.before = sim.Constant(1), 10*time.Minute
	hooked := withKeys(map[string]any{"hooks": map[string]string{"pre-traffic": "before", "post-traffic": "after"}})
	hooked.hooks = map[string]sim.Hook{"before": {Answer: `{"status": "Succeeded"}`}, "after": {Answer: `{"status": "Succeeded"}`}}
	refused := withKeys(map[string]any{"hooks": map[string]string{"post-traffic": "after"}})
	refused.hooks = map[string]sim.Hook{"after": {Answer: `{"status": "Failed"}`}}
	stopped := withKeys(map[string]any{"type": "stages", "stages": []any{map[string]any{"weight": 20, "hold": 5, "approve": true}}, "max-duration": 60, "bake": 5})
	probed := withKeys(map[string]any{"health-check": map[string]any{"probes": []any{map[string]any{"every-step": true}}}})
	probed.hooks = map[string]sim.Hook{"f:2": {Answer: "{}"}}
	return map[string]game{
		"healthy": quick(), "failing": failing, "with hooks": hooked, "refused at the end": refused, "never approved": stopped, "with probes": probed,
	}
}

// Every boundary of some whole rollouts, in the loop and by many short calls.
func TestL2AtEveryCallOfAWholeRollout(t *testing.T) {
	for name, g := range wholeRollouts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g.sameID, g.restart = true, 2*time.Second
			for _, how := range []*stepping{nil, {}, {aged: []int{lost}}, {workflow: true}} {
				g := g
				g.stepping = how
				want := g.play()
				for call := 1; call <= want.calls; call++ {
					for _, effect := range []sim.Effect{sim.KilledBefore, sim.KilledAfter} {
						g.faults = []sim.Fault{{Call: call, Effect: effect}}
						got := g.play()
						got.sameAs(t, fmt.Sprintf("%s call %d", effect, call), want)
					}
				}
			}
		})
	}
}

func TestL3FaultsEndInTheTruthOrInACallForHelp(t *testing.T) {
	torture(t, func(t *rapid.T, s story) {
		end := s.ends[len(s.ends)-1]
		unread := s.kills > 0 && end.outcome == "PreflightFailed"                                       // started again, and told that nothing is there
		left := s.kills > 0 && end.outcome == "DoesNotFit" && strings.Contains(end.message, "stays at") // or why it cannot go on
		superseded := slices.ContainsFunc(s.ends, func(e ending) bool { return e.outcome == "Superseded" })
		gone := superseded && slices.ContainsFunc(s.faults, func(f sim.Fault) bool {
			return f.Effect == sim.NotFound && f.On == "" && f.Times > 3 // reads and writes say for seconds that there is no alias
		})
		help := gone || slices.ContainsFunc(s.ends, func(e ending) bool { return e.outcome == "RollbackFailed" || e.outcome == "StateUnknown" })
		if help || unread || left || s.meddledAtAll() || s.plan.HoldOnFailure {
			return
		}
		if r := s.finalRouting(); r.Split() {
			s.fatal(t, "L3: the last ending is %s and the alias %s", end.outcome, r)
		}
	})
}

func TestE1EveryDriverAtEveryCadenceGivesTheSameRoutings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := drawCertain(t)
		loop := g.play()

		again := g.atAnotherCadence(t)
		another := again.play()
		another.sameAs(t, "E1, another cadence", loop)

		seconds := rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.IntRange(0, 20_000).Draw(t, "ms")) * time.Millisecond
		})
		again.skews = drawSkews(t)
		again.stepping = &stepping{
			late: rapid.SliceOfN(seconds, 0, 5).Draw(t, "late"),
			aged: rapid.SliceOfN(rapid.SampledFrom([]int{0, 0, 1, 2, 5, lost}), 0, 7).Draw(t, "aged"),
		}
		stepped := again.play()
		stepped.sameAs(t, fmt.Sprintf("E1, turn by turn, %+v", *again.stepping), loop)

		again.stepping.workflow = true
		executed := again.play()
		executed.sameAs(t, fmt.Sprintf("E1, by a workflow, %+v", *again.stepping), loop)
	})
}

// atAnotherCadence is the same game, looked at more or less often.
func (g game) atAnotherCadence(t *rapid.T) game {
	g.request = maps.Clone(g.request)
	g.request["poll-interval"] = rapid.IntRange(1, 30).Draw(t, "cadence")
	return g
}

// sameAs fails where a story went otherwise than another: by the routings, or by how the last call of the first driver ended. A
// success that nobody could know of any more is a no-op.
func (s story) sameAs(t interface{ Fatalf(string, ...any) }, what string, want story) {
	if !slices.Equal(s.routings(), want.routings()) {
		t.Fatalf("%s: %v instead of %v\n%s", what, s.routings(), want.routings(), s.transcript())
	}
	got, wanted := s.lastEnd(), want.lastEnd()
	if got == "no-op" && strings.HasPrefix(wanted, "succeeded") {
		return
	}
	if got != wanted {
		t.Fatalf("%s: ended %s instead of %s\n%s", what, got, wanted, s.transcript())
	}
}

// lastEnd is how the last call of the first driver ended.
func (s story) lastEnd() string {
	for _, e := range slices.Backward(s.ends) {
		if strings.HasPrefix(e.by, "first") {
			return e.outcome
		}
	}
	return ""
}
