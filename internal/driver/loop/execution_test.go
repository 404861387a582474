package loop_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// of asks how an execution stands.
func of(arn, more string) string {
	return `{"action": "status", "execution": "` + arn + `"` + more + `}`
}

func TestStatusOfAnExecution(t *testing.T) {
	stop := func(d *doors) { d.EndExecution(d.Executions()[0].ARN, target.ExecutionAborted, nil, "", "") }
	for name, tt := range map[string]struct {
		failures sim.Curve
		change   func(*doors)
		after    time.Duration
		more     string
		status   string
		says     []string
	}{
		"while it runs":        {nil, nil, 5 * time.Minute, "", "in-progress", []string{"workflow f-live-2-", "step 1 of 3", "errors"}},
		"before its claim":     {nil, func(d *doors) { d.delay = time.Hour }, time.Minute, "", "in-progress", []string{"runs it", "idle"}},
		"paused":               {nil, func(d *doors) { d.ask(pause) }, 5 * time.Minute, "", "in-progress", []string{"paused"}},
		"of its own alias":     {nil, nil, 5 * time.Minute, `, "function-name": "f", "alias": "live"`, "in-progress", nil},
		"of another alias":     {nil, nil, 5 * time.Minute, `, "function-name": "f", "alias": "test"`, "InvalidRequest", []string{"execution is of f:live, and not of f:test"}},
		"of another function":  {nil, nil, 5 * time.Minute, `, "function-name": "g"`, "InvalidRequest", []string{"not of g:"}},
		"when it went well":    {nil, nil, 2 * time.Hour, "", "succeeded", []string{"all traffic of f:live is on version 2"}},
		"when it failed":       {sim.Constant(1), nil, 2 * time.Hour, "", "RolledBack", []string{"all traffic of f:live is back on version 1", "version 2 is remembered as bad"}},
		"when it was stopped":  {nil, stop, time.Minute, "", "in-progress", []string{"ended as ABORTED", "step 1 of 3"}},
		"when it was relieved": {nil, func(d *doors) { d.ask(strings.Replace(long, `"interval": 600`, `"interval": 30`, 1)) }, 2 * time.Hour, "", "in-progress", []string{"driver"}},
		"when its worker could not be called": {nil, func(d *doors) {
			d.EndExecution(d.Executions()[0].ARN, target.ExecutionFailed, nil, "Lambda.Unknown", "it exited")
		}, time.Minute, "", "in-progress", []string{"ended as FAILED Lambda.Unknown"}},
		"when it cannot be read for a while": {nil, func(d *doors) {
			d.Faults = []sim.Fault{{On: sim.DescribeExecution, Call: d.Calls(sim.DescribeExecution) + 1, Times: 4, Effect: sim.Throttled}}
		}, 5 * time.Minute, "", "in-progress", nil},
		"when it may not be read": {nil, func(d *doors) { d.Faults = []sim.Fault{{On: sim.DescribeExecution, Effect: sim.Denied}} }, time.Minute, "", "PreflightFailed", []string{"cannot be read", "nothing was changed"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoors(t, tt.failures)
			if name == "before its claim" {
				tt.change(d)
			}
			handed := d.ask(long)
			require.Equal(t, "in-progress", handed.status(), "%v", handed.err)
			if tt.change != nil && name != "before its claim" {
				tt.change(d)
			}
			d.Advance(tt.after)
			writes := len(d.Writes())
			s := d.ask(of(handed.Execution, tt.more))
			text := s.Reason
			if s.err != nil {
				text = s.err.Error()
			} else {
				assert.Equal(t, handed.Execution, s.Execution)
			}
			require.Equal(t, tt.status, s.status(), text)
			for _, says := range tt.says {
				assert.Contains(t, text, says)
			}
			assert.LessOrEqual(t, len(d.Writes())-writes, 1, "asking changes nothing; the engine may go on meanwhile")
		})
	}
}

func TestAnExecutionThatIsNotOfTheStack(t *testing.T) {
	d := newDoors(t, nil)
	s := d.ask(of("arn:aws:states:eu-west-1:123456789012:execution:meta-deployer-rollouts:x", ""))
	assert.Equal(t, "InvalidRequest", s.status())
	assert.ErrorContains(t, s.err, "give one of this stack's state machine or durable function")
	assert.Equal(t, "PreflightFailed", d.ask(of(sim.ExecutionARN("gone"), "")).status())
	assert.Equal(t, "InvalidRequest", d.ask(of(sim.DurableARN("x"), "")).status(), "the stack has no durable function")
	d.engines = []target.Engine{d.Durables()}
	assert.Equal(t, "InvalidRequest", d.ask(of(sim.ExecutionARN("gone"), "")).status())
	assert.Equal(t, "PreflightFailed", d.ask(of(sim.DurableARN("x"), "")).status())
}

