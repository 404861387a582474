package rollout

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	assert.Equal(t, []Probe{
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
			probes, err := HookProbes("PROBES", `[{"expect": `+test.expect+`}]`)
			require.NoError(t, err)
			unmet := probes[0].unmet([]byte(test.answer))
			assert.Equal(t, test.met, unmet == "", unmet)
		})
	}
}

func TestMessagesAreShort(t *testing.T) {
	long := `{"ok": "` + strings.Repeat("ü", 5000) + `"}`
	probes, err := HookProbes("PROBES", `[{"expect": {"ok": true}}]`)
	require.NoError(t, err)
	assert.Less(t, len(probes[0].unmet([]byte(long))), 600)
	assert.Less(t, len(probes[0].unmet([]byte(`["`+long+`"]`))), 600)
}

func TestAnAnswersKeysAreShortenedToo(t *testing.T) {
	long := strings.Repeat("k", 1<<20)
	nested := func(value string) ProbeAnswer {
		return ProbeAnswer{Body: []byte(`{"` + long + `": {"` + long + `": ` + value + `}}`)}
	}
	for name, answers := range map[string][2]ProbeAnswer{
		"another value": {nested("1"), nested("2")},
		"a key more":    {nested("1"), nested(`{}`)},
		"keys missing":  {{Body: []byte(`{}`)}, nested("1")},
		"keys added":    {nested("1"), {Body: []byte(`{}`)}},
	} {
		r := Probe{Compare: true}.Judge(answers[0], &answers[1])
		assert.NotEmpty(t, r.Unmet, name)
		assert.Less(t, len(r.Unmet), 1000, name)
	}
	expecting := Probe{Expect: map[string]any{long: true}}
	assert.Less(t, len(expecting.unmet([]byte(`{}`))), 1000)
	assert.Less(t, len(expecting.unmet([]byte(`{"`+long+`": 1}`))), 1000)
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
			answer, err := json.Marshal(p.Expect)
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

func TestProbesComeBeforeTheFirstShift(t *testing.T) {
	ping, always := Probe{Name: "ping"}, Probe{Name: "always", EveryStep: true}
	s := atStep3()
	s.plan.Probes, s.plan.PreTraffic = []Probe{ping, always}, "check"
	s.journal.Weight, s.journal.Step, s.journal.Since = 0, 0, s.journal.Start
	s.situation.Routing, s.situation.Assessment = Routing{Primary: "7"}, nil

	assert.IsType(t, RunHook{}, first(s.decide()), "the hook goes before")
	s.progress.PreTraffic = true
	assert.Equal(t, RunProbe{Probe: ping, OldVersion: "7", NewVersion: "8"}, first(s.decide()))
	s.plan.Emergency = true
	assert.IsType(t, RunProbe{}, first(s.decide()), "an emergency skips waits, not gates")
	s.plan.Emergency = false
	s.progress.Probed = 1
	assert.Equal(t, RunProbe{Probe: always, OldVersion: "7", NewVersion: "8"}, first(s.decide()), "one a turn")

	s.progress.Probed = 2
	w, _ := requireWrite(t, first(s.decide()))
	assert.Equal(t, Weight(10_00), w.Routing.Weight)

	s.progress.Failure = &Failure{Why: "probe ping: expected ok true, got false", Bad: true}
	w, d := requireWrite(t, first(s.decide()))
	assert.Equal(t, Routing{Primary: "7"}, w.Routing)
	assert.Contains(t, d.Scar.Why, "probe ping")
}

func TestProbesOfEveryStepAreMadeOnceAtEach(t *testing.T) {
	s := atStep3()
	s.plan.Probes = []Probe{{Name: "ping"}}
	requireWrite(t, first(s.decide()))

	s.plan.Probes = append(s.plan.Probes, Probe{Name: "always", EveryStep: true})
	s.progress.Probed, s.progress.ProbedAt, s.progress.Unprobed = 1, 20_00, began
	action, progress := s.decide()
	assert.Equal(t, RunProbe{Probe: s.plan.Probes[1], OldVersion: "7", NewVersion: "8", Weight: 30_00}, action, "not yet at this weight")
	assert.Zero(t, progress.Probed)
	assert.Equal(t, Weight(30_00), progress.ProbedAt)
	assert.Zero(t, progress.Unprobed, "patience begins anew")
	s.progress.ProbedAt = 30_00
	requireWrite(t, first(s.decide()))

	s.progress.ProbedAt = 20_00
	s.situation.Assessment = fail
	w, _ := requireWrite(t, first(s.decide()))
	assert.Equal(t, Routing{Primary: "7"}, w.Routing, "a failure does not wait for probes")
}

func TestWhatAnAnswerShows(t *testing.T) {
	answered := func(body string) ProbeAnswer { return ProbeAnswer{Body: []byte(body), Took: 120 * time.Millisecond} }
	same, broken := answered(`{"ok": true}`), ProbeAnswer{Failure: "Unhandled: boom"}
	other := answered(`{"ok": true, "items": [{"id": 1, "at": 5}], "body": "{\"time\": 3, \"sum\": 7}"}`)
	tests := map[string]struct {
		probe string
		fresh ProbeAnswer
		old   *ProbeAnswer
		unmet string
	}{
		"any answer will do":                {`{}`, answered(`no JSON`), nil, ""},
		"a function error":                  {`{}`, broken, nil, "expected an answer, got a function error: Unhandled: boom"},
		"as expected":                       {`{"expect": {"ok": true}}`, same, nil, ""},
		"not as expected":                   {`{"expect": {"ok": false}}`, same, nil, "expected ok false, got true"},
		"in time":                           {`{"max-ms": 120}`, same, nil, ""},
		"too late":                          {`{"max-ms": 119.5}`, same, nil, "expected an answer within 119.5ms, got it after 120ms"},
		"as the old version":                {`{"compare": {}}`, same, &same, ""},
		"the order of keys does not matter": {`{"compare": {}}`, answered(`{"a": 1, "b": 2.0}`), new(answered(`{"b": 2, "a": 1}`)), ""},
		"another value":                     {`{"compare": {}}`, answered(`{"a": {"b": [1, 2]}}`), new(answered(`{"a": {"b": [1, 3]}}`)), "expected a.b [1,3] as of the old version, got [1,2]"},
		"a key less":                        {`{"compare": {}}`, answered(`{"a": 1}`), new(answered(`{"a": 1, "b": 2}`)), "expected b 2 as of the old version, got no b"},
		"a key more":                        {`{"compare": {}}`, answered(`{"a": {"b": 1}}`), new(answered(`{"a": {}}`)), "expected no a.b as of the old version, got 1"},
		"another answer":                    {`{"compare": {}}`, answered(`1`), new(answered(`2`)), "expected the answer 2 as of the old version, got 1"},
		"texts":                             {`{"compare": {}}`, answered(`hello`), new(answered(`hello `)), ""},
		"other texts":                       {`{"compare": {}}`, answered(`hello`), new(answered(`hallo`)), "expected the old version's answer hallo, got hello"},
		"an ignored key":                    {`{"compare": {"ignore": ["a"]}}`, answered(`{"a": 1}`), new(answered(`{"b": 2}`)), "expected b 2"},
		"ignored paths":                     {`{"compare": {"ignore": ["items.*.at", "body.time"]}}`, answered(`{"ok": true, "items": [{"id": 1, "at": 9}], "body": "{\"sum\": 7, \"time\": 4}"}`), &other, ""},
		"what is not ignored":               {`{"compare": {"ignore": ["items.0.at", "body"]}}`, answered(`{"ok": true, "items": [{"id": 2, "at": 9}]}`), &other, `expected items [{"id":1}]`},
		"an ignored element":                {`{"compare": {"ignore": ["1"]}}`, answered(`[1, 2]`), new(answered(`[1, 3]`)), ""},
		"the old version fails":             {`{"compare": {}}`, same, &broken, ""},
		"expected and compared":             {`{"expect": {"ok": true}, "compare": {}}`, same, &other, "expected body"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			probes, err := HookProbes("PROBES", "["+tt.probe+"]")
			require.NoError(t, err)
			r := probes[0].Judge(tt.fresh, tt.old)
			assert.Contains(t, r.Unmet, tt.unmet)
			assert.Equal(t, tt.unmet == "", r.Unmet == "", r.Unmet)
		})
	}
}
