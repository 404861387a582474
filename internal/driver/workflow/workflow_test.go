package workflow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

var upwards = []string{"version 1", "version 1 with 33.33 % on version 2", "version 1 with 66.67 % on version 2", "version 2"}

func TestAHealthyRollout(t *testing.T) {
	m := newMachine(t, request, nil)
	a, err := m.run()
	require.NoError(t, err)
	assert.Equal(t, "succeeded", a.Status)
	assert.Len(t, a.Steps, 3, "gathered over all calls")
	assert.Equal(t, upwards, m.routings())
	alias, _ := m.world.Alias("f", "live")
	assert.Equal(t, "front door", alias.Description)
	for _, c := range m.calls {
		assert.Less(t, c.took, time.Second, "no call sits out a second: %+v", c)
		assert.LessOrEqual(t, c.wait, 30)
	}
	assert.Equal(t, "at 33.33 %, step 1 of 3", m.calls[0].reason)
	assert.Less(t, len(m.calls), 20)
}

// A clock runs on while the worker works, and the machine waits in whole seconds.
func TestTheMachineWaitsWholeSeconds(t *testing.T) {
	m := newMachine(t, strings.Replace(request, "60}", `20, "poll-interval": 1}`, 1), nil)
	now, ticks := m.worker.Clock.Now, time.Duration(0)
	m.worker.Clock.Now = func() time.Time {
		ticks += time.Microsecond
		return now().Add(ticks)
	}
	a, err := m.run()
	require.NoError(t, err)
	assert.Equal(t, "succeeded", a.Status)
	assert.Greater(t, len(m.calls), 60, "no call sits out what is waited for")
	for _, c := range m.calls[:len(m.calls)-1] {
		assert.Equal(t, 1, c.wait)
		assert.Less(t, c.took, time.Second)
	}
}

func TestABadVersionGoesBackAndTheMessageHasTheNumbers(t *testing.T) {
	m := newMachine(t, request, sim.Constant(1))
	_, err := m.run()
	fails(t, err, "RolledBack")
	assert.Contains(t, err.Error(), "version 2 is remembered as bad here")
	assert.Equal(t, []string{upwards[0], upwards[1], upwards[0]}, m.routings())

	again := &machine{t: t, world: m.world, worker: m.worker, request: request, started: m.world.Now()}
	_, err = again.run()
	fails(t, err, "RolledBack") // the same execution's name: it finds its own end
	again.request = strings.Replace(request, "}", `, "on-failure": "hold", "force": {"reason": "to see"}}`, 1)
	_, err = again.run()
	fails(t, err, "RolledBack")
}

func TestOtherEndings(t *testing.T) {
	stopped := strings.Replace(request, `"steps": 3`, `"type": "stages", "stages": [{"weight": 10, "approve": true}]`, 1)
	change := func(do func(*target.Alias)) func(*machine) {
		return func(m *machine) {
			m.world.At(m.world.Elapsed()+90*time.Second, func() { require.NoError(m.t, m.world.ChangeAlias("stranger", "f", "live", do)) })
		}
	}
	ask := func(action string) func(*machine) {
		return func(m *machine) {
			m.world.Go(m.world.Elapsed()+90*time.Second, func() {
				ctx, _, cancel := m.world.Begin(sim.Invocation{})
				defer cancel()
				raw := []byte(fmt.Sprintf(`{"action": %q, "function-name": "f", "alias": "live"}`, action))
				if action == "deploy" {
					raw = []byte(m.request)
				}
				_, _ = scenario.Deployer(m.world, m.worker.Log).Invoke(ctx, raw)
			})
		}
	}
	for name, tt := range map[string]struct {
		request string
		others  func(*machine)
		status  string
		failure string
	}{
		"moved by somebody else":  {request, change(func(a *target.Alias) { a.Routing = rollout.Routing{Primary: "1"} }), "", "Superseded"},
		"rolled back by a person": {request, ask("rollback"), "", "RolledBack"},
		"taken over":              {request, ask("deploy"), "", "TakenOver"},
		"promoted":                {request, ask("promote"), "succeeded", ""},
		"approved":                {stopped, ask("resume"), "succeeded", ""},
		"live already":            {strings.Replace(request, `"2"`, `"1"`, 1), func(*machine) {}, "no-op", ""},
		"no such version":         {strings.Replace(request, `"2"`, `"9"`, 1), func(*machine) {}, "", "PreflightFailed"},
		"held": {strings.Replace(request, "}", `, "on-failure": "hold", "alarms": ["red"]}`, 1), func(m *machine) {
			m.world.SetAlarm("red", "OK")
			m.world.At(m.world.Elapsed()+90*time.Second, func() { m.world.SetAlarm("red", "ALARM") })
		}, "", "Held"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, tt.request, nil)
			a, err := m.runBeside(func() { tt.others(m) })
			if tt.failure != "" {
				fails(t, err, tt.failure)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.status, a.Status)
		})
	}
}

func TestWhatAWorkflowRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ request, says string }{
		"another action":  {`{"action": "pause", "function-name": "f", "alias": "live"}`, "aws lambda invoke --function-name meta-deployer"},
		"a wrong request": {`{"function-name": "f", "stepz": 3}`, "steps"},
		"a large request": {`{"function-name": "f", "message": "` + strings.Repeat("x", 100<<10) + `"}`, "give at most 102400 to a long engine"},
		"no object":       {`7`, "give one JSON object"},
	} {
		m := newMachine(t, tt.request, nil)
		_, err := m.run()
		fails(t, err, "InvalidRequest")
		assert.Contains(t, err.Error(), tt.says, name)
	}
	m := newMachine(t, request, nil)
	for _, payload := range []string{``, `7`, request, `{"execution": "x", "request": {}, "started": "yesterday"}`} {
		_, err := m.worker.Invoke(context.Background(), []byte(payload))
		fails(t, err, "InvalidRequest")
		assert.Contains(t, err.Error(), "aws stepfunctions start-execution")
	}
	m = newMachine(t, strings.Replace(request, `"steps": 3`, `"type": "all-at-once", "bake": "8760h"`, 1), nil)
	_, err := m.run()
	fails(t, err, "DoesNotFit")
	assert.Len(t, m.world.Writes(), 1, "nothing was begun")
}

func TestAPollIntervalThatIsStretchedIsAWarning(t *testing.T) {
	m := newMachine(t, strings.Replace(request, "60}", `36000, "poll-interval": 10, "bake": 0, "health-check": false}`, 1), nil)
	a, err := m.run()
	require.NoError(t, err)
	assert.Contains(t, a.Warnings, "poll-interval is 10s, and a plan of 20h0m0s is looked at every 52s")
}

// A call that fails is made again within the call for 15 seconds, and later and later by the next ones; it is never an error.
func TestAnAliasThatCannotBeReadIsTriedAgain(t *testing.T) {
	m := newMachine(t, strings.Replace(request, "60}", `86400, "poll-interval": 30, "health-check": false}`, 1), nil)
	from := m.world.Elapsed() + 10*time.Minute
	m.world.Faults = []sim.Fault{{On: sim.GetAlias, Effect: sim.Throttled, During: sim.Span{From: from, Until: from + 20*time.Minute}}}
	a, err := m.run()
	require.NoError(t, err)
	assert.Equal(t, "succeeded", a.Status)
	var waits []int
	for _, c := range m.calls {
		if strings.Contains(c.reason, "get-alias") {
			waits = append(waits, c.wait)
			assert.InDelta(t, 15, c.took.Seconds(), 5)
		}
	}
	assert.Equal(t, []int{30, 60, 120, 186, 186, 186}, waits[:6], "up to the cadence of a plan of three days")
}

func TestAWayBackThatCannotBeWrittenIsPressing(t *testing.T) {
	m := newMachine(t, strings.Replace(request, "60}", `86400}`, 1), sim.Constant(1))
	m.world.Faults = []sim.Fault{{On: sim.UpdateAlias, Call: 3, Times: 200, Effect: sim.Throttled}}
	_, err := m.run()
	fails(t, err, "RolledBack")
	var waits []int
	for _, c := range m.calls {
		if strings.Contains(c.reason, "going back") {
			waits = append(waits, c.wait)
		}
	}
	require.Greater(t, len(waits), 4)
	assert.Equal(t, []int{30, 60, 60, 60}, waits[:4])
}

