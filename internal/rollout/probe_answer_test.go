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

// object is a JSON object as a request has it, numbers as they are written.
func object(t *testing.T, text string) (value map[string]any) {
	t.Helper()
	require.NoError(t, decode([]byte(text), &value))
	return value
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
		"a key given twice":                 {`{"ok": true}`, `{"ok": false, "ok": true}`, false},
		"a key given twice within":          {`{"ok": true}`, `{"ok": true, "more": [{"a": 1, "a": 1}]}`, false},
		"keys are told apart by their case": {`{"ok": true}`, `{"OK": true}`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			unmet := Probe{Expect: object(t, test.expect)}.unmet([]byte(test.answer))
			assert.Equal(t, test.met, unmet == "", unmet)
		})
	}
}

func TestMessagesAreShort(t *testing.T) {
	long := `{"ok": "` + strings.Repeat("ü", 5000) + `"}`
	p := Probe{Expect: map[string]any{"ok": true}}
	assert.Less(t, len(p.unmet([]byte(long))), 600)
	assert.Less(t, len(p.unmet([]byte(`["`+long+`"]`))), 600)
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

func TestWhatAnAnswerShows(t *testing.T) {
	answered := func(body string) ProbeAnswer { return ProbeAnswer{Body: []byte(body), Took: 120 * time.Millisecond} }
	same, broken := answered(`{"ok": true}`), ProbeAnswer{Failure: "Unhandled: boom"}
	other := answered(`{"ok": true, "items": [{"id": 1, "at": 5}], "body": "{\"time\": 3, \"sum\": 7}"}`)
	tests := map[string]struct {
		probe Probe
		fresh ProbeAnswer
		old   *ProbeAnswer
		unmet string
	}{
		"any answer will do":                {Probe{}, answered(`no JSON`), nil, ""},
		"a function error":                  {Probe{}, broken, nil, "expected an answer, got a function error: Unhandled: boom"},
		"as expected":                       {Probe{Expect: object(t, `{"ok": true}`)}, same, nil, ""},
		"not as expected":                   {Probe{Expect: object(t, `{"ok": false}`)}, same, nil, "expected ok false, got true"},
		"in time":                           {Probe{Within: 120 * time.Millisecond}, same, nil, ""},
		"too late":                          {Probe{Within: 119500 * time.Microsecond}, same, nil, "expected an answer within 119.5ms, got it after 120ms"},
		"as the old version":                {Probe{Compare: true}, same, &same, ""},
		"the order of keys does not matter": {Probe{Compare: true}, answered(`{"a": 1, "b": 2.0}`), new(answered(`{"b": 2, "a": 1}`)), ""},
		"another value":                     {Probe{Compare: true}, answered(`{"a": {"b": [1, 2]}}`), new(answered(`{"a": {"b": [1, 3]}}`)), "expected a.b [1,3] as of the old version, got [1,2]"},
		"a key less":                        {Probe{Compare: true}, answered(`{"a": 1}`), new(answered(`{"a": 1, "b": 2}`)), "expected b 2 as of the old version, got no b"},
		"a key more":                        {Probe{Compare: true}, answered(`{"a": {"b": 1}}`), new(answered(`{"a": {}}`)), "expected no a.b as of the old version, got 1"},
		"another answer":                    {Probe{Compare: true}, answered(`1`), new(answered(`2`)), "expected the answer 2 as of the old version, got 1"},
		"texts":                             {Probe{Compare: true}, answered(`hello`), new(answered(`hello `)), ""},
		"other texts":                       {Probe{Compare: true}, answered(`hello`), new(answered(`hallo`)), "expected the old version's answer hallo, got hello"},
		"an ignored key":                    {Probe{Compare: true, Ignore: []string{"a"}}, answered(`{"a": 1}`), new(answered(`{"b": 2}`)), "expected b 2"},
		"ignored paths":                     {Probe{Compare: true, Ignore: []string{"items.*.at", "body.time"}}, answered(`{"ok": true, "items": [{"id": 1, "at": 9}], "body": "{\"sum\": 7, \"time\": 4}"}`), &other, ""},
		"what is not ignored":               {Probe{Compare: true, Ignore: []string{"items.0.at", "body"}}, answered(`{"ok": true, "items": [{"id": 2, "at": 9}]}`), &other, `expected items [{"id":1}]`},
		"an ignored element":                {Probe{Compare: true, Ignore: []string{"1"}}, answered(`[1, 2]`), new(answered(`[1, 3]`)), ""},
		"the old version fails":             {Probe{Compare: true}, same, &broken, ""},
		"expected and compared":             {Probe{Expect: object(t, `{"ok": true}`), Compare: true}, same, &other, "expected body"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := tt.probe.Judge(tt.fresh, tt.old)
			assert.Contains(t, r.Unmet, tt.unmet)
			assert.Equal(t, tt.unmet == "", r.Unmet == "", r.Unmet)
		})
	}
}

func TestAnAnswerThatDidNotComeShowsHowLongItWasWaitedFor(t *testing.T) {
	cut := ProbeAnswer{Cut: true, Took: 11 * time.Second}
	assert.Equal(t, "expected an answer within 10s, got none after 11s", Probe{Within: 10 * time.Second}.Judge(cut, nil).Unmet)
	assert.Equal(t, "expected an answer, got none within 11s, the most that a probe may take while the version has traffic", Probe{}.Judge(cut, nil).Unmet)
	assert.Equal(t, "not compared: the old version had not answered within 11s", Probe{Compare: true}.Judge(ProbeAnswer{}, &cut).Note)
}

func TestAProbeUnderTrafficIsNotWaitedForLong(t *testing.T) {
	tests := []struct {
		within time.Duration
		weight Weight
		want   time.Duration
	}{{0, 0, 0}, {0, 1, MaxProbe}, {time.Second, 0, 2 * time.Second}, {time.Second, Full, 2 * time.Second}, {time.Minute, 1, MaxProbe}, {time.Minute, 0, 61 * time.Second}}
	for _, tt := range tests {
		assert.Equal(t, tt.want, Probe{Within: tt.within}.Limit(tt.weight), "%s at %s %%", tt.within, tt.weight)
	}
}
