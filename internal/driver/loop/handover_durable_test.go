package loop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// With the durable function as its long engine the deployer hands over as it does to the state machine, whatever goes wrong.
func TestAHandOverToTheDurableFunction(t *testing.T) {
	for name, faults := range map[string][]sim.Fault{
		"nothing goes wrong":    nil,
		"throttled":             {{On: sim.InvokeDurable, Times: 5, Effect: sim.Throttled}},
		"denied for a moment":   {{On: sim.InvokeDurable, Times: 2, Effect: sim.Denied}},
		"the answer is lost":    {{On: sim.InvokeDurable, Times: 1, Effect: sim.ReplyLost}},
		"not there for a while": {{On: sim.GetDurableExecution, Times: 2, Effect: sim.NotFound}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoors(t, nil)
			d.durable, d.Faults = true, faults
			s := d.ask(long)
			require.Equal(t, "in-progress", s.status(), "%v", s.err)
			require.Len(t, d.Executions(), 1)
			assert.Equal(t, []string{"durable", d.Executions()[0].ARN}, []string{s.Driver, s.Execution})
			again := d.ask(long)
			assert.Equal(t, s.Execution, again.Execution, "%v", again.err)
			running := d.ask(of(s.Execution, ""))
			assert.Equal(t, []string{"in-progress", "durable"}, []string{running.status(), running.Driver})
			assert.NotNil(t, running.EndsAt)
			d.Drain()
			assert.Equal(t, upwards, d.routings())
			assert.Equal(t, "succeeded", d.ask(of(s.Execution, "")).status())
		})
	}
}

// Every start is another execution's, where the one of that name and input has ended.
func TestADurableExecutionThatHasEndedIsNotBelieved(t *testing.T) {
	d := newDoors(t, nil)
	d.durable, d.idle = true, true
	first := d.ask(long)
	d.EndExecution(first.Execution, "STOPPED", nil, "", "")
	d.Advance(time.Minute)
	d.idle = false
	second := d.ask(long)
	require.Equal(t, "in-progress", second.status(), "%v", second.err)
	require.Len(t, d.Executions(), 2)
	assert.Equal(t, sim.DurableARN(target.ExecutionName(first.Execution)+"-2"), second.Execution)
	d.Drain()
	assert.Equal(t, upwards, d.routings())
}

// What the deployer cannot finish goes to it as well.
func TestARunningRolloutIsHandedOverToTheDurableFunction(t *testing.T) {
	d := newDoors(t, nil)
	d.durable = true
	s := d.midway(paced)
	require.Equal(t, "in-progress", s.status(), "%v %s", s.err, s.Reason)
	assert.Equal(t, "durable", s.Driver)
	require.Equal(t, "in-progress", d.ask(`{"action": "resume", "function-name": "f", "alias": "live"}`).status())
	d.Drain()
	assert.Equal(t, rollout.Routing{Primary: "2"}, d.alias().Routing)
}

// A durable function that may not be invoked is a finding.
func TestADurableFunctionThatMayNotBeInvoked(t *testing.T) {
	d := newDoors(t, nil)
	d.durable, d.Faults = true, []sim.Fault{{On: sim.InvokeDurable, Effect: sim.Denied}}
	s := d.ask(long)
	assert.Equal(t, "PreflightFailed", s.status(), "%v", s.err)
	assert.Len(t, d.Writes(), 1)
}
