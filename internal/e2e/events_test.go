//go:build e2e

package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/events"
	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// motoBus is a bus of moto's, and the queues behind it.
type motoBus struct {
	url                      string
	All, People, Chat, Topic string
}

func startBus(t *testing.T) motoBus {
	t.Helper()
	b := motoBus{url: startMoto(t)}
	require.NoError(t, json.Unmarshal([]byte(seed(t, "seed_events.py", b.url, absolute(t, "../../dist/template.json"))), &b))
	return b
}

// read are the messages of a queue.
func (b motoBus) read(t *testing.T, queue string, topic ...any) (messages []string) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(seed(t, "read_events.py", append([]any{b.url, queue}, topic...)...)), &messages))
	return messages
}

// put puts what is told of a state on the bus of a name, for as long as it takes.
func (b motoBus) put(t *testing.T, bus string, state rollout.State) error {
	t.Helper()
	settings := map[string]string{"AWS_ENDPOINT_URL": b.url, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
	detail, err := json.Marshal(notify.DetailOf(told(state)))
	require.NoError(t, err)
	event := target.BusEvent{Source: "meta-deployer", Type: "Rollout State Change", Detail: detail, At: time.Now()}
	return events.New(cloud.Load(func(key string) string { return settings[key] }), bus).Put(t.Context(), event)
}

func told(state rollout.State) rollout.Transition {
	return rollout.Transition{
		At: time.Now(), State: state, Rollout: "20261130-214500000-3a88", Target: rollout.Target{Function: "checkout", Alias: "live"}, Old: "1", New: "2",
		Weight: 33_33, Step: 1, Steps: 3, Verdict: "fail", Reason: `errors: 31 of 120 failed, says "the \ shop" <b>ü</b>`, Driver: rollout.Driver{ID: "x", Engine: "deployer"},
	}
}

// Every state arrives as the schema has it, and the stack's own rule takes those that people are told of: as moto matches events.
func TestMotoDeliversWhatIsTold(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	schema, err := jsonschema.NewCompiler().Compile(absolute(t, "../../docs/event.schema.json"))
	require.NoError(t, err)
	for _, state := range rollout.States() {
		require.NoError(t, b.put(t, "rollouts", state))
	}
	var states []rollout.State
	for _, message := range b.read(t, b.All) {
		var event struct {
			Source     string
			DetailType string `json:"detail-type"`
			Detail     json.RawMessage
		}
		require.NoError(t, json.Unmarshal([]byte(message), &event))
		assert.Equal(t, [2]string{"meta-deployer", "Rollout State Change"}, [2]string{event.Source, event.DetailType})
		var value any
		require.NoError(t, json.Unmarshal(event.Detail, &value))
		require.NoError(t, schema.Validate(value))
		states = append(states, stateOf(t, message))
	}
	assert.ElementsMatch(t, rollout.States(), states)

	messages := b.read(t, b.People, b.Topic)
	assert.ElementsMatch(t, messages, b.read(t, b.Chat), "the topic passes them on as they are")
	states = nil
	for _, message := range messages {
		states = append(states, stateOf(t, message))
	}
	assert.ElementsMatch(t, []rollout.State{
		rollout.StateSucceeded, rollout.StateSucceededUnverified, rollout.StateRolledBack, rollout.StateHeld, rollout.StateSuperseded, rollout.StateRollbackFailed,
		rollout.StateNotKnown, rollout.StateAwaitingApproval,
	}, states)
}

// stateOf is the state that an event tells of.
func stateOf(t *testing.T, message string) rollout.State {
	t.Helper()
	var event struct{ Detail notify.Detail }
	require.NoError(t, json.Unmarshal([]byte(message), &event))
	return event.Detail.State
}

// The compiled deployer tells the bus that its environment names, and writes metrics between its other lines.
func TestTheCompiledDeployerTells(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.start(t, "meta-deployer", runtimetest.Build(t, "./functions/deployer"), map[string]string{
		"EVENT_BUS_NAME": "rollouts", "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_FUNCTION_NAME": "meta-deployer",
	})
	l.answered(t, p.Invoke([]byte(request), timeout), "succeeded")
	var told []string
	l.touch(func(w *sim.World) {
		for _, h := range w.Heard() {
			var d notify.Detail
			require.NoError(t, json.Unmarshal(h.Detail, &d))
			assert.Equal(t, "meta-deployer", h.By)
			told = append(told, string(d.State)+" "+d.Weight.String())
		}
	})
	assert.Equal(t, []string{"started 0", "shifted 33.33", "shifted 66.67", "shifted 100", "succeeded 100"}, slices.Compact(told), "each, and again at most")
	looks, ends := 0, 0
	for line := range strings.Lines(p.Log()) {
		var written map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &written), line)
		switch {
		case written["_aws"] == nil:
		case written["Weight"] != nil:
			looks++
		case written["Succeeded"] == 1.0:
			assert.Equal(t, "meta-deployer", written["Installation"])
			ends++
		}
	}
	assert.Positive(t, looks)
	assert.Equal(t, 1, ends)
}
