package loop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// busy is a game's world after some hours of traffic, in which calls come by chance where there is a seed.
func (g game) busy(hours int, seed uint64) (*sim.World, loop.Deployer) {
	w, d := g.world()
	if seed > 0 {
		w.Dice = rand.New(rand.NewPCG(seed, 1))
	}
	w.Advance(time.Duration(hours)*time.Hour + 20*time.Second)
	return w, d
}

// ask sends a request in an invocation of its own.
func ask(w *sim.World, d loop.Deployer, raw []byte) (answer answer.Answer, err error) {
	w.Go(w.Elapsed(), func() {
		ctx, _, cancel := w.Begin(sim.Invocation{})
		defer cancel()
		answer, err = d.Handle(ctx, raw)
	})
	w.Drain()
	return answer, err
}

// auto is a rollout of type auto with a budget.
func auto(budget, rps float64) game {
	return game{rps: rps, metricsDelay: time.Minute, request: map[string]any{
		"function-name": "f", "alias": "live", "new-version": "2", "type": "auto", "health-check": map[string]any{"max-failed-invocations": budget},
	}}
}

func TestAutoTakesAHealthyVersionLive(t *testing.T) {
	g := auto(10, 20)
	g.request["max-duration"] = "14m50s"
	w, d := g.busy(4, 0)
	answer, err := ask(w, d, g.raw())
	require.NoError(t, err)
	assert.Equal(t, "succeeded", answer.Status)
	require.Len(t, answer.Steps, 5)
	assert.Equal(t, rollout.Weight(37), answer.Steps[0].Weight)
	first := answer.Steps[0]
	assert.Less(t, first.Until.Sub(first.From), 172*time.Second, "evidence ends a step before its longest hold")
	assert.GreaterOrEqual(t, first.Until.Sub(first.From), 2*time.Minute)
	assert.Empty(t, answer.Warnings)
}

func TestAutoKeepsTheCostOfAVersionThatFailsCompletely(t *testing.T) {
	for _, rps := range []float64{.05, 1, 20, 300, 2000} {
		for _, budget := range []float64{1, 5, 20, 100} {
			t.Run(fmt.Sprintf("%g rps, budget %g", rps, budget), func(t *testing.T) {
				g := auto(budget, rps)
				g.newVersion.Errors = sim.Constant(1)
				w, d := g.busy(4, 7)
				_, err := ask(w, d, g.raw())
				assert.ErrorAs(t, err, new(answer.RolledBack))
				failed := w.Served("f", "live", "2").Errors
				smallest := rps * 135 * rollout.Weight(1).Share()
				allowed := max(budget, smallest)
				assert.LessOrEqual(t, failed, allowed+3*math.Sqrt(allowed), "about the budget: calls come by chance")
			})
		}
	}
}

func TestAutoWithoutTrafficSaysSo(t *testing.T) {
	g := auto(10, 0)
	w, d := g.busy(2, 0)
	answer, err := ask(w, d, g.raw())
	require.NoError(t, err)
	assert.Equal(t, "succeeded-unverified", answer.Status)
	require.Len(t, answer.Warnings, 1)
	assert.Contains(t, answer.Warnings[0], "no calls are recorded of the hour before the start, so type auto begins at 1 %")
}

// TestEveryDriverChoosesTheSameSchedule kills the driver again and again, in traffic that rises and falls: each one reads
// more of the time since, and must choose what the first has chosen.
func TestEveryDriverChoosesTheSameSchedule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := auto(rapid.SampledFrom([]float64{3, 10, 100}).Draw(t, "budget"), 0)
		g.restart = time.Duration(rapid.IntRange(0, 30).Draw(t, "restart")) * time.Second
		g.lives = time.Duration(rapid.IntRange(5, 100).Draw(t, "lives")) * time.Second
		w, d := g.world()
		w.Dice = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		var curve sim.Curve
		for at := time.Duration(0); at < 4*time.Hour; at += 7 * time.Minute {
			curve = append(curve, sim.Point{From: at, Value: rapid.Float64Range(0.1, 10).Draw(t, "rps")})
		}
		w.SetTraffic("f", "live", curve)
		w.Advance(2*time.Hour + time.Duration(rapid.IntRange(0, 59).Draw(t, "second"))*time.Second)

		s := story{game: g, log: &strings.Builder{}}
		w.Go(w.Elapsed(), func() { s.drive(w, d, g.raw(), "first") })
		w.Drain()

		var plan rollout.Plan
		for _, write := range w.Writes()[1:] {
			j := journalOf(write.Description, write.Routing)
			if j == nil {
				continue
			}
			if plan.Steps == nil {
				plan = scheduleOf(t, w, g.raw(), j.Start)
			}
			if j.Weight > 0 && (j.Step > len(plan.Steps) || plan.Steps[j.Step-1].Weight != j.Weight || j.Steps != len(plan.Steps)) {
				t.Fatalf("step %d of %d at %s %%, the schedule is %v", j.Step, j.Steps, j.Weight, plan.Steps)
			}
		}
	})
}

