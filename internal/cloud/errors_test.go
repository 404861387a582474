package cloud_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/deployments"
	"github.com/meta-deployer/meta-deployer/internal/cloud/functions"
	"github.com/meta-deployer/meta-deployer/internal/cloud/metrics"
	"github.com/meta-deployer/meta-deployer/internal/hook"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

// Every protocol's errors become the same words of ours, with AWS's own code and message in them.
func TestErrors(t *testing.T) {
	tests := map[string]struct {
		answer wiretest.Answer
		want   error
	}{
		"400 invalid parameter":     {wiretest.Fail(400, "InvalidParameterValueException", "Invalid function version 1."), target.ErrRefused},
		"400 validation":            {wiretest.Fail(400, "ValidationException", "1 validation error detected"), target.ErrRefused},
		"400 throttling":            {wiretest.Fail(400, "ThrottlingException", "Rate exceeded"), target.ErrUnavailable},
		"400 throttled, other name": {wiretest.Fail(400, "Throttling", "Rate exceeded"), target.ErrUnavailable},
		"400 denied":                {wiretest.Fail(400, "AccessDeniedException", "not authorized"), target.ErrDenied},
		"400 expired credentials":   {wiretest.Fail(400, "UnrecognizedClientException", "The security token is invalid"), target.ErrDenied},
		"400 restoring failed":      {wiretest.Fail(400, "SnapStartException", "the afterRestore() runtime hook encountered an error"), target.ErrUnavailable},
		"402 quota":                 {wiretest.Fail(402, "ServiceQuotaExceededException", "quota exceeded"), target.ErrUnavailable},
		"403 denied":                {wiretest.Fail(403, "AccessDeniedException", "not authorized to perform"), target.ErrDenied},
		"403 by any name":           {wiretest.Fail(403, "InvalidSignatureException", "signature"), target.ErrDenied},
		"404 not found":             {wiretest.Fail(404, "ResourceNotFoundException", "Function not found: f"), target.ErrNotFound},
		"409 conflict":              {wiretest.Fail(409, "ResourceConflictException", "in progress"), target.ErrUnavailable},
		"412 moved":                 {wiretest.Fail(412, "PreconditionFailedException", "The Revision Id provided does not match"), target.ErrMoved},
		"429 too many requests":     {wiretest.Fail(429, "TooManyRequestsException", "Rate Exceeded."), target.ErrUnavailable},
		"500 service":               {wiretest.Fail(500, "ServiceException", "An error occurred"), target.ErrUnavailable},
		"503":                       {wiretest.Fail(503, "ServiceUnavailable", "busy"), target.ErrUnavailable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for client, call := range calls(t, test.answer) {
				err := call()
				assert.Equal(t, []error{test.want}, sentinelsOf(err), client)
				assert.ErrorContains(t, err, test.answer.Code)
				assert.ErrorContains(t, err, test.answer.Message)
				assert.NotContains(t, err.Error(), "secret")
			}
		})
	}
}

// sentinelsOf are the words of ours that an error wraps.
func sentinelsOf(err error) []error {
	all := []error{target.ErrNotFound, target.ErrMoved, target.ErrDenied, target.ErrRefused, target.ErrUnavailable}
	return slices.DeleteFunc(all, func(sentinel error) bool { return !errors.Is(err, sentinel) })
}

// What is not an answer of AWS at all is no answer: whether the call was done is not known.
func TestNoAnswer(t *testing.T) {
	tests := map[string]wiretest.Answer{
		"a connection that is cut":       {Cut: true},
		"a gateway's page":               {Status: 502, Body: []byte("<html>bad gateway</html>")},
		"a page of nobody's":             {Status: 500, Body: []byte("oops")},
		"an answer of another format":    {Body: []byte("<html>welcome</html>")},
		"an answer that does not end":    {Body: []byte(`{"FunctionVersion": "1`)},
		"an answer that is a number":     {Body: []byte(`17`)},
		"an answer that is only a brace": {Body: []byte(`{`)},
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			for client, call := range calls(t, answer) {
				assert.ErrorIs(t, call(), target.ErrUnavailable, client)
			}
		})
	}
}

