//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
)

// startEmulator is AWS's own emulator of durable executions.
func startEmulator(t *testing.T) (url string) {
	t.Helper()
	port := freePort(t)
	health := serve(t, "http://127.0.0.1:"+port+"/health", nil, peer(t, ".venv-durable", "dex-local-runner"), "start-server", "--host", "127.0.0.1", "--port", port)
	return strings.TrimSuffix(health, "/health")
}

// bridge is Lambda around one durable function: the emulator calls the compiled function through it, and the function the
// emulator. Whatever else the function asks for goes to its account.
type bridge struct {
	t        *testing.T
	url      string
	emulator string
	client   *awslambda.Client
	start    func() *runtimetest.Process

	mu      sync.Mutex
	process *runtimetest.Process
	// crashes are how often it has died.
	crashes int
	// checkpoints counts them, and around is called for each with what passes it on; nil passes it on.
	checkpoints int
	around      func(n int, path string, body []byte, pass func())
}

const functionName = "meta-deployer-durable"

// newBridge is a bridge to a function that start starts, with the URL of the bridge.
func newBridge(t *testing.T, emulator, account string, start func(url string) *runtimetest.Process) *bridge {
	t.Helper()
	b := &bridge{t: t, emulator: emulator}
	b.client = awslambda.NewFromConfig(aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("x", "x", ""), BaseEndpoint: &emulator})
	to := func(address string) http.Handler {
		target, err := url.Parse(address)
		require.NoError(t, err)
		return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	}
	executions, others := to(emulator), to(account)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/2015-03-31/functions/"+functionName):
			b.invoke(w, r)
		case strings.HasSuffix(r.URL.Path, "/checkpoint"):
			b.checkpoint(w, r, executions)
		case strings.HasPrefix(r.URL.Path, "/2025-12-01/"):
			executions.ServeHTTP(w, r)
		default:
			others.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	b.url = server.URL
	b.start = func() *runtimetest.Process { return start(b.url) }
	return b
}

// running is the function's process, another one where the last is gone.
func (b *bridge) running() *runtimetest.Process {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.process == nil {
		b.process = b.start()
	}
	return b.process
}

// kill has the process die. The next invocation is another one's.
func (b *bridge) kill() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.process != nil {
		b.process.Kill()
		b.process = nil
		b.crashes++
	}
}

func (b *bridge) invoke(w http.ResponseWriter, r *http.Request) {
	payload, _ := io.ReadAll(r.Body)
	result := b.running().Invoke(payload, timeout)
	if result.ErrorType != "" {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		result.Answer, _ = json.Marshal(map[string]string{"errorType": result.ErrorType, "errorMessage": result.ErrorMessage})
	}
	_, _ = w.Write(result.Answer)
}

func (b *bridge) checkpoint(w http.ResponseWriter, r *http.Request, proxy http.Handler) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	b.mu.Lock()
	b.checkpoints++
	n, around := b.checkpoints, b.around
	b.mu.Unlock()
	if around == nil {
		proxy.ServeHTTP(w, r)
		return
	}
	around(n, r.URL.EscapedPath(), body, func() { proxy.ServeHTTP(w, r) })
}

// execute starts an execution, as an asynchronous invocation of the function's alias does.
func (b *bridge) execute(name, input string, longest time.Duration) (arn string) {
	b.t.Helper()
	body, err := json.Marshal(map[string]any{
		"AccountId": "123456789012", "FunctionName": functionName, "FunctionQualifier": "live", "ExecutionName": name, "Input": input,
		"ExecutionTimeoutSeconds": int(longest / time.Second), "ExecutionRetentionPeriodDays": 1, "LambdaEndpoint": b.url,
	})
	require.NoError(b.t, err)
	response, err := http.Post(b.emulator+"/start-durable-execution", "application/json", bytes.NewReader(body))
	require.NoError(b.t, err)
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(response.Body)
	var started struct{ ExecutionArn string }
	require.NoError(b.t, json.Unmarshal(text, &started), string(text))
	require.NotEmpty(b.t, started.ExecutionArn, string(text))
	return started.ExecutionArn
}

// ends waits for the end of an execution.
func (b *bridge) ends(arn string) *awslambda.GetDurableExecutionOutput {
	b.t.Helper()
	var out *awslambda.GetDurableExecutionOutput
	require.Eventually(b.t, func() bool {
		var err error
		out, err = b.client.GetDurableExecution(b.t.Context(), &awslambda.GetDurableExecutionInput{DurableExecutionArn: &arn})
		return err == nil && out.Status != types.ExecutionStatusRunning
	}, patience, 100*time.Millisecond)
	return out
}

// history are all events of an execution.
func (b *bridge) history(arn string) []types.Event {
	b.t.Helper()
	out, err := b.client.GetDurableExecutionHistory(b.t.Context(), &awslambda.GetDurableExecutionHistoryInput{DurableExecutionArn: &arn, MaxItems: 1000, IncludeExecutionData: aws.Bool(true)})
	require.NoError(b.t, err)
	return out.Events
}
