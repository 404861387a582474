//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
)

// printedAddress is where make local serves, as documents print it.
const printedAddress = "http://127.0.0.1:3001"

// reader is somebody who copies the blocks of a page: a folder with what the repository has, a version of the AWS CLI, and
// make local.
type reader struct {
	t         *testing.T
	directory string
	url       string
}

// newReader starts make local, so many times as fast as the real time. local is its program, and cli how to call the AWS CLI.
func newReader(t *testing.T, local, speed, cli string) *reader {
	t.Helper()
	port := freePort(t)
	r := &reader{t: t, directory: t.TempDir(), url: "http://127.0.0.1:" + port}
	serve(t, r.url, nil, local, "-addr", "127.0.0.1:"+port, "-speed", speed)
	for _, folder := range []string{"events", "examples"} {
		require.NoError(t, os.CopyFS(filepath.Join(r.directory, folder), os.DirFS(filepath.Join("..", "..", folder))))
	}
	r.write("bin/aws", "#!/bin/sh\nexec "+cli+" \"$@\"\n")
	return r
}

func (r *reader) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.directory, name)
	require.NoError(r.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(r.t, os.WriteFile(path, []byte(text), 0o755))
}

// run runs a script in bash, as it stands but for the address of make local.
func (r *reader) run(script string, variables ...string) outcome {
	r.t.Helper()
	r.write("script.sh", strings.ReplaceAll(script, printedAddress, r.url))
	all := append([]string{"/usr/bin/env", "AWS_ENDPOINT_URL=" + r.url, "PATH=" + filepath.Join(r.directory, "bin") + ":/usr/bin:/bin"}, variables...)
	return execute(r.t, r.directory, append(all, "bash", "script.sh")...)
}

// step runs a step of a pipeline, and says whether what stands behind it was reached. A bad one deploys version 3, which
// fails, where the page deploys version 2. What sleeps in it sleeps for a moment.
func (r *reader) step(script string, bad bool, variables ...string) (reached bool, log string) {
	r.t.Helper()
	r.write("bin/sleep", "#!/bin/sh\nexec /bin/sleep 0.2\n")
	if bad {
		deploys := strings.NewReplacer(`"new-version": "2"`, `"new-version": "3"`, `"new-version":"2"`, `"new-version":"3"`)
		script = deploys.Replace(script)
		linear, err := os.ReadFile(filepath.Join(r.directory, "events/deployer/linear.json"))
		require.NoError(r.t, err)
		r.write("events/deployer/linear.json", deploys.Replace(string(linear)))
		for i, v := range variables {
			variables[i] = deploys.Replace(v)
		}
	}
	ended := r.run(script+"touch reached\n", variables...)
	_, err := os.Stat(filepath.Join(r.directory, "reached"))
	assert.Equal(r.t, err == nil, ended.status == 0, ended.out+ended.problem)
	return err == nil, ended.out + ended.problem
}

// clis are the versions of the AWS CLI that the documents promise to work with.
func clis(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"version 1": peer(t, ".venv-peers", "python") + " " + peer(t, ".venv-peers", "aws"),
		"version 2": peer(t, ".venv-awscli2", "aws"),
	}
}

// Every shell block of a page runs: one after the other as a reader copies them, and a pipeline's step by itself, with a good
// version and with a bad one. What the page shows of the output is there.
func TestEveryShellBlockRuns(t *testing.T) {
	t.Parallel()
	local := runtimetest.Build(t, "./internal/cmd/local")
	for version, cli := range clis(t) {
		for _, page := range pages(t) {
			t.Run(version+", "+filepath.Base(page), func(t *testing.T) {
				t.Parallel()
				reads(t, page, local, cli)
			})
		}
	}
}

