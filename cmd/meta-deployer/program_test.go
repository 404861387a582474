package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long anything that must happen is waited for.
const patience = 2 * time.Minute

// programs are the compiled CLI and the local account, built once.
var programs = sync.OnceValues(func() (map[string]string, error) {
	directory, err := os.MkdirTemp("", "meta-deployer")
	built := map[string]string{"": directory}
	for name, path := range map[string]string{"meta-deployer": ".", "local": "../../internal/cmd/local"} {
		built[name] = filepath.Join(directory, name)
		if out, failed := exec.Command("go", "build", "-o", built[name], path).CombinedOutput(); failed != nil {
			err = errors.Join(err, failed, errors.New(string(out)))
		}
	}
	return built, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built, err := programs(); err == nil {
		_ = os.RemoveAll(built[""])
	}
	os.Exit(code)
}

// text is written by a process while the test reads.
type text struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (o *text) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes.Write(b)
}

func (o *text) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes.String()
}

// shows waits until a text shows.
func (o *text) shows(t *testing.T, what string) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(o.String(), what) }, patience, 10*time.Millisecond, "%q never came", what)
}

// local is an account in a process of its own, as make local serves it.
type local struct {
	url string
	// changes are what it tells.
	changes *text
}

// newAccount serves an account whose time passes so fast.
func newAccount(t *testing.T, speed string) *local {
	t.Helper()
	built, err := programs()
	require.NoError(t, err)
	a := &local{changes: &text{}}
	server := exec.Command(built["local"], "-addr", "127.0.0.1:0", "-speed", speed)
	server.Stdout = a.changes
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	a.changes.shows(t, "In every other terminal")
	a.url = regexp.MustCompile(`http://[0-9.:]+`).FindString(a.changes.String())
	return a
}

// environment is what the CLI is run with.
func (a *local) environment(more ...string) []string {
	keep := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "AWS_") || strings.HasPrefix(v, "META_DEPLOYER") || strings.HasPrefix(v, "COLUMNS=") || strings.HasPrefix(v, "NO_COLOR=")
	})
	return append(append(keep, "AWS_ENDPOINT_URL="+a.url, "AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=me", "AWS_SECRET_ACCESS_KEY=me",
		"AWS_CONFIG_FILE=/nowhere", "AWS_SHARED_CREDENTIALS_FILE=/nowhere", "AWS_EC2_METADATA_DISABLED=true"), more...)
}

// result is how a program ended.
type result struct {
	code     int
	out, err string
}

// script runs lines of bash under set -euo pipefail, in which meta-deployer is the compiled CLI.
func (a *local) script(t *testing.T, lines string, environment ...string) result {
	t.Helper()
	built, err := programs()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	bash := exec.CommandContext(ctx, "bash", "-c", "set -euo pipefail\n"+lines)
	var out, problem bytes.Buffer
	bash.Stdout, bash.Stderr = &out, &problem
	bash.Env = a.environment(append(environment, "PATH="+built[""]+":"+os.Getenv("PATH"))...)
	bash.Dir = t.TempDir()
	if err = bash.Run(); err != nil {
		_, exited := errors.AsType[*exec.ExitError](err)
		require.True(t, exited, "%v: %s", err, problem.String())
	}
	return result{bash.ProcessState.ExitCode(), out.String(), problem.String()}
}

// move moves the alias as somebody else would.
func (a *local) move(t *testing.T, version string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, a.url+"/2015-03-31/functions/checkout/aliases/live",
		strings.NewReader(`{"FunctionVersion": "`+version+`", "RoutingConfig": {"AdditionalVersionWeights": {}}, "Description": "mine"}`))
	require.NoError(t, err)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=somebody/20260101/eu-west-1/lambda/aws4_request, SignedHeaders=host, Signature=x")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
}
