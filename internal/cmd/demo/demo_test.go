package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plain and watched are the two kinds of screen.
func plain(out *bytes.Buffer) screen { return screen{out: out, ramp: []rune(".#")} }

func watched(out *bytes.Buffer) screen {
	return screen{out: out, live: true, colour: true, width: 80, ramp: []rune(".#")}
}

func TestDemoEndsAsItsScenariosSay(t *testing.T) {
	var out bytes.Buffer
	assert.Zero(t, run(nil, plain(&out)))
	for _, said := range []string{
		"── healthy-linear ──", "######..............    30 %      0 failed  shift to 30 %, pass: errors: 0 of",
		"as expected: #1 succeeded, live at version 2", "roll back: errors: 11 of 59", `"errorType": "RolledBack"`,
		"its process dies: it was killed", "as expected: #1 killed, #2 succeeded, live at version 2",
	} {
		assert.Contains(t, out.String(), said)
	}
	assert.NotContains(t, out.String(), "\x1b", "plain text for a pipe")
	assert.NotContains(t, out.String(), "\r")
}

func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	var out bytes.Buffer
	s := watched(&out)
	s.colour = false
	assert.Zero(t, run([]string{"failing-rolled-back", "pre-traffic-hook-fails", "third-party"}, s))
	for line := range strings.SplitSeq(strings.ReplaceAll(out.String(), "\r\x1b[K", "\n"), "\n") {
		assert.LessOrEqual(t, len([]rune(line)), 80, line)
	}
}

func TestColoursInATerminal(t *testing.T) {
	var out bytes.Buffer
	assert.Zero(t, run([]string{"failing-rolled-back"}, watched(&out)))
	assert.Contains(t, out.String(), "\x1b[31m")
}

func TestListTellsWhatScenariosAreAbout(t *testing.T) {
	var out bytes.Buffer
	assert.Zero(t, run([]string{"-list"}, plain(&out)))
	assert.Contains(t, out.String(), "promote-fails\n  An operator promotes")
}

func TestWhatIsNotAsExpectedFails(t *testing.T) {
	var out bytes.Buffer
	file := filepath.Join(t.TempDir(), "mine.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"function": "f", "requests": [{"send": {}, "expect": "succeeded"}]}`), 0o600))
	assert.Equal(t, 1, run([]string{file}, plain(&out)))
	assert.Contains(t, out.String(), `not as the scenario says: request #1 ended "InvalidRequest", expected "succeeded"`)
	assert.Equal(t, 1, run([]string{"nowhere"}, plain(&out)))
	assert.Contains(t, out.String(), `scenario "nowhere" is neither a shipped one nor a file`)
}
