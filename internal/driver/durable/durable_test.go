package durable_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/driver/durable"
	"github.com/meta-deployer/meta-deployer/internal/durable/durabletest"
	"github.com/meta-deployer/meta-deployer/internal/health"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// execution is one execution of the durable function in a simulated account.
type execution struct {
	*durabletest.Execution
	t        *testing.T
	world    *sim.World
	function durable.Function
	began    time.Duration
	// kills are how many invocations have died.
	kills int
	// wakes is the deployer's Wake.
	wakes func(ctx context.Context, driver string) error
}

// request is a rollout of three steps of a minute.
const request = `{"function-name": "f", "alias": "live", "new-version": "2", "steps": 3, "interval": 60}`

var upwards = []string{"version 1", "version 1 with 33.33 % on version 2", "version 1 with 66.67 % on version 2", "version 2"}

// newExecution has the function f with traffic on its alias live at version 1; version 2 fails as it is told.
func newExecution(t *testing.T, request string, errors sim.Curve) *execution {
	t.Helper()
	w := sim.New()
	w.Publish("f", "1", sim.Version{})
	w.Publish("f", "2", sim.Version{Errors: errors})
	require.NoError(t, w.CreateAlias("f", "live", target.Alias{Routing: rollout.Routing{Primary: "1"}, Description: "front door"}))
	w.SetTraffic("f", "live", sim.Constant(20))
	w.Advance(10 * time.Minute)
	return another(t, w, request)
}

// another is an execution in the same account.
func another(t *testing.T, w *sim.World, request string) *execution {
	worker := scenario.Worker(w, slog.New(slog.DiscardHandler))
	worker.Memory = new(health.Memory) // as a warm one
	x := &durabletest.Execution{Clock: w.Clock(), Name: "f-live-2", Input: request}
	return &execution{
		Execution: x, t: t, world: w, began: w.Elapsed(),
		function: durable.Function{Worker: worker, Service: x, Name: "meta-deployer-durable"},
	}
}

// invoke invokes the function once, in a process of the world.
func (x *execution) invoke(event []byte) (out []byte, err error) {
	ctx, _, cancel := x.world.Begin(sim.Invocation{})
	defer cancel()
	defer func() {
		if value := recover(); value != nil {
			if !sim.IsKill(value) {
				panic(value)
			}
			x.kills++
			err = errors.New("the process died")
		}
	}()
	return x.function.Invoke(ctx, event)
}

// run runs the execution to its end, with others beside it.
func (x *execution) run(others ...func()) *execution {
	x.t.Helper()
	x.world.Go(x.world.Elapsed(), func() { x.Run(x.invoke) })
	for _, do := range others {
		x.world.Go(x.world.Elapsed(), do)
	}
	x.world.Drain()
	return x
}

// after lets the time pass, as somebody beside the execution does.
func (x *execution) after(d time.Duration) { _ = x.world.Clock().Sleep(context.Background(), d) }

// ask sends a request to the deployer.
func (x *execution) ask(request string) {
	ctx, _, cancel := x.world.Begin(sim.Invocation{})
	defer cancel()
	deployer := scenario.Deployer(x.world, x.function.Worker.Log)
	deployer.Wake = x.wakes
	_, err := deployer.Invoke(ctx, []byte(request))
	assert.NoError(x.t, err)
}

const command = `{"action": %q, "function-name": "f", "alias": "live"}`

// succeeds wants a success, with an answer.
func (x *execution) succeeds(status string) (answer struct {
	Status string
	Steps  []json.RawMessage
},
) {
	x.t.Helper()
	require.Equal(x.t, "SUCCEEDED", x.Status, "%v", x.Failure)
	require.NoError(x.t, json.Unmarshal([]byte(x.Result), &answer), x.Result)
	require.Equal(x.t, status, answer.Status, x.Result)
	return answer
}

// fails wants a failure of a type.
func (x *execution) fails(errorType string) {
	x.t.Helper()
	require.Equal(x.t, "FAILED", x.Status, x.Result)
	require.Equal(x.t, errorType, x.Failure.Type, x.Failure.Message)
}

// routings are where the alias pointed, one after the other.
func (x *execution) routings() []string {
	all := []string{"version 1"}
	for _, w := range x.world.Writes() {
		if text := w.Routing.String(); text != all[len(all)-1] {
			all = append(all, text)
		}
	}
	return all
}

func TestAHealthyRollout(t *testing.T) {
	x := newExecution(t, request, nil).run()
	assert.Len(t, x.succeeds("succeeded").Steps, 3, "gathered over all invocations")
	assert.Equal(t, upwards, x.routings())
	alias, _ := x.world.Alias("f", "live")
	assert.Equal(t, "front door", alias.Description)
	assert.Equal(t, []string{"CallbackStarted control", "StepStarted poll", "StepSucceeded poll 30s", "InvocationCompleted"}, x.History[:4])
	assert.Less(t, x.Operations, 20)
}

