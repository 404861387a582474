package strictjson_test

import (
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

func TestObjectRefusesWhatIsNone(t *testing.T) {
	deep := strings.Repeat("[", 20_000)
	for _, raw := range []string{"", "null", "1", `"{}"`, "[]", "{", "{}{}", `{"a": }`, `{"a": 1,}`, `{1: 2}`, `{"a": ` + deep + `}`} {
		_, err := strictjson.Object([]byte(raw))
		assert.ErrorIs(t, err, strictjson.ErrNotObject, "%.40s", raw)
	}
}

// What Object reads, encoding/json reads as the same.
func FuzzObject(f *testing.F) {
	for _, raw := range []string{`{"a": {"b": [1, {"c": 2}]}}`, `{"a": 1, "A": 2}`, `{"a": 1, "a": 2}`, `[]`} {
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
	})
}
