package loop_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// long is a rollout of half an hour.
const long = `{"function-name": "f", "alias": "live", "new-version": "2", "steps": 3, "interval": 600}`

var upwards = []string{"version 1", "version 1 with 33.33 % on version 2", "version 1 with 66.67 % on version 2", "version 2"}

func TestTheAncestorsPayloadEndsOnTheNewVersion(t *testing.T) {
	raw, err := os.ReadFile("../../../events/deployer/aws-lambda-deploy.json")
	require.NoError(t, err)
	d := newDoors(t, nil)
	for name, version := range map[string]string{"1": "1", "2": "2"} {
		d.Publish("MyFunction", name, sim.Version{Version: target.Version{Role: version[:0]}})
	}
	require.NoError(t, d.CreateAlias("MyFunction", "MyAlias", target.Alias{Routing: rollout.Routing{Primary: "1"}, Description: "theirs"}))
	d.SetTraffic("MyFunction", "MyAlias", sim.Constant(20))
	s := d.ask(string(raw))
	require.Equal(t, "in-progress", s.status(), "%v", s.err)
	assert.Less(t, s.took, 15*time.Second)
	assert.Equal(t, "workflow", s.Driver)
	assert.Equal(t, []string{"1", "2"}, []string{s.OldVersion, s.NewVersion})
	assert.NotEmpty(t, s.RolloutID)
	assert.Contains(t, s.Reason, s.Execution)
	d.Drain()
	a, err := d.Alias("MyFunction", "MyAlias")
	require.NoError(t, err)
	assert.Equal(t, rollout.Routing{Primary: "2"}, a.Routing)
	assert.Equal(t, "theirs", a.Description)
	require.Len(t, d.Executions(), 1)
	assert.Equal(t, target.ExecutionSucceeded, d.Executions()[0].Status)
}

func TestWhatIsHandedOver(t *testing.T) {
	short := strings.Replace(long, "600", "30", 1)
	with := func(raw, more string) string { return strings.Replace(raw, "}", ", "+more+"}", 1) }
	approval := `{"function-name": "f", "alias": "live", "new-version": "2", "type": "stages", "stages": [{"weight": 10, "hold": 10, "approve": true}], "interval": 10}`
	for name, tt := range map[string]struct {
		change  func(*doors)
		raw     string
		status  string
		handed  int
		message string
	}{
		"what does not fit":      {nil, long, "in-progress", 1, ""},
		"what fits stays":        {nil, short, "succeeded", 0, ""},
		"everything, if told so": {nil, with(short, `"hand-off": "always"`), "in-progress", 1, ""},
		"everything, also where the stack's setting is false": {func(d *doors) { d.handOff = false }, with(short, `"hand-off": "always"`), "in-progress", 1, ""},
		"an approval":                                 {nil, approval, "in-progress", 1, ""},
		"nothing, if the request says so":             {nil, with(long, `"hand-off": false`), "DoesNotFit", 0, "hand-off is false in the request"},
		"nothing, if the stack says so":               {func(d *doors) { d.handOff = false }, long, "DoesNotFit", 0, "HandOff is false"},
		"what fits not, if the request says so":       {func(d *doors) { d.handOff = false }, with(long, `"hand-off": true`), "in-progress", 1, ""},
		"nothing without an engine":                   {func(d *doors) { d.bare = true }, long, "DoesNotFit", 0, "LongEngine"},
		"nothing without an engine, whatever is told": {func(d *doors) { d.bare = true }, with(short, `"hand-off": "always"`), "DoesNotFit", 0, "LongEngine"},
		"no plan longer than the engine runs":         {nil, strings.Replace(with(long, `"bake": 0`), `"steps": 3, "interval": 600`, `"type": "all-at-once", "interval": 0, "type": "stages", "stages": [{"weight": 50, "hold": "8760h"}]`, 1), "InvalidRequest", 0, ""},
		"no year":                                     {nil, `{"function-name": "f", "alias": "live", "new-version": "2", "type": "stages", "bake": 0, "stages": [{"weight": 50, "hold": "8760h"}]}`, "DoesNotFit", 0, "the workflow ends in"},
		"no version that there is not":                {nil, strings.Replace(long, `"2"`, `"9"`, 1), "PreflightFailed", 0, ""},
		"no hook that there is not":                   {nil, with(long, `"hooks": {"pre-traffic": "gone"}`), "PreflightFailed", 0, ""},
		"no request that is too large":                {nil, with(long, `"health-check": {"probes": [{"payload": "`+strings.Repeat("x", 100<<10)+`"}]}`), "DoesNotFit", 0, "100 KB"},
		"nothing to do":                               {nil, strings.Replace(long, `"2"`, `"1"`, 1), "no-op", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoors(t, nil)
			if tt.change != nil {
				tt.change(d)
			}
			s := d.ask(tt.raw)
			require.Equal(t, tt.status, s.status(), "%v %s", s.err, s.Reason)
			assert.Len(t, d.Executions(), tt.handed)
			if tt.message != "" {
				assert.ErrorContains(t, s.err, tt.message)
			}
			if tt.handed > 0 {
				assert.Less(t, s.took, 15*time.Second)
				assert.NotContains(t, string(d.Executions()[0].Input), "hand-off")
			}
		})
	}
}

