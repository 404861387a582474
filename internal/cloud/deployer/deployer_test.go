package deployer_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/deployer"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

func TestAskAndSendOnTheWire(t *testing.T) {
	long := `{"errorType": "RolledBack", "errorMessage": "` + strings.Repeat("x", 4000) + `"}`
	server := wiretest.Start(t, func(c wiretest.Call) wiretest.Answer {
		switch {
		case c.Header.Get("X-Amz-Invocation-Type") == "Event":
			return wiretest.Answer{Status: 202}
		case strings.Contains(string(c.Raw), "bad"):
			return wiretest.Answer{Body: []byte(long), Header: map[string]string{"X-Amz-Function-Error": "Unhandled"}}
		}
		return wiretest.Answer{Body: []byte(`{"status": "idle"}`)}
	})
	d := deployer.New(cloud.Load(server.Getenv), "my-deployer")
	reply, failed, err := d.Ask(t.Context(), []byte(`{"action": "status"}`))
	require.NoError(t, err)
	assert.False(t, failed)
	assert.JSONEq(t, `{"status": "idle"}`, string(reply))
	reply, failed, err = d.Ask(t.Context(), []byte(`"bad"`))
	require.NoError(t, err)
	assert.True(t, failed)
	assert.Equal(t, long, string(reply), "in full")
	require.NoError(t, d.Send(t.Context(), []byte(`{"action": "deploy"}`)))

	calls := server.Calls("lambda:Invoke")
	require.Len(t, calls, 3)
	assert.Equal(t, "/2015-03-31/functions/my-deployer/invocations", calls[0].Path)
	assert.Equal(t, "RequestResponse", calls[0].Header.Get("X-Amz-Invocation-Type"))
	assert.JSONEq(t, `{"action": "deploy"}`, string(calls[2].Raw))
}

func TestWhatIsNoAnswerOfADeployer(t *testing.T) {
	for name, tt := range map[string]struct {
		answer wiretest.Answer
		want   error
	}{
		"another status": {wiretest.Answer{Status: 201}, target.ErrUnavailable},
		"no permission":  {wiretest.Fail(403, "AccessDeniedException", "no"), target.ErrDenied},
		"no deployer":    {wiretest.Fail(404, "ResourceNotFoundException", "none"), target.ErrNotFound},
		"too large":      {wiretest.Answer{Body: []byte(`"` + strings.Repeat("x", 5<<20) + `"`)}, target.ErrUnavailable},
	} {
		server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer { return tt.answer })
		d := deployer.New(cloud.Load(server.Getenv), "d")
		_, _, err := d.Ask(t.Context(), []byte(`{}`))
		require.ErrorIs(t, err, tt.want, name)
		assert.Less(t, len(err.Error()), 700)
		require.ErrorIs(t, d.Send(t.Context(), []byte(`{}`)), tt.want, name)
	}
}
