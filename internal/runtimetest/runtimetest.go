// Package runtimetest runs compiled Lambda functions in tests, as Lambda does: it serves the Runtime API
// (docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) to one process at a time, with a deadline, a request id and
// the function's ARN, and kills it when its time is up. Run does it without a test, to measure.
package runtimetest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Build compiles a function of this module for this machine, with Lambda's build tag, into the test's own directory.
// function is its package from the module's root, such as "./functions/deployer".
func Build(t testing.TB, function string) (path string) {
	t.Helper()
	gomod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatalf("go env GOMOD: %v", err)
	}
	path = filepath.Join(t.TempDir(), "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc,nethttpomithttp2", "-o", path, function)
	build.Dir = filepath.Dir(strings.TrimSpace(string(gomod)))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", function, err, out)
	}
	return path
}

// FunctionARN is the ARN that every invocation is told, in FunctionRegion and FunctionAccount.
const (
	FunctionRegion  = "eu-central-1"
	FunctionAccount = "123456789012"
	FunctionARN     = "arn:aws:lambda:" + FunctionRegion + ":" + FunctionAccount + ":function:under-test"
)

// Process is one running function, as in one execution environment. Its methods may be called by several goroutines;
// invocations are made one after the other.
type Process struct {
	api     *runtimeAPI
	command *exec.Cmd
	began   time.Time
	log     *lockedBuffer
	// exited is closed when the process is gone.
	exited chan struct{}
	turn   sync.Mutex
}

// Start runs a compiled function with exactly this environment and the Runtime API's, until it asks for its first event
// or is gone: Lambda does not count a start, however slow, as time of the first invocation. The process ends with the
// test at the latest.
func Start(t testing.TB, path string, environment map[string]string) *Process {
	t.Helper()
	p, err := Run(path, environment)
	if err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	t.Cleanup(p.Close)
	_, _ = p.Ready()
	return p
}

// Run is Start for those who call Close themselves.
func Run(path string, environment map[string]string) (*Process, error) {
	p := &Process{api: newRuntimeAPI(), log: &lockedBuffer{}, exited: make(chan struct{})}
	p.command = exec.Command(path)
	p.command.Stdout, p.command.Stderr = p.log, p.log
	p.command.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + p.api.address(), "AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_LAMBDA_FUNCTION_NAME=under-test",
	}
	for key, value := range environment {
		p.command.Env = append(p.command.Env, key+"="+value)
	}
	p.began = time.Now()
	if err := p.command.Start(); err != nil {
		p.api.close()
		return nil, err
	}
	go func() {
		_ = p.command.Wait()
		close(p.exited)
	}()
	return p, nil
}

// Close ends the process and what serves it.
func (p *Process) Close() {
	p.Kill()
	p.api.close()
}

// PID is the process's id.
func (p *Process) PID() int { return p.command.Process.Pid }

// Ready waits until the process asks for its first invocation, and says how long that took from its start. It fails
// where the process is gone.
func (p *Process) Ready() (time.Duration, error) {
	select {
	case <-p.api.asked:
		return p.api.askedAt.Sub(p.began), nil
	case <-p.exited:
		return 0, errors.New("the process is gone: " + p.Log())
	}
}

// PeakMemory is the most memory that the process has had so far, in bytes. Only Linux tells.
func (p *Process) PeakMemory() (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0, err
	}
	_, text, _ := strings.Cut(string(status), "VmHWM:")
	var kilobytes int
	if _, err := fmt.Sscan(text, &kilobytes); err != nil {
		return 0, fmt.Errorf("the process has no VmHWM: %w", err)
	}
	return kilobytes * 1024, nil
}

// CPU is what the process has used from its start to its end, which it waits for.
func (p *Process) CPU() time.Duration {
	<-p.exited
	return p.command.ProcessState.UserTime() + p.command.ProcessState.SystemTime()
}

// Result is how an invocation ended.
type Result struct {
	// Answer is what the function answered; nil where it failed.
	Answer []byte
	// ErrorType and ErrorMessage are what it failed with; "" where it answered. Lambda's own are Sandbox.Timedout, where
	// its time was up and it was killed, and Runtime.ExitError, where the process was gone without an answer.
	ErrorType, ErrorMessage string
	// Took is how long the invocation took.
	Took time.Duration
}

// Invoke sends an event, whose function has until timeout. A process that is killed meanwhile ends the invocation.
func (p *Process) Invoke(payload []byte, timeout time.Duration) Result {
	p.turn.Lock()
	defer p.turn.Unlock()
	began := time.Now()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	done := p.api.offer(payload, began.Add(timeout))
	var result Result
	select {
	case result = <-done:
	case <-p.exited:
		select { // the answer may have come just before
		case result = <-done:
		default:
			result = Result{ErrorType: "Runtime.ExitError", ErrorMessage: "the process is gone"}
		}
	case <-timer.C:
		p.Kill()
		result = Result{ErrorType: "Sandbox.Timedout", ErrorMessage: "Task timed out after " + timeout.String()}
	}
	result.Took = time.Since(began)
	return result
}

// Kill ends the process at once, as Lambda does, and waits until it is gone. It may be called again.
func (p *Process) Kill() {
	_ = p.command.Process.Signal(os.Kill)
	<-p.exited
}

// Log is everything that the process has written so far.
func (p *Process) Log() string { return p.log.String() }

// lockedBuffer is written by a process while a test reads.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(text)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
