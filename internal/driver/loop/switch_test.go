package loop_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// each checks a game by every engine, with recover in the account.
func (g game) each(t *testing.T, check func(t *testing.T, g game)) {
	for engine, by := range engines() {
		t.Run(engine, func(t *testing.T) { check(t, guarded(g, by)) })
	}
}

// A driver without its switch claims nothing, and says what to do.
func TestASwitchThatCannotBeSetIsAFinding(t *testing.T) {
	for name, effect := range map[string]sim.Effect{"denied": sim.Denied, "throttled for minutes": sim.Throttled} {
		t.Run(name, func(t *testing.T) {
			quick().each(t, func(t *testing.T, g game) {
				g.faults = []sim.Fault{{On: sim.CreateSchedule, Effect: effect}}
				s := g.play()
				require.Len(t, s.ends, 1, s.transcript())
				assert.Equal(t, "PreflightFailed", s.ends[0].outcome, s.transcript())
				assert.Len(t, s.writes, 1, "nothing was claimed")
				assert.Contains(t, s.transcript(), "the dead man's switch cannot be set")
				assert.Contains(t, s.transcript(), "DeadMansSwitch")
			})
		})
	}
	quick().each(t, func(t *testing.T, g game) {
		g.faults = []sim.Fault{{On: sim.CreateSchedule, Call: 1, Times: 3, Effect: sim.Throttled}}
		requireEnded(t, g.play(), "succeeded")
	})
}

// One that cannot be deleted changes nothing about the end.
func TestASwitchThatCannotBeDeletedIsAWarning(t *testing.T) {
	quick().each(t, func(t *testing.T, g game) {
		g.faults = []sim.Fault{{On: sim.DeleteSchedule, Call: 1, Effect: sim.Denied}}
		s := g.play()
		requireEnded(t, s, "succeeded")
		require.NotEmpty(t, s.recovered, "it calls")
		assert.Equal(t, "no-op", s.recovered[0].outcome)
		s.requireWhole(t, "finished")
	})
}

// A lost answer to the creation is a switch that is there already.
func TestASwitchIsSetOnce(t *testing.T) {
	quick().each(t, func(t *testing.T, g game) {
		g.faults = []sim.Fault{{On: sim.CreateSchedule, Call: 1, Effect: sim.ReplyLost}}
		s := g.play()
		requireEnded(t, s, "succeeded")
		assert.Empty(t, s.recovered)
	})
}

// Each driver deletes its own switch and no other's: the relieved one's end does not take the newer one's away.
func TestARelievedDriverLeavesTheNewerOnesSwitch(t *testing.T) {
	g := guarded(quick(), func(*game) {})
	g.request["interval"] = 60
	g.others = []other{{at: time.Minute, action: "deploy"}}
	g.faults = []sim.Fault{{On: sim.UpdateAlias, Call: 4, Effect: sim.KilledAfter}} // claim, step, take-over, step
	s := g.play()
	require.Equal(t, "in-progress", s.ends[0].outcome, s.transcript())
	require.Len(t, s.recovered, 1, s.transcript())
	assert.Equal(t, "rolled-back", s.recovered[0].outcome)
	s.requireWhole(t, "the newer driver was killed")
}

// What is held needs no driver, and no switch.
func TestAHeldRolloutIsLeft(t *testing.T) {
	failing := wholeRollouts()["failing"]
	failing.each(t, func(t *testing.T, g game) {
		g.request["on-failure"] = "hold"
		g.guard.told = false
		s := g.play()
		require.Len(t, s.ends, 1)
		assert.Empty(t, s.recovered, s.transcript())
		held := rollout.ParseDescription(s.writes[len(s.writes)-1].Description).Journal
		require.NotNil(t, held)
		assert.True(t, held.Held)
	})
}

// A way back that could not be written is not given up: recover tries it again.
func TestARollbackThatFailedIsTriedAgain(t *testing.T) {
	g := guarded(wholeRollouts()["failing"], func(*game) {})
	g.faults = []sim.Fault{{On: sim.UpdateAlias, During: sim.Span{From: g.before + 5*time.Second, Until: g.before + 15*time.Minute + time.Second}, Effect: sim.ServerError}}
	s := g.play()
	requireEnded(t, s, "RollbackFailed")
	s.requireWhole(t, "after RollbackFailed")
}

// A week's pause of a workflow is nobody's death, however often its switch asks.
func TestAWorkflowThatIsPausedForAWeekIsLeftAlone(t *testing.T) {
	t.Parallel()
	g := guarded(pausedForAWeek(), engines()["workflow"])
	g.guard.scheduler = sim.Scheduler{Twice: true, Early: true, Late: 30 * time.Second}
	s := g.play()
	assert.True(t, strings.HasSuffix(s.endings(), "succeeded"), s.endings())
	assert.Greater(t, len(s.recovered), hoursPaused*3/2, "asked twice every hour")
	for _, e := range s.recovered {
		assert.Equal(t, "no-op", e.outcome)
	}
	assert.Equal(t, rollout.Routing{Primary: "2"}, s.finalRouting())
}

// hoursPaused is how many hours somebody pauses a rollout for: a week.
const hoursPaused = 7 * 24

// pausedForAWeek is a rollout of minutes that somebody pauses for a week.
func pausedForAWeek() game {
	g := withKeys(map[string]any{"interval": "10m", "poll-interval": 60})
	g.others = []other{{at: 5 * time.Minute, action: "pause"}, {at: time.Duration(hoursPaused) * time.Hour, action: "resume"}}
	return g
}

// A pipeline that goes on calling moves its switch on, however long it takes.
func TestAPipelineOfHoursIsLeftAlone(t *testing.T) {
	g := guarded(withKeys(map[string]any{"interval": "50m", "poll-interval": 60}), engines()["pipeline"])
	g.jobs.late = []time.Duration{10 * time.Minute}
	s := g.play()
	requireEnded(t, s, "succeeded")
	assert.Greater(t, s.ends[0].at, 2*time.Hour)
	assert.Empty(t, s.recovered, "its switch never calls")
}

// In any world, recover writes only where the journal names a driver that is dead.
func TestS8RecoverTouchesOnlyWhatIsDead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := draw(t, hostile)
		g.sameID = false
		for i := range g.faults {
			g.faults[i].During.Until = 72 * time.Hour // an engine that lasts a year would try for a year
		}
		g.guard = &guard{
			leftAlone: rapid.Bool().Draw(t, "left alone"), told: rapid.Bool().Draw(t, "told"),
			scheduler: sim.Scheduler{
				Twice: rapid.Bool().Draw(t, "twice"), Early: rapid.Bool().Draw(t, "early"),
				Late: time.Duration(rapid.SampledFrom([]int{0, 30, 600}).Draw(t, "late")) * time.Second,
			},
		}
		switch rapid.SampledFrom([]string{"deployer", "workflow", "durable", "pipeline"}).Draw(t, "engine") {
		case "workflow":
			g.stepping = &stepping{workflow: true}
		case "durable":
			g.durable = drawDurably(t)
		case "pipeline":
			g.jobs = &jobs{}
		}
		s := g.play()
		for _, living := range s.touched {
			s.fatal(t, "S8: recover wrote on the alias of driver %s, which lived", living)
		}
		for _, w := range s.writes[1:] {
			before := s.journalBefore(w)
			if strings.HasPrefix(w.By, "recover") && (before == nil || before.Held) {
				s.fatal(t, "S8: recover wrote %q where no rollout ran", w.Description)
			}
		}
	})
}
