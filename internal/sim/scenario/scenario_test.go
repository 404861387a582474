package scenario_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/goldentest"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
)

// TestScenarios plays every shipped scenario through the handler that Lambda runs. Each has to end as its file says, and
// to be told as its golden transcript tells it.
func TestScenarios(t *testing.T) {
	for _, name := range scenario.Names() {
		t.Run(name, func(t *testing.T) {
			told, err := scenario.Load(name)
			require.NoError(t, err)
			play, err := told.Play(scenario.Watch{})
			require.NoError(t, err)
			assert.Empty(t, play.Problems())

			goldentest.Compare(t, filepath.Join("testdata", name+".golden"), play.Transcript())
		})
	}
}

func TestEveryGoldenHasItsScenario(t *testing.T) {
	goldens, err := filepath.Glob("testdata/*.golden")
	require.NoError(t, err)
	assert.Len(t, goldens, len(scenario.Names()))
}

func TestTheSameScenarioIsAlwaysToldTheSame(t *testing.T) {
	told, err := scenario.Load("duplicate-invocation")
	require.NoError(t, err)
	first, err := told.Play(scenario.Watch{})
	require.NoError(t, err)
	second, err := told.Play(scenario.Watch{})
	require.NoError(t, err)
	assert.Equal(t, first.Transcript(), second.Transcript())
}

func TestPlaySaysWhatDidNotEndAsExpected(t *testing.T) {
	play, err := load(t, `{"function": "f", "versions": {"1": {}}, "aliases": {"live": {"version": "1"}},
		"requests": [{"send": {"action": "status", "function-name": "f", "alias": "live"}, "expect": "succeeded"}],
		"events": [{"by": "ann", "alias": "live", "version": "7"}],
		"expect": {"live": {"version": "2", "weights": {"1": 5}}}}`)
	require.NoError(t, err)
	assert.Equal(t, []string{
		`what "ann" was to do at 0:00.000 was refused: not found: ResourceNotFoundException: Function not found: arn:aws:lambda:eu-west-1:123456789012:function:f:7`,
		`request #1 ended "idle", expected "succeeded"`, "alias live ended at version 1, expected version 2 with 5 % on version 1",
	}, play.Problems())
}

func TestLoadRefuses(t *testing.T) {
	request := `"requests": [{"send": {}, "expect": "InvalidRequest"}]`
	for name, c := range map[string]struct{ file, says string }{
		"an unknown key":            {`{"function": "f", "request": []}`, `unknown field "request"`},
		"no function":               {`{` + request + `}`, "function is missing"},
		"no request":                {`{"function": "f"}`, "requests is missing"},
		"a request without an end":  {`{"function": "f", "requests": [{"send": {}}]}`, `requests[0] wants "send"`},
		"a duration without a unit": {`{"function": "f", "events": [{"at": 3}], ` + request + `}`, `3 is no duration`},
		"a figure that is a text":   {`{"function": "f", "incident": "much", ` + request + `}`, `"much" is no figure`},
		"moments out of order":      {`{"function": "f", "incident": [{"from": "2m", "is": 1}, {"from": "1m", "is": 0}], ` + request + `}`, `"from" has to rise`},
		"two additional versions":   {`{"function": "f", "versions": {"1": {}}, "aliases": {"live": {"version": "1", "weights": {"2": 1, "3": 1}}}, ` + request + `}`, "more than one version"},
		"an alias Lambda refuses":   {`{"function": "f", "versions": {"1": {}}, "aliases": {"live": {"version": "9"}}, ` + request + `}`, "aliases.live: not found"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, c.file)
			assert.ErrorContains(t, err, c.says)
		})
	}
}

// load plays a scenario from a file.
func load(t *testing.T, text string) (*scenario.Play, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "mine.json")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	told, err := scenario.Load(file)
	if err != nil {
		return nil, err
	}
	return told.Play(scenario.Watch{})
}
