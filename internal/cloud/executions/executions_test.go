package executions_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/executions"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

const arn = "arn:aws:states:eu-central-1:123456789012:execution:meta-deployer-rollout:x"

func TestExecution(t *testing.T) {
	for name, tt := range map[string]struct {
		answer wiretest.Answer
		want   target.Execution
		err    error
	}{
		"runs": {
			wiretest.Answer{Body: map[string]any{"executionArn": arn, "status": "RUNNING", "input": "{}"}},
			target.Execution{ARN: arn, Status: target.ExecutionRunning, Input: []byte("{}")},
			nil,
		},
		"was aborted": {
			wiretest.Answer{Body: map[string]any{"executionArn": arn, "status": "ABORTED"}}, target.Execution{ARN: arn, Status: target.ExecutionAborted}, nil,
		},
		"is another":     {wiretest.Answer{Body: map[string]any{"executionArn": arn + "y", "status": "ABORTED"}}, target.Execution{}, target.ErrUnavailable},
		"without status": {wiretest.Answer{Body: map[string]any{"executionArn": arn}}, target.Execution{}, target.ErrUnavailable},
		"does not exist": {wiretest.Fail(http.StatusBadRequest, "ExecutionDoesNotExist", "no"), target.Execution{}, target.ErrNotFound},
		"may not":        {wiretest.Fail(http.StatusBadRequest, "AccessDeniedException", "no"), target.Execution{}, target.ErrDenied},
		"throttled":      {wiretest.Fail(http.StatusBadRequest, "ThrottlingException", "no"), target.Execution{}, target.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer { return tt.answer })
			got, err := executions.New(cloud.Load(server.Getenv)).Execution(t.Context(), arn)
			require.ErrorIs(t, err, tt.err)
			assert.Equal(t, tt.want, got)
			call := server.Calls("states:DescribeExecution")[0]
			assert.JSONEq(t, `{"executionArn": "`+arn+`"}`, string(call.Raw))
			if name == "may not" {
				assert.Equal(t, "give the role that calls the permission states:DescribeExecution", target.Remedy(err))
			}
		})
	}
}
