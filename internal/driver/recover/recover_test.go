package recover_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/driver/recover"
	"github.com/meta-deployer/meta-deployer/internal/goldentest"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// switchOf is what the dead man's switch of the deployer calls with, for a request.
func switchOf(request string) []byte {
	return []byte(`{"driver": "` + byDeployer + `", "engine": "deployer", "end": "2026-01-05T08:59:00Z", "request": ` + request + `}`)
}

// with is the request with more keys.
func with(keys string) string { return strings.TrimSuffix(request, "}") + ", " + keys + "}" }

// setSwitch puts the driver's switch into the account.
func setSwitch(t *testing.T, w *sim.World) {
	t.Helper()
	require.NoError(t, w.Schedules().SetSwitch(t.Context(), target.Switch{Driver: byDeployer, First: w.Now().Add(time.Hour), Every: time.Hour}))
}

// at100 is a journal that has come to 100 %, a while ago.
func at100(j *rollout.Journal) {
	j.Weight, j.Step, j.Since = rollout.Full, 10, j.Start.Add(5*time.Minute)
}

func TestWhatBecomesOfARollout(t *testing.T) {
	hook := `"hooks": {"post-traffic": "after"}`
	for name, tt := range map[string]struct {
		request string
		journal func(*rollout.Journal)
		world   func(*sim.World)
		status  string
		reason  string
		primary string
		weight  rollout.Weight
	}{
		"it is on its way":        {request: request, status: "rolled-back", reason: "its driver " + byDeployer + " ended without it: its invocation was over at 2026-01-05T08:59:00Z", primary: "1"},
		"nothing is shifted yet":  {request: request, journal: func(j *rollout.Journal) { j.Weight, j.Step = 0, 0 }, status: "rolled-back", primary: "1"},
		"it is paused":            {request: request, journal: func(j *rollout.Journal) { j.Paused = true }, status: "rolled-back", primary: "1"},
		"it is held":              {request: request, journal: func(j *rollout.Journal) { j.Held = true }, status: "no-op", reason: "is held at 30 %, which needs no driver", primary: "1", weight: 30_00},
		"it is to be held":        {request: with(`"on-failure": "hold"`), status: "held", primary: "1", weight: 30_00},
		"its bake is over":        {request: request, journal: at100, status: "succeeded", primary: "2"},
		"its bake is not over":    {request: with(`"bake": "1h"`), journal: at100, status: "rolled-back", primary: "1"},
		"paused at 100 %":         {request: request, journal: func(j *rollout.Journal) { at100(j); j.Paused = true }, status: "rolled-back", primary: "1"},
		"its time was over first": {request: with(`"max-duration": "40m"`), journal: at100, status: "succeeded", primary: "2"},
		"nothing was measured":    {request: request, journal: at100, world: quiet, status: "succeeded-unverified", primary: "2"},
		"no data is no reason":    {request: with(`"health-check": {"on-no-data": "hold"}`), journal: at100, world: quiet, status: "rolled-back", primary: "1"},
		"it fails":                {request: request, journal: at100, world: failing, status: "rolled-back", reason: "; errors: ", primary: "1"},
		"its hook passes":         {request: with(hook), journal: at100, world: hooked(`{"status": "Succeeded"}`), status: "succeeded", primary: "2"},
		"its hook fails":          {request: with(hook), journal: at100, world: hooked(`{"status": "Failed"}`), status: "rolled-back", reason: "; post-traffic hook after", primary: "1"},
		"its hook is not there":   {request: with(hook), journal: at100, status: "rolled-back", reason: "could not be run", primary: "1"},
		"it was another version":  {request: strings.Replace(request, `"2"`, `"3"`, 1), journal: at100, status: "rolled-back", primary: "1"},
		"it was by a candidate":   {request: strings.Replace(request, `"2"`, `"@candidate"`, 1), journal: at100, status: "succeeded", primary: "2"},
		"it is another driver's":  {request: request, journal: func(j *rollout.Journal) { j.Driver = "newer" }, status: "no-op", reason: "does not carry driver " + byDeployer, primary: "1", weight: 30_00},
		"it was forced":           {request: with(`"force": {"reason": "r"}, "emergency": {"reason": "r"}`), status: "rolled-back", primary: "1"},
		"its look fails":          {request: request, journal: at100, world: fault(sim.GetMetrics, sim.Throttled), status: "rolled-back", reason: "ended without it", primary: "1"},
	} {
		t.Run(name, func(t *testing.T) {
			w := account(t, byDeployer, tt.journal)
			setSwitch(t, w)
			if tt.world != nil {
				tt.world(w)
			}
			w.Advance(30 * time.Minute)
			raw, err := ask(w, switchOf(tt.request))
			require.NoError(t, err)
			var got struct{ Status, Reason string }
			require.NoError(t, json.Unmarshal(raw, &got))
			assert.Equal(t, tt.status, got.Status, got.Reason)
			assert.Contains(t, got.Reason, tt.reason)
			alias, err := w.Alias("checkout", "live")
			require.NoError(t, err)
			assert.Equal(t, tt.primary, alias.Routing.Primary)
			assert.Equal(t, tt.weight, alias.Routing.Weight)
			d := rollout.ParseDescription(alias.Description)
			assert.Equal(t, ownersText, d.Owner)
			assert.Empty(t, d.Bad(), "nobody is to blame")
			_, stays := w.Schedule(byDeployer)
			assert.False(t, stays, "the switch is deleted after it was acted on")
			writes := len(w.Writes())
			again, err := ask(w, switchOf(tt.request))
			require.NoError(t, err)
			assert.Contains(t, string(again), `"no-op"`)
			assert.Len(t, w.Writes(), writes, "a second call does nothing")
		})
	}
}