// scheduleOf is the schedule of a rollout that began at start, by what CloudWatch shows of it in the end.
func scheduleOf(t require.TestingT, w *sim.World, raw []byte, start time.Time) rollout.Plan {
	request, err := request.Parse(raw, sim.Home())
	require.NoError(t, err)
	since, until := rollout.TrafficSpan(start)
	minutes, err := w.Account().Metrics.Minutes(context.Background(), target.MetricsQuery{Function: "f", Alias: "live", Since: since, Until: until})
	require.NoError(t, err)
	return request.Plan.For(rollout.TrafficBefore(start, minutes))
}

func TestAutoWaitsForItsSchedule(t *testing.T) {
	g := auto(10, 20)
	w, d := g.busy(4, 0)
	w.Faults = []sim.Fault{{On: sim.GetMetrics, Effect: sim.Throttled}}
	_, err := ask(w, d, g.raw())
	assert.ErrorAs(t, err, new(answer.PreflightFailed))
	assert.ErrorContains(t, err, "the traffic of the last hour")
	assert.Len(t, w.Writes(), 1, "nothing is begun without a schedule")
}

// preview is the answer of action plan to a game's request.
func (g game) preview(t *testing.T, w *sim.World, d loop.Deployer) answer.Answer {
	t.Helper()
	var request map[string]any
	require.NoError(t, json.Unmarshal(g.raw(), &request))
	request["action"] = "plan"
	raw, err := json.Marshal(request)
	require.NoError(t, err)
	answer, err := ask(w, d, raw)
	require.NoError(t, err)
	return answer
}

func TestAPlanNamesTheDriverThatItFits(t *testing.T) {
	for hold, driver := range map[string]string{"1m": "deployer", "1h": "workflow"} {
		g := game{rps: 20, request: map[string]any{"function-name": "f", "alias": "live", "new-version": "2", "steps": 2, "interval": hold}}
		w, d := g.busy(4, 0)
		plan := g.preview(t, w, d)
		require.Equal(t, driver, plan.Driver)
		require.Equal(t, driver != "deployer", strings.Contains(fmt.Sprint(plan.Findings), "DoesNotFit: "), plan.Findings)
		require.Equal(t, driver != "deployer", plan.Refusal == "DoesNotFit", plan.Refusal)
		d.Long, d.HandOff = w.LongEngine(), true
		plan = g.preview(t, w, d)
		require.Equal(t, driver, plan.Driver)
		require.Empty(t, plan.Findings)
		require.Equal(t, driver == "deployer", plan.EndsAt.Before(w.Now().Add(15*time.Minute)))
	}
}

