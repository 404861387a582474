package loop_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// engines are the ways that a rollout is driven, each with what it is told of its drivers' ends.
func engines() map[string]func(*game) {
	return map[string]func(*game){
		"deployer": func(*game) {},
		"workflow": func(g *game) { g.stepping = &stepping{workflow: true} },
		"workflow, told": func(g *game) {
			g.stepping, g.guard.told = &stepping{workflow: true}, true
		},
		"durable": func(g *game) { g.durable = &durably{} },
		"durable, told": func(g *game) {
			g.durable, g.guard.told = &durably{}, true
		},
		"pipeline": func(g *game) { g.jobs = &jobs{} },
	}
}

// guarded is a game with recover in its account, in which nobody starts a killed driver again.
func guarded(g game, by func(*game)) game {
	g.request = maps.Clone(g.request)
	g.guard, g.sameID = &guard{leftAlone: true}, true
	by(&g)
	return g
}

// requireWhole fails where an alias is left behind.
func (s story) requireWhole(t *testing.T, what string) {
	t.Helper()
	last := s.writes[len(s.writes)-1]
	whole := last.Routing == rollout.Routing{Primary: "1"} || last.Routing == rollout.Routing{Primary: "2"}
	if !whole || strings.Contains(last.Description, " by ") && rollout.ParseDescription(last.Description).Journal != nil {
		t.Fatalf("%s: left at %s, %q\n%s", what, last.Routing, last.Description, s.transcript())
	}
	if owner := rollout.ParseDescription(last.Description).Owner; owner != s.owner {
		t.Fatalf("%s: the owner's text is %q\n%s", what, owner, s.transcript())
	}
}

// Whatever call a driver is killed at, and nobody sends anything again, the alias ends whole.
func TestL4AfterAKillAtAnyCallTheAliasEndsWhole(t *testing.T) {
	for engine, by := range engines() {
		for name, g := range wholeRollouts() {
			t.Run(engine+", "+name, func(t *testing.T) {
				t.Parallel()
				g := guarded(g, by)
				want := g.play()
				assert.Empty(t, want.recovered, "a driver that ends deletes its switch\n%s", want.transcript())
				for call := 1; call <= want.calls; call++ {
					for _, effect := range []sim.Effect{sim.KilledBefore, sim.KilledAfter} {
						g.faults = []sim.Fault{{Call: call, Effect: effect}}
						got := g.play()
						got.requireWhole(t, fmt.Sprintf("%s call %d", effect, call))
					}
				}
			})
		}
	}
}

// Recover itself is killed at each of its calls, after a driver was killed at each of its own.
func TestL4RecoverIsKilledToo(t *testing.T) {
	hooked := wholeRollouts()["with hooks"]
	for engine, by := range engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			g := guarded(hooked, by)
			want := g.play()
			for call := 1; call <= want.calls; call++ {
				g.faults = []sim.Fault{{Call: call, Effect: sim.KilledAfter}}
				once := g.play()
				for again := call + 1; again <= once.calls; again++ {
					g.faults = []sim.Fault{{Call: call, Effect: sim.KilledAfter}, {Call: again, Effect: sim.KilledBefore}}
					got := g.play()
					got.requireWhole(t, fmt.Sprintf("killed after call %d and before %d", call, again))
				}
			}
		})
	}
}

// Who stops an execution does not stop the worker that runs: whatever it still does, the alias ends whole.
func TestL4AnExecutionIsStoppedWhileItsWorkerRuns(t *testing.T) {
	for _, engine := range []string{"workflow", "workflow, told", "durable", "durable, told"} {
		for name, g := range wholeRollouts() {
			t.Run(engine+", "+name, func(t *testing.T) {
				t.Parallel()
				g := guarded(g, engines()[engine])
				want := g.play()
				for call := 1; call <= want.calls; call++ {
					by := *g.guard
					g.guard, by.stopped = &by, call
					got := g.play()
					got.requireWhole(t, fmt.Sprintf("stopped at call %d", call))
				}
			})
		}
	}
}

// A scheduler that is late, calls twice or too early changes nothing; one that never calls is why EventBridge tells too.
func TestL4WhateverTheSchedulerDoes(t *testing.T) {
	for name, scheduler := range map[string]sim.Scheduler{
		"late": {Late: 59 * time.Second}, "very late": {Late: 20 * time.Minute}, "twice": {Twice: true}, "early": {Early: true}, "never": {Never: true},
	} {
		for engine, by := range engines() {
			if scheduler.Never && !strings.HasSuffix(engine, ", told") {
				continue
			}
			t.Run(name+", "+engine, func(t *testing.T) {
				t.Parallel()
				g := guarded(quick(), by)
				g.guard.scheduler = scheduler
				want := g.play()
				requireEnded(t, want, "succeeded")
				for call := 1; call <= want.calls; call++ {
					g.faults = []sim.Fault{{Call: call, Effect: sim.KilledAfter}}
					got := g.play()
					got.requireWhole(t, fmt.Sprintf("killed after call %d", call))
				}
			})
		}
	}
}

// A rollout that lacked only its end is brought to it.
func TestARolloutWhoseBakeIsOverIsFinished(t *testing.T) {
	for engine, by := range engines() {
		if strings.HasSuffix(engine, ", told") { // told at once: the bake is not over
			continue
		}
		t.Run(engine, func(t *testing.T) {
			g := guarded(wholeRollouts()["with hooks"], by)
			g.hooks = maps.Clone(g.hooks)
			g.faults = []sim.Fault{{On: sim.UpdateAlias, Call: 5, Effect: sim.KilledBefore}} // claim, three steps, the end
			s := g.play()
			require.Equal(t, "succeeded", s.recovered[0].outcome, s.transcript())
			assert.Equal(t, rollout.Routing{Primary: "2"}, s.finalRouting())
			assert.Equal(t, "front door", s.writes[len(s.writes)-1].Description)
		})
	}
}

// Everything else goes back, says why, and is nobody's blame.
func TestARolloutThatIsLeftGoesBackWithoutBlame(t *testing.T) {
	for engine, want := range map[string]string{
		"deployer":       "its driver first ended without it: its invocation was over at 2026-01-05T09:15:00Z",
		"workflow":       "its driver first ended without it: workflow first was ABORTED",
		"workflow, told": "its driver first ended without it: workflow first was ABORTED",
		"durable":        "its driver first ended without it: durable execution first was STOPPED",
		"durable, told":  "its driver first ended without it: durable execution first was STOPPED",
		"pipeline":       "its driver first ended without it: the pipeline had not called by 2026-01-05T10:00:",
	} {
		t.Run(engine, func(t *testing.T) {
			g := guarded(quick(), engines()[engine])
			g.faults = []sim.Fault{{On: sim.UpdateAlias, Call: 3, Effect: sim.KilledAfter}}
			s := g.play()
			require.Equal(t, "rolled-back", s.recovered[0].outcome, s.transcript())
			assert.Equal(t, rollout.Routing{Primary: "1"}, s.finalRouting())
			record := rollout.ParseDescription(s.writes[len(s.writes)-1].Description).Record
			require.NotNil(t, record)
			assert.Empty(t, record.Bad)
			assert.True(t, strings.HasPrefix(record.Why, want), record.Why)
		})
	}
}
