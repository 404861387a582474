package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/goldentest"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// outcome is what a hook made of one event.
type outcome struct {
	Answer json.RawMessage `json:"answer,omitempty"`
	Error  string          `json:"error,omitempty"`
	// Reported is what CodeDeploy was told.
	Reported []Status `json:"reported,omitempty"`
}

// Every payload under events/ is what it says it is, and the hook's answers to it, and to it mangled, are golden.
func TestEvents(t *testing.T) {
	hooks := map[string]func(*world) invoker{
		"pretraffic":  func(w *world) invoker { return w.preTraffic(oneProbe) },
		"posttraffic": func(w *world) invoker { return w.postTraffic("") },
	}
	for function, hook := range hooks {
		for name, payload := range goldentest.Payloads(t, filepath.Join("..", "..", "events", function, "*.json")) {
			name = function + "-" + name
			t.Run(name, func(t *testing.T) {
				decodeStrictly(t, payload)
				outcomes := map[string]outcome{}
				for mangling, mangled := range mangle(t, payload) {
					synctest.Test(t, func(t *testing.T) { outcomes[mangling] = try(t, hook, mangled) })
				}
				goldentest.CompareJSON(t, filepath.Join("testdata", name+".json"), outcomes)
			})
		}
	}
}

// decodeStrictly fails where a payload has any key that its kind of event has not.
func decodeStrictly(t *testing.T, payload []byte) {
	t.Helper()
	var event any = &rollout.HookEvent{}
	if bytes.Contains(payload, []byte(deploymentKey)) {
		event = &struct{ DeploymentId, LifecycleEventHookExecutionId string }{} //nolint:revive // CodeDeploy's names
	}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(event))
}

// mangle makes what may come instead of a payload.
func mangle(t *testing.T, payload []byte) map[string][]byte {
	t.Helper()
	var event map[string]any
	require.NoError(t, json.Unmarshal(payload, &event))
	with := func(key string, value any) []byte {
		changed := maps.Clone(event)
		changed[key] = value
		raw, err := json.Marshal(changed)
		require.NoError(t, err)
		return raw
	}
	all := map[string][]byte{
		"as it is":       payload,
		"truncated":      payload[:len(payload)/2],
		"empty":          {},
		"null":           []byte("null"),
		"a list":         []byte("[" + string(payload) + "]"),
		"an unknown key": with("region", "eu-central-1"),
		"both kinds":     with(ownKey, "pre-traffic"),
	}
	if _, own := event[ownKey]; own {
		all["both kinds"] = with(deploymentKey, deploymentID)
		all["both kinds, whole"] = bytes.Replace(with(deploymentKey, deploymentID), []byte("{"), []byte(`{"`+executionKey+`":"`+executionID+`",`), 1)
		all["another stage"] = with(ownKey, "health-check")
	}
	for _, key := range slices.Sorted(maps.Keys(event)) {
		all["a number for "+key] = with(key, 8)
		all["nothing for "+key] = with(key, "")
		all[key+" in capitals"] = bytes.Replace(payload, []byte(`"`+key+`"`), []byte(`"`+strings.ToUpper(key)+`"`), 1)
		all[key+" twice"] = bytes.Replace(payload, []byte("{"), []byte(`{"`+key+`": "another", `), 1)
	}
	return all
}

// try sends an event to a hook in a fresh world.
func try(t *testing.T, hook func(*world) invoker, payload []byte) outcome {
	t.Helper()
	time.Sleep(time.Until(time.Date(2026, 11, 21, 16, 50, 0, 0, time.UTC)))
	w := newWorld()
	w.states = append(w.states, active)
	w.target.Function, w.target.OldVersion, w.target.NewVersion = "my-app-orders", "7", "8"
	w.target.Since, w.newVersion = time.Now().Add(-5*time.Minute), "8"
	w.alias.Routing.Primary = "8"
	w.anyExecution = true
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	answer, err := hook(w).Invoke(ctx, payload)
	o := outcome{Answer: answer, Reported: w.reported}
	if err != nil {
		o.Error = err.Error()
		assert.True(t, errors.As(err, &UnknownEvent{}) || errors.As(err, &NotReported{}), "%T", err)
	}
	return o
}