func quiet(w *sim.World) { w.SetTraffic("checkout", "live", sim.Constant(0)) }

func failing(w *sim.World) { w.Publish("checkout", "2", sim.Version{Errors: sim.Constant(1)}) }

func hooked(answer string) func(*sim.World) {
	return func(w *sim.World) { w.SetHook("after", sim.Hook{Answer: answer}) }
}

func fault(on sim.Operation, effect sim.Effect) func(*sim.World) {
	return func(w *sim.World) { w.Faults = append(w.Faults, sim.Fault{On: on, Effect: effect}) }
}

// What could not be done or found out is an error, so that Lambda and the switch call again; the switch stays.
func TestWhatCallsAgain(t *testing.T) {
	workflow := []byte(`{"driver": "` + byWorkflow + `", "engine": "workflow", "execution": "` + sim.ExecutionARN(workflowName) + `", "end": "2027-01-05T08:00:00Z", "request": ` + request + `}`)
	durable := []byte(strings.NewReplacer(`"workflow"`, `"durable"`, sim.ExecutionARN(workflowName), stoppedARN).Replace(string(workflow)))
	for name, tt := range map[string]struct {
		world   func(*sim.World)
		payload []byte
		driver  string
		want    any
	}{
		"it cannot be put back":        {fault(sim.UpdateAlias, sim.ServerError), switchOf(request), byDeployer, new(answer.RollbackFailed)},
		"it may not be put back":       {fault(sim.UpdateAlias, sim.Denied), switchOf(request), byDeployer, new(answer.RollbackFailed)},
		"it cannot be read":            {fault(sim.GetAlias, sim.ServerError), switchOf(request), byDeployer, new(answer.StateUnknown)},
		"it may not be read":           {fault(sim.GetAlias, sim.Denied), switchOf(request), byDeployer, new(answer.StateUnknown)},
		"its execution cannot be read": {fault(sim.DescribeExecution, sim.Throttled), workflow, byWorkflow, new(recover.ExecutionUnread)},
		"its execution is not there":   {fault(sim.DescribeExecution, sim.NotFound), workflow, byWorkflow, new(recover.ExecutionUnread)},
		"its durable one is unread":    {fault(sim.GetDurableExecution, sim.Throttled), durable, byWorkflow, new(recover.ExecutionUnread)},
		"its durable one may not be":   {fault(sim.GetDurableExecution, sim.Denied), durable, byWorkflow, new(recover.ExecutionUnread)},
		"its durable one is another's": {nil, []byte(strings.ReplaceAll(string(durable), workflowName, "gone")), byWorkflow, nil},
		"its execution is another's":   {nil, []byte(strings.ReplaceAll(string(workflow), workflowName, "gone")), byWorkflow, nil},
		"its request is none any more": {nil, switchOf(`{"steps": -1}`), byDeployer, new(answer.StateUnknown)},
	} {
		t.Run(name, func(t *testing.T) {
			w := account(t, tt.driver, nil)
			setSwitch(t, w)
			if tt.world != nil {
				tt.world(w)
			}
			_, err := ask(w, tt.payload)
			if tt.want == nil {
				require.NoError(t, err)
				assert.Len(t, w.Writes(), 1, "its name is not the driver's")
				return
			}
			require.ErrorAs(t, err, tt.want)
			_, stays := w.Schedule(byDeployer)
			assert.True(t, stays)
		})
	}
}