// reads does what a page says.
func reads(t *testing.T, page, local, cli string) {
	t.Helper()
	blocks := fences(t, page)
	speed, session := "30", "set -euo pipefail\n"
	for i, f := range blocks {
		require.NotEmpty(t, f.language, "%s:%d: a block says what language it is in", page, f.line)
		switch {
		case !f.isShell():
		case f.needsAWS():
			ended := execute(t, t.TempDir(), "bash", "-n", "-c", f.text)
			assert.Zero(t, ended.status, "%s:%d: %s", page, f.line, ended.problem)
		case f.isMake():
			speed = makes(t, f, speed)
		case f.isStep():
			for _, bad := range []bool{false, true} {
				reached, log := newReader(t, local, "30", cli).step(f.text, bad)
				assert.Equal(t, !bad, reached, "%s:%d with a bad version: %v\n%s", page, f.line, bad, log)
			}
		default:
			session += fmt.Sprintf("echo @@%d\n%s", i, f.text)
		}
	}
	ended := newReader(t, local, speed, cli).run(session + "echo; echo @@end\n")
	log := ended.out + ended.problem
	require.Zero(t, ended.status, "%s\n%s", page, log)
	for i, f := range blocks {
		if i == 0 || f.language != "text" || !strings.Contains(ended.out, fmt.Sprintf("@@%d\n", i-1)) {
			continue
		}
		_, shown, _ := strings.Cut(ended.out, fmt.Sprintf("@@%d\n", i-1))
		shown, _, _ = strings.Cut(shown, "@@")
		assert.Regexp(t, showing(f.text), shown, "%s:%d", page, f.line)
	}
}

// makes checks a block of make's targets, and returns the speed that it starts make local with.
func makes(t *testing.T, f fence, speed string) string {
	t.Helper()
	for line := range strings.Lines(f.text) {
		command, _, _ := strings.Cut(strings.TrimSpace(line), " #")
		ended := execute(t, "../..", append([]string{"/usr/bin/make", "-n"}, strings.Fields(command)[1:]...)...)
		assert.Zero(t, ended.status, "%s:%d: %s", f.page, f.line, ended.problem)
		if _, value, found := strings.Cut(command, "local SPEED="); found {
			speed = strings.TrimSpace(value)
		}
	}
	return speed
}

// showing is a pattern for what a page shows of an output: its lines, in their order, with … for any text.
func showing(text string) *regexp.Regexp {
	pattern := "(?s)"
	for line := range strings.Lines(text) {
		parts := strings.Split(strings.TrimSpace(line), "…")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		pattern += strings.Join(parts, `[^\n]*`) + `.*\n.*`
	}
	return regexp.MustCompile(pattern)
}

// The blocks that are a pipeline's job in YAML: their scripts do as a shell's.
func TestEveryJobFailsWhenItsRolloutDoes(t *testing.T) {
	t.Parallel()
	local := runtimetest.Build(t, "./internal/cmd/local")
	cli := clis(t)["version 2"]
	action := decoded(t, "../../examples/github-action/action.yml")
	run := find[string](t, action, "runs", "steps", 0, "run")
	for name, job := range map[string]struct {
		script    string
		variables []string
	}{
		"GitHub Actions": {run, []string{
			`REQUEST={"function-name": "checkout", "alias": "live", "new-version": "2", "steps": 2, "interval": 60}`,
			"DEPLOYER=meta-deployer", "ROLLOUT_MINUTES=60", "RUNNER_TEMP=.", "ACTION=examples/github-action",
		}},
		"GitLab":    {lines(find[[]any](t, decoded(t, "../../examples/gitlab-ci.yml"), "rollout", "script")), nil},
		"CodeBuild": {lines(find[[]any](t, decoded(t, "../../examples/buildspec.yml"), "phases", "build", "commands")), nil},
	} {
		for _, bad := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, bad: %v", name, bad), func(t *testing.T) {
				t.Parallel()
				reached, log := newReader(t, local, "30", cli).step("set -euo pipefail\n"+job.script, bad, append([]string{}, job.variables...)...)
				assert.Equal(t, !bad, reached, log)
			})
		}
	}
}

// lines are the commands of a job.
func lines(commands []any) (script string) {
	for _, c := range commands {
		script += fmt.Sprintln(c)
	}
	return script
}

// goTool runs a pinned tool.
func goTool(t *testing.T, arguments ...string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", append([]string{"tool", "-modfile=tools/go.mod"}, arguments...)...)
	c.Dir = "../.."
	out, err := c.CombinedOutput()
	assert.NoError(t, err, string(out))
}
