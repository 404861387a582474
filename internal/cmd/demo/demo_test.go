package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
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

// The demo is the screen of the CLI, a picture for each story, and in a sentence how it ended.
func TestDemoIsTheScreenOfTheCLI(t *testing.T) {
	var out bytes.Buffer
	assert.Zero(t, run(nil, plain(&out)))
	for _, said := range []string{
		"── healthy-linear ──", "succeeded  step 10/10", "   100 % of calls", "new, version 2           5733                0 (0 %)",
		"succeeded: all traffic of checkout:live is on version 2 after 11m16s\n", "live has sent 7837 calls to version 2 since 09:00, 0 of them failed",
		"rolled-back  step 1/5", "462:1 against it, fails at 100:1", "RolledBack: all traffic of checkout:live is back on version 1",
		"09:33:30            the driver of request #1 dies: it was killed", "09:33:50            request #2 comes in",
	} {
		assert.Contains(t, out.String(), said)
	}
	assert.Equal(t, 1, strings.Count(out.String(), "fails at 100:1"), "evidence where there is some")
	assert.NotContains(t, out.String(), "evidence against it 1:1")
	assert.NotContains(t, out.String(), "keys:", "nobody steers it")
	assert.NotContains(t, out.String(), `"status"`, "no answer as JSON")
	assert.NotContains(t, out.String(), "\x1b", "plain text for a pipe")
	assert.NotContains(t, out.String(), "\r")
	assert.LessOrEqual(t, strings.Count(out.String(), "\n"), 30*len(usual()), "it is short")
}

func TestTheTranscriptHasEverything(t *testing.T) {
	var out bytes.Buffer
	assert.Zero(t, run([]string{"-transcript"}, plain(&out)))
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
	sequences := regexp.MustCompile(`\x1b\[[0-9]*[A-Za-z]`)
	for _, how := range [][]string{{}, {"-transcript"}} {
		var out bytes.Buffer
		s := watched(&out)
		s.colour = false
		assert.Zero(t, run(append(how, "failing-rolled-back", "pre-traffic-hook-fails", "third-party"), s))
		for line := range strings.SplitSeq(strings.ReplaceAll(out.String(), "\r\x1b[K", "\n"), "\n") {
			assert.LessOrEqual(t, len([]rune(sequences.ReplaceAllString(line, ""))), 80, line)
		}
	}
}

// Nothing is red where nothing failed.
func TestColoursInATerminal(t *testing.T) {
	for name, red := range map[string]bool{"failing-rolled-back": true, "healthy-linear": false, "duplicate-invocation": false} {
		var out bytes.Buffer
		assert.Zero(t, run([]string{name}, watched(&out)))
		assert.Equal(t, red, strings.Contains(out.String(), "\x1b[31m"), name)
		assert.Equal(t, !red, strings.Contains(out.String(), "\x1b[32m"), name)
	}
}

// Every picture is drawn over the one before.
func TestAWatchedStoryIsOnePicture(t *testing.T) {
	var out bytes.Buffer
	assert.Zero(t, run([]string{"healthy-linear"}, watched(&out)))
	_, after, found := strings.Cut(out.String(), "checkout:live  version 1 to 2")
	require.True(t, found)
	assert.Equal(t, strings.Count(after, "checkout:live  version 1 to 2"), len(regexp.MustCompile(`\x1b\[[0-9]+A\r\x1b\[J.{0,20}checkout:live  version 1 to 2`).FindAllString(strings.ReplaceAll(after, "\n", ""), -1)))
}

// The picture in the README is of the demo as it is: make docs draws it.
func TestThePictureOfTheReadmeIsCurrent(t *testing.T) {
	var out bytes.Buffer
	assert.Zero(t, run([]string{"-svg", "failing-rolled-back"}, plain(&out)))
	drawn, err := os.ReadFile("../../../docs/img/demo.svg")
	require.NoError(t, err)
	assert.Equal(t, string(drawn), out.String(), "make docs")
	decoder := xml.NewDecoder(&out)
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
	}
	readme, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	assert.Contains(t, string(readme), "(docs/img/demo.svg)")
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
