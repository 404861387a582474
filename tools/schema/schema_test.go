// Package schema_test holds the published JSON Schemas to what the deployer takes and answers, by a validator that others
// wrote. It is a module of its own, so that nobody who uses the code gets the validator.
package schema_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/request"
)

const root = "../.."

func compiled(t testing.TB, name string) *jsonschema.Schema {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, "docs", name))
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource(name, document))
	s, err := c.Compile(name)
	require.NoError(t, err)
	return s
}

// valid says whether a schema takes a text.
func valid(t require.TestingT, s *jsonschema.Schema, raw []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	return s.Validate(value)
}

// between are the refusals by rules between keys, which a schema does not say.
var between = regexp.MustCompile(`the holds of the plan are|longer than a year|give more than the|every probe a name|an id of its own|give no more than max|` +
	`max-failed-invocations is missing|stages is missing|type auto has to see|name another alias|keep one of the two`)

// refused are the problems of a request that a schema could have told. How long a text's duration is it could not.
func refused(raw []byte) (problems []string) {
	_, err := request.Parse(raw, request.Home{})
	var all *request.ProblemsError
	if !errors.As(err, &all) {
		return nil
	}
	for _, p := range all.Problems {
		text := regexp.MustCompile(`is "(.*)": give seconds`).FindStringSubmatch(p)
		length := time.Duration(-1)
		if text != nil {
			if d, err := time.ParseDuration(text[1]); err == nil {
				length = d
			}
		}
		if !between.MatchString(p) && length < 0 {
			problems = append(problems, p)
		}
	}
	return problems
}

// values are what a key's value is drawn from: what is right for some key, and wrong for all others.
var values = []string{
	`null`, `true`, `false`, `0`, `1`, `2`, `1.5`, `0.01`, `0.015`, `33.33`, `99.99`, `100`, `100.01`, `1000`, `1001`, `-1`, `1e9`, `1e10`, `0.5`, `0.51`, `15`, `14`,
	`900000`, `900001`, `31536000`, `31536001`, `""`, `" "`, `"x"`, `"2"`, `"02"`, `"$LATEST"`, `"@candidate"`, `"@12"`, `"@"`, `"live"`, `"12"`, `"a b"`, `"f:live"`, `"f:$LATEST"`,
	`"my-F_1"`, `"123456789012:function:f"`, `"arn:aws:lambda:eu-west-1:123456789012:function:f"`, `"arn:aws:lambda:eu-west-1:123456789012:function:f:3"`,
	`"linear"`, `"canary"`, `"Canary10Percent5Minutes"`, `"CodeDeployDefault.LambdaLinear10PercentEvery1Minute"`, `"LambdaAllAtOnce"`, `"Canary0Percent5Minutes"`,
	`"Canary100Percent5Minutes"`, `"Linear10Percent5Minutes"`, `"Canary0.01Percent1Minute"`, `"Canary0.001Percent1Minute"`, `"Canary07.50Percent1.5Minutes"`,
	`"plan"`, `"status"`, `"resume"`, `"rehearse"`, `"compare"`, `"any"`, `"off"`, `"hold"`, `"rollback"`, `"advance"`, `"always"`,
	`"2m30s"`, `"90"`, `"-1s"`, `"1h"`, `".5s"`, `"1.s"`, `"s"`, `"0"`, `"+5s"`, `"1d"`, `"Sum"`, `"p99"`, `"p99.9"`, `"p101"`, `"TC(500:)"`, `"mean"`,
	`"arn:aws:iam::123456789012:role/x"`, `"arn:aws:iam::12345:role/x"`, `"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a"`, `"new_errors"`, `"orders"`, `"Orders"`,
	`"arn:aws:states:eu-west-1:123456789012:execution:m:e"`, `"a\u0007b"`, `"a\nb"`, `"..."`, `"body.time"`, `"ü"`,
	`[]`, `{}`, `[1]`, `[null]`, `[""]`, `["a", "b"]`, `{"reason": "why"}`, `{"reason": " "}`, `{"reason": ""}`, `{"reason": 3}`, `{"x": 1}`,
	`{"max-rate": 0}`, `{"max-rate": 1}`, `{"max-ms": 800}`, `{"max-ms": 0}`, `{"compare": true}`, `{"compare": false}`, `{"max-ms": 5, "quantile": 1}`,
	`[{"weight": 5}]`, `[{"weight": 100, "hold": 0, "approve": true}]`, `[{"hold": 5}]`, `[{"weight": 0.001}]`,
	`{"namespace": "n", "name": "m", "stat": "Sum"}`, `{"namespace": "n", "name": "m"}`, `{"namespace": "n", "name": "m", "stat": "Sum", "dimensions": {"d": "v"}}`,
	`{"namespace": "n", "name": "m", "stat": "Sum", "dimensions": {"d": null}}`, `{"namespace": "n", "name": "m", "stat": "Sum", "dimensions": {"d": ""}}`,
	`{"ignore": ["body.time"]}`, `{"ignore": ["."]}`, `{"pre-traffic": "f"}`, `{"pre-traffic": "f:live", "post-traffic": "g"}`,
	`"` + strings.Repeat("x", 64) + `"`, `"` + strings.Repeat("x", 65) + `"`, `"` + strings.Repeat("ü", 200) + `"`, `"` + strings.Repeat("ü", 201) + `"`,
	`"` + strings.Repeat("x", 255) + `"`, `"` + strings.Repeat("x", 256) + `"`, `"` + strings.Repeat("x", 1224) + `"`, `"` + strings.Repeat("x", 2049) + `"`,
	`[` + strings.Repeat(`"a",`, 99) + `"a"]`, `[` + strings.Repeat(`"a",`, 100) + `"a"]`,
}

