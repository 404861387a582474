package loop_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// The properties of design section 5, each by its number, over random plans, worlds and faults. A failing run prints
// its transcript; rapid prints how to replay it.

func TestS1WeightRisesOnlyWhenTheLastVerdictAllowedIt(t *testing.T) {
	torture(t, func(t *rapid.T, s story) {
		for _, turn := range s.turns {
			forward := strings.HasPrefix(turn.then, "shift to ") || turn.then == "finish"
			if !forward || turn.verdict == "" && turn.weight == 0 {
				continue
			}
			allowed := turn.verdict == "pass" || turn.verdict == "inconclusive" && turn.noData && s.plan.OnNoData == rollout.AdvanceOnNoData
			if !allowed {
				s.fatal(t, "S1: %s after verdict %q (%s)", turn.then, turn.verdict, turn.why)
			}
		}
	})
}

func TestS2OnlyWeightsOfThePlanInOrder(t *testing.T) {
	torture(t, func(t *rapid.T, s story) {
		for _, w := range s.ours() {
			before, after := s.journalBefore(w), journalOf(w.Description, w.Routing)
			switch {
			case after == nil: // the end: all old, or all new
				if r := w.Routing; r.Split() {
					s.fatal(t, "S2: the last write left %s", r)
				}
			case before == nil || before.ID != after.ID: // the claim of a new rollout
				if after.Weight != 0 {
					s.fatal(t, "S2: a rollout began at %s %%", after.Weight)
				}
			case after.Weight == before.Weight: // a pause, a claim, a hold
			case s.byPerson(w) && after.Weight == rollout.Full: // promote
			default:
				next := slices.IndexFunc(s.plan.Steps, func(step rollout.Step) bool { return step.Weight > before.Weight })
				if s.plan.Steps[next].Weight != after.Weight {
					s.fatal(t, "S2: from %s %% to %s %%", before.Weight, after.Weight)
				}
			}
		}
	})
}

func TestS3AFailIsFollowedByTheWayBackInTheSameTurn(t *testing.T) {
	torture(t, func(t *rapid.T, s story) {
		for _, turn := range s.turns {
			back := strings.HasPrefix(turn.then, "roll back: ") || strings.HasPrefix(turn.then, "hold: ") || turn.then == "finish Held"
			if turn.verdict == "fail" && !back {
				s.fatal(t, "S3: after a fail came %q", turn.then)
			}
		}
	})
}

func TestS4AChangeBySomeoneElseIsNeverOverwritten(t *testing.T) {
	torture(t, func(t *rapid.T, s story) {
		for i, theirs := range s.writes {
			if !s.stranger(theirs) || journalOf(theirs.Description, theirs.Routing) != nil {
				continue
			}
			for _, w := range s.writes[i+1:] {
				if s.stranger(w) {
					break
				}
				began := rolloutOf(w.Description)
				if before := s.journalBefore(w); began == "" && before != nil {
					began = before.ID
				}
				if began == "" || startOf(began).Before(sim.Start().Add(theirs.At).Truncate(time.Millisecond)) {
					s.fatal(t, "S4: %s overwrote what %s did at %s", w.By, theirs.By, theirs.At)
				}
			}
		}
	})
}

func TestS5NothingIsWrittenBeforePreflightPassed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := draw(t, calm)
		trouble := rapid.SampledFrom([]func(*game){
			func(g *game) { g.request["new-version"] = "9" },
			func(g *game) { g.request["new-version"] = "@nowhere" },
			func(g *game) { g.request["alarms"] = []string{"nobody made it"} },
			func(g *game) { g.request["hooks"] = map[string]string{"pre-traffic": "nobody-made-it"} },
			func(g *game) { g.newVersion.Role = "another" },
			func(g *game) { g.newVersion.DeadLetter = "another" },
			func(g *game) { g.newVersion.State = "Failed" },
			func(g *game) { g.owner = strings.Repeat("x", 160) },
		}).Draw(t, "trouble")
		trouble(&g)
		s := g.play()
		if len(s.writes) > 1 || !s.ended("PreflightFailed") {
			s.fatal(t, "S5: %d writes, ended %s", len(s.writes)-1, s.endings())
		}
	})
}

func TestS6TheEndingIsTheTruth(t *testing.T) {
	torture(t, func(t *rapid.T, s story) {
		for _, e := range s.ends {
			alias := s.aliasAt(e.at)
			want := map[string]rollout.Routing{
				"succeeded": {Primary: "2"}, "succeeded-unverified": {Primary: "2"}, "RolledBack": {Primary: "1"}, "rolled-back": {Primary: "1"},
			}
			if routing, known := want[e.outcome]; known && alias.Routing != routing && !s.meddled(e.at) {
				s.fatal(t, "S6: %s ended %s with %s", e.by, e.outcome, alias.Routing)
			}
		}
	})
}

func TestS7NoHealthyVerdictWithoutData(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := draw(t, calm)
		if rapid.Bool().Draw(t, "unreadable") {
			g.rps, g.newVersion.Errors = 50, nil
			g.faults = append(g.faults, sim.Fault{On: sim.GetMetrics, Call: 2, Times: 1_000_000, Effect: sim.Throttled})
		} else {
			g.request["health-check"] = map[string]any{"on-no-data": "hold"}
			g.rps = 0
		}
		s := g.play()
		for _, turn := range s.turns {
			if turn.verdict == "pass" {
				s.fatal(t, "S7: pass, %s", turn.why)
			}
		}
		for _, w := range s.writes {
			if w.Routing.Weight > s.plan.Steps[0].Weight || w.Routing.Primary == "2" && s.plan.Steps[0].Weight < rollout.Full {
				s.fatal(t, "S7: went on to %s", w.Routing)
			}
		}
	})
}

