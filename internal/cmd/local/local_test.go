package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// terminal is written by the server while the test reads.
type terminal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *terminal) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(text)
}

func (o *terminal) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// serve is the local account, ten minutes a second. It answers with its address, and what it shows.
func serve(t *testing.T) (url string, shown *terminal) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	shown = &terminal{}
	ended := make(chan int)
	go func() { ended <- run(ctx, []string{"-addr", "127.0.0.1:0", "-speed", "600"}, shown) }()
	address := regexp.MustCompile(`at (http://[0-9.:]+),`)
	require.Eventually(t, func() bool { return address.MatchString(shown.String()) }, patience, 10*time.Millisecond)
	t.Cleanup(func() {
		stop()
		assert.Zero(t, <-ended)
	})
	return address.FindStringSubmatch(shown.String())[1], shown
}

// patience bounds every wait for what must happen.
const patience = 5 * time.Minute

// send invokes the deployer with a request of events/deployer.
func send(t *testing.T, url, file string) string {
	t.Helper()
	request, err := os.ReadFile("../../../events/deployer/" + file)
	require.NoError(t, err)
	reply, err := http.Post(url+"/2015-03-31/functions/meta-deployer/invocations", "", bytes.NewReader(request))
	require.NoError(t, err)
	answer, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	assert.Empty(t, reply.Header.Get("X-Amz-Function-Error"))
	return string(answer)
}

func TestLocal(t *testing.T) {
	url, shown := serve(t)
	assert.Contains(t, send(t, url, "linear.json"), `"status":"succeeded"`)
	assert.Equal(t, 1, strings.Count(shown.String(), "checkout:live version 1 with 50 % on version 2"))
}

// What takes longer than an invocation the state machine runs, here too.
func TestLocalRunsTheStateMachine(t *testing.T) {
	url, shown := serve(t)
	assert.Contains(t, send(t, url, "aws-lambda-deploy.json"), `"driver":"workflow"`)
	require.Eventually(t, func() bool { return strings.Contains(shown.String(), " ended: succeeded: ") }, patience, 10*time.Millisecond, shown)
	assert.Contains(t, shown.String(), "MyFunction:MyAlias version 2 ")
}

func TestUsage(t *testing.T) {
	for _, arguments := range [][]string{{"-speed", "0"}, {"more"}, {"-nonsense"}} {
		assert.Equal(t, 2, run(t.Context(), arguments, io.Discard))
	}
	assert.Equal(t, 1, run(t.Context(), []string{"-addr", "127.0.0.1:99999"}, io.Discard))
}
