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

// The properties of docs/design.md, section 5, each by its number, over random plans, worlds and faults. A failing run prints
// its transcript; rapid prints how to replay it.

func TestS1WeightRisesOnlyWhenTheLastVerdictAllowedIt(t *testing.T) {
	torture(t, func(t *rapid.T, s story) {
		finishing := map[string]bool{} // by driver: a last write that failed is made again, by the verdict that has let it
		for _, turn := range s.turns {
			again := turn.then == "finish" && turn.verdict == "" && finishing[turn.by]
			if turn.verdict != "" {
				finishing[turn.by] = turn.then == "finish"
			}
			forward := strings.HasPrefix(turn.then, "shift to ") || turn.then == "finish"
			if !forward || again || turn.verdict == "" && turn.weight == 0 {
				continue
			}
			allowed := turn.verdict == "pass" || turn.verdict == "inconclusive" && turn.noData && s.plan.OnNoData == rollout.AdvanceOnNoData
			if !allowed {
				s.fatal(t, "S1: %s after verdict %q (%s)", turn.then, turn.verdict, turn.why)
			}
		}
	})
}

// At every weight that is left for a higher one, each probe that is due there has been made.
func TestS1NothingGoesForwardBeforeItsProbesAreMade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawCertain(t).play()
		for _, w := range s.ours() {
			before := s.journalBefore(w)
			if before == nil || s.byPerson(w) || w.Routing.Share("2") <= before.Weight && w.Routing.Primary != "2" {
				continue
			}
			due := 0
			for _, p := range s.plan.Probes {
				if p.EveryStep || before.Weight == 0 {
					due++
				}
			}
			if journalOf(w.Description, w.Routing) != nil && before.Weight == rollout.Full {
				continue // a claim, a bake
			}
			made := 0
			for _, p := range s.probed {
				if p.at <= w.At && p.weight == before.Weight {
					made++
				}
			}
			if made < due {
				s.fatal(t, "S1: %d of %d probes made at %s %%, then %s", made, due, before.Weight, w.Routing)
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
				if began == "" || s.firstWriteOf(began) < theirs.At {
					s.fatal(t, "S4: %s overwrote what %s did at %s", w.By, theirs.By, theirs.At)
				}
			}
		}
	})
}

func TestS5NothingIsWrittenBeforePreflightPassed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := draw(t, calm)
		missing := rapid.SampledFrom([]func(*game){
			func(g *game) { g.request["new-version"] = "9" },
			func(g *game) { g.request["new-version"] = "@nowhere" },
			func(g *game) { g.request["alarms"] = []string{"nobody made it"} },
			func(g *game) { g.request["hooks"] = map[string]string{"pre-traffic": "nobody-made-it"} },
			func(g *game) { g.newVersion.Role = "another" },
			func(g *game) { g.newVersion.DeadLetter = "another" },
			func(g *game) { g.newVersion.State = "Failed" },
			func(g *game) { g.owner = strings.Repeat("x", 160) },
		}).Draw(t, "missing")
		missing(&g)
		s := g.play()
		if len(s.writes) > 1 || !s.ended("PreflightFailed") {
			s.fatal(t, "S5: %d writes, ended %s", len(s.writes)-1, s.endings())
		}
	})
}

func TestS6TheEndingIsTheTruth(t *testing.T) {
	torture(t, func(t *rapid.T, s story) {
		for _, e := range s.ends {
			want := map[string]rollout.Routing{
				"succeeded": {Primary: "2"}, "succeeded-unverified": {Primary: "2"}, "RolledBack": {Primary: "1"}, "rolled-back": {Primary: "1"},
			}
			if routing, known := want[e.outcome]; known && !s.stoodAt(routing, e) && !s.unseen(e) {
				s.fatal(t, "S6: %s ended %s with %s", e.by, e.outcome, s.aliasAt(e.at).Routing)
			}
			alias := s.aliasAt(e.at)
			back := alias.Routing == (rollout.Routing{Primary: "1"}) && journalOf(alias.Description, alias.Routing) == nil
			if e.outcome == "RollbackFailed" && back && !s.meddledAtAll() {
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

func TestS9NothingIsAnsweredAsUntouchedThatAWriteMayHaveReached(t *testing.T) {
	untouched := []string{"PreflightFailed", "RolloutInProgress", "KnownBadVersion", "DoesNotFit"}
	rapid.Check(t, func(t *rapid.T) {
		g := draw(t, hostile)
		if rapid.Bool().Draw(t, "lost for good") {
			g.faults = []sim.Fault{
				{On: sim.UpdateAlias, Call: rapid.IntRange(1, 3).Draw(t, "the lost one"), Effect: sim.ReplyLost},
				{On: sim.GetAlias, Call: rapid.IntRange(2, 4).Draw(t, "and no read from"), Times: 100_000, Effect: sim.ServerError},
			}
		}
		s := g.play()
		for _, e := range s.ends {
			if !slices.Contains(untouched, e.outcome) {
				continue
			}
			for _, w := range s.ours() {
				if w.By == e.by && w.At <= e.at {
					s.fatal(t, "S9: %s ended %s and has written %s", e.by, e.outcome, w.Routing)
				}
			}
		}
	})
}

// Whatever a driver knows of a pause, an approval or a hold it has read from the alias, so no shift follows one there.
func TestS10NothingGoesForwardWhileItIsStopped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := draw(t, hostile)
		if rapid.Bool().Draw(t, "certain") {
			g = drawCertain(t)
		}
		s := g.play()
		for _, w := range s.ours() {
			before, after := s.journalBefore(w), journalOf(w.Description, w.Routing)
			stopped := before != nil && (before.Paused || before.Approval == rollout.Wanted || before.Held)
			if !stopped || s.byPerson(w) {
				continue
			}
			forward := after == nil && w.Routing == rollout.Routing{Primary: "2"} || after != nil && after.ID == before.ID && after.Weight > before.Weight
			if forward {
				s.fatal(t, "S10: %s went from %+v to %s", w.By, before, w.Routing)
			}
		}
	})
}

// A person's call is about the rollout that it found, whatever becomes of its answers and whoever begins another one.
func TestS8APersonsCallTouchesOneRollout(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := quick()
		g.request["interval"] = 40
		at := time.Duration(rapid.IntRange(5, 60).Draw(t, "at")) * time.Second
		action := rapid.SampledFrom([]string{"rollback", "pause", "promote"}).Draw(t, "action")
		after := time.Duration(rapid.IntRange(20, 400).Draw(t, "ms")) * time.Millisecond
		g.others = []other{{at: at, action: action}, {at: at + after, action: "deploy"}, {at: at + after + 2*time.Second, action: "deploy"}}
		for call := range 6 {
			g.faults = append(g.faults, sim.Fault{On: sim.UpdateAlias, Call: call + 3, Effect: rapid.SampledFrom([]sim.Effect{sim.ReplyLost, sim.None}).Draw(t, "effect")})
		}
		s := g.play()
		touched := map[string]string{}
		for _, w := range s.ours() {
			before := s.journalBefore(w)
			if !s.byPerson(w) || before == nil {
				continue
			}
			if first := touched[w.By]; first != "" && first != before.ID {
				s.fatal(t, "S8: %s touched %s after %s", w.By, before.ID, first)
			}
			touched[w.By] = before.ID
		}
	})
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