// Whatever goes wrong with the start, the answer is true, and comes soon.
func TestAStartThatGoesWrong(t *testing.T) {
	fault := func(f sim.Fault) func(*doors) { return func(d *doors) { d.Faults = append(d.Faults, f) } }
	for name, tt := range map[string]struct {
		change func(*doors)
		status string
		most   time.Duration
		handed int
	}{
		"throttled for a while": {fault(sim.Fault{On: sim.StartExecution, Times: 5, Effect: sim.Throttled}), "in-progress", 30 * time.Second, 1},
		"denied for a moment":   {fault(sim.Fault{On: sim.StartExecution, Times: 2, Effect: sim.Denied}), "in-progress", 30 * time.Second, 1},
		"denied":                {fault(sim.Fault{On: sim.StartExecution, Effect: sim.Denied}), "PreflightFailed", 30 * time.Second, 0},
		"the answer is lost":    {fault(sim.Fault{On: sim.StartExecution, Times: 1, Effect: sim.ReplyLost}), "in-progress", 30 * time.Second, 1},
		"every answer is lost, and the engine claims": {fault(sim.Fault{On: sim.StartExecution, Effect: sim.ReplyLost}), "in-progress", 30 * time.Second, 1},
		"never answered":            {fault(sim.Fault{On: sim.StartExecution, Effect: sim.ServerError}), "StateUnknown", 2 * time.Minute, 0},
		"it takes long":             {fault(sim.Fault{On: sim.StartExecution, Times: 1, Takes: 8 * time.Second}), "in-progress", 30 * time.Second, 1},
		"not described yet":         {func(d *doors) { d.Machine.Late = 10 * time.Second }, "in-progress", 16 * time.Second, 1},
		"never described":           {fault(sim.Fault{On: sim.DescribeExecution, Effect: sim.Denied}), "in-progress", 16 * time.Second, 1},
		"late":                      {func(d *doors) { d.delay = 5 * time.Minute }, "in-progress", 20 * time.Second, 1},
		"never described, and late": {func(d *doors) { d.delay = 5 * time.Minute; d.Machine.Late = time.Hour }, "StateUnknown", 2 * time.Minute, 1},
		"never claims":              {func(d *doors) { d.idle = true }, "in-progress", 20 * time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoors(t, nil)
			tt.change(d)
			s := d.ask(long)
			require.Equal(t, tt.status, s.status(), "%v %s", s.err, s.Reason)
			assert.LessOrEqual(t, s.took, tt.most)
			assert.Len(t, d.Executions(), tt.handed)
			if s.err == nil {
				assert.Equal(t, d.Executions()[0].ARN, s.Execution)
				assert.Equal(t, "1", s.OldVersion)
				assert.Equal(t, "2", s.NewVersion)
			}
			d.Drain()
			if tt.handed > 0 && !d.idle {
				assert.Equal(t, upwards, d.routings())
			}
		})
	}
}

