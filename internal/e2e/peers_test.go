//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// environment is what the clients get: nothing of the machine's own settings.
func environment(more ...string) []string {
	return append([]string{
		"PATH=/usr/bin:/bin", "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=client", "AWS_SECRET_ACCESS_KEY=x",
		"AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
	}, more...)
}

// peer is a program of the environments that make e2e installs: .venv-peers, .venv-localstack and .venv-durable.
func peer(t *testing.T, environment, program string) string {
	t.Helper()
	path := absolute(t, filepath.Join("..", "..", environment, "bin", program))
	require.FileExists(t, path, "make e2e installs it")
	return path
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	return path
}

// patience bounds what a test waits for. No test waits for a time: on a busy machine everything takes longer.
const patience = 10 * time.Minute

// outcome is how a program ended.
type outcome struct {
	out, problem string
	status       int
}

// execute runs a program to its end.
func execute(t *testing.T, directory string, program ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, problem bytes.Buffer
	c := exec.CommandContext(ctx, program[0], program[1:]...)
	c.Dir, c.Env, c.Stdout, c.Stderr = directory, environment(), &out, &problem
	err := c.Run()
	require.NotNil(t, c.ProcessState, "%v", err)
	return outcome{out.String(), problem.String(), c.ProcessState.ExitCode()}
}

// starting has servers start one after the other: many at once take each other's time.
var starting sync.Mutex

// supervise runs a server until its standard input is closed, and ends when the server does.
const supervise = `exec 3<&0; "$@" 3<&- & server=$!; { cat <&3; kill -9 $server; } > /dev/null 2>&1 & exec 3<&-; wait $server`

// serve starts a server on a free port and waits until it answers or is gone. The server ends with the test, and even
// where the test is killed: then the pipe that its supervisor reads from is closed.
func serve(t *testing.T, health string, variables []string, program ...string) (url string) {
	t.Helper()
	starting.Lock()
	defer starting.Unlock()
	c := exec.Command("sh", append([]string{"-c", supervise, "supervisor"}, program...)...)
	var log bytes.Buffer
	c.Dir, c.Env, c.Stdout, c.Stderr = t.TempDir(), environment(variables...), &log, &log
	c.WaitDelay = 5 * time.Second
	leash, err := c.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = c.Wait()
	}()
	t.Cleanup(func() {
		_ = leash.Close()
		<-gone
		if t.Failed() {
			t.Logf("%s", log.String())
		}
	})
	client := &http.Client{Timeout: patience}
	for ctx, cancel := context.WithTimeout(t.Context(), patience); ; {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, health, http.NoBody)
		require.NoError(t, err)
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			cancel()
			return health
		}
		select {
		case <-gone:
			require.FailNow(t, "the server is gone before it has answered", "%s: %s", program[0], log.String())
		case <-ctx.Done():
			require.FailNow(t, "the server does not answer", program[0])
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// nextPort is the port that freePort looks at next.
var nextPort atomic.Int32

// freePort is a port of the local host that nobody listens on, and that the system gives to nobody who asks for any: those begin
// at 32768 or later. One of those may be another test's by the time the server listens, which then answers in the server's place.
func freePort(t *testing.T) string {
	t.Helper()
	const first, last = 20_000, 32_000
	nextPort.CompareAndSwap(0, first+rand.Int32N(last-first))
	for range last - first {
		port := first + (nextPort.Add(1)-first)%(last-first)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			require.NoError(t, l.Close())
			return fmt.Sprint(port)
		}
	}
	require.FailNow(t, "no port is free")
	return ""
}

// startMoto is moto's server.
func startMoto(t *testing.T, variables ...string) (url string) {
	t.Helper()
	port := freePort(t)
	return serve(t, "http://127.0.0.1:"+port, variables, peer(t, ".venv-peers", "moto_server"), "-H", "127.0.0.1", "-p", port)
}

// startLocalStack is LocalStack's CloudWatch.
func startLocalStack(t *testing.T) (url string) {
	t.Helper()
	port, own := freePort(t), t.TempDir()
	return serve(t, "http://127.0.0.1:"+port, []string{
		"GATEWAY_LISTEN=127.0.0.1:" + port, "SERVICES=cloudwatch", "DISABLE_EVENTS=1", "SKIP_SSL_CERT_DOWNLOAD=1", "DNS_ADDRESS=0",
		"FILESYSTEM_ROOT=" + own, "TMPDIR=" + own, "HOME=" + own,
	}, peer(t, ".venv-localstack", "python"), absolute(t, "testdata/start_localstack.py"))
}

// seed runs a script of testdata that fills an emulator.
func seed(t *testing.T, script string, arguments ...any) string {
	t.Helper()
	command := []string{peer(t, ".venv-peers", "python"), filepath.Join("testdata", script)}
	for _, a := range arguments {
		command = append(command, fmt.Sprint(a))
	}
	ended := execute(t, "", command...)
	require.Zero(t, ended.status, ended.problem)
	return ended.out
}