func TestTheBlastRadiusIsWhatARolloutCosts(t *testing.T) {
	linear := game{rps: 20, metricsDelay: time.Minute, request: map[string]any{"function-name": "f", "alias": "live", "new-version": "2", "bake": 0}}
	canary := game{rps: 20, metricsDelay: time.Minute, request: map[string]any{
		"function-name": "f", "alias": "live", "new-version": "2", "type": "canary", "weight": 5, "interval": 300, "health-check": map[string]any{"errors": "any"},
	}}
	for name, g := range map[string]game{"linear": linear, "canary, any": canary, "auto": auto(10, 20)} {
		t.Run(name, func(t *testing.T) {
			w, d := g.busy(4, 0)
			radii := g.preview(t, w, d).BlastRadius
			require.Len(t, radii, 3)
			for _, radius := range radii {
				bad := g
				bad.newVersion.Errors = sim.Constant(radius.Failing / 100)
				w, d := bad.busy(4, 0)
				shift := w.Now()
				_, err := ask(w, d, bad.raw())
				require.Equal(t, radius.RolledBackAfter != "", err != nil, "%+v %v", radius, err)
				failed := w.Served("f", "live", "2").Errors
				assert.InDelta(t, failed, float64(radius.Failed), 3+.25*failed, "%+v", radius)
				if after, parsed := time.ParseDuration(radius.RolledBackAfter); parsed == nil {
					assert.InDelta(t, w.Now().Sub(shift).Seconds(), after.Seconds(), 60)
				}
			}
		})
	}
}

func TestPlanSaysWhereItKnowsNoTraffic(t *testing.T) {
	g := quick()
	w, d := g.world()
	answer := g.preview(t, w, d)
	assert.Nil(t, answer.BlastRadius)
	assert.Contains(t, answer.Warnings, "blast-radius is not known: no calls of the last hour are recorded")
}

func TestRehearseTellsHealthyFromBroken(t *testing.T) {
	t.Parallel()
	for name, request := range map[string]map[string]any{
		"linear": {"interval": 60, "steps": 5}, "auto": auto(10, 5).request, "all at once": {"type": "all-at-once", "bake": "5m"},
	} {
		t.Run(name, func(t *testing.T) {
			g := game{rps: 5, metricsDelay: time.Minute, request: map[string]any{"action": "rehearse", "function-name": "f", "alias": "live", "days": 1}}
			for _, key := range []string{"type", "interval", "steps", "bake", "health-check"} {
				if value, ok := request[key]; ok {
					g.request[key] = value
				}
			}
			w, d := g.busy(28, 3)
			answer, err := ask(w, d, g.raw())
			require.NoError(t, err)
			assert.Equal(t, "rehearsed", answer.Status)
			assert.Equal(t, "1", answer.OldVersion)
			require.Len(t, answer.Cases, 4)
			same, broken := answer.Cases[0], answer.Cases[3]
			assert.Positive(t, same.Rollouts)
			assert.Zero(t, same.RolledBack, "the old version against itself")
			assert.Equal(t, broken.Rollouts, broken.RolledBack, "a version that fails completely")
			assert.NotEmpty(t, broken.MedianTime)
			assert.Len(t, w.Writes(), 1, "nothing is changed")

			again, err := ask(w, d, g.raw())
			require.NoError(t, err)
			assert.Equal(t, answer.Cases, again.Cases, "the same minutes, the same answer")
		})
	}
}

func TestRehearseNeedsSomethingToReplay(t *testing.T) {
	g := game{request: map[string]any{"action": "rehearse", "function-name": "f", "alias": "live", "days": 1}}
	w, d := g.world()
	said, err := ask(w, d, g.raw())
	require.NoError(t, err)
	assert.Zero(t, said.Cases[0].Rollouts)
	assert.Contains(t, said.Warnings[0], "there was nothing to replay")

	g.request["alias"] = "nowhere"
	_, err = ask(w, d, g.raw())
	assert.ErrorAs(t, err, new(answer.PreflightFailed))
}

func TestAResumedDriverWaitsUntilItKnowsItsSchedule(t *testing.T) {
	g := auto(10, 20)
	g.lives, g.restart = 200*time.Second, 0
	w, d := g.busy(4, 0)
	outage := sim.Span{From: w.Elapsed() + 195*time.Second, Until: w.Elapsed() + 260*time.Second}
	w.Faults = []sim.Fault{{On: sim.GetMetrics, During: outage, Effect: sim.Throttled}}
	s := story{game: g, log: &strings.Builder{}}
	w.Go(w.Elapsed(), func() { s.drive(w, d, g.raw(), "first") })
	w.Drain()
	require.Equal(t, "succeeded", s.endings(), s.log.String())
	for _, write := range w.Writes() {
		assert.False(t, outage.From < write.At && write.At < outage.Until, "nothing moves meanwhile: %s", write.Routing)
	}
}