func TestS8TwoDriversNeverMoveAgainstEachOther(t *testing.T) {
	torture(t, func(t *rapid.T, s story) {
		claims := map[string]int{}
		for _, w := range s.ours() {
			before, after := s.journalBefore(w), journalOf(w.Description, w.Routing)
			token := rollout.DriverToken(w.By)
			switch {
			case s.byPerson(w):
			case before != nil && before.Driver == token: // the driver that the journal names
			case before != nil && w.Routing != before.Routing():
				s.fatal(t, "S8: %s moved traffic while the journal named %s", w.By, before.Driver)
			default:
				claims[token]++
			}
			if after != nil && before != nil && after.ID == before.ID && after.Weight < before.Weight {
				s.fatal(t, "S8: traffic stepped back from %s %% to %s %%", before.Weight, after.Weight)
			}
		}
		for token, n := range claims {
			if n > 1+s.lostReplies() {
				s.fatal(t, "S8: %s claimed the rollout %d times", token, n)
			}
		}
	})
}

func TestL1InAQuietWorldEveryPlanEndsInTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := draw(t, calm)
		g.rps, g.metricsDelay, g.newVersion.Errors = 20, 0, nil
		s := g.play()
		if !s.ended("succeeded") && !s.ended("succeeded-unverified") {
			s.fatal(t, "L1: ended %s", s.endings())
		}
		slack := time.Duration(len(s.plan.Steps))*s.plan.Poll + 10*time.Second
		if took := s.ends[0].at; took > s.plan.Duration()+slack {
			s.fatal(t, "L1: took %s, planned %s", took, s.plan.Duration())
		}
	})
}

func TestL2AKilledDriverStartedAgainReachesTheSameEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := draw(t, calm).whoseEndIsCertain(t)
		want := g.play()
		g.restart = time.Duration(rapid.IntRange(0, 30).Draw(t, "restart after")) * time.Second
		g.faults = append(g.faults, sim.Fault{
			Call: rapid.IntRange(1, max(1, want.calls)).Draw(t, "killed at call"), Effect: rapid.SampledFrom([]sim.Effect{sim.KilledBefore, sim.KilledAfter}).Draw(t, "killed"),
		})
		got := g.play()
		if a, b := want.finalRouting(), got.finalRouting(); a != b {
			got.fatal(t, "L2: %s instead of %s", b, a)
		}
	})
}

func TestL3FaultsEndInTheTruthOrInACallForHelp(t *testing.T) {
	torture(t, func(t *rapid.T, s story) {
		end := s.ends[len(s.ends)-1]
		if end.outcome == "RollbackFailed" || s.meddledAtAll() || s.plan.HoldOnFailure {
			return
		}
		if r := s.finalRouting(); r.Split() {
			s.fatal(t, "L3: the last ending is %s and the alias %s", end.outcome, r)
		}
	})
}

func TestE1EveryDriverAtEveryCadenceGivesTheSameRoutings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := draw(t, calm).whoseEndIsCertain(t)
		loop := g.play()

		g.request["poll-interval"] = rapid.IntRange(1, 30).Draw(t, "cadence")
		if again := g.play(); !slices.Equal(again.routings(), loop.routings()) || again.endings() != loop.endings() {
			again.fatal(t, "E1: %v %s at another cadence, %v %s", again.routings(), again.endings(), loop.routings(), loop.endings())
		}
		// A driver that lives for a moment and is called again by the same id is what a worker or a pipeline is.
		g.lives = time.Duration(rapid.IntRange(2, 20).Draw(t, "lives")) * time.Second
		if worker := g.play(); !slices.Equal(worker.routings(), loop.routings()) {
			worker.fatal(t, "E1: %v turn by turn, %v in a loop", worker.routings(), loop.routings())
		}
	})
}

// whoseEndIsCertain makes it a world in which a version fails always or never, and does so visibly within every hold:
// how a rollout ends there does not hang on when somebody looks.
func (g game) whoseEndIsCertain(t *rapid.T) game {
	g.metricsDelay = 0
	g.newVersion.Errors = rapid.SampledFrom([]sim.Curve{nil, sim.Constant(1)}).Draw(t, "errors")
	g.rps = rapid.SampledFrom([]float64{0, 200}).Draw(t, "rps")
	g.request["interval"] = rapid.IntRange(40, 90).Draw(t, "interval")
	g.request["bake"] = 130 // a whole minute at 100 %, wherever it begins
	return g
}

// torture plays random rollouts in a hostile world and hands each one's story to the property.
func torture(t *testing.T, property func(*rapid.T, story)) {
	rapid.Check(t, func(t *rapid.T) { property(t, draw(t, hostile).play()) })
}

// fatal fails with the transcript.
func (s story) fatal(t *rapid.T, format string, values ...any) {
	t.Helper()
	t.Fatalf("%s\n%s", fmt.Sprintf(format, values...), s.transcript())
}