// A durable execution is told like any other: what it ended with, or how the alias stands.
func TestStatusOfADurableExecution(t *testing.T) {
	const its = `{"function-name": "f", "alias": "live", "new-version": "2"}`
	for name, tt := range map[string]struct {
		execution target.Execution
		status    string
		says      string
	}{
		"while it runs":        {target.Execution{Status: target.ExecutionRunning}, "in-progress", "durable f-live-2 runs it; idle"},
		"when it went well":    {target.Execution{Status: target.ExecutionSucceeded, Output: []byte(`{"status": "succeeded", "reason": "all is well"}`)}, "succeeded", "all is well"},
		"when it failed":       {target.Execution{Status: target.ExecutionFailed, Error: "RolledBack", Cause: "2 of 3 failed"}, "RolledBack", "2 of 3 failed"},
		"when it was relieved": {target.Execution{Status: target.ExecutionSucceeded, Output: []byte(`{"status": "in-progress", "reason": "driver x keeps it"}`)}, "in-progress", "driver x keeps it; idle"},
		"when it was stopped":  {target.Execution{Status: "STOPPED"}, "idle", "durable f-live-2 ended as STOPPED; idle"},
		"when its time was up": {target.Execution{Status: "TIMED_OUT"}, "idle", "ended as TIMED_OUT; idle"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoors(t, nil)
			d.engines = append(d.Engines(), d.Durables())
			tt.execution.ARN, tt.execution.Input = sim.DurableARN("f-live-2"), []byte(its)
			d.SetExecution(tt.execution)
			s := d.ask(of(sim.DurableARN("f-live-2"), ""))
			text := s.Reason
			if s.err != nil {
				text = s.err.Error()
			} else {
				assert.Equal(t, tt.execution.ARN, s.Execution)
			}
			require.Equal(t, tt.status, s.status(), text)
			assert.Contains(t, text, tt.says)
		})
	}
}

// killed is a call of the deployer that is killed at a call to the account, and what the world makes of it in twenty minutes.
func killed(t *testing.T, call int, effect sim.Effect, play func(*doors)) *doors {
	t.Helper()
	d := newDoors(t, nil)
	d.Faults = []sim.Fault{{Call: call, Effect: effect}}
	play(d)
	d.Advance(20 * time.Minute)
	return d
}

// A deployer that is killed at any call of a hand-over leaves the alias untouched, or an engine that runs the rollout to its
// end; and where the same request is sent again, it ends as it would have.
func TestL2AHandOverKilledAtAnyCall(t *testing.T) {
	begin := func(d *doors) {
		d.delay = 3 * time.Second // the calls until then are the deployer's own
		d.call(long, func(said) {})
	}
	d := newDoors(t, nil)
	begin(d)
	d.Advance(20 * time.Second)
	calls := d.Calls("")
	require.Greater(t, calls, 10)
	for call := 1; call <= calls; call++ {
		for _, effect := range []sim.Effect{sim.KilledBefore, sim.KilledAfter} {
			d := killed(t, call, effect, begin)
			if len(d.Executions()) == 0 {
				require.Equal(t, []string{"version 1"}, d.routings(), "%s call %d", effect, call)
				require.Equal(t, "front door", d.alias().Description)
			}
			again := d.ask(long)
			require.Equal(t, "in-progress", again.status(), "%s call %d: %v", effect, call, again.err)
			d.Drain()
			require.Len(t, d.Executions(), 1, "%s call %d", effect, call)
			require.Equal(t, upwards, d.routings(), "%s call %d", effect, call)
			require.Equal(t, "front door", d.alias().Description)
		}
	}
}

// The same for one in the middle of a rollout: what nobody drives any more goes on when the request is sent again.
func TestL2AHandOverOfARunningRolloutKilledAtAnyCall(t *testing.T) {
	begin := func(d *doors) {
		d.delay = 3 * time.Second
		d.call(paced, func(said) {})
		d.Advance(time.Minute)
		require.Equal(t, "paused", d.ask(pause).status())
	}
	d := newDoors(t, nil)
	begin(d)
	d.Advance(12*time.Minute + 45*time.Second)
	first := d.Calls("")
	require.Empty(t, d.Executions())
	d.Advance(15 * time.Second)
	last := d.Calls("")
	require.Len(t, d.Executions(), 1)
	require.Greater(t, last, first+5)
	for call := first; call <= last; call++ {
		for _, effect := range []sim.Effect{sim.KilledBefore, sim.KilledAfter} {
			d := killed(t, call, effect, begin)
			require.Equal(t, rollout.Weight(50_00), rollout.ParseDescription(d.alias().Description).Journal.Weight, "%s call %d", effect, call)
			d.call(paced, func(said) {})
			d.Advance(30 * time.Second)
			require.Equal(t, "in-progress", d.ask(`{"action": "resume", "function-name": "f", "alias": "live"}`).status())
			d.Drain()
			require.Equal(t, rollout.Routing{Primary: "2"}, d.alias().Routing, "%s call %d", effect, call)
			require.Equal(t, "front door", d.alias().Description)
		}
	}
}
