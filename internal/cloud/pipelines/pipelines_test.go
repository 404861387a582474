package pipelines_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/pipelines"
	"github.com/meta-deployer/meta-deployer/internal/driver/pipeline"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

const job = "c968ef10-6415-4127-80b1-42502218a8c7"

func TestWhatCodePipelineIsTold(t *testing.T) {
	const success, failure = "PutJobSuccessResult", "PutJobFailureResult"
	for name, tt := range map[string]struct {
		reply     pipeline.Reply
		operation string
		body      string
	}{
		"it goes on": {
			pipeline.Reply{Token: "t", Message: "at 10 %", Percent: 9, Rollout: "r-1", Variables: map[string]string{"Status": "never with a token"}},
			success,
			`{"jobId":"` + job + `","continuationToken":"t","executionDetails":{"summary":"at 10 %","percentComplete":9,"externalExecutionId":"r-1"}}`,
		},
		"nothing has begun yet": {
			pipeline.Reply{Token: "t", Message: "waits"},
			success,
			`{"jobId":"` + job + `","continuationToken":"t","executionDetails":{"summary":"waits","percentComplete":0}}`,
		},
		"it succeeded": {
			pipeline.Reply{Message: "done", Percent: 100, Rollout: "r-1", Variables: map[string]string{"Status": "succeeded"}},
			success,
			`{"jobId":"` + job + `","executionDetails":{"summary":"done","percentComplete":100,"externalExecutionId":"r-1"},"outputVariables":{"Status":"succeeded"}}`,
		},
		"without variables": {
			pipeline.Reply{Message: "done", Percent: 100},
			success,
			`{"jobId":"` + job + `","executionDetails":{"summary":"done","percentComplete":100}}`,
		},
		"it failed": {
			pipeline.Reply{Failure: pipeline.JobFailed, Message: "RolledBack: errors", Rollout: "r-1"},
			failure,
			`{"jobId":"` + job + `","failureDetails":{"type":"JobFailed","message":"RolledBack: errors","externalExecutionId":"r-1"}}`,
		},
		"it was refused": {
			pipeline.Reply{Failure: pipeline.ConfigurationError, Message: "InvalidRequest: steps"},
			failure,
			`{"jobId":"` + job + `","failureDetails":{"type":"ConfigurationError","message":"InvalidRequest: steps"}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{} })
			require.NoError(t, pipelines.New(cloud.Load(server.Getenv)).Reply(t.Context(), job, tt.reply))
			calls := server.Calls("codepipeline:" + tt.operation)
			require.Len(t, calls, 1)
			assert.JSONEq(t, tt.body, string(calls[0].Raw))
			assert.Equal(t, "CodePipeline_20150709."+tt.operation, calls[0].Header.Get("X-Amz-Target"))
			assert.Contains(t, calls[0].Header.Get("Authorization"), "/eu-central-1/codepipeline/aws4_request", "the function's own region")
		})
	}
}

func TestWhatCodePipelineAnswers(t *testing.T) {
	const secret = "the token"
	for code, tt := range map[string]struct {
		status int
		want   error
	}{
		"InvalidJobStateException":             {400, pipeline.ErrAnswered},
		"JobNotFoundException":                 {400, pipeline.ErrAnswered},
		"OutputVariablesSizeExceededException": {400, pipeline.ErrTooLarge},
		"ValidationException":                  {400, target.ErrRefused},
		"AccessDeniedException":                {400, target.ErrDenied},
		"ThrottlingException":                  {400, target.ErrUnavailable},
		"InternalFailure":                      {500, target.ErrUnavailable},
	} {
		t.Run(code, func(t *testing.T) {
			server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer {
				message := "no"
				if code == "ValidationException" {
					message = "Value '" + secret + "' at 'continuationToken' failed to satisfy constraint"
				}
				return wiretest.Fail(tt.status, code, message)
			})
			cfg := cloud.Load(server.Getenv)
			cfg.RetryMaxAttempts = 1
			for _, r := range []pipeline.Reply{{Token: secret, Message: "m"}, {Failure: pipeline.JobFailed, Message: "m"}} {
				err := pipelines.New(cfg).Reply(t.Context(), job, r)
				require.ErrorIs(t, err, tt.want)
				assert.ErrorContains(t, err, code)
				assert.NotContains(t, err.Error(), secret)
			}
		})
	}
}

// A lost answer is asked for again by the client itself: the same bytes.
func TestALostAnswerIsToldAgain(t *testing.T) {
	first := true
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer {
		cut := first
		first = false
		return wiretest.Answer{Cut: cut, Status: http.StatusOK}
	})
	require.NoError(t, pipelines.New(cloud.Load(server.Getenv)).Reply(t.Context(), job, pipeline.Reply{Token: strings.Repeat("x", 2048), Message: "m"}))
	calls := server.Calls("codepipeline:PutJobSuccessResult")
	require.Len(t, calls, 2)
	assert.Equal(t, calls[0].Raw, calls[1].Raw)
}