// calls are one call of each client, each answered the same, without the SDK's own retries.
func calls(t *testing.T, answer wiretest.Answer) map[string]func() error {
	t.Helper()
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer { return answer })
	cfg := cloud.Load(server.Getenv)
	cfg.RetryMaxAttempts = 1
	f, m, d := functions.New(cfg), metrics.New(cfg), deployments.New(cfg)
	ctx := t.Context()
	return map[string]func() error{
		"Lambda": func() error {
			_, err := f.Alias(ctx, "f", "live")
			return err
		},
		"CloudWatch": func() error {
			_, err := m.Minutes(ctx, target.MetricsQuery{Function: "f", Alias: "live", NewVersion: "2", Since: time.Now(), Until: time.Now()})
			return err
		},
		"CodeDeploy": func() error { return d.Report(ctx, "d-1", "e-1", hook.Succeeded) },
	}
}

// An unavailable service is asked again by the SDK itself; what is refused is not.
func TestRetries(t *testing.T) {
	tests := map[string]struct {
		first wiretest.Answer
		calls int
		err   error
	}{
		"throttled":              {wiretest.Fail(429, "TooManyRequestsException", "Rate Exceeded."), 2, nil},
		"throttled with 400":     {wiretest.Fail(400, "ThrottlingException", "Rate exceeded"), 2, nil},
		"failed":                 {wiretest.Fail(500, "ServiceException", "An error occurred"), 2, nil},
		"cut":                    {wiretest.Answer{Cut: true}, 2, nil},
		"moved by somebody else": {wiretest.Fail(412, "PreconditionFailedException", "does not match"), 1, target.ErrMoved},
		"refused":                {wiretest.Fail(400, "InvalidParameterValueException", "no"), 1, target.ErrRefused},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			server := wiretest.Start(t, func(call wiretest.Call) wiretest.Answer {
				if calls.Add(1) == 1 {
					return test.first
				}
				return wiretest.Answer{Body: call.Raw}
			})
			f := functions.New(cloud.Load(server.Getenv))
			to := target.Alias{Routing: rollout.Routing{Primary: "1", Secondary: "2", Weight: 10_00}, Revision: "r1"}
			_, err := f.UpdateAlias(t.Context(), "f", "live", to)
			assert.ErrorIs(t, err, test.err)
			sent := server.Calls("lambda:UpdateAlias")
			require.Len(t, sent, test.calls)
			for _, call := range sent {
				assert.Equal(t, sent[0].Raw, call.Raw, "a repeated write is the same write, revision included")
			}
		})
	}
}

// An answer that does not come is asked for again, within the time that one call may take.
func TestALostAnswerIsNoticed(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer {
		answer := wiretest.Answer{Body: map[string]any{"FunctionVersion": "1", "RevisionId": "r1"}}
		if calls.Add(1) == 1 {
			answer.Delay = time.Minute
		}
		return answer
	})
	alias, err := functions.New(cloud.Load(server.Getenv)).Alias(t.Context(), "f", "live")
	require.NoError(t, err)
	assert.Equal(t, "1", alias.Routing.Primary)
	assert.Greater(t, calls.Load(), int32(1), "the first answer was not waited for")
}

func TestACallEndsWithItsContext(t *testing.T) {
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{Delay: time.Minute} })
	f := functions.New(cloud.Load(server.Getenv))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := f.Invoke(ctx, target.Invocation{Function: "f:2"})
	require.ErrorIs(t, err, target.ErrUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestLoad(t *testing.T) {
	server := wiretest.Start(t, func(call wiretest.Call) wiretest.Answer { return wiretest.Answer{Body: call.Raw} })
	environment := server.Environment()
	delete(environment, "AWS_ENDPOINT_URL")
	environment["AWS_ENDPOINT_URL_CODEDEPLOY"] = server.URL
	cfg := cloud.Load(func(key string) string { return environment[key] })
	require.NoError(t, deployments.New(cfg).Report(t.Context(), "d-1", "e-1", hook.Failed))
	header := server.Calls("codedeploy:PutLifecycleEventHookExecutionStatus")[0].Header
	assert.Contains(t, header.Get("Authorization"), "/eu-central-1/codedeploy/aws4_request")
	assert.Equal(t, "test-session-token", header.Get("X-Amz-Security-Token"))
}

func TestCaller(t *testing.T) {
	caller := cloud.Caller(cloud.Load(func(string) string { return "" }), request.Home{})
	home, id := caller(t.Context())
	assert.Zero(t, home)
	assert.Empty(t, id)

	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{
		AwsRequestID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd", InvokedFunctionArn: "arn:aws:lambda:us-east-1:123456789012:function:deployer:live",
	})
	home, id = cloud.Caller(cloud.Load(func(string) string { return "us-east-1" }), request.Home{})(ctx)
	assert.Equal(t, request.Home{Region: "us-east-1", Account: "123456789012"}, home)
	assert.Equal(t, "8476a536-e9f4-11e8-9739-2dfe598c3fcd", id)
}
