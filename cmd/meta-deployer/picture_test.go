package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pictured waits until the terminal shows all of these at once: it is one picture, in place.
func pictured(t *testing.T, screen *text, parts ...string) (picture string) {
	t.Helper()
	shown := func() bool {
		output := screen.String()
		if end := strings.LastIndex(output, "\x1b[J"); end >= 0 {
			output = output[:end] // the last whole picture
		}
		lines, scrolled := emulated(t, output)
		require.Zero(t, scrolled, "the picture stays where it is")
		picture = strings.Join(lines, "\n")
		for _, part := range parts {
			if !strings.Contains(picture, part) {
				return false
			}
		}
		return true
	}
	deadline := time.Now().Add(patience)
	for !shown() {
		require.True(t, time.Now().Before(deadline), "%q is not in the picture:\n%s", parts, picture)
		time.Sleep(50 * time.Millisecond)
	}
	return picture
}

func TestADeployIsOnePicture(t *testing.T) {
	t.Parallel()
	a := newAccount(t, "20")
	command, keyboard, screen := a.terminal(t, []string{"TERM=xterm-256color"}, "deploy", "--function-name", "checkout", "--alias", "live", "--new-version", "2",
		"--steps", "3", "--interval", "100h", "--every", "100ms")
	picture := pictured(t, screen, "checkout:live  version 1 to 2  20", "in-progress  step 1/3", "33.33 % of calls", "new, version 2", "pass: errors: ")
	assert.Equal(t, 1, strings.Count(picture, "checkout:live"), picture)
	assert.Contains(t, picture, "keys: p pause")
	assert.Contains(t, screen.String(), "\x1b[32m", "in colour")

	types(t, keyboard, "p")
	pictured(t, screen, "pause the rollout at its weight? y for yes")
	types(t, keyboard, "n")
	pictured(t, screen, "keys: p pause")
	assert.NotContains(t, a.changes.String(), "paused")
	types(t, keyboard, "py")
	pictured(t, screen, "paused  step 1/3  waits for resume", "pause: paused")
	types(t, keyboard, "ry")
	pictured(t, screen, "in-progress  step")
	types(t, keyboard, "by")
	require.Error(t, command.Wait())
	assert.Equal(t, 6, command.ProcessState.ExitCode(), screen.String())
	var below string
	require.Eventually(t, func() bool {
		_, below, _ = strings.Cut(screen.String(), showCursor)
		return strings.Contains(below, "RolledBack") && strings.Contains(below, "a person asked for it")
	}, patience, 10*time.Millisecond, "the cursor is back, and the ending stands below the picture")
	assert.NotContains(t, below, "\x1b")
}

func TestLeavingADeployByKey(t *testing.T) {
	t.Parallel()
	a := newAccount(t, "20")
	for _, key := range []string{"q", "\x03"} {
		command, keyboard, screen := a.terminal(t, []string{"TERM=xterm", "NO_COLOR=1"}, "deploy", "--function-name", "checkout", "--alias", "live", "--new-version", "2",
			"--type", "stages", "--stages", approved, "--interval", "60", "--every", "100ms")
		pictured(t, screen, "50 % of calls", "awaiting-approval")
		types(t, keyboard, key)
		require.Error(t, command.Wait())
		assert.Equal(t, 130, command.ProcessState.ExitCode(), screen.String())
		screen.shows(t, "to follow it:")
		assert.NotRegexp(t, `\x1b\[[0-9;]*m`, screen.String(), "NO_COLOR")
	}
	resumed := a.script(t, "meta-deployer resume --function-name checkout --alias live")
	assert.Zero(t, resumed.code, resumed.err)
	a.changes.shows(t, "ended: succeeded")
}

func TestARunIsOnePictureAndCtrlCAsks(t *testing.T) {
	t.Parallel()
	a := newAccount(t, "1")
	command, keyboard, screen := a.terminal(t, []string{"TERM=xterm"}, slow()...)
	pictured(t, screen, "checkout:live  version 1 to 2  20", "in-progress  step 1/2  until ", "50 % of calls", "shift to 50 %")
	types(t, keyboard, "\x03")
	pictured(t, screen, "leave it where it stands (l), pause it (p), go back (b)?")
	types(t, keyboard, "x")
	pictured(t, screen, "keys: p pause")
	types(t, keyboard, "\x03p")
	pictured(t, screen, "paused  step 1/2  waits for resume")
	types(t, keyboard, "\x03l")
	require.Error(t, command.Wait())
	assert.Equal(t, 130, command.ProcessState.ExitCode(), screen.String())
	screen.shows(t, "run --action rollback --function-name checkout --alias live")

	command, keyboard, screen = a.terminal(t, []string{"TERM=xterm"}, slow()...)
	pictured(t, screen, "paused  step 1/2")
	types(t, keyboard, "\x03b")
	require.Error(t, command.Wait())
	assert.Equal(t, 6, command.ProcessState.ExitCode(), screen.String())
}
