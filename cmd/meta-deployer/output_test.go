package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// start runs the CLI in the background.
func (a *local) start(t *testing.T, arguments ...string) (command *exec.Cmd, out *text) {
	t.Helper()
	built, err := programs()
	require.NoError(t, err)
	out = &text{}
	command = exec.Command(built["meta-deployer"], arguments...)
	command.Env, command.Stdout, command.Stderr = a.environment(), out, out
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Kill() })
	return command, out
}

func TestAPipeGetsALineForEveryTransition(t *testing.T) {
	t.Parallel()
	a := newAccount(t, "600")
	ended := a.script(t, "meta-deployer deploy --every 20ms --steps 2 --interval 1h "+to+"2 | cat")
	require.Zero(t, ended.code, ended.err)
	lines := strings.Split(strings.TrimSpace(ended.out), "\n")
	weights := regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d  +(\d+) %  in-progress  pass: errors: `).FindAllStringSubmatch(ended.out, -1)
	require.GreaterOrEqual(t, len(weights), 2, ended.out)
	assert.Equal(t, "50", weights[0][1])
	assert.Equal(t, "100", weights[len(weights)-1][1])
	for _, line := range lines {
		assert.LessOrEqual(t, len([]rune(line)), 80, line)
		assert.NotContains(t, line, "\r")
	}
	assert.Contains(t, ended.out, "checkout:live succeeded, version 1 to 2 at 100 %, rollout")
	wide := a.script(t, "meta-deployer status "+to+"2", "COLUMNS=40")
	for line := range strings.SplitSeq(wide.out, "\n") {
		assert.LessOrEqual(t, len([]rune(line)), 40, line)
	}
}

func TestAProgramGetsTheAnswerAlone(t *testing.T) {
	t.Parallel()
	a := newAccount(t, "600")
	var answer struct {
		Status string
		Weight float64
	}
	ended := a.script(t, "meta-deployer deploy -o json --every 50ms --steps 2 --interval 1h "+to+"2")
	require.NoError(t, json.Unmarshal([]byte(ended.out), &answer), ended.out)
	assert.Contains(t, answer.Status, "succeeded")
	assert.InDelta(t, 100, answer.Weight, 0)
	assert.Contains(t, ended.err, "in-progress", "how it goes is beside it")
	var failure struct{ ErrorType, ErrorMessage string }
	ended = a.script(t, "meta-deployer plan -o json --steps many --function-name f --alias live --new-version 2 || true")
	require.NoError(t, json.Unmarshal([]byte(ended.out), &failure), ended.out)
	assert.Equal(t, "InvalidRequest", failure.ErrorType)
	assert.Contains(t, failure.ErrorMessage, `steps is "many"`)

	ended = a.script(t, "meta-deployer plan -o markdown "+to+"3 --message 'a|b'")
	assert.Contains(t, ended.out, "### checkout:live planned, version 2 to 3")
	assert.Contains(t, ended.out, "| weight | time (UTC) | verdict |\n|---:|---|---|\n| 10 % |")
}

// A request comes from a file or from the standard input, as the ones of events/deployer; flags win over it.
func TestARequestFromAFile(t *testing.T) {
	t.Parallel()
	a := newAccount(t, "600")
	linear, err := filepath.Abs("../../events/deployer/linear.json")
	require.NoError(t, err)
	ended := a.script(t, "meta-deployer plan -o json --request "+linear+" --steps 3")
	assert.Equal(t, 3, strings.Count(ended.out, `"until"`), ended.out)
	raw, err := os.ReadFile(linear)
	require.NoError(t, err)
	ended = a.script(t, "meta-deployer plan -o json --request - <<'X'\n"+string(raw)+"\nX")
	assert.Equal(t, 10, strings.Count(ended.out, `"until"`), ended.out)
	for _, file := range []string{"/nowhere", "/dev/null"} {
		ended = a.script(t, "meta-deployer plan --request "+file)
		assert.Equal(t, 2, ended.code)
		assert.Contains(t, ended.err, "--request is \""+file+`"`)
	}
}

// approved are the stages of a rollout that stays at half until a person lets it go on.
const approved = `[{"weight": 50, "hold": 0, "approve": true}]`

func TestCtrlCLeavesADeployAlone(t *testing.T) {
	t.Parallel()
	a := newAccount(t, "60")
	command, out := a.start(t, "deploy", "--function-name", "checkout", "--alias", "live", "--new-version", "2", "--type", "stages", "--stages", approved, "--interval", "60", "--every", "50ms")
	a.changes.shows(t, "with 50 % on version 2")
	out.shows(t, "50 %  awaiting-approval")
	require.NoError(t, command.Process.Signal(syscall.SIGINT))
	require.Error(t, command.Wait())
	assert.Equal(t, 130, command.ProcessState.ExitCode(), out.String())
	assert.Contains(t, out.String(), "to follow it:\n  meta-deployer wait --function-name checkout --alias live")
	assert.Contains(t, out.String(), "to send it back:\n  meta-deployer rollback --function-name checkout --alias live")
	waited := a.script(t, "meta-deployer resume --function-name checkout --alias live\nmeta-deployer wait --every 50ms --function-name checkout --alias live")
	assert.Zero(t, waited.code, waited.err)
	a.changes.shows(t, "ended: succeeded")
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	a := &local{url: "http://127.0.0.1:1"}
	ended := a.script(t, "meta-deployer completion bash >/dev/null && meta-deployer __complete deploy --type ''")
	assert.Contains(t, ended.out, "all-at-once\n")
	assert.Contains(t, a.script(t, "meta-deployer __complete plan --health").out, "--health-check")
}

func TestSchema(t *testing.T) {
	t.Parallel()
	a := newAccount(t, "1")
	for argument, file := range map[string]string{"": "request", "request": "request", "answer": "answer", "event": "event"} {
		want, err := os.ReadFile("../../docs/" + file + ".schema.json")
		require.NoError(t, err)
		ended := a.script(t, "meta-deployer schema "+argument)
		assert.Zero(t, ended.code, ended.err)
		assert.Equal(t, string(want), ended.out)
	}
	assert.Equal(t, 2, a.script(t, "meta-deployer schema nonsense").code)
}

func TestAReportStandsBesideItsAnswer(t *testing.T) {
	t.Parallel()
	a := newAccount(t, "600")
	ended := a.script(t, `meta-deployer deploy -o json --every 50ms --steps 2 --interval 5m `+to+`2 > answer.json 2>/dev/null
meta-deployer report answer.json
grep -c '<polyline' answer.html
meta-deployer report --minutes answer.json
grep -c '<h2>Failed calls by' answer.html
meta-deployer report -o markdown answer.json >> summary.md
head -1 summary.md`)
	assert.Equal(t, result{out: "answer.html\n1\nanswer.html\n1\n### checkout:live succeeded, version 1 to 2 at 100 %, rollout " + rolloutOf(ended.out) + "\n"}, ended)
	ended = a.script(t, "echo '{}' > x.json; meta-deployer report x.json")
	assert.Equal(t, 2, ended.code)
	assert.Contains(t, ended.err, "is no answer")
}

// rolloutOf is the rollout's id at the end of a text.
func rolloutOf(text string) string {
	_, id, _ := strings.Cut(text, "rollout ")
	return strings.TrimSpace(id)
}
