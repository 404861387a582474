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

const mine = "arn:aws:lambda:eu-west-1:123456789012:function:meta-deployer-durable:3/durable-execution/checkout-live-2/id"

// observed is an engine whose Lambda answers so.
func observed(t *testing.T, answer func(wiretest.Call) wiretest.Answer) (target.Engine, *wiretest.Server) {
	t.Helper()
	server := wiretest.Start(t, answer)
	engine := durables.Engine(cloud.Load(server.Getenv), "meta-deployer-durable")
	require.NotNil(t, engine)
	return *engine, server
}

func TestRunningExecutions(t *testing.T) {
	engine, server := observed(t, lambdaOf())
	arns, err := engine.Running(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"no", "arn of mine"}, arns, "of all pages, those that run")
	assert.Contains(t, server.Calls("lambda:ListDurableExecutionsByFunction")[0].Path, "/meta-deployer-durable/")
	assert.Nil(t, durables.Engine(cloud.Load(server.Getenv), ""), "a stack without a durable function")
	assert.True(t, engine.Owns(mine))
	assert.False(t, engine.Owns(strings.Replace(mine, "-durable:", "-durable-2:", 1)))
	assert.False(t, engine.Owns("arn:aws:states:eu-west-1:123456789012:execution:meta-deployer-rollout:x"))
}

func TestADescribedExecution(t *testing.T) {
	body := map[string]any{
		"DurableExecutionArn": mine, "DurableExecutionName": "checkout-live-2", "FunctionArn": "f", "StartTimestamp": 1_767_600_000, "Status": "FAILED",
		"InputPayload": `{"alias": "live"}`, "Error": map[string]any{"ErrorType": "RolledBack", "ErrorMessage": "why"},
	}
	engine, server := observed(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{Body: body} })
	e, err := engine.Execution(t.Context(), mine)
	require.NoError(t, err)
	assert.Equal(t, []string{mine, "FAILED", `{"alias": "live"}`, "RolledBack", "why"}, []string{e.ARN, string(e.Status), string(e.Input), e.Error, e.Cause})
	assert.Equal(t, int64(1_767_600_000), e.Started.Unix())
	assert.Equal(t, "/2025-12-01/durable-executions/"+mine, server.Calls("lambda:GetDurableExecution")[0].Path)
	assert.Equal(t, "checkout-live-2", target.ExecutionName(mine))

	body["DurableExecutionArn"] = "another"
	_, err = engine.Execution(t.Context(), mine)
	require.ErrorIs(t, err, target.ErrUnavailable)
	assert.Contains(t, err.Error(), `"another"`)
}

func TestWhatAnObserverIsRefused(t *testing.T) {
	engine, _ := observed(t, func(c wiretest.Call) wiretest.Answer {
		if strings.HasSuffix(c.Operation, "GetDurableExecution") {
			return wiretest.Fail(http.StatusNotFound, "ResourceNotFoundException", "no such execution")
		}
		return wiretest.Fail(http.StatusForbidden, "AccessDeniedException", "no")
	})
	_, err := engine.Execution(t.Context(), mine)
	require.ErrorIs(t, err, target.ErrNotFound)
	_, err = engine.Running(t.Context())
	assert.Equal(t, "give the role that calls the permission lambda:ListDurableExecutionsByFunction", target.Remedy(err))
}
