package durables_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/durables"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

const alias = "arn:aws:lambda:eu-west-1:123456789012:function:meta-deployer-durable:live"

// longEngine is a durable function as a long engine, whose Lambda answers so.
func longEngine(t *testing.T, answer func(wiretest.Call) wiretest.Answer) (*target.LongEngine, *wiretest.Server) {
	t.Helper()
	server := wiretest.Start(t, answer)
	return durables.LongEngine(cloud.Load(server.Getenv), alias), server
}

// An execution is started by an event on the alias, with a name.
func TestAStart(t *testing.T) {
	engine, server := longEngine(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Answer{Status: http.StatusAccepted, Header: map[string]string{"X-Amz-Durable-Execution-Arn": mine}}
	})
	assert.Equal(t, "durable", engine.Kind)
	arn, err := engine.Start(t.Context(), "checkout-live-2", []byte(`{"a":1}`))
	require.NoError(t, err)
	assert.Equal(t, mine, arn)
	call := server.Calls("lambda:Invoke")[0]
	assert.Contains(t, call.Path, "/functions/meta-deployer-durable:live/invocations")
	assert.Equal(t, []string{"Event", "checkout-live-2", `{"a":1}`}, []string{call.Header.Get("X-Amz-Invocation-Type"), call.Header.Get("X-Amz-Durable-Execution-Name"), string(call.Raw)})
}

func TestAStartThatIsNone(t *testing.T) {
	for name, tt := range map[string]struct {
		answer wiretest.Answer
		want   error
	}{
		"another input":  {wiretest.Fail(http.StatusConflict, "DurableExecutionAlreadyStartedException", "it has another payload"), target.ErrExists},
		"not allowed":    {wiretest.Fail(http.StatusForbidden, "AccessDeniedException", "no"), target.ErrDenied},
		"without an ARN": {wiretest.Answer{Status: http.StatusAccepted}, target.ErrUnavailable},
	} {
		engine, _ := longEngine(t, func(wiretest.Call) wiretest.Answer { return tt.answer })
		_, err := engine.Start(t.Context(), "checkout-live-2", nil)
		require.ErrorIs(t, err, tt.want, name)
	}
}

// An execution whose start was not answered is found by its name.
func TestAnExecutionIsFoundByItsName(t *testing.T) {
	engine, server := longEngine(t, func(c wiretest.Call) wiretest.Answer {
		if strings.HasSuffix(c.Operation, "GetDurableExecution") {
			return wiretest.Answer{Body: map[string]any{"DurableExecutionArn": mine, "StartTimestamp": 1_767_600_000, "Status": "RUNNING"}}
		}
		return wiretest.Answer{Body: map[string]any{"DurableExecutions": []map[string]any{
			{"DurableExecutionArn": "of another", "DurableExecutionName": "checkout-live-22", "Status": "RUNNING"},
			{"DurableExecutionArn": mine, "DurableExecutionName": "checkout-live-2", "Status": "RUNNING"},
		}}}
	})
	arn := engine.ExecutionARN("checkout-live-2")
	assert.True(t, engine.ByName(arn))
	assert.False(t, engine.ByName(mine))
	assert.Equal(t, "checkout-live-2", target.ExecutionName(arn))
	e, err := engine.Execution(t.Context(), arn)
	require.NoError(t, err)
	assert.Equal(t, mine, e.ARN)
	assert.Contains(t, server.Calls("lambda:ListDurableExecutionsByFunction")[0].Query.Encode(), "checkout-live-2")
	_, err = engine.Execution(t.Context(), engine.ExecutionARN("gone"))
	require.ErrorIs(t, err, target.ErrNotFound)
}
