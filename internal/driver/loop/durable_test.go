package loop_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/driver/durable"
	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	durableprotocol "github.com/meta-deployer/meta-deployer/internal/durable"
	"github.com/meta-deployer/meta-deployer/internal/durable/durabletest"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// durably is how Lambda runs a durable execution.
type durably struct {
	// faults are what becomes of its checkpoints, by their number.
	faults map[int]durabletest.Fault
	// pages is how many operations an event has; 0 is all.
	pages int
}

// durableRun runs a request as a durable execution named first. An invocation that is killed is made again by Lambda; where the
// driver is left alone the execution is stopped instead.
func (s *story) durableRun(w *sim.World, d loop.Deployer, raw []byte) {
	clock := w.Clock()
	clock.Now = w.Now // Lambda's is right, whatever the host's says that the function runs on
	x := &durabletest.Execution{Clock: clock, Name: "first", Input: string(raw), Faults: s.durable.faults, PageSize: s.durable.pages}
	w.SetExecution(target.Execution{ARN: x.ARN(), Status: target.ExecutionRunning, Input: raw})
	defer s.alive("first")()
	s.stop = x.Stop
	x.Run(func(event []byte) ([]byte, error) {
		out, alive, err := s.durableCall(w, d, x, event)
		switch {
		case alive || s.aborted:
			return out, err
		case s.leftAlone():
			s.abort(w, x.ARN(), raw)
		}
		return nil, errors.New("the process died")
	})
	if s.aborted {
		return
	}
	w.SetExecution(target.Execution{ARN: x.ARN(), Status: target.ExecutionStatus(x.Status), Input: raw})
	said := struct{ Status, Reason string }{}
	switch {
	case x.Failure != nil:
		said.Status, said.Reason = x.Failure.Type, x.Failure.Message
	case x.Status == string(target.ExecutionSucceeded):
		must(json.Unmarshal([]byte(x.Result), &said))
	default:
		said.Status = x.Status // Lambda ended it: after a year in which nothing answered
	}
	s.ends = append(s.ends, ending{at: w.Elapsed(), by: "first", outcome: said.Status})
	fmt.Fprintf(s.log, "%9s ended: %s %s\n", w.Elapsed(), said.Status, said.Reason)
}

// durableCall makes one invocation. It is not alive where that was killed.
func (s *story) durableCall(w *sim.World, d loop.Deployer, x *durabletest.Execution, event []byte) (out []byte, alive bool, err error) {
	ctx, _, cancel := w.Begin(s.hosted(sim.Invocation{ID: "first"}))
	defer cancel()
	defer func() {
		if value := recover(); value != nil {
			killed, ok := value.(sim.Killed)
			if !ok {
				panic(value)
			}
			fmt.Fprintf(s.log, "%9s killed: %s\n", w.Elapsed(), killed.Why)
		}
	}()
	worker := scenario.Worker(w, discard())
	worker.Accounts, worker.Switches, worker.Watch, worker.Others = d.Accounts, d.Switches, d.Watch, d.Others
	out, err = durable.Function{Worker: worker, Service: x, Name: "meta-deployer-durable"}.Invoke(ctx, event)
	return out, true, err
}

// runDurably runs an execution of the account's durable function, from its start to its end.
func runDurably(w *sim.World, started sim.Started, how durably) {
	x := &durabletest.Execution{Clock: w.Clock(), Name: started.Name, Input: string(started.Input), Faults: how.faults, PageSize: how.pages}
	x.Run(func(event []byte) (out []byte, err error) {
		ctx, _, cancel := w.Begin(sim.Invocation{})
		defer cancel()
		defer func() {
			if value := recover(); sim.IsKill(value) {
				err = errors.New("the process died") // Lambda makes the invocation again
			} else if value != nil {
				panic(value)
			}
		}()
		return durable.Function{Worker: scenario.Worker(w, discard()), Service: x, Name: "meta-deployer-durable"}.Invoke(ctx, event)
	})
	failure := durableprotocol.Failure{}
	if x.Failure != nil {
		failure = *x.Failure
	}
	w.EndExecution(started.ARN, target.ExecutionStatus(x.Status), []byte(x.Result), failure.Type, failure.Message)
}

// drawDurably makes up what Lambda does to an execution: fewer crashes in a row than it makes again.
func drawDurably(t *rapid.T) *durably {
	how := durably{faults: map[int]durabletest.Fault{}, pages: rapid.SampledFrom([]int{0, 1, 2}).Draw(t, "pages")}
	for range rapid.IntRange(0, 4).Draw(t, "faults of checkpoints") {
		how.faults[rapid.IntRange(1, 20).Draw(t, "checkpoint")] = rapid.SampledFrom([]durabletest.Fault{
			durabletest.Stale, durabletest.Lost, durabletest.NoToken, durabletest.Unavailable, durabletest.Early,
		}).Draw(t, "becomes")
	}
	return &how
}

// The same world and the same request: the same routings and the same end by a durable function, whatever becomes of what it
// records.
func TestE1ADurableFunctionGivesTheSameRoutings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := drawCertain(t)
		loop := g.play()
		again := g
		again.request = maps.Clone(g.request)
		again.request["poll-interval"] = rapid.IntRange(1, 30).Draw(t, "cadence")
		again.durable = drawDurably(t)
		if again.skews = drawSkews(t); again.clocksApart() > 0 {
			again.durable.faults = nil // with an old token it knows by the time alone whether an end can be its own
		}
		executed := again.play()
		executed.sameAs(t, fmt.Sprintf("E1, by a durable function, %+v", *again.durable), loop)
	})
}

// Its switch asks every hour for as long as it lives, and recover leaves it alone.
func TestADurableExecutionThatIsPausedForAWeekIsLeftAlone(t *testing.T) {
	t.Parallel()
	g := guarded(pausedForAWeek(), engines()["durable"])
	s := g.play()
	require.Equal(t, "succeeded", s.lastEnd(), s.endings())
	require.Greater(t, len(s.recovered), hoursPaused*4/5, "asked every hour")
	for _, e := range s.recovered {
		require.Equal(t, "no-op", e.outcome)
	}
	require.Equal(t, rollout.Routing{Primary: "2"}, s.finalRouting())
}
