//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
)

// The scripts of docs/how-to/pipeline-with-a-shell.md, in their order.
const (
	asksForTheStatus = iota
	waitsForTheAnswer
)

// pipelineScript is one of the scripts, exactly as the page has it, but for the request that it makes.
func pipelineScript(t *testing.T, which int) string {
	t.Helper()
	var scripts []string
	for _, f := range fences(t, "docs/how-to/pipeline-with-a-shell.md") {
		if f.isStep() {
			scripts = append(scripts, f.text)
		}
	}
	require.Len(t, scripts, 2, "the scripts that are tested here")
	script := regexp.MustCompile(`(?m)^echo .* > request\.json$`).ReplaceAllLiteralString(scripts[which], "cp events/deployer/linear.json request.json")
	return script
}

// deploy is a request that is over in a moment, as what stands in events/deployer/linear.json.
func deploy(version, more string) string {
	return fmt.Sprintf(`{"function-name": "checkout", "alias": "live", "new-version": %q, "type": "all-at-once", "bake": 0%s}`, version, more)
}

// gradual is one that stays at 50 % for some seconds, or until its failures are seen.
func gradual(version string) string {
	return fmt.Sprintf(`{"function-name": "checkout", "alias": "live", "new-version": %q, "type": "stages", "stages": [{"weight": 50, "hold": 4}],
		"bake": 0, "poll-interval": 1}`, version)
}

// pipeline runs a script with something behind it, where its files are, and says whether that was reached. What sleeps in it
// sleeps for a moment.
func (l *lab) pipeline(t *testing.T, script, request string) (reached bool, log string) {
	t.Helper()
	directory := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		path := filepath.Join(directory, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), mode))
	}
	status, err := os.ReadFile(filepath.Join("..", "..", "events", "deployer", "status.json"))
	require.NoError(t, err)
	write("events/deployer/linear.json", request, 0o600)
	write("events/deployer/status.json", string(status), 0o600)
	rollout, err := os.ReadFile(filepath.Join("..", "..", "examples", "rollout.sh"))
	require.NoError(t, err)
	write("examples/rollout.sh", string(rollout), 0o755)
	write("answer.json", `{"status": "succeeded"}`, 0o600) // of an earlier run
	write("bin/aws", fmt.Sprintf("#!/bin/sh\nexec %s %s \"$@\"\n", peer(t, ".venv-peers", "python"), peer(t, ".venv-peers", "aws")), 0o755)
	write("bin/sleep", "#!/bin/sh\nexec /bin/sleep 0.2\n", 0o755)
	write("pipeline.sh", script+"touch reached\n", 0o600)
	ended := execute(t, directory, "/usr/bin/env", "AWS_ENDPOINT_URL="+l.url, "PATH="+filepath.Join(directory, "bin")+":/usr/bin:/bin", "bash", "pipeline.sh")
	log = ended.out + ended.problem
	_, err = os.Stat(filepath.Join(directory, "reached"))
	assert.Equal(t, err == nil, ended.status == 0, log)
	return err == nil, log
}

// answers has the deployer answer one after the other, the last one for ever: an answer, or a failure by its type. It is asked
// for a rollout first.
func (l *lab) answers(all ...string) {
	l.touch(func(w *sim.World) {
		asked := 0
		w.SetHook("meta-deployer", sim.Hook{Run: func([]byte) ([]byte, string) {
			next := all[min(asked, len(all)-1)]
			asked++
			if strings.Contains(next, "errorType") {
				return nil, next
			}
			return []byte(next), ""
		}})
	})
}

// What stands behind the first script runs after a success, and after nothing else that there is.
func TestTheWaitingScriptRunsWhatFollowsAfterASuccessOnly(t *testing.T) {
	t.Parallel()
	l, script := newLab(t), pipelineScript(t, waitsForTheAnswer)
	good := map[string]bool{"succeeded": true, "succeeded-unverified": true, "no-op": true}
	endings := map[string]bool{"": false, "null": false, "[]": false, `"succeeded"`: false, "<html>": false, `{"status": null}`: false, `{"status": "succeeded`: false}
	for _, status := range []string{
		"succeeded", "succeeded-unverified", "no-op", "in-progress", "paused", "awaiting-approval", "held", "idle", "rolled-back", "planned", "rehearsed",
	} {
		endings[fmt.Sprintf(`{"status": %q, "reason": "succeeded"}`, status)] = good[status]
	}
	for _, err := range []error{
		answer.InvalidRequest{},
		answer.PreflightFailed{},
		answer.RolloutInProgress{},
		answer.KnownBadVersion{},
		answer.DoesNotFit{},
		answer.RolledBack{},
		answer.Held{},
		answer.Superseded{},
		answer.RollbackFailed{},
		answer.StateUnknown{},
	} {
		endings[fmt.Sprintf(`{"errorMessage": "no-op", "errorType": %q}`, answer.ErrorType(err))] = false
	}
	endings[`{"errorMessage": "Task timed out after 900.00 seconds", "errorType": "Sandbox.Timedout"}`] = false
	for ending, want := range endings {
		l.answers(ending)
		reached, log := l.pipeline(t, script, deploy("2", ""))
		assert.Equal(t, want, reached, "%s\n%s", ending, log)
	}
	other := newLab(t) // where nobody has installed a deployer
	reached, log := other.pipeline(t, script, deploy("2", ""))
	assert.False(t, reached, log)
}