// An ended execution has its name for 90 days: the next one has another.
func TestANameThatIsTaken(t *testing.T) {
	for name, forgetful := range map[string]bool{"is refused": false, "is answered with what has ended": true} {
		t.Run(name, func(t *testing.T) {
			d := newDoors(t, nil)
			d.idle, d.Machine.Forgetful = true, forgetful
			first := d.ask(long)
			d.EndExecution(first.Execution, target.ExecutionAborted, nil, "", "")
			d.Advance(10 * time.Minute)
			d.idle = false
			second := d.ask(long)
			require.Equal(t, "in-progress", second.status(), "%v", second.err)
			assert.Equal(t, first.Execution+"-2", second.Execution)
			assert.NotEmpty(t, second.RolloutID)
			assert.LessOrEqual(t, len(target.ExecutionName(second.Execution)), 64)
			d.Drain()
			assert.Equal(t, upwards, d.routings())
		})
	}
}

func TestTwoAtOnceAreOneExecution(t *testing.T) {
	d := newDoors(t, nil)
	var answers []said
	for range 2 {
		d.call(long, func(s said) { answers = append(answers, s) })
	}
	d.Drain()
	require.Len(t, answers, 2)
	assert.Len(t, d.Executions(), 1)
	for _, s := range answers {
		assert.Equal(t, "in-progress", s.status(), "%v", s.err)
		assert.Equal(t, d.Executions()[0].ARN, s.Execution)
	}
	assert.Equal(t, upwards, d.routings())
}

// What the engine ends with before its claim is what the deployer answers.
func TestAnEngineThatRefuses(t *testing.T) {
	d := newDoors(t, nil)
	d.idle = true
	d.Machine.Run = func(s sim.Started) {
		d.EndExecution(s.ARN, target.ExecutionFailed, nil, "PreflightFailed", `{"errorType": "PreflightFailed", "errorMessage": "f:live is not ready"}`)
	}
	s := d.ask(long)
	assert.Equal(t, "PreflightFailed", s.status())
	assert.EqualError(t, s.err, "f:live is not ready")
}

// A living engine keeps its rollout from the same request, and from no other.
func TestALivingEngineKeepsItsRollout(t *testing.T) {
	for name, tt := range map[string]struct {
		raw    string
		change func(*doors)
		keeps  bool
	}{
		"the same":                   {long, nil, true},
		"written otherwise":          {`{"alias-name": "live", "function-name": "f", "new-version": 2, "interval": 600, "steps": 3, "message": "again"}`, nil, true},
		"the list fails for a while": {long, func(d *doors) { d.Faults = []sim.Fault{{On: sim.ListExecutions, Times: 2, Effect: sim.Throttled}} }, true},
		"by force":                   {strings.Replace(long, "}", `, "force": {"reason": "now"}}`, 1), nil, false},
		"another schedule":           {strings.Replace(long, "600", "10", 1), nil, false},
		"it was stopped":             {strings.Replace(long, "600", "10", 1), func(d *doors) { d.EndExecution(d.Executions()[0].ARN, target.ExecutionAborted, nil, "", "") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoors(t, nil)
			first := d.ask(long)
			d.Advance(5 * time.Minute)
			if tt.change != nil {
				tt.change(d)
			}
			before := rollout.ParseDescription(d.alias().Description).Journal.Driver
			second := d.ask(tt.raw)
			if tt.keeps {
				require.Equal(t, "in-progress", second.status(), "%v", second.err)
				assert.Equal(t, first.Execution, second.Execution)
				assert.Equal(t, first.RolloutID, second.RolloutID)
				assert.Equal(t, "workflow", second.Driver)
				assert.Equal(t, before, rollout.ParseDescription(d.alias().Description).Journal.Driver)
			} else {
				assert.NotEqual(t, first.Execution, second.Execution)
				if journal := rollout.ParseDescription(d.alias().Description).Journal; journal != nil {
					assert.NotEqual(t, before, journal.Driver)
				}
			}
			d.Drain()
			assert.Equal(t, upwards, d.routings())
		})
	}
}
