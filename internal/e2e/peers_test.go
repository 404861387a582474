//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
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

// peer is a program of the environments that make e2e installs: .venv-peers and .venv-localstack.
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

// outcome is how a program ended.
type outcome struct {
	out, problem string
	status       int
}

// execute runs a program to its end.
func execute(t *testing.T, directory string, program ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out, problem bytes.Buffer
	c := exec.CommandContext(ctx, program[0], program[1:]...)
	c.Dir, c.Env, c.Stdout, c.Stderr = directory, environment(), &out, &problem
	err := c.Run()
	require.NotNil(t, c.ProcessState, "%v", err)
	return outcome{out.String(), problem.String(), c.ProcessState.ExitCode()}
}

// serve starts a server on a free port and waits until it answers. The server ends with the test, and even where the
// test is killed: then the pipe that its supervisor reads from is closed.
func serve(t *testing.T, health string, variables []string, program ...string) (url string) {
	t.Helper()
	c := exec.Command("sh", append([]string{"-c", `"$@" & cat > /dev/null; kill -9 $! 2> /dev/null`, "supervisor"}, program...)...)
	var log bytes.Buffer
	c.Dir, c.Env, c.Stdout, c.Stderr = t.TempDir(), environment(variables...), &log, &log
	c.WaitDelay = 5 * time.Second
	leash, err := c.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		_ = leash.Close()
		_ = c.Wait()
		if t.Failed() {
			t.Logf("%s", log.String())
		}
	})
	client := &http.Client{Timeout: time.Second}
	require.Eventually(t, func() bool {
		response, err := client.Get(health)
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return true
	}, time.Minute, 100*time.Millisecond, "%s does not start", program[0])
	return health
}

// freePort is a port of the local host that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// startMoto is moto's server.
func startMoto(t *testing.T) (url string) {
	t.Helper()
	port := freePort(t)
	return serve(t, "http://127.0.0.1:"+port, nil, peer(t, ".venv-peers", "moto_server"), "-H", "127.0.0.1", "-p", port)
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
