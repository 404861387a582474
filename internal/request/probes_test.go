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
		"text":                       {`health`, "PROBES is not JSON (invalid character 'h' looking for beginning of value): give a JSON list"},
		"an object":                  {`{"name": "a"}`, "PROBES is {…}: give a JSON list"},
		"null":                       {`null`, "PROBES is null: give a JSON list"},
		"a list of texts":            {`["a"]`, "PROBES[0] is \"a\": give an object"},
		"a list with a null":         {`[{"name": "a"}, null]`, "PROBES[1] is null: give an object"},
		"a list that does not end":   {`[{"name": "a"}`, "give a JSON list"},
		"something behind the list":  {`[] []`, "give a JSON list"},
		"an unknown key":             {`[{"name": "a"}, {"expected": {}}]`, "PROBES[1].expected is not a key: the nearest is PROBES[1].expect"},
		"a known key in other case":  {`[{"Name": "a"}]`, "PROBES[0].Name is not a key: the nearest is PROBES[0].name"},
		"a key far from any":         {`[{"url": "a"}]`, "PROBES[0].url is not a key: here it may be compare, every-step, expect, function, max-ms, name, payload, tenant-id"},
		"a key twice":                {`[{"name": "a", "name": "b"}]`, "PROBES[0].name is given twice: keep one"},
		"a key twice in an expect":   {`[{}, {"expect": {"ok": [{"a": true, "a": false}]}}]`, "PROBES[1].expect.ok[0].a is given twice"},
		"a key twice in a payload":   {`[{"payload": {"ok": true, "\u006fk": false}}]`, "PROBES[0].payload.ok is given twice"},
		"a name that is no text":     {`[{"name": 1}]`, "PROBES[0].name is 1: give a text"},
		"an empty name":              {`[{"name": ""}]`, `PROBES[0].name is "": give a text`},
		"a null for a name":          {`[{"name": null}]`, "PROBES[0].name is null"},
		"a name twice":               {`[{"name": "a"}, {}, {"name": "a"}]`, "PROBES[2] is called a: give every probe a name of its own"},
		"a name that another gets":   {`[{"name": "#2"}, {}]`, "PROBES[1] is called #2: give every probe a name of its own"},
		"an expect that is a list":   {`[{"expect": [1]}]`, "PROBES[0].expect is […]: give an object"},
		"an expect that is null":     {`[{"expect": null}]`, "PROBES[0].expect is null"},
		"an every-step that is text": {`[{"every-step": "yes"}]`, "PROBES[0].every-step is \"yes\": give true or false"},
		"an every-step that is null": {`[{"every-step": null}]`, "PROBES[0].every-step is null"},
		"a compare that is true":     {`[{"compare": true}]`, `PROBES[0].compare is true: give {}, or {"ignore": ["body.time"]}`},
		"a tenant that is a number":  {`[{"tenant-id": 7}]`, "PROBES[0].tenant-id is 7: give 1 to 256"},
		"a function that is a list":  {`[{"function": ["a"]}]`, "PROBES[0].function is"},
		"a function that is empty":   {`[{"function": ""}]`, "PROBES[0].function is"},
		"a function by its ARN":      {`[{"function": "arn:aws:lambda:eu-central-1:123456789012:function:f"}]`, "give a function's bare name"},
		"a list that is too large":   {`["` + strings.Repeat("a", MaxBytes) + `"]`, "PROBES has 262148 bytes: give at most 262144"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := HookProbes("PROBES", test.text)
			require.ErrorContains(t, err, test.message)
			assert.NotContains(t, err.Error(), "\n")
			assert.Less(t, len(err.Error()), 500)
		})
	}
}

func TestAListHasAtMostAHundredProbes(t *testing.T) {
	list := func(n int) string { return "[" + strings.Repeat("{},", n-1) + "{}]" }
	_, err := HookProbes("PROBES", list(100))
	require.NoError(t, err)
	_, err = HookProbes("PROBES", list(101))
	require.ErrorContains(t, err, "PROBES is a list of more than 100: give at most 100")
}

func TestHookProbesTakeEveryKey(t *testing.T) {
	probes, err := HookProbes("PROBES", ` [{"name": "a", "payload": [1], "expect": {}, "every-step": true, "function": "f-*", "max-ms": 250, "compare": {"ignore": ["body.time"]}, "tenant-id": "blue 1"}, {}] `)
	require.NoError(t, err)
	assert.Equal(t, []rollout.Probe{
		{
			Name: "a", Payload: json.RawMessage("[1]"), Expect: map[string]any{}, EveryStep: true, Function: "f-*",
			Within: 250 * time.Millisecond, Compare: true, Ignore: []string{"body.time"}, TenantID: "blue 1",
		},
		{Name: "#2", Payload: json.RawMessage("{}")},
	}, probes)
	probes, err = HookProbes("PROBES", "\n")
	require.NoError(t, err)
	assert.Empty(t, probes)
}

// A payload is any JSON, and goes to the function as it was written.
func TestAPayloadIsPassedOnAsItIs(t *testing.T) {
	for _, payload := range []string{`null`, `"a"`, `[1,  2]`, `{"b": 1e400, "a": 0.10, "B": "\u00e4ä"}`, `false`} {
		probes, err := HookProbes("PROBES", `[{"payload": `+payload+`}]`)
		require.NoError(t, err)
		assert.Equal(t, payload, string(probes[0].Payload))
		assert.Equal(t, payload, string(parse(t, with(`"health-check": {"probes": [{"payload": `+payload+`}]}`)).Plan.Probes[0].Payload))
	}
}

func FuzzHookProbes(f *testing.F) {
	f.Add(`[{"name": "a", "payload": {}, "expect": {"ok": 1.5e3}, "every-step": true, "function": "f-*"}]`)
	f.Add(`[null]`)
	f.Fuzz(func(t *testing.T, text string) {
		probes, err := HookProbes("PROBES", text)
		if err != nil {
			assert.Less(t, len([]rune(err.Error())), 4100)
			return
		}
		names := map[string]bool{}
		for _, p := range probes {
			if p.Name == "" || names[p.Name] || !json.Valid(p.Payload) {
				t.Errorf("%q gives a probe without a name of its own or a payload: %+v", text, p)
			}
			names[p.Name] = true
			answer, err := json.Marshal(p.Expect)
			p.Compare = false
			if result := p.Judge(rollout.ProbeAnswer{Body: answer}, nil); err == nil && result.Unmet != "" {
				t.Errorf("%q is not met by the very answer it expects: %s", text, result.Unmet)
			}
		}
	})
}
