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

func TestLocal(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	shown, ended := &terminal{}, make(chan int)
	go func() { ended <- run(ctx, []string{"-addr", "127.0.0.1:0", "-speed", "600"}, shown) }()
	address := regexp.MustCompile(`at (http://[0-9.:]+),`)
	require.Eventually(t, func() bool { return address.MatchString(shown.String()) }, 10*time.Second, 10*time.Millisecond)
	request, err := os.ReadFile("../../../events/deployer/linear.json")
	require.NoError(t, err)

	url := address.FindStringSubmatch(shown.String())[1]
	reply, err := http.Post(url+"/2015-03-31/functions/meta-deployer/invocations", "", bytes.NewReader(request))
	require.NoError(t, err)
	answer, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	assert.Empty(t, reply.Header.Get("X-Amz-Function-Error"))
	assert.Contains(t, string(answer), `"status":"succeeded"`)
	assert.Equal(t, 1, strings.Count(shown.String(), "checkout:live version 1 with 50 % on version 2"))

	stop()
	assert.Zero(t, <-ended)
}

func TestUsage(t *testing.T) {
	for _, arguments := range [][]string{{"-speed", "0"}, {"more"}, {"-nonsense"}} {
		assert.Equal(t, 2, run(t.Context(), arguments, io.Discard))
	}
	assert.Equal(t, 1, run(t.Context(), []string{"-addr", "127.0.0.1:99999"}, io.Discard))
}
