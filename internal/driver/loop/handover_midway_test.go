package loop_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// paced is a rollout of five minutes that a person stops.
const paced = `{"function-name": "f", "alias": "live", "new-version": "2", "steps": 2, "interval": 150}`

const pause = `{"action": "pause", "function-name": "f", "alias": "live"}`

// midway is a rollout that is paused at its first step, so that the deployer cannot finish it.
func (d *doors) midway(raw string) (first said) {
	d.t.Helper()
	done := false
	d.call(raw, func(s said) { first, done = s, true })
	d.Advance(time.Minute)
	require.Equal(d.t, "paused", d.ask(pause).status())
	for began := d.Elapsed(); !done; d.Advance(time.Second) {
		require.Less(d.t, d.Elapsed()-began, time.Hour, "it never answers")
	}
	return first
}

func TestARunningRolloutIsHandedOver(t *testing.T) {
	d := newDoors(t, nil)
	s := d.midway(paced)
	require.Equal(t, "in-progress", s.status(), "%v %s", s.err, s.Reason)
	assert.Greater(t, s.took, 13*time.Minute+30*time.Second, "not before a minute before the reserve")
	assert.Less(t, s.took, 14*time.Minute+10*time.Second, "as soon as the claim stands")
	require.Len(t, d.Executions(), 1)
	assert.Equal(t, d.Executions()[0].ARN, s.Execution)
	assert.Contains(t, string(d.Executions()[0].Input), `"rollout-id":"`+s.RolloutID+`"`)
	assert.Equal(t, rollout.Weight(50_00), s.Weight)
	d.Advance(time.Hour)
	assert.Equal(t, []string{"version 1", "version 1 with 50 % on version 2"}, d.routings(), "paused all the while")
	require.Equal(t, "in-progress", d.ask(`{"action": "resume", "function-name": "f", "alias": "live"}`).status())
	d.Drain()
	assert.Equal(t, rollout.Routing{Primary: "2"}, d.alias().Routing)
	assert.Equal(t, "front door", d.alias().Description)
}

// Without a claim by the reserve, and where nothing may be handed over, it goes back as ever; the engine that comes too late
// begins nothing.
func TestARunningRolloutThatNobodyTakes(t *testing.T) {
	for name, tt := range map[string]struct {
		raw    string
		change func(*doors)
		handed int
	}{
		"never claimed":    {paced, func(d *doors) { d.idle = true }, 1},
		"claimed too late": {paced, func(d *doors) { d.delay = 10 * time.Minute }, 1},
		"never started":    {paced, func(d *doors) { d.Faults = []sim.Fault{{On: sim.StartExecution, Effect: sim.Denied}} }, 0},
		"started unheard, too late": {paced, func(d *doors) {
			d.Faults, d.delay = []sim.Fault{{On: sim.StartExecution, Effect: sim.ReplyLost}}, 10*time.Minute
		}, 1},
		"max-duration ends before":   {strings.Replace(paced, "}", `, "max-duration": 880}`, 1), nil, 0},
		"not by the stack's setting": {paced, func(d *doors) { d.handOff = false }, 0},
		"not by the request":         {strings.Replace(paced, "}", `, "hand-off": false}`, 1), nil, 0},
		"no engine":                  {paced, func(d *doors) { d.bare = true }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoors(t, nil)
			if tt.change != nil {
				tt.change(d)
			}
			s := d.midway(tt.raw)
			require.Equal(t, "RolledBack", s.status(), "%v %s", s.err, s.Reason)
			assert.ErrorContains(t, s.err, "the time ran out")
			assert.Len(t, d.Executions(), tt.handed)
			d.Drain()
			assert.Equal(t, []string{"version 1", "version 1 with 50 % on version 2", "version 1"}, d.routings())
			if tt.handed > 0 && !d.idle {
				assert.Equal(t, "RolledBack", d.Executions()[0].Error)
			}
		})
	}
}

func TestAFailureIsNotHandedOver(t *testing.T) {
	d := newDoors(t, nil)
	d.SetAlarm("red", "OK")
	d.At(d.Elapsed()+13*time.Minute+55*time.Second, func() { d.SetAlarm("red", "ALARM") })
	d.idle = true
	s := d.midway(strings.Replace(paced, "}", `, "alarms": ["red"]}`, 1))
	require.Equal(t, "RolledBack", s.status())
	assert.ErrorContains(t, s.err, "red")
	assert.Less(t, s.took, 14*time.Minute+20*time.Second)
}

// A bad start, and every other betrayal, of a running hand-over ends with the claim.
func TestAHandOverThatGoesWrongOnTheWay(t *testing.T) {
	for name, change := range map[string]func(*doors){
		"throttled":           func(d *doors) { d.Faults = []sim.Fault{{On: sim.StartExecution, Times: 5, Effect: sim.Throttled}} },
		"denied for a moment": func(d *doors) { d.Faults = []sim.Fault{{On: sim.StartExecution, Times: 2, Effect: sim.Denied}} },
		"the answer is lost":  func(d *doors) { d.Faults = []sim.Fault{{On: sim.StartExecution, Times: 1, Effect: sim.ReplyLost}} },
		"never described":     func(d *doors) { d.Faults = []sim.Fault{{On: sim.DescribeExecution, Effect: sim.Denied}} },
		"late":                func(d *doors) { d.delay = 40 * time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoors(t, nil)
			change(d)
			s := d.midway(paced)
			require.Equal(t, "in-progress", s.status(), "%v %s", s.err, s.Reason)
			assert.Equal(t, d.Executions()[0].ARN, s.Execution)
		})
	}
}