// Others can follow the execution by what an event names.
func TestItsEventsNameTheExecution(t *testing.T) {
	x := newExecution(t, request, nil)
	x.function.Worker.Others.Bus = x.world.Bus()
	x.run()
	heard := x.world.Heard()
	require.NotEmpty(t, heard)
	for _, event := range heard {
		var detail struct{ Driver, Engine, Execution string }
		require.NoError(t, json.Unmarshal(event.Detail, &detail))
		assert.Equal(t, "f-live-2 durable "+x.ARN(), strings.Join([]string{detail.Driver, detail.Engine, detail.Execution}, " "))
	}
}

func TestABadVersionGoesBackAndTheMessageHasTheNumbers(t *testing.T) {
	x := newExecution(t, request, sim.Constant(1)).run()
	x.fails("RolledBack")
	assert.Contains(t, x.Failure.Message, "version 2 is remembered as bad here")
	assert.Equal(t, []string{upwards[0], upwards[1], upwards[0]}, x.routings())
}

func TestOtherEndings(t *testing.T) {
	for name, tt := range map[string]struct {
		request string
		others  func(*execution)
		status  string
		failure string
	}{
		"taken over": {request, func(x *execution) { x.ask(request) }, "in-progress", ""},
		"superseded": {request, func(x *execution) {
			require.NoError(x.t, x.world.ChangeAlias("stranger", "f", "live", func(a *target.Alias) { a.Routing = rollout.Routing{Primary: "1"} }))
		}, "", "Superseded"},
		"rolled back by a person": {request, func(x *execution) { x.ask(fmt.Sprintf(command, "rollback")) }, "", "RolledBack"},
		"promoted":                {request, func(x *execution) { x.ask(fmt.Sprintf(command, "promote")) }, "succeeded", ""},
		"live already":            {strings.Replace(request, `"2"`, `"1"`, 1), nil, "no-op", ""},
		"no such version":         {strings.Replace(request, `"2"`, `"9"`, 1), nil, "", "PreflightFailed"},
		"another action":          {fmt.Sprintf(command, "pause"), nil, "", "InvalidRequest"},
		"no JSON":                 {`deploy!`, nil, "", "InvalidRequest"},
		"nothing":                 {``, nil, "", "InvalidRequest"},
	} {
		t.Run(name, func(t *testing.T) {
			x := newExecution(t, tt.request, nil)
			if tt.others == nil {
				x.run()
			} else {
				x.run(func() { x.after(90 * time.Second); tt.others(x) })
			}
			if tt.failure != "" {
				x.fails(tt.failure)
				return
			}
			x.succeeds(tt.status)
		})
	}
}

func TestAnotherActionIsTheDeployers(t *testing.T) {
	x := newExecution(t, fmt.Sprintf(command, "pause"), nil).run()
	assert.Contains(t, x.Failure.Message, "a durable function takes action deploy only: send action pause to the deployer, aws lambda invoke --function-name meta-deployer")
}

func TestWhoeverInvokesItOtherwiseIsToldHow(t *testing.T) {
	x := newExecution(t, request, nil)
	for _, event := range []string{request, `7`, ``} {
		_, err := x.function.Invoke(t.Context(), []byte(event))
		require.ErrorContains(t, err, "aws lambda invoke --function-name meta-deployer-durable:live --invocation-type Event")
		assert.Equal(t, "answer.InvalidRequest", fmt.Sprintf("%T", err))
	}
	assert.Len(t, x.world.Writes(), 1, "nothing was begun")
}

// Who changes a rollout has its execution look at once; without a wake it looks when it is due.
func TestAWake(t *testing.T) {
	hours := strings.Replace(request, "60}", `36000, "poll-interval": 600, "bake": 0}`, 1)
	for action, ends := range map[string]string{"rollback": "RolledBack", "promote": "", "pause": "RolledBack"} {
		for _, wakes := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s %t", action, wakes), func(t *testing.T) {
				x := newExecution(t, hours, nil)
				if wakes {
					x.wakes = func(_ context.Context, driver string) error {
						assert.Equal(t, rollout.DriverToken(x.Name), driver)
						assert.True(t, x.Wake(durable.Control))
						return nil
					}
				}
				var heard bool
				x.run(func() {
					x.after(time.Hour + 17*time.Second)
					before := x.Invocations
					x.ask(fmt.Sprintf(command, action))
					x.after(5 * time.Second)
					heard = x.Invocations > before
					if action == "pause" {
						x.ask(fmt.Sprintf(command, "rollback"))
					}
				})
				assert.Equal(t, wakes, heard)
				if ends == "" {
					x.succeeds("succeeded")
				} else {
					x.fails(ends)
				}
			})
		}
	}
}

// A driver takes its own write for the alias for a second, but not where it is woken.
func TestAWakeRightAfterAWrite(t *testing.T) {
	x := newExecution(t, strings.Replace(request, "60}", `36000, "poll-interval": 600}`, 1), nil)
	x.wakes = func(context.Context, string) error {
		assert.True(t, x.Wake(durable.Control))
		return nil
	}
	var asked time.Duration
	x.run(func() {
		for len(x.History) == 0 {
			x.after(10 * time.Millisecond)
		}
		alias, _ := x.world.Alias("f", "live")
		assert.True(t, alias.Routing.Split())
		x.ask(fmt.Sprintf(command, "rollback"))
		asked = x.world.Elapsed()
	})
	x.fails("RolledBack")
	assert.Less(t, x.world.Elapsed()-asked, time.Second)
}
