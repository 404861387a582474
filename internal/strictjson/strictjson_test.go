package strictjson_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/strictjson"
)

func TestObject(t *testing.T) {
	values, err := strictjson.Object([]byte(` {"status": "Failed", "STATUS": "Succeeded", "n": 1e999, "list": [{"a": 1}, {"a": {"a": []}}], "": null} `))
	require.NoError(t, err)
	assert.Equal(t, map[string]json.RawMessage{
		"status": json.RawMessage(`"Failed"`), "STATUS": json.RawMessage(`"Succeeded"`), "n": json.RawMessage(`1e999`),
		"list": json.RawMessage(`[{"a": 1}, {"a": {"a": []}}]`), "": json.RawMessage(`null`),
	}, values)
	values, err = strictjson.Object([]byte(`{}`))
	require.NoError(t, err)
	assert.Empty(t, values)
}

func TestObjectRefusesAKeyGivenTwice(t *testing.T) {
	for raw, path := range map[string]string{
		`{"status": "Failed", "status": "Succeeded"}`:                                                 "status",
		`{"status": "Failed", "\u0073tatus": "Succeeded"}`:                                            "status",
		`{"a": 1, "hooks": {"x": 1, "y": [], "x": 2}}`:                                                "hooks.x",
		`{"stages": [1, {"weight": 1}, {"weight": 2}, [], [{"weight": 3, "hold": {}, "weight": 3}]]}`: "stages[4][0].weight",
		`{"": 1, "": 2}`: "",
	} {
		values, err := strictjson.Object([]byte(raw))
		assert.Equal(t, strictjson.DuplicateKeyError{Path: path}, err, raw)
		assert.NotEmpty(t, values)
	}
	_, err := strictjson.Object([]byte(`{"a\u001b[31m` + strings.Repeat("x", 1000) + `": 1, "a\u001b[31m` + strings.Repeat("x", 1000) + `": 1}`))
	require.ErrorContains(t, err, "the key a[31mxxx")
	assert.Less(t, len(err.Error()), 200)
}

func TestDuplicatesAreAllFound(t *testing.T) {
	raw := `[{"a": 1, "a": {"b": 1, "b": 2}}, {"A": 1, "a": 2}, {"c": 1, "c": 2, "c": 3}]`
	paths, more := strictjson.Duplicates([]byte(raw), 10)
	assert.Equal(t, []string{"[0].a", "[0].a.b", "[2].c", "[2].c"}, paths)
	assert.Zero(t, more)
	paths, more = strictjson.Duplicates([]byte(raw), 2)
	assert.Equal(t, []string{"[0].a", "[0].a.b"}, paths)
	assert.Equal(t, 2, more)
	paths, more = strictjson.Duplicates([]byte(`{"a": 1, "a": `), 10)
	assert.Empty(t, paths)
	assert.Zero(t, more)
	paths, more = strictjson.Duplicates([]byte(`{"a": [1, "a", "a"], "b": {"a": null}}`), 10)
	assert.Empty(t, paths)
	assert.Zero(t, more)
}

func TestObjectRefusesWhatIsNone(t *testing.T) {
	deep := strings.Repeat("[", 20_000)
	for _, raw := range []string{"", "null", "1", `"{}"`, "[]", "{", "{}{}", `{"a": }`, `{"a": 1,}`, `{1: 2}`, `{"a": ` + deep + `}`} {
		_, err := strictjson.Object([]byte(raw))
		assert.ErrorIs(t, err, strictjson.ErrNotObject, "%.40s", raw)
	}
}

func TestLookingForDuplicatesTakesNoMemoryForValues(t *testing.T) {
	for _, raw := range []string{
		`[` + strings.Repeat(`1.5e3, `, 50_000) + `1]`, `[` + strings.Repeat(`"text", `, 50_000) + `1]`, `[` + strings.Repeat(`{}, `, 50_000) + `1]`,
	} {
		assert.Less(t, testing.AllocsPerRun(1, func() { strictjson.Duplicates([]byte(raw), 50) }), 100.0) // of 50,000 values
	}
}

// What Object reads, encoding/json reads as the same; what it calls a key given twice, a decoder does.
func FuzzObject(f *testing.F) {
	for _, raw := range []string{
		`{"a": {"b": [1, {"c": 2}]}}`, `{"a": 1, "A": 2}`, `{"a": 1, "a": 2}`, `[]`, "{\"a\\\"\" : -1.5E+3 , \"\\u0061\":{\"\":[[],{}]}\n,\"a\":\"}\"}", "{\"\xff\": true, \"\xfe\": null}",
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		values, err := strictjson.Object(raw)
		var plain map[string]json.RawMessage
		if failed := json.Unmarshal(raw, &plain); failed != nil || plain == nil {
			require.ErrorIs(t, err, strictjson.ErrNotObject)
			return
		}
		if err == nil {
			assert.Equal(t, plain, values)
		}
		paths, more := strictjson.Duplicates(raw, 3)
		assert.Equal(t, repeated(json.NewDecoder(bytes.NewReader(raw))), len(paths)+more)
	})
}

// repeated counts the keys of a value that were there before, by the decoder's tokens.
func repeated(d *json.Decoder) (n int) {
	d.UseNumber()
	type level struct {
		seen  map[json.Token]bool
		isKey bool
	}
	levels := []*level{{}}
	for {
		token, err := d.Token()
		if err != nil {
			return n
		}
		top := levels[len(levels)-1]
		switch {
		case token == json.Delim('}') || token == json.Delim(']'):
			levels = levels[:len(levels)-1]
			continue
		case top.isKey:
			if top.seen[token] {
				n++
			}
			top.seen[token], top.isKey = true, false
			continue
		}
		top.isKey = top.seen != nil
		switch token {
		case json.Delim('{'):
			levels = append(levels, &level{seen: map[json.Token]bool{}, isKey: true})
		case json.Delim('['):
			levels = append(levels, &level{})
		}
	}
}
