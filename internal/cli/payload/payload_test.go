package payload_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cli/payload"
	"github.com/meta-deployer/meta-deployer/internal/request"
)

func TestFlagsWinOverTheFile(t *testing.T) {
	file := `{"function-name": "f", "alias-name": "blue", "steps": 10, "action": "pause", "hooks": {"pre-traffic": "h"}}`
	raw, err := payload.Of([]byte(file), request.Deploy, map[string][]string{"steps": {"5"}, "alias": {"live"}, "new-version": {"2"}})
	require.NoError(t, err)
	assert.JSONEq(t, `{"action": "deploy", "function-name": "f", "alias": "live", "new-version": "2", "steps": 5, "hooks": {"pre-traffic": "h"}}`, string(raw))
	_, err = request.Parse(raw, request.Home{})
	require.NoError(t, err)
}

// Every key of a request has a flag whose text becomes what the key takes.
func TestEveryKeyCanBeGivenAsAText(t *testing.T) {
	texts := map[string]string{
		"action": "deploy", "function-name": "f", "alias": "live", "alias-name": "live", "new-version": "@candidate", "type": "stages", "steps": "3",
		"interval": "1m", "weight": "12.5", "stages": `[{"weight": 5}]`, "bake": "0", "health-check": `{"errors": "any"}`, "alarms": "red",
		"hooks": `{"pre-traffic": "h"}`, "poll-interval": "15", "on-failure": "hold", "max-duration": "1h", "message": "why", "force": "because",
		"emergency": `{"reason": "outage"}`, "role-arn": "arn:aws:iam::123456789012:role/x", "external-id": "12", "hand-off": "true",
		"rollout-id": "r-1", "execution": "x", "days": "3", "targets": "[]",
	}
	unbuilt := []string{"execution", "targets"}
	flags := map[string][]string{}
	for _, key := range request.Keys() {
		text, ok := texts[key.Name]
		require.True(t, ok, key.Name)
		assert.NotEmpty(t, key.Meaning)
		flags[key.Name] = []string{text}
	}
	for _, key := range unbuilt {
		delete(flags, key)
	}
	raw, err := payload.Of(nil, request.Deploy, flags)
	require.NoError(t, err)
	r, err := request.Parse(raw, request.Home{})
	require.NoError(t, err)
	assert.Equal(t, "candidate", r.Plan.Candidate)
	assert.Equal(t, []string{"red"}, r.Plan.Alarms)
	assert.True(t, r.Plan.Force)
	assert.Equal(t, "12", r.ExternalID)
}

func TestWhatAFlagsTextStandsFor(t *testing.T) {
	for name, tt := range map[string]struct {
		key   string
		given []string
		want  string
	}{
		"a version is a text":     {"new-version", []string{"2"}, `"2"`},
		"a message is a text":     {"message", []string{`{"a": 1}`}, `"{\"a\": 1}"`},
		"seconds":                 {"interval", []string{"60"}, `60`},
		"a duration":              {"interval", []string{"2m30s"}, `"2m30s"`},
		"no number":               {"steps", []string{"many"}, `"many"`},
		"a number in quotes":      {"steps", []string{`"3"`}, `"\"3\""`},
		"the last one":            {"steps", []string{"1", "2"}, `2`},
		"alarms":                  {"alarms", []string{"a", "[b"}, `["a", "[b"]`},
		"a list of alarms":        {"alarms", []string{`["a", "b"]`}, `["a", "b"]`},
		"false":                   {"health-check", []string{"false"}, `false`},
		"what is no JSON":         {"health-check", []string{"{errors}"}, `"{errors}"`},
		"a reason":                {"force", []string{"it is fixed"}, `{"reason": "it is fixed"}`},
		"a reason as the key has": {"force", []string{`{"reason": "x"}`}, `{"reason": "x"}`},
	} {
		raw, err := payload.Of(nil, request.Status, map[string][]string{tt.key: tt.given})
		require.NoError(t, err)
		assert.JSONEq(t, `{"action": "status", "`+tt.key+`": `+tt.want+`}`, string(raw), name)
	}
}

func TestAFileThatCannotBeRead(t *testing.T) {
	for file, want := range map[string]string{
		`7`: "not a JSON object: give one", `{"steps": 1, "steps": 2}`: "the key steps is given twice: keep one",
		`{"message": "` + strings.Repeat("x", request.MaxBytes) + `"}`: "give at most 262144",
	} {
		_, err := payload.Of([]byte(file), request.Deploy, nil)
		assert.ErrorContains(t, err, want)
	}
}

func TestWithout(t *testing.T) {
	raw := payload.Without([]byte(`{"action": "deploy", "function-name": "f", "message": "x", "steps": 3}`), request.Status, "message", "steps")
	assert.JSONEq(t, `{"action": "status", "function-name": "f"}`, string(raw))
}
