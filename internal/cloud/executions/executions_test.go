package executions_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/executions"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

const (
	machine   = "arn:aws:states:eu-west-1:123456789012:stateMachine:meta-deployer-rollout"
	execution = "arn:aws:states:eu-west-1:123456789012:execution:meta-deployer-rollout:f-live-2-0a1b2c3d"
)

type object = map[string]any

// serve is a state machine that answers every call alike.
func serve(t *testing.T, answer func(wiretest.Call) wiretest.Answer) (*wiretest.Server, executions.Executions) {
	t.Helper()
	server := wiretest.Start(t, answer)
	config := cloud.Load(server.Getenv)
	config.RetryMaxAttempts = 1
	return server, executions.New(config, machine)
}

func TestAStart(t *testing.T) {
	server, e := serve(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Answer{Body: object{"executionArn": execution, "startDate": time.Now()}}
	})
	arn, err := e.Start(t.Context(), "f-live-2-0a1b2c3d", []byte(`{"function-name":"f"}`))
	require.NoError(t, err)
	assert.Equal(t, execution, arn)
	calls := server.Calls("states:StartExecution")
	require.Len(t, calls, 1)
	assert.JSONEq(t, `{"stateMachineArn": "`+machine+`", "name": "f-live-2-0a1b2c3d", "input": "{\"function-name\":\"f\"}"}`, string(calls[0].Raw))
}

func TestAnExecution(t *testing.T) {
	began := time.Date(2026, 11, 21, 16, 44, 54, 120e6, time.UTC)
	for name, tt := range map[string]struct {
		answer object
		want   target.Execution
	}{
		"that runs":      {object{"status": "RUNNING", "input": "{}"}, target.Execution{Status: target.ExecutionRunning, Input: []byte("{}")}},
		"that went well": {object{"status": "SUCCEEDED", "output": `{"status":"no-op"}`}, target.Execution{Status: target.ExecutionSucceeded, Output: []byte(`{"status":"no-op"}`)}},
		"that failed":    {object{"status": "FAILED", "error": "RolledBack", "cause": "why"}, target.Execution{Status: target.ExecutionFailed, Error: "RolledBack", Cause: "why"}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.answer["executionArn"], tt.answer["startDate"], tt.want.ARN, tt.want.Started = execution, began, execution, began
			server, e := serve(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{Body: tt.answer} })
			got, err := e.Execution(t.Context(), execution)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.JSONEq(t, `{"executionArn": "`+execution+`"}`, string(server.Calls("states:DescribeExecution")[0].Raw))
		})
	}
}

func TestWhatRunsIsReadPageByPage(t *testing.T) {
	server, e := serve(t, func(c wiretest.Call) wiretest.Answer {
		var body struct{ NextToken string }
		_ = json.Unmarshal(c.Raw, &body)
		page := object{"executions": []object{{"executionArn": execution + "-" + fmt.Sprint(len(body.NextToken))}}}
		if body.NextToken == "" {
			page["nextToken"] = "x"
		}
		return wiretest.Answer{Body: page}
	})
	arns, err := e.Running(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{execution + "-0", execution + "-1"}, arns)
	assert.Contains(t, string(server.Calls("states:ListExecutions")[0].Raw), `"statusFilter":"RUNNING"`)
}

// A page that is lost on the way is asked for again: the SDK loses one in a hundred (aws-sdk-go-v2 2737).
func TestTooManyExecutionsAreNotRead(t *testing.T) {
	calls := 0
	page := make([]object, 1_000)
	for i := range page {
		page[i] = object{"executionArn": execution}
	}
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer {
		calls++
		return wiretest.Answer{Body: object{"executions": page, "nextToken": fmt.Sprint(calls)}}
	})
	_, err := executions.New(cloud.Load(server.Getenv), machine).Running(t.Context())
	require.ErrorIs(t, err, target.ErrUnavailable)
	require.ErrorContains(t, err, "more than 5000 executions are running")
	assert.GreaterOrEqual(t, calls, 5)
}

// Step Functions has names of its own for what others call not found or taken.
func TestErrors(t *testing.T) {
	for code, want := range map[string]error{
		"ExecutionAlreadyExists": target.ErrExists, "ExecutionDoesNotExist": target.ErrNotFound, "StateMachineDoesNotExist": target.ErrNotFound,
		"AccessDeniedException": target.ErrDenied, "ThrottlingException": target.ErrUnavailable, "ExecutionLimitExceeded": target.ErrUnavailable,
		"InvalidName": target.ErrRefused, "InvalidArn": target.ErrRefused, "StateMachineDeleting": target.ErrRefused, "InvalidExecutionInput": target.ErrRefused,
	} {
		_, e := serve(t, func(wiretest.Call) wiretest.Answer { return wiretest.Fail(400, code, "no") })
		_, err := e.Start(t.Context(), "x", nil)
		require.ErrorIs(t, err, want, code)
		_, err = e.Execution(t.Context(), execution)
		require.ErrorIs(t, err, want, code)
		_, err = e.Running(t.Context())
		require.ErrorIs(t, err, want, code)
		if code == "AccessDeniedException" {
			assert.Equal(t, "give the role that calls the permission states:ListExecutions", target.Remedy(err))
		}
	}
}

// An answer that is none is not believed.
func TestAnswersThatAreNone(t *testing.T) {
	for name, answer := range map[string]object{
		"empty": {}, "of another execution": {"executionArn": execution + "x", "status": "RUNNING", "startDate": time.Now()},
		"without a status": {"executionArn": execution, "startDate": time.Now()}, "without its start": {"executionArn": execution, "status": "RUNNING"},
	} {
		_, e := serve(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{Body: answer} })
		_, err := e.Execution(t.Context(), execution)
		require.ErrorIs(t, err, target.ErrUnavailable, name)
	}
	_, e := serve(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{Body: object{}} })
	_, err := e.Start(t.Context(), "x", nil)
	require.ErrorIs(t, err, target.ErrUnavailable)
}

func TestAStacksEngine(t *testing.T) {
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{} })
	assert.Nil(t, executions.LongEngine(cloud.Load(server.Getenv), ""))
	engine := executions.LongEngine(cloud.Load(server.Getenv), machine)
	assert.True(t, engine.Owns(execution))
	assert.False(t, engine.Owns("arn:aws:states:eu-west-1:123456789012:execution:meta-deployer-rollout-2:x"))
	assert.Equal(t, execution, engine.ExecutionARN("f-live-2-0a1b2c3d"))
	assert.Nil(t, executions.Engine(cloud.Load(server.Getenv), ""))
	assert.True(t, executions.Engine(cloud.Load(server.Getenv), machine).Owns(execution))
}
