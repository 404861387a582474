package durable_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/durable/durabletest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Any invocation may die at any call to the account, or before or after any checkpoint: the alias ends the same.
func TestACrashInEveryPlace(t *testing.T) {
	for name, errors := range map[string]sim.Curve{"healthy": nil, "failing": sim.Constant(1)} {
		t.Run(name, func(t *testing.T) {
			whole := newExecution(t, request, errors).run()
			call := 0
			for killed := true; killed; call++ {
				killed = false
				for _, effect := range []sim.Effect{sim.KilledBefore, sim.KilledAfter} {
					x := newExecution(t, request, errors)
					x.world.Faults = []sim.Fault{{Call: call + 1, Effect: effect}}
					x.run()
					assert.Equal(t, whole.routings(), x.routings(), "%s call %d", effect, call)
					assert.True(t, whole.Status == x.Status, "%s call %d: %s %s", effect, call, x.Status, x.Result)
					killed = killed || x.kills > 0
				}
			}
			assert.Greater(t, call, 10)
			t.Logf("%d calls", call-1)
			for checkpoint := 1; checkpoint <= whole.Checkpoints; checkpoint++ {
				for _, fault := range []durabletest.Fault{durabletest.Stale, durabletest.Lost, durabletest.NoToken, durabletest.Unavailable, durabletest.Early} {
					x := newExecution(t, request, errors)
					x.Faults = map[int]durabletest.Fault{checkpoint: fault}
					x.run()
					assert.Equal(t, whole.routings(), x.routings(), "%s checkpoint %d", fault, checkpoint)
					assert.Equal(t, whole.Status, x.Status, "%s checkpoint %d", fault, checkpoint)
				}
			}
		})
	}
}

func TestAPanicOfTheWorkerIsAnEnd(t *testing.T) {
	x := newExecution(t, request, nil)
	x.function.Worker.Accounts = func(string, string, string) target.Account { panic("a bug") }
	x.run()
	x.fails("DriverFailed")
	assert.Equal(t, 8, x.Invocations, "it is tried again, not for ever")
	assert.Len(t, x.world.Writes(), 1)
}

// What was carried may be lost: then nothing is begun, for what the alias says is nobody's rollout.
func TestALostStateBeginsNothing(t *testing.T) {
	x := newExecution(t, request, nil)
	out, err := x.invoke(fmt.Appendf(nil, `{"DurableExecutionArn": "a/durable-execution/f-live-2/id", "CheckpointToken": "t", "InitialExecutionState": {"Operations": [
		{"Id": "id", "Type": "EXECUTION", "Name": "f-live-2", "StartTimestamp": %d, "ExecutionDetails": {"InputPayload": %q}},
		{"Id": "poll", "Type": "STEP", "Name": "poll", "Status": "READY", "StepDetails": {"Attempt": 1}}]}}`, x.world.Now().UnixMilli(), request))
	require.NoError(t, err)
	assert.Contains(t, string(out), `"ErrorType":"Superseded"`)
	assert.Len(t, x.world.Writes(), 1)
}

// An execution whose start cannot be read has its year from now on.
func TestAStartThatCannotBeRead(t *testing.T) {
	x := newExecution(t, request, nil)
	x.Times = func(time.Time) any { return "tomorrow" }
	x.run().succeeds("succeeded")
}

// A plan of seven days, in virtual time, within what Lambda takes.
func TestSevenDays(t *testing.T) {
	seven := `{"function-name": "f", "alias": "live", "new-version": "2", "steps": 7, "interval": "24h"}`
	x := newExecution(t, seven, nil)
	x.world.SetTraffic("f", "live", sim.Constant(0.05))
	x.run()
	assert.Len(t, x.succeeds("succeeded").Steps, 7)
	took := x.world.Elapsed() - x.began
	assert.GreaterOrEqual(t, took, 7*24*time.Hour)
	assert.Less(t, took, 7*24*time.Hour+time.Hour)
	assert.LessOrEqual(t, x.Operations, 1_403)
	assert.Less(t, x.Stored, 23_000_000)
	t.Logf("%d operations, %d bytes, %s", x.Operations, x.Stored, took)

	x = newExecution(t, seven, sim.Curve{{From: 5 * 24 * time.Hour, Value: 1}})
	x.world.SetTraffic("f", "live", sim.Constant(0.05))
	x.run().fails("RolledBack")
	assert.Less(t, x.world.Elapsed()-5*24*time.Hour, 30*time.Minute)
}
