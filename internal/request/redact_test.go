package request

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const (
	secretID      = "external-S3CR3T"
	secretPayload = "payload-S3CR3T"
)

// requestWithSecrets draws a request that is accepted, with secrets wherever they may be, keys in any order, and space.
func requestWithSecrets(t *rapid.T) string {
	value := rapid.SampledFrom([]string{
		`"` + secretPayload + `"`, `{"` + secretPayload + `": 1}`, `[[{"a": "x` + secretPayload + `"}]]`, `{"a": {"payload": "` + secretPayload + `", "external-id": 1}}`,
		`"\u0070ayload-S3CR3T"`, `{"probes": [{"payload": "` + secretPayload + `"}]}`, `null`,
	})
	object := rapid.SampledFrom([]string{`{"` + secretPayload + `": 1}`, `{"ok": "` + secretPayload + `"}`, `{ "a": [{"b": "` + secretPayload + `"}] }`})
	var probes []string
	for i := range rapid.IntRange(0, 4).Draw(t, "probes") {
		keys := []string{fmt.Sprintf(`"name": "p%d"`, i), `"pa\u0079load": ` + value.Draw(t, "payload")}
		if rapid.Bool().Draw(t, "expects") {
			keys = append(keys, `"expect" : `+object.Draw(t, "expect"))
		}
		probes = append(probes, "{"+strings.Join(rapid.Permutation(keys).Draw(t, "probe"), ", ")+"}")
	}
	keys := []string{
		`"function-name": "f"`, `"alias": "live"`, `"new-version": 2`, `"role-arn": "arn:aws:iam::123456789012:role/x"`,
		`"health-check":{"errors": "any" , "probes": [` + strings.Join(probes, ",") + `]}`,
		rapid.SampledFrom([]string{`"external-id": "` + secretID + `"`, `"ext\u0065rnal-id": "\u0065xternal-S3CR3T"`}).Draw(t, "id"),
		`"message": "` + rapid.SampledFrom([]string{"why", "\u202e", "\x7f"}).Draw(t, "message") + `"`,
	}
	return " {" + strings.Join(rapid.Permutation(keys).Draw(t, "request"), ",\n") + "}\n"
}

func TestNothingSecretOfARequestIsLogged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := []byte(requestWithSecrets(t))
		r, err := Parse(raw, home)
		require.NoError(t, err, "%s", raw)
		checkAccepted(t, raw, r)
		log := string(Redacted(raw))
		assert.NotContains(t, log, "S3CR3T")
		assert.Contains(t, log, `"external-id":"`)
		assert.NotContains(t, strings.Join(r.Warnings, ""), "S3CR3T")
	})
}

func TestWhatALogShowsOfARequest(t *testing.T) {
	raw := with(`"role-arn": "arn:aws:iam::123456789012:role/x", "external-id": "42", "message": "a<b", "health-check": {"probes": [{"name": "ping", "payload": {"a": 1}}]}`)
	assert.JSONEq(t, `{"function-name": "f", "alias": "live", "new-version": "2", "role-arn": "arn:aws:iam::123456789012:role/x", "message": "a<b",
		"external-id": "4 bytes, digest 8334c554c7276f59", "health-check": {"probes": [{"name": "ping", "payload": "8 bytes, digest f9d86028c6e0d64e"}]}}`, string(Redacted([]byte(raw))))
	assert.NotEqual(t, Redacted([]byte(`{"external-id": "a"}`)), Redacted([]byte(`{"external-id": "b"}`)), "values are told apart")
	for _, raw := range []string{"S3CR3T", `["S3CR3T"]`, `"S3CR3T"`, `{"health-check": {"probes": ["S3CR3T"]}}`, `{"health-check": {"probes": {"payload": "S3CR3T"}}}`} {
		assert.NotContains(t, string(Redacted([]byte(raw))), "S3CR3T", "not even of what Parse refuses")
	}
	files, err := filepath.Glob("../../events/deployer/*.json")
	require.NoError(t, err)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		if !strings.Contains(string(raw), "external-id") && !strings.Contains(string(raw), "probes") {
			assert.JSONEq(t, string(raw), string(Redacted(raw)), "all else is logged: "+file)
		}
	}
}

// What is wrong is shown, but not what might be a secret in a wrong place.
func TestNothingSecretIsInAProblem(t *testing.T) {
	probe := `{"payload": {"password": "S3CR3T"}, "expect": {"a": "S3CR3T"}}`
	quoted, err := json.Marshal(probe)
	require.NoError(t, err)
	for _, raw := range []string{
		with(`"external-id": "S3CR3T!"`), with(`"external-id": ["S3CR3T"]`), with(`"external_id": "S3CR3T"`), with(`"external-id": "S3CR3T", "external-id": "S3CR3T"`),
		with(`"probes": [` + probe + `]`), with(`"health-check": [` + probe + `]`), with(`"health-check": {"probes": ` + probe + `}`),
		with(`"health-check": {"probes": [[` + probe + `]]}`), with(`"health-check": {"probes": [` + string(quoted) + `]}`),
		with(`"health-check": {"probes": ` + string(quoted) + `}`), with(`"health-check": " ` + string(quoted[1:])), with(`"health-check": {"probes": [{"paylod": "S3CR3T"}]}`),
		with(`"health-check": {"probes": [{"payload": {"a": "S3CR3T", "a": "S3CR3T"}}]}`), with(`"health-check": {"probes": [{"expect": "{\"a\": \"S3CR3T\"}"}]}`),
		with(`"external-id": "S3CR3T"`) + "x", `{"external-id": "S3CR3T"`, `"{\"external-id\": \"S3CR3T\"}"`, `[{"external-id": "S3CR3T"}]`,
	} {
		assert.NotContains(t, strings.Join(refusals(t, raw), "\n"), "S3CR3T", raw)
	}
}
