package recover_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/goldentest"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// The drivers of the events.
const (
	byDeployer   = "3f2c81d2-2dff629b5eaf"
	byWorkflow   = "checkout-3ce9a57aefe7"
	byAnother    = "checkout-1d559380a07e"
	byPipeline   = "c968ef10-6d467b3a49a8"
	request      = `{"function-name": "checkout", "alias": "live", "new-version": "2", "steps": 10, "interval": "2m"}`
	workflowName = "checkout-live-2-3f9a1c07"
	livingName   = "checkout-live-2-cafecafe"
	ownersText   = "front door"
	payloads     = "../../../events/recover/*.json"
)

// The ARNs of durable executions, of the names that workflows have here.
const (
	durables      = "arn:aws:lambda:eu-west-1:123456789012:function:meta-deployer-durable:7/durable-execution/"
	stoppedARN    = durables + workflowName + "/0199a1c0-7d3e-7f50-9a1c-07d3e4f5a6b7"
	livingDurable = durables + livingName + "/0199a1c0-7d3e-7f50-8b2d-18e4f5a6b7c8"
)

// account has the function checkout, whose alias a driver has left at 30 %, and of each engine one living execution and one that
// was stopped.
func account(t *testing.T, driver string, change func(*rollout.Journal)) *sim.World {
	t.Helper()
	w := sim.New()
	w.Publish("checkout", "1", sim.Version{})
	w.Publish("checkout", "2", sim.Version{})
	start := w.Now().Add(-10 * time.Minute)
	j := rollout.Journal{
		Old: "1", New: "2", Weight: 30_00, Step: 3, Steps: 10, Driver: driver, Start: start, Since: start.Add(6 * time.Minute), First: start,
		ID: rollout.NewID(rollout.Target{Function: "checkout", Alias: "live"}, "1", "2", start),
	}
	if change != nil {
		change(&j)
	}
	text, ok := rollout.Description{Owner: ownersText, Journal: &j}.Encode()
	require.True(t, ok)
	require.NoError(t, w.CreateAlias("checkout", "live", target.Alias{Routing: j.Routing(), Description: text}))
	w.SetTraffic("checkout", "live", sim.Constant(20))
	w.SetExecution(target.Execution{ARN: sim.ExecutionARN(workflowName), Status: target.ExecutionAborted, Input: []byte(request)})
	w.SetExecution(target.Execution{ARN: sim.ExecutionARN(livingName), Status: target.ExecutionRunning, Input: []byte(request)})
	w.SetExecution(target.Execution{ARN: stoppedARN, Status: "STOPPED", Input: []byte(request)})
	w.SetExecution(target.Execution{ARN: livingDurable, Status: target.ExecutionRunning, Input: []byte(request)})
	return w
}

// ask calls recover once.
func ask(w *sim.World, payload []byte) ([]byte, error) {
	ctx, _, cancel := w.Begin(sim.Invocation{})
	defer cancel()
	return scenario.Recoverer(w, slog.New(slog.DiscardHandler)).Invoke(ctx, payload)
}

// driverOf is whose alias an event finds.
func driverOf(event string) string {
	switch {
	case strings.Contains(event, "deployer"):
		return byDeployer
	case strings.Contains(event, "pipeline"):
		return byPipeline
	case event == "switch-of-a-workflow-that-runs", event == "switch-of-a-durable-that-runs":
		return byAnother
	}
	return byWorkflow
}

func TestEveryEventHasItsAnswer(t *testing.T) {
	untouched := []string{
		"execution-succeeded", "execution-of-another-driver", "switch-of-a-deployer-that-runs", "switch-of-a-workflow-that-runs",
		"deployer-refused-a-request", "deployer-was-asked-to-roll-back", "durable-succeeded", "switch-of-a-durable-that-runs",
	}
	for name, raw := range goldentest.Payloads(t, payloads) {
		t.Run(name, func(t *testing.T) {
			w := account(t, driverOf(name), nil)
			answer, err := ask(w, raw)
			require.NoError(t, err)
			var pretty bytes.Buffer
			require.NoError(t, json.Indent(&pretty, append(answer, '\n'), "", "  "))
			goldentest.Compare(t, filepath.Join("testdata", "events", name+".golden"), pretty.String())
			if slices.Contains(untouched, name) {
				assert.Len(t, w.Writes(), 1, "nothing is written")
				return
			}
			alias, err := w.Alias("checkout", "live")
			require.NoError(t, err)
			assert.Equal(t, rollout.Routing{Primary: "1"}, alias.Routing)
		})
	}
}

// A foreign rollout is touched by no event, however it is mangled, and a mangled event is never a reason to be called again.
func TestMangledEventsTouchNothing(t *testing.T) {
	for name, raw := range goldentest.Payloads(t, payloads) {
		t.Run(name, func(t *testing.T) {
			mangled := map[string][]byte{"cut off": raw[:len(raw)/2], "empty": nil, "null": []byte("null"), "a list": []byte("[1]"), "as it is": raw}
			var event map[string]any
			require.NoError(t, json.Unmarshal(raw, &event))
			for key := range event {
				for what, value := range map[string]any{"missing": nil, "a number": 7, "a text": "x", "an object": map[string]any{"a": 1}} {
					other := maps.Clone(event)
					if other[key] = value; what == "missing" {
						delete(other, key)
					}
					changed, err := json.Marshal(other)
					require.NoError(t, err)
					mangled[fmt.Sprintf("%s is %s", key, what)] = changed
				}
			}
			for what, payload := range mangled {
				w := account(t, "somebody-else", nil)
				_, err := ask(w, payload)
				if err != nil {
					assert.Contains(t, []string{"request is missing", "request is a number", "request is a text", "request is an object"}, what, err)
				}
				assert.Len(t, w.Writes(), 1, what)
			}
		})
	}
}
