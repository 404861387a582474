package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// slow is a rollout of two steps that nobody judges, the first of which lasts until somebody ends it.
func slow(more ...string) []string {
	return append([]string{
		"run", "--function-name", "checkout", "--alias", "live", "--new-version", "2", "--steps", "2", "--interval", "1h",
		"--health-check", "false", "--poll-interval", "1s",
	}, more...)
}

const half = "version 1 with 50 % on version 2"

func TestRunDrivesARollout(t *testing.T) {
	t.Parallel()
	a := newAccount(t, "1")
	ended := a.script(t, "meta-deployer run "+to+"2 --steps 2 --interval 1 --health-check false -o json")
	require.Zero(t, ended.code, "%+v", ended)
	assert.Contains(t, ended.out, `"status":"succeeded"`)
	assert.Contains(t, ended.err, "50 %  shift to 50 %")
	assert.NotContains(t, a.changes.String(), "invoked", "the deployer of the account takes no part")
	ended = a.script(t, "meta-deployer run "+to+"9 --steps 2 --interval 1")
	assert.Equal(t, 3, ended.code)
	assert.Contains(t, ended.err, "PreflightFailed")
}

// Killed, or left by Ctrl-C without a terminal, it stays where it stood; the next one goes on, and another goes back.
func TestRunIsLeftKilledAndResumed(t *testing.T) {
	t.Parallel()
	a := newAccount(t, "1")
	command, out := a.start(t, slow("--message", "it's mine")...)
	a.changes.shows(t, half)
	require.NoError(t, command.Process.Signal(syscall.SIGINT))
	require.Error(t, command.Wait())
	assert.Equal(t, 130, command.ProcessState.ExitCode(), out.String())
	assert.Contains(t, out.String(), "to go on:\n  meta-deployer run --function-name checkout")
	assert.Contains(t, out.String(), `--message 'it'\''s mine'`)
	assert.Contains(t, out.String(), "to send it back:\n  meta-deployer run --action rollback --function-name checkout --alias live\n")

	command, out = a.start(t, slow()...)
	out.shows(t, "take")
	require.NoError(t, command.Process.Kill())
	require.Error(t, command.Wait())
	status := a.script(t, "meta-deployer run --action status --function-name checkout --alias live")
	assert.Contains(t, status.out, "in-progress, version 1 to 2 at 50 %")

	command, out = a.start(t, slow()...)
	out.shows(t, "take")
	back := a.script(t, "meta-deployer run --action rollback --function-name checkout --alias live")
	assert.Zero(t, back.code, back.err)
	require.Error(t, command.Wait())
	assert.Equal(t, 6, command.ProcessState.ExitCode(), out.String())
	assert.Equal(t, 3, strings.Count(a.changes.String(), half), "one shift and two claims: no step is taken twice")
}

// terminal runs the CLI at a pseudo-terminal of 80 by 24.
func (a *local) terminal(t *testing.T, environment []string, arguments ...string) (command *exec.Cmd, keyboard *os.File, screen *text) {
	t.Helper()
	built, err := programs()
	require.NoError(t, err)
	command, screen = exec.Command(built["meta-deployer"], arguments...), &text{}
	command.Env = a.environment(environment...)
	keyboard, err = pty.StartWithSize(command, &pty.Winsize{Rows: 24, Cols: 80})
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = keyboard.Close()
	})
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := keyboard.Read(buffer)
			_, _ = screen.Write(buffer[:n])
			if err != nil {
				return
			}
		}
	}()
	return command, keyboard, screen
}

// types writes what a person types.
func types(t *testing.T, keyboard *os.File, keys string) {
	t.Helper()
	_, err := keyboard.WriteString(keys)
	require.NoError(t, err)
}

// On a terminal Ctrl-C asks: pause it, go on, go back.
func TestCtrlCAsksOnATerminal(t *testing.T) {
	t.Parallel()
	a := newAccount(t, "1")
	command, keyboard, screen := a.terminal(t, []string{"TERM=dumb"}, slow()...)
	a.changes.shows(t, half)
	types(t, keyboard, "\x03")
	screen.shows(t, "leave it where it stands (l), pause it (p), go back (b)?")
	types(t, keyboard, "p\n")
	screen.shows(t, "pause: paused")
	a.changes.shows(t, "paused")
	types(t, keyboard, "\x03")
	types(t, keyboard, "b\n")
	screen.shows(t, "rollback: rolled-back")
	require.Error(t, command.Wait())
	assert.Equal(t, 6, command.ProcessState.ExitCode(), screen.String())
	assert.NotContains(t, screen.String(), "\x1b", "a dumb terminal")
}

// A second Ctrl-C leaves.
func TestASecondCtrlCLeaves(t *testing.T) {
	t.Parallel()
	a := newAccount(t, "1")
	command, keyboard, screen := a.terminal(t, []string{"TERM=dumb"}, slow()...)
	a.changes.shows(t, half)
	types(t, keyboard, "\x03")
	screen.shows(t, "leave it where it stands")
	types(t, keyboard, "\x03")
	require.Error(t, command.Wait())
	assert.Equal(t, 130, command.ProcessState.ExitCode(), screen.String())
	screen.shows(t, "to go on:")
}
