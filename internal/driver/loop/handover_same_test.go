package loop_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// byExecution stands before an execution's name where its end takes the place of the deployer's own.
const byExecution = "first, by "

// handed plays a game whose deployer hands over what hand-off says, to the state machine or, where how is given, to the durable
// function: the story ends as the execution does.
func (g game) handed(handOff any, how *durably) story {
	g.request = maps.Clone(g.request)
	g.request["hand-off"] = handOff
	w, d := g.world()
	w.Advance(g.before)
	s := story{game: g, log: &strings.Builder{}}
	parsed, err := request.Parse(g.raw(), sim.Home())
	must(err)
	s.plan, d.Watch, d.Long = parsed.Plan, s.watch(w), w.LongEngine()
	run := func(started sim.Started) { scenario.RunExecution(w, started, scenario.Worker(w, discard())) }
	if how != nil {
		d.Long, d.Engines = w.DurableEngine(), append(d.Engines, w.Durables())
		run = func(started sim.Started) { runDurably(w, started, *how) }
	}
	w.Machine.Run = func(started sim.Started) {
		w.Go(w.Elapsed()+time.Second, func() {
			run(started)
			s.executed(w, started)
		})
	}
	w.Go(g.before, func() { s.drive(w, d, g.raw(), "first") })
	for i, o := range g.others {
		s.schedule(w, d, o, i)
	}
	w.Drain()
	s.writes, s.calls = w.Writes(), w.Calls("")
	return s
}

// executed is an execution that has ended. Its end takes the place of the deployer's own.
func (s *story) executed(w *sim.World, started sim.Started) {
	for _, e := range w.Executions() {
		if e.ARN != started.ARN {
			continue
		}
		outcome := e.Error
		if e.Status == target.ExecutionSucceeded {
			var answer struct{ Status string }
			must(json.Unmarshal(e.Output, &answer))
			outcome = answer.Status
		}
		fmt.Fprintf(s.log, "%9s %s ended: %s %s\n", w.Elapsed(), started.Name, outcome, e.Cause)
		s.ends = append(s.ends, ending{at: w.Elapsed(), by: byExecution + started.Name, outcome: outcome})
	}
}

// The same world and the same request: the same routings and the same end, whether the deployer runs it or hands it over, and
// whatever goes wrong with that.
func TestE1AHandOverGivesTheSameRoutings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { endsAsUndisturbed(t, nil) })
}

// The same for a deployer that has a few minutes only, and a person who pauses the rollout for longer than that: what it cannot
// finish ends as a workflow would have ended it.
func TestE1AHandOverOnTheWayGivesTheSameRoutings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { endsAsAWorkflow(t, nil) })
}

// Both, with the durable function as the long engine, whatever Lambda makes of what that records.
func TestE1AHandOverToTheDurableFunctionGivesTheSameRoutings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ends := rapid.SampledFrom([]func(*rapid.T, *durably){endsAsUndisturbed, endsAsAWorkflow}).Draw(t, "handed over")
		ends(t, drawDurably(t))
	})
}

// endsAsUndisturbed hands a rollout over at its start.
func endsAsUndisturbed(t *rapid.T, how *durably) {
	g := drawCertain(t)
	want := g.play()
	g.faults = append(g.faults, drawBetrayals(t, how)...)
	got := g.handed("always", how)
	if !slices.ContainsFunc(got.ends, ending.ofExecution) {
		t.Fatalf("nobody took it over\n%s", got.transcript())
	}
	got.byExecution().sameAs(t, "E1, handed over", want)
}

// endsAsAWorkflow hands a rollout over that is paused.
func endsAsAWorkflow(t *rapid.T, how *durably) {
	g := drawCertain(t)
	if _, approved := g.request["stages"]; approved {
		return // it is handed over at its start
	}
	// In the middle of a hold: who shifts within a second of the pause, and who a second after it, hangs on the driver.
	interval := g.request["interval"].(int)
	into := rapid.IntRange(20, interval-5).Draw(t, "pause, into a hold")
	pause := time.Duration(interval*rapid.IntRange(0, 2).Draw(t, "hold")+into) * time.Second
	g.others = []other{{at: pause, action: "pause"}, {at: pause + 20*time.Minute, action: "resume"}}
	long := g
	long.stepping = &stepping{workflow: true}
	want := long.play()
	g.timeout = time.Duration(rapid.IntRange(240, 900).Draw(t, "timeout")) * time.Second
	g.faults = append(g.faults, drawBetrayals(t, how)...)
	got := g.handed(true, how)
	got.byExecution().sameAs(t, "E1, handed over on the way", want)
}

// drawBetrayals are what may go wrong with the engine, the durable function where how is given: not for long.
func drawBetrayals(t *rapid.T, how *durably) (faults []sim.Fault) {
	calls := []sim.Operation{sim.StartExecution, sim.DescribeExecution, sim.ListExecutions}
	if how != nil {
		calls = []sim.Operation{sim.InvokeDurable, sim.GetDurableExecution, sim.ListDurableExecutions}
	}
	for range rapid.IntRange(0, 2).Draw(t, "betrayals") {
		faults = append(faults, sim.Fault{
			On:     rapid.SampledFrom(calls).Draw(t, "engine"),
			Call:   rapid.IntRange(1, 3).Draw(t, "call of the engine"),
			Effect: rapid.SampledFrom([]sim.Effect{sim.Throttled, sim.ServerError, sim.ReplyLost, sim.Denied, sim.KilledAfter}).Draw(t, "betrayal"),
		})
	}
	return faults
}

// byExecution is the story as its first execution ended it, if any did.
func (s story) byExecution() story {
	if i := slices.IndexFunc(s.ends, ending.ofExecution); i >= 0 {
		s.ends = s.ends[i : i+1]
	}
	return s
}

// ofExecution says that it is an execution's end.
func (e ending) ofExecution() bool { return strings.HasPrefix(e.by, byExecution) }