// What is no driver's token stands on no alias: it reaches neither the log nor the name of a session. No execution's ARN is that long.
func TestASwitchOfNoDriverIsUnknown(t *testing.T) {
	long := strings.Repeat("d", 5_000)
	for what, payload := range map[string][]byte{
		"a driver that is long":      []byte(strings.ReplaceAll(string(switchOf(request)), byDeployer, long)),
		"a driver of several words":  []byte(strings.ReplaceAll(string(switchOf(request)), byDeployer, "ddddd ddddd")),
		"an execution that is long":  []byte(`{"driver": "` + rollout.DriverToken(long) + `", "engine": "workflow", "execution": "` + sim.ExecutionARN(long) + `", "request": ` + request + `}`),
		"an execution that ended so": []byte(`{"source": "aws.states", "detail-type": "Step Functions Execution Status Change", "detail": {"executionArn": "` + sim.ExecutionARN(long) + `", "status": "FAILED"}}`),
	} {
		t.Run(what, func(t *testing.T) {
			var log strings.Builder
			w := account(t, byDeployer, nil)
			ctx, _, cancel := w.Begin(sim.Invocation{})
			defer cancel()
			a, err := scenario.Recoverer(w, slog.New(slog.NewJSONHandler(&log, nil))).Handle(ctx, payload)
			require.NoError(t, err)
			assert.Equal(t, "the event tells of no driver that has ended", a.Reason)
			assert.NotContains(t, log.String(), "ddddd")
		})
	}
}

// An alias that does not exist has nothing left on it.
func TestADeletedAliasNeedsNobody(t *testing.T) {
	w := account(t, byDeployer, nil)
	require.NoError(t, w.DeleteAlias("owner", "checkout", "live"))
	raw, err := ask(w, switchOf(request))
	require.NoError(t, err)
	assert.Contains(t, string(raw), `"no-op"`)
}

// A switch that cannot be deleted is a warning: it calls again, and finds nothing to do.
func TestASwitchThatStaysIsAWarning(t *testing.T) {
	w := account(t, byDeployer, nil)
	setSwitch(t, w)
	fault(sim.DeleteSchedule, sim.Denied)(w)
	raw, err := ask(w, switchOf(request))
	require.NoError(t, err)
	assert.Contains(t, string(raw), `"rolled-back"`)
	assert.Contains(t, string(raw), "could not be deleted")
}

// Somebody who moves the alias while recover works keeps it.
func TestWhoeverMovesTheAliasMeanwhileKeepsIt(t *testing.T) {
	w := account(t, byDeployer, nil)
	theirs := rollout.Routing{Primary: "1", Secondary: "2", Weight: 77_00}
	w.Faults = append(w.Faults, sim.Fault{On: sim.UpdateAlias, Call: 1, Before: func() {
		require.NoError(t, w.ChangeAlias("stranger", "checkout", "live", func(a *target.Alias) { a.Routing, a.Description = theirs, "mine" }))
	}})
	raw, err := ask(w, switchOf(request))
	require.NoError(t, err)
	assert.Contains(t, string(raw), `"no-op"`)
	alias, err := w.Alias("checkout", "live")
	require.NoError(t, err)
	assert.Equal(t, theirs, alias.Routing)
}

// An execution that was stopped may have a worker that claims a moment later: its switch stays, and finds that.
func TestTheSwitchOfAStoppedExecutionStays(t *testing.T) {
	w := account(t, "somebody-else", nil)
	require.NoError(t, w.Schedules().SetSwitch(t.Context(), target.Switch{Driver: byWorkflow, First: w.Now().Add(time.Hour), Every: time.Hour}))
	_, err := ask(w, goldentest.Payloads(t, payloads)["execution-aborted"])
	require.NoError(t, err)
	_, stays := w.Schedule(byWorkflow)
	assert.True(t, stays)
}
