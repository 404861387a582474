package widget_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

var update = flag.Bool("update", false, "write the golden files")

// events reads every payload.
func events(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../events/widget/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := map[string]string{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		all[name] = event(t, name)
	}
	return all
}

func several(at time.Time) *seen {
	return &seen{aliases: []target.Seen{
		{Target: rollout.Target{Function: "checkout", Alias: "live"}, Percent: 30, At: at, Endings: []target.Ending{{Name: "Succeeded", Count: 12}, {Name: "RolledBack", Count: 1}}},
		{Target: rollout.Target{Function: "search-in-the-catalogue-of-everything", Alias: "production"}, Percent: 100, At: at.Add(-time.Hour), Endings: []target.Ending{{Name: "Succeeded", Count: 1}}},
		{Target: rollout.Target{Function: "mail", Alias: "live"}, Percent: 0.5, At: at.Add(-2 * time.Hour), Endings: []target.Ending{{Name: "RollbackFailed", Count: 1}}},
	}}
}

// What every event is answered with; make screenshots shows it in a browser.
func TestEveryEventHasItsAnswer(t *testing.T) {
	for name, payload := range events(t) {
		w := account(t, "the shop's <live> alias")
		text := call(t, w, several(w.Now()), payload)
		golden := filepath.Join("testdata", "events", name+".golden")
		if *update {
			require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
			require.NoError(t, os.WriteFile(golden, []byte(text), 0o600))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		assert.Equal(t, string(want), text, name)
	}
}

// However an event is mangled, something is shown, nothing is changed, and nothing forbidden is in it.
func TestMangledEventsAreAnswered(t *testing.T) {
	w := account(t, "")
	before := len(w.Writes())
	for name, payload := range events(t) {
		mangled := map[string]string{"cut off": payload[:len(payload)/2], "empty": "", "null": "null", "a list": "[1]"}
		var event map[string]any
		require.NoError(t, json.Unmarshal([]byte(payload), &event))
		for key := range event {
			for what, value := range map[string]any{"missing": nil, "a number": 7, "a text": "<b>", "an object": map[string]any{"a": 1}, "a list": []int{1}} {
				other := maps.Clone(event)
				if other[key] = value; what == "missing" {
					delete(other, key)
				}
				raw, err := json.Marshal(other)
				require.NoError(t, err)
				mangled[fmt.Sprintf("%s is %s", key, what)] = string(raw)
			}
		}
		for what, payload := range mangled {
			text := call(t, w, several(w.Now()), payload)
			if strings.HasPrefix(text, "<div") {
				assert.NotEmpty(t, examined(t, text).text, "%s: %s", name, what)
			}
		}
	}
	assert.Len(t, w.Writes(), before)
}
