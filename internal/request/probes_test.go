package request

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

func TestHookProbesRefuses(t *testing.T) {
	tests := map[string]struct{ text, message string }{
		"text":                       {`health`, "give a JSON list"},
		"an object":                  {`{"name": "a"}`, "give a JSON list"},
		"null":                       {`null`, "give a JSON list"},
		"a list of texts":            {`["a"]`, "PROBES[0] is \"a\": give one JSON object"},
		"a list with a null":         {`[{"name": "a"}, null]`, "PROBES[1] is null: give one JSON object"},
		"a list that does not end":   {`[{"name": "a"}`, "give a JSON list"},
		"something behind the list":  {`[] []`, "give a JSON list"},
		"an unknown key":             {`[{"name": "a"}, {"expected": {}}]`, "PROBES[1].expected is not a key: the nearest is PROBES[1].expect"},
		"a known key in other case":  {`[{"Name": "a"}]`, "PROBES[0].Name is not a key"},
		"a name that is no text":     {`[{"name": 1}]`, "PROBES[0].name is 1: give a text"},
		"an empty name":              {`[{"name": ""}]`, `PROBES[0].name is "": give a text`},
		"a null for a name":          {`[{"name": null}]`, "PROBES[0].name is null"},
		"an expect that is a list":   {`[{"expect": [1]}]`, "PROBES[0].expect is [1]: give an object"},
		"an expect that is null":     {`[{"expect": null}]`, "PROBES[0].expect is null"},
		"an every-step that is text": {`[{"every-step": "yes"}]`, "PROBES[0].every-step is \"yes\": give true or false"},
		"an every-step that is null": {`[{"every-step": null}]`, "PROBES[0].every-step is null"},
		"a function that is a list":  {`[{"function": ["a"]}]`, "PROBES[0].function is"},
		"a function that is empty":   {`[{"function": ""}]`, "PROBES[0].function is"},
		"a function by its ARN":      {`[{"function": "arn:aws:lambda:eu-central-1:123456789012:function:f"}]`, "give a function's bare name"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := HookProbes("PROBES", test.text)
			require.ErrorContains(t, err, test.message)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestAListHasAtMostAHundredProbes(t *testing.T) {
	list := func(n int) string { return "[" + strings.Repeat("{},", n-1) + "{}]" }
	_, err := HookProbes("PROBES", list(100))
	require.NoError(t, err)
	_, err = HookProbes("PROBES", list(101))
	require.ErrorContains(t, err, "PROBES is 101: give at most 100 probes")
}

func TestHookProbesTakeEveryKey(t *testing.T) {
	probes, err := HookProbes("PROBES", ` [{"name": "a", "payload": [1], "expect": {}, "every-step": true, "function": "f-*", "max-ms": 250, "compare": {"ignore": ["body.time"]}}, {}] `)
	require.NoError(t, err)
	assert.Equal(t, []rollout.Probe{
		{
			Name: "a", Payload: json.RawMessage("[1]"), Expect: map[string]any{}, EveryStep: true, Function: "f-*",
			Within: 250 * time.Millisecond, Compare: true, Ignore: []string{"body.time"},
		},
		{Name: "#2", Payload: json.RawMessage("{}")},
	}, probes)
	probes, err = HookProbes("PROBES", "\n")
	require.NoError(t, err)
	assert.Empty(t, probes)
}

func FuzzHookProbes(f *testing.F) {
	f.Add(`[{"name": "a", "payload": {}, "expect": {"ok": 1.5e3}, "every-step": true, "function": "f-*"}]`)
	f.Add(`[null]`)
	f.Fuzz(func(t *testing.T, text string) {
		probes, err := HookProbes("PROBES", text)
		if err != nil {
			return
		}
		for _, p := range probes {
			if p.Name == "" || !json.Valid(p.Payload) {
				t.Errorf("%q gives a probe without a name or payload: %+v", text, p)
			}
			if p.Expect == nil || p.Within > 0 {
				continue
			}
			answer, err := json.Marshal(p.Expect)
			if r := p.Judge(rollout.ProbeAnswer{Body: answer}, nil); err == nil && r.Unmet != "" {
				t.Errorf("%q is not met by the very answer it expects: %s", text, r.Unmet)
			}
		}
	})
}
