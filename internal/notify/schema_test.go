package notify_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

const schemaFile = "../../docs/event.schema.json"

// compile is a schema for a validator that others wrote.
func compile(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile(file)
	require.NoError(t, err)
	return schema
}

// transition is one in a state.
func transition(state rollout.State) rollout.Transition {
	return rollout.Transition{
		At: time.Date(2026, 11, 30, 22, 0, 0, 5e6, time.UTC), State: state, Rollout: "20261130-214500000-3a88", Target: rollout.Target{Function: "checkout", Alias: "live"},
		Old: "1", New: "2", Weight: 33_33, Step: 1, Steps: 3, Verdict: "pass", Reason: "errors: 0 of 120", Message: "fix <1234>",
		Driver: rollout.Driver{ID: "3f2c81d2-9a1c07d3e4f5", Engine: "workflow", Execution: "arn:aws:states:eu-west-1:123456789012:execution:meta-deployer-rollout:x"},
	}
}

func detail(t *testing.T, tr rollout.Transition) map[string]any {
	t.Helper()
	raw, err := json.Marshal(notify.DetailOf(tr))
	require.NoError(t, err)
	var d map[string]any
	require.NoError(t, json.Unmarshal(raw, &d))
	return d
}

func TestEveryDetailIsOfTheSchema(t *testing.T) {
	schema := compile(t, schemaFile)
	for _, state := range rollout.States() {
		assert.NoError(t, schema.Validate(detail(t, transition(state))), state)
	}
	refusal := rollout.Refusal(rollout.Target{Function: "checkout", Alias: "live"}, rollout.Driver{ID: "x", Engine: "deployer"}, "steps is 0\ngive more", time.Now())
	assert.NoError(t, schema.Validate(detail(t, refusal)), "what does not exist is empty")
}

func TestTheSchemaHasTheKeysAndTheStatesOfTheCode(t *testing.T) {
	raw, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	var schema struct {
		Required   []string
		Properties map[string]struct{ Enum []string }
	}
	require.NoError(t, json.Unmarshal(raw, &schema))
	var keys []string
	for field := range reflect.TypeFor[notify.Detail]().Fields() {
		keys = append(keys, field.Tag.Get("json"))
	}
	assert.Equal(t, keys, schema.Required)
	assert.Len(t, schema.Properties, len(keys))
	var states []string
	for _, state := range rollout.States() {
		states = append(states, string(state))
	}
	assert.Equal(t, states, schema.Properties["state"].Enum)
}

func TestWhatIsNoDetailIsNotOfTheSchema(t *testing.T) {
	schema := compile(t, schemaFile)
	for key := range detail(t, transition(rollout.StateShifted)) {
		d := detail(t, transition(rollout.StateShifted))
		delete(d, key)
		assert.Error(t, schema.Validate(d), "without %s", key)
	}
	for key, wrong := range map[string]any{
		"version": 2.0, "state": "shiftd", "rollout-id": "x", "function-name": "arn:aws:lambda:x", "weight": 101.0, "step": 1.5,
		"verdict": "maybe", "reason": "", "engine": "person", "at": "yesterday",
	} {
		d := detail(t, transition(rollout.StateShifted))
		d[key] = wrong
		assert.Error(t, schema.Validate(d), "%s is %v", key, wrong)
	}
	d := detail(t, transition(rollout.StateShifted))
	d["a-key-of-tomorrow"] = 1
	assert.NoError(t, schema.Validate(d), "more keys may come")
}

func TestTheStatesThatEnd(t *testing.T) {
	var ends []rollout.State
	for _, state := range rollout.States() {
		if state.Ends() {
			ends = append(ends, state)
		}
	}
	slices.Sort(ends)
	assert.Equal(t, []rollout.State{"held", "rollback-failed", "rolled-back", "state-unknown", "succeeded", "succeeded-unverified", "superseded"}, ends)
}