// What AWS prepares or cannot answer at the start takes several calls, the later of which begin the rollout.
func TestAStartMayTakeSeveralCalls(t *testing.T) {
	m := newMachine(t, request, nil)
	m.world.Faults = []sim.Fault{{On: sim.GetVersion, Effect: sim.ServerError, During: sim.Span{Until: m.world.Elapsed() + 20*time.Second}}}
	a, err := m.run()
	require.NoError(t, err)
	assert.Equal(t, "succeeded", a.Status)
	assert.Equal(t, "nothing has begun yet", strings.Split(m.calls[0].reason, ";")[0])

	m = newMachine(t, request, nil)
	m.world.Faults = []sim.Fault{{On: sim.GetVersion, Effect: sim.ServerError}}
	_, err = m.run()
	fails(t, err, "PreflightFailed")
	assert.InDelta(t, time.Minute, m.world.Now().Sub(m.started), float64(2*time.Second))
}

// What was carried may be lost: the rollout goes on by what the alias says. Where that says nothing, nothing is begun.
func TestACallThatHasLostWhatItCarried(t *testing.T) {
	for _, lost := range []string{`{}`, `{"status": "in-progress", "wait": 3, "carried": {}}`, `"?"`, `{"carried": {"token": {"format": 99}, "calls": 4}}`} {
		m := newMachine(t, request, nil)
		m.carries = func(int, []byte) []byte { return []byte(lost) }
		a, err := m.run()
		require.NoError(t, err)
		assert.Contains(t, []string{"succeeded", "no-op"}, a.Status)
		assert.Equal(t, upwards, m.routings())

		m = newMachine(t, request, nil)
		_, err = m.call([]byte(lost))
		fails(t, err, "Superseded")
		assert.Len(t, m.world.Writes(), 1)
	}
}

func TestAPanicOfTheWorkerIsAWait(t *testing.T) {
	m := newMachine(t, request, nil)
	accounts, left := m.worker.Accounts, 2
	m.worker.Accounts = func(role, external, session string) target.Account {
		if left--; left >= 0 {
			panic("a bug")
		}
		return accounts(role, external, session)
	}
	a, err := m.run()
	require.NoError(t, err)
	assert.Equal(t, "succeeded", a.Status)
	assert.Equal(t, []int{30, 60}, []int{m.calls[0].wait, m.calls[1].wait})

	m = newMachine(t, request, nil)
	m.worker.Accounts = func(string, string, string) target.Account { panic("a bug") }
	assert.Panics(t, func() { _, _ = m.run() }, "not for ever: the machine ends in DriverFailed")
	assert.Len(t, m.calls, 7)
	assert.Len(t, m.world.Writes(), 1)
}

// An answer has the last twenty steps, and what is carried is small.
func TestManySteps(t *testing.T) {
	m := newMachine(t, `{"function-name": "f", "alias": "live", "new-version": "2", "steps": 400, "interval": 40}`, nil)
	a, err := m.run()
	require.NoError(t, err)
	require.Len(t, a.Steps, 20)
	var first struct{ Weight float64 }
	require.NoError(t, json.Unmarshal(a.Steps[0], &first))
	assert.InDelta(t, 95.25, first.Weight, 0.001)
}

// A plan of seven days, in virtual time.
func TestSevenDays(t *testing.T) {
	seven := `{"function-name": "f", "alias": "live", "new-version": "2", "steps": 7, "interval": "24h"}`
	m := newMachine(t, seven, nil)
	m.world.SetTraffic("f", "live", sim.Constant(0.05))
	a, err := m.run()
	require.NoError(t, err)
	assert.Equal(t, "succeeded", a.Status)
	assert.Len(t, a.Steps, 7)
	took := m.world.Now().Sub(m.started)
	assert.GreaterOrEqual(t, took, 7*24*time.Hour)
	assert.Less(t, took, 7*24*time.Hour+time.Hour)
	assert.LessOrEqual(t, len(m.calls), 1_401)
	t.Logf("%d calls, %s", len(m.calls), took)
}

// One that begins to fail on its fifth day goes back within a look.
func TestSevenDaysThatFailOnTheFifth(t *testing.T) {
	seven := `{"function-name": "f", "alias": "live", "new-version": "2", "steps": 7, "interval": "24h"}`
	m := newMachine(t, seven, sim.Curve{{From: 5 * 24 * time.Hour, Value: 1}})
	m.world.SetTraffic("f", "live", sim.Constant(0.05))
	_, err := m.run()
	fails(t, err, "RolledBack")
	took := m.world.Elapsed() - 5*24*time.Hour
	assert.Less(t, took, 30*time.Minute)
	t.Logf("%s after it began to fail", took)
}
