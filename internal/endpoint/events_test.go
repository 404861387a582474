package endpoint_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/events"
	"github.com/meta-deployer/meta-deployer/internal/endpoint"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// serveWorld serves a world until the test ends.
func serveWorld(t *testing.T, w *sim.World) (*endpoint.Endpoint, string) {
	t.Helper()
	e := endpoint.New(w, time.Now)
	go e.Run(t.Context())
	server := httptest.NewServer(e.Handler())
	t.Cleanup(server.Close)
	return e, server.URL
}

// The bus over HTTP is the bus: what goes wrong with an entry comes in an answer with status 200.
func TestTheBusOverHTTP(t *testing.T) {
	w := sim.NewAt(time.Now().Truncate(time.Minute))
	w.Faults = []sim.Fault{
		{On: sim.PutEvents, Call: 1, Effect: sim.EntryFailed},
		{On: sim.PutEvents, Call: 2, Effect: sim.Throttled},
		{On: sim.PutEvents, Call: 3, Effect: sim.Denied},
		{On: sim.PutEvents, Call: 4, Effect: sim.ReplyLost},
	}
	e, url := serveWorld(t, w)
	environment := map[string]string{"AWS_ENDPOINT_URL": url, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
	bus := events.New(cloud.Load(func(key string) string { return environment[key] }), "default")
	event := target.BusEvent{Source: "meta-deployer", Type: "Rollout State Change", Detail: []byte(`{"state":"shifted"}`), At: time.Now().UTC().Truncate(time.Second)}
	for _, want := range []error{target.ErrUnavailable, target.ErrUnavailable, target.ErrDenied, target.ErrUnavailable, nil} {
		require.ErrorIs(t, bus.Put(t.Context(), event), want)
	}
	bad := event
	bad.Detail = []byte(`[]`)
	err := bus.Put(t.Context(), bad)
	require.ErrorIs(t, err, target.ErrRefused)
	require.ErrorContains(t, err, "MalformedDetail")
	e.Touch(func(w *sim.World) {
		heard := w.Heard()
		require.Len(t, heard, 2, "the one whose answer was lost, and the one that went well")
		assert.Equal(t, event, heard[1].BusEvent)
		assert.Equal(t, "x", heard[1].By)
	})
}

func TestTenEntriesAtTheMost(t *testing.T) {
	_, url := serveWorld(t, sim.NewAt(time.Now().Truncate(time.Minute)))
	put := func(entries int) (status int, body string) {
		list := strings.Repeat(`,{"Source":"s","DetailType":"t","Detail":"{}"}`, entries)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(`{"Entries":[`+strings.TrimPrefix(list, ",")+`]}`))
		require.NoError(t, err)
		request.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		raw, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(raw)
	}
	status, body := put(10)
	assert.Equal(t, http.StatusOK, status)
	var answer struct{ Entries []struct{ EventID string } }
	require.NoError(t, json.Unmarshal([]byte(body), &answer))
	assert.Len(t, answer.Entries, 10)
	for _, n := range []int{0, 11} {
		status, body = put(n)
		assert.Equal(t, http.StatusBadRequest, status, body)
	}
}