// The same with the compiled deployer.
func TestTheWaitingScriptWithTheDeployer(t *testing.T) {
	t.Parallel()
	l, script := newLab(t), pipelineScript(t, waitsForTheAnswer)
	l.start(t, "meta-deployer", runtimetest.Build(t, "./functions/deployer"), nil)
	for _, step := range []struct {
		request, says string
		reached       bool
	}{
		{deploy("2", `, "setps": 3`), "InvalidRequest", false},
		{deploy("9", ""), "PreflightFailed", false},
		{deploy("3", `, "health-check": {"probes": [{"name": "ping", "expect": {"ok": "never"}}]}`), "RolledBack", false},
		{deploy("3", ""), "KnownBadVersion", false},
		{strings.Replace(deploy("2", ""), `"bake": 0`, `"bake": "20m"`, 1), "DoesNotFit", false},
		{deploy("2", ""), `"status": "succeeded`, true},
		{deploy("2", ""), `"status": "no-op"`, true},
	} {
		reached, log := l.pipeline(t, script, step.request)
		assert.Equal(t, step.reached, reached, log)
		assert.Contains(t, log, step.says)
	}
}

// idle is what status says where no rollout is running.
func idle(version string, weight float64) string {
	return fmt.Sprintf(`{"status": "idle", "new-version": %q, "weight": %g}`, version, weight)
}

// What stands behind the script that asks runs when all traffic is on the version, and at no other end.
func TestTheScriptRunsWhatFollowsAfterASuccessOnly(t *testing.T) {
	t.Parallel()
	const running = `{"status": "in-progress", "new-version": "2", "weight": 30}`
	const failed = `{"errorMessage": "the alias cannot be read", "errorType": "PreflightFailed"}`
	const planned = `{"status": "planned", "new-version": "2", "findings": []}`
	const accepted = `{}`
	// begun is what comes before the first look.
	begun := func(looks ...string) []string { return append([]string{planned, idle("1", 100), accepted}, looks...) }
	for name, test := range map[string]struct {
		answers []string
		reached bool
	}{
		"success":                    {begun(idle("1", 100), running, idle("2", 100)), true},
		"too fast to be seen":        {begun(idle("2", 100)), true},
		"paused and resumed":         {begun(`{"status": "paused"}`, `{"status": "awaiting-approval"}`, running, idle("2", 100)), true},
		"a status that failed":       {begun(failed, running, failed, idle("2", 100)), true},
		"live already":               {[]string{`{"status": "no-op"}`}, true},
		"rolled back":                {begun(running, idle("1", 100)), false},
		"rolled back, never seen":    {begun(`{"status": "idle", "new-version": "1", "weight": 100, "reason": "was rolled back"}`), false},
		"held":                       {begun(running, `{"status": "held", "new-version": "2", "weight": 30}`), false},
		"moved by somebody else":     {begun(running, idle("3", 100)), false},
		"split by somebody else":     {begun(running, idle("2", 90)), false},
		"refused":                    {begun(idle("1", 100)), false},
		"nothing that is a status":   {begun("<html>", "", "null", running, idle("1", 100)), false},
		"a finding":                  {[]string{`{"status": "planned", "new-version": "2", "findings": ["no alias"]}`, idle("2", 100)}, false},
		"a plan that failed":         {[]string{failed, idle("2", 100)}, false},
		"a plan that is none":        {[]string{"<html>", idle("2", 100)}, false},
		"a plan that is a text":      {[]string{`"no-op"`, idle("2", 100)}, false},
		"a plan that is nothing":     {[]string{"", idle("2", 100)}, false},
		"a plan without its version": {[]string{`{"status": "planned", "findings": []}`, idle("2", 100)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.answers(test.answers...)
			reached, log := l.pipeline(t, pipelineScript(t, asksForTheStatus), deploy("2", ""))
			assert.Equal(t, test.reached, reached, log)
		})
	}
}

// The same with the deployer's code, each call in an invocation of its own.
func TestTheScriptWithTheDeployer(t *testing.T) {
	t.Parallel()
	l, script := newLab(t), pipelineScript(t, asksForTheStatus)
	l.touch(func(w *sim.World) {
		w.SetHook("meta-deployer", sim.Hook{Run: func(payload []byte) ([]byte, string) {
			ctx, _, cancel := w.Begin(sim.Invocation{Timeout: 15 * time.Minute})
			defer cancel()
			out, err := scenario.Deployer(w, slog.New(slog.DiscardHandler)).Invoke(ctx, payload)
			if err == nil {
				return out, ""
			}
			failure, _ := json.Marshal(map[string]string{"errorType": answer.ErrorType(err), "errorMessage": err.Error()})
			return nil, string(failure)
		}})
	})
	reached, log := l.pipeline(t, script, gradual("3"))
	assert.False(t, reached, log)
	assert.Contains(t, log, "was rolled back")
	reached, log = l.pipeline(t, script, gradual("2"))
	assert.True(t, reached, log)
	assert.Equal(t, []string{"version 1", "version 1 with 50 % on version 3", "version 1", "version 1 with 50 % on version 2", "version 2"}, l.routings("live"))
}