// objects are the objects of a request, by where they stand, and an example of each with what it needs.
var objects = map[string]string{
	"":             `{"function-name": "f", "alias": "live", "new-version": "2"}`,
	"health-check": `{}`,
	"latency":      `{"max-ms": 800}`,
	"errors":       `{"max-rate": 0.1}`,
	"metric":       `{"id": "orders", "expression": "new_errors", "max": 1}`,
	"single":       `{"namespace": "n", "name": "m", "stat": "Sum"}`,
	"probe":        `{}`,
	"compare":      `{}`,
	"stage":        `{"weight": 5}`,
	"hooks":        `{}`,
}

// within puts an object where it belongs in a request.
func within(place, object string) string {
	frame := map[string]string{
		"":             `%`,
		"health-check": `"health-check": %`,
		"latency":      `"health-check": {"latency": %}`,
		"errors":       `"health-check": {"errors": %}`,
		"metric":       `"health-check": {"metrics": [%]}`,
		"single":       `"health-check": {"metrics": [{"id": "x", "max": 1, "metric": %}]}`,
		"probe":        `"health-check": {"probes": [%]}`,
		"compare":      `"health-check": {"probes": [{"compare": %}]}`,
		"stage":        `"type": "stages", "stages": [%]`,
		"hooks":        `"hooks": %`,
	}[place]
	if place == "" {
		return object
	}
	return strings.TrimSuffix(objects[""], "}") + ", " + strings.Replace(frame, "%", object, 1) + "}"
}

// keysOf are all keys that the schema knows anywhere, and one that it does not.
func keysOf(t testing.TB) []string {
	raw, err := os.ReadFile(filepath.Join(root, "docs/request.schema.json"))
	require.NoError(t, err)
	var document any
	require.NoError(t, json.Unmarshal(raw, &document))
	found := map[string]bool{"nonsense": true, "targets": true}
	var walk func(any)
	walk = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			if p, ok := v["properties"].(map[string]any); ok {
				for key := range p {
					found[key] = true
				}
			}
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(document)
	return slices.Sorted(maps.Keys(found))
}

// What the schema takes the parser takes, and the other way round.
func TestSchemaAndParserAgree(t *testing.T) {
	s, keys := compiled(t, "request.schema.json"), keysOf(t)
	rapid.Check(t, func(r *rapid.T) {
		place := rapid.SampledFrom(slices.Sorted(maps.Keys(objects))).Draw(r, "place")
		var object map[string]json.RawMessage
		require.NoError(r, json.Unmarshal([]byte(objects[place]), &object))
		for range rapid.IntRange(1, 2).Draw(r, "changes") {
			key := rapid.SampledFrom(keys).Draw(r, "key")
			if rapid.IntRange(0, 9).Draw(r, "leave it out") == 0 {
				delete(object, key)
				continue
			}
			object[key] = json.RawMessage(rapid.SampledFrom(values).Draw(r, "value"))
		}
		text, err := json.Marshal(object)
		require.NoError(r, err)
		agree(r, s, []byte(within(place, string(text))))
	})
}

func agree(t require.TestingT, s *jsonschema.Schema, raw []byte) {
	err, problems := valid(t, s, raw), refused(raw)
	if err == nil {
		assert.Empty(t, problems, "the schema takes %s", raw)
		return
	}
	assert.NotEmpty(t, problems, "the parser takes %s: %v", raw, err)
}

// Each value at each key, which chance would miss.
func TestSchemaAndParserAgreeOnEveryKey(t *testing.T) {
	s := compiled(t, "request.schema.json")
	for place, example := range objects {
		for _, key := range keysOf(t) {
			for _, value := range values {
				var object map[string]json.RawMessage
				require.NoError(t, json.Unmarshal([]byte(example), &object))
				object[key] = json.RawMessage(value)
				text, err := json.Marshal(object)
				require.NoError(t, err)
				agree(t, s, []byte(within(place, string(text))))
				if t.Failed() {
					return
				}
			}
		}
	}
}

// The requests of events/deployer are right by the schema too.
func TestEventsAreValid(t *testing.T) {
	s := compiled(t, "request.schema.json")
	files, err := filepath.Glob(filepath.Join(root, "events/deployer/*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.NoError(t, valid(t, s, raw), path)
	}
}

// What the deployer answered to the requests of events/deployer is an answer by the schema.
func TestAnswersAreValid(t *testing.T) {
	s := compiled(t, "answer.schema.json")
	files, err := filepath.Glob(filepath.Join(root, "internal/driver/loop/testdata/events/*.golden"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	answers := 0
	for _, path := range files {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		if !bytes.Contains(raw, []byte("errorType")) {
			answers++
			assert.NoError(t, valid(t, s, raw), path)
		}
	}
	assert.Greater(t, answers, 20)
}
