package hook

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseProbesRefuses(t *testing.T) {
	tests := map[string]struct{ text, message string }{
		"text":                       {`health`, "give a JSON list"},
		"an object":                  {`{"name": "a"}`, "give a JSON list"},
		"null":                       {`null`, "give a JSON list"},
		"a list of texts":            {`["a"]`, "give a JSON list"},
		"a list with a null":         {`[{"name": "a"}, null]`, "give a JSON list"},
		"a list that does not end":   {`[{"name": "a"}`, "give a JSON list"},
		"something behind the list":  {`[] []`, "give a JSON list"},
		"an unknown key":             {`[{"name": "a"}, {"expected": {}}]`, "PROBES[1].expected is not a key: the keys are"},
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
			_, err := parseProbes(test.text)
			require.ErrorContains(t, err, test.message)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestParseProbesTakesEveryKey(t *testing.T) {
	probes, err := parseProbes(` [{"name": "a", "payload": [1], "expect": {}, "every-step": true, "function": "f-*"}, {}] `)
	require.NoError(t, err)
	assert.Equal(t, []probe{
		{name: "a", payload: json.RawMessage("[1]"), expect: map[string]any{}, function: "f-*"},
		{name: "#2", payload: json.RawMessage("{}")},
	}, probes)
	probes, err = parseProbes("\n")
	require.NoError(t, err)
	assert.Empty(t, probes)
}

func TestPatternsMatchTheWholeName(t *testing.T) {
	tests := []struct {
		pattern, function string
		matches           bool
	}{
		{"orders", "orders", true},
		{"orders", "my-orders", false},
		{"orders", "orders-2", false},
		{"*orders", "my-orders", true},
		{"my-*", "my-", true},
		{"my-*-api", "my-orders-api", true},
		{"my-*-api", "my-orders-api-2", false},
		{"*", "anything", true},
		{"*a*b*", "xxaxxbxx", true},
		{"Orders", "orders", false},
	}
	for _, test := range tests {
		found := probesFor([]probe{{function: test.pattern}}, test.function)
		assert.Equal(t, test.matches, len(found) == 1, "%s on %s", test.pattern, test.function)
	}
	assert.Len(t, probesFor([]probe{{}}, "anything"), 1, "a probe without a function is for every one")
}

func TestExpectations(t *testing.T) {
	tests := map[string]struct {
		expect, answer string
		met            bool
	}{
		"other keys do not matter":          {`{"a": 1}`, `{"a": 1, "b": 2}`, true},
		"nothing expected of an object":     {`{}`, `{"b": 2}`, true},
		"nothing expected, and no object":   {`{}`, `[]`, false},
		"null is no object":                 {`{}`, `null`, false},
		"no answer at all":                  {`{"a": 1}`, ``, false},
		"something behind the answer":       {`{"a": 1}`, `{"a": 1} {"a": 1}`, false},
		"numbers by value":                  {`{"a": 1.0, "b": 0.25, "c": 100}`, `{"a": 1, "b": 25e-2, "c": 1e2}`, true},
		"zero by value":                     {`{"a": 0}`, `{"a": -0.0e7}`, true},
		"another sign":                      {`{"a": 1}`, `{"a": -1}`, false},
		"numbers beyond a float are exact":  {`{"a": 9007199254740993}`, `{"a": 9007199254740992}`, false},
		"a number is no text":               {`{"a": 1}`, `{"a": "1"}`, false},
		"nested objects are equal whole":    {`{"a": {"b": [1, {"c": null}]}}`, `{"a": {"b": [1.0, {"c": null}]}}`, true},
		"a nested object with more in it":   {`{"a": {"b": 1}}`, `{"a": {"b": 1, "c": 2}}`, false},
		"a list in another order":           {`{"a": [1, 2]}`, `{"a": [2, 1]}`, false},
		"a list that is longer":             {`{"a": [1]}`, `{"a": [1, 2]}`, false},
		"null is not absence":               {`{"a": null}`, `{}`, false},
		"null is null":                      {`{"a": null}`, `{"a": null}`, true},
		"false is not null":                 {`{"a": false}`, `{"a": null}`, false},
		"a text is no object":               {`{"a": "x"}`, `{"a": {"x": 1}}`, false},
		"keys are told apart by their case": {`{"ok": true}`, `{"OK": true}`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			probes, err := parseProbes(`[{"expect": ` + test.expect + `}]`)
			require.NoError(t, err)
			unmet := probes[0].unmet([]byte(test.answer))
			assert.Equal(t, test.met, unmet == "", unmet)
		})
	}
}

func TestMessagesAreShort(t *testing.T) {
	long := `{"ok": "` + strings.Repeat("ü", 5000) + `"}`
	probes, err := parseProbes(`[{"expect": {"ok": true}}]`)
	require.NoError(t, err)
	assert.Less(t, len(probes[0].unmet([]byte(long))), 600)
	assert.Less(t, len(probes[0].unmet([]byte(`["`+long+`"]`))), 600)
}

func FuzzParseProbes(f *testing.F) {
	f.Add(`[{"name": "a", "payload": {}, "expect": {"ok": 1.5e3}, "every-step": true, "function": "f-*"}]`)
	f.Add(`[null]`)
	f.Fuzz(func(t *testing.T, text string) {
		probes, err := parseProbes(text)
		if err != nil {
			return
		}
		for _, p := range probes {
			if p.name == "" || !json.Valid(p.payload) {
				t.Errorf("%q gives a probe without a name or payload: %+v", text, p)
			}
			answer, err := json.Marshal(p.expect)
			if unmet := p.unmet(answer); err == nil && unmet != "" {
				t.Errorf("%q is not met by the very answer it expects: %s", text, unmet)
			}
		}
	})
}

// Two JSON numbers are the same where they are the same rational number.
func FuzzCanonical(f *testing.F) {
	for _, pair := range [][2]string{{"1", "1.0"}, {"-0", "0"}, {"12.50e3", "125e2"}, {"1e-7", "0.0000001"}, {"10", "1"}, {"1E+2", "100"}} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := rational(a), rational(b)
		if x == nil || y == nil {
			return
		}
		if (x.Cmp(y) == 0) != (canonical(a) == canonical(b)) {
			t.Errorf("%s is %s, %s is %s", a, canonical(a), b, canonical(b))
		}
	})
}

// rational is a JSON number's value; nil for what is none, or too far from one for a test.
func rational(text string) *big.Rat {
	var n json.Number
	if len(text) > 20 || decode([]byte(text), &n) != nil || n.String() != text {
		return nil
	}
	if _, power, ok := strings.Cut(strings.ToLower(text), "e"); ok && len(power) > 3 {
		return nil
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil
	}
	return r
}
