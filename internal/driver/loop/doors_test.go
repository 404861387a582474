package loop_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// doors is an account with a deployer and the state machine of its stack.
type doors struct {
	*sim.World
	t *testing.T
	// handOff is the stack's setting, and bare says that it has no long engine.
	handOff, bare bool
	// durable has its durable function for a long engine.
	durable bool
	// idle has executions stay as they are: the machine calls no worker.
	idle bool
	// engines are those that the deployer asks what runs there; nil is the account's own.
	engines []target.Engine
	// delay is how long the machine takes to call its worker first.
	delay time.Duration
}

// newDoors has the function f with traffic on its alias live at version 1; version 2 fails as it is told.
func newDoors(t *testing.T, failures sim.Curve) *doors {
	t.Helper()
	d := &doors{World: sim.New(), t: t, handOff: true}
	d.Publish("f", "1", sim.Version{})
	d.Publish("f", "2", sim.Version{Errors: failures})
	require.NoError(t, d.CreateAlias("f", "live", target.Alias{Routing: rollout.Routing{Primary: "1"}, Description: "front door"}))
	d.SetTraffic("f", "live", sim.Constant(20))
	d.Advance(10 * time.Minute)
	d.Machine.Run = func(s sim.Started) {
		if !d.idle {
			d.Go(d.Elapsed()+d.delay, func() { d.execute(s) })
		}
	}
	return d
}

// execute runs an execution of the engine that began it.
func (d *doors) execute(s sim.Started) {
	if !d.durable {
		scenario.RunExecution(d.World, s, scenario.Worker(d.World, discard()))
		return
	}
	runDurably(d.World, s, durably{})
}

// said is how a call of the deployer ended.
type said struct {
	answer.Answer
	err error
	// took is how long it took, and killed says that its process died.
	took   time.Duration
	killed bool
}

// status is the answer's, or the name of the failure.
func (s said) status() string {
	switch {
	case s.killed:
		return "killed"
	case s.err != nil:
		return answer.ErrorType(s.err)
	}
	return s.Status
}

// call calls the deployer, as a process of the world.
func (d *doors) call(raw string, done func(said)) {
	d.Go(d.Elapsed(), func() {
		began, s := d.Elapsed(), said{}
		defer func() {
			if value := recover(); value != nil {
				if !sim.IsKill(value) {
					panic(value)
				}
				s.killed = true
			}
			s.took = d.Elapsed() - began
			done(s)
		}()
		ctx, _, cancel := d.Begin(sim.Invocation{})
		defer cancel()
		deployer := scenario.Deployer(d.World, discard())
		if deployer.HandOff = d.handOff; !d.bare {
			deployer.Long = d.LongEngine()
		}
		if d.durable {
			deployer.Long, deployer.Engines = d.DurableEngine(), append(deployer.Engines, d.Durables())
		}
		if d.engines != nil {
			deployer.Engines = d.engines
		}
		s.Answer, s.err = deployer.Handle(ctx, json.RawMessage(raw))
	})
}

// ask calls the deployer and waits for its answer; the world goes on as long as that takes.
func (d *doors) ask(raw string) (s said) {
	d.t.Helper()
	done := false
	d.call(raw, func(got said) { s, done = got, true })
	for began := d.Elapsed(); !done; d.Advance(100 * time.Millisecond) {
		require.Less(d.t, d.Elapsed()-began, time.Hour, "it never answers")
	}
	return s
}

// alias is live.
func (d *doors) alias() target.Alias {
	d.t.Helper()
	a, err := d.Alias("f", "live")
	require.NoError(d.t, err)
	return a
}

// routings are where the alias pointed, one after the other.
func (d *doors) routings() []string {
	all := []string{"version 1"}
	for _, w := range d.Writes() {
		if text := w.Routing.String(); text != all[len(all)-1] {
			all = append(all, text)
		}
	}
	return all
}
