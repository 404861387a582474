package functions_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/functions"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

// connect makes a Lambda whose calls are answered by answer.
func connect(t *testing.T, answer func(wiretest.Call) wiretest.Answer) (functions.Functions, *wiretest.Server) {
	t.Helper()
	server := wiretest.Start(t, answer)
	return functions.New(cloud.Load(server.Getenv)), server
}

// always answers every call with the same body.
func always(body any) func(wiretest.Call) wiretest.Answer {
	return func(wiretest.Call) wiretest.Answer { return wiretest.Answer{Body: body} }
}

func TestAlias(t *testing.T) {
	tests := map[string]struct {
		body  map[string]any
		alias target.Alias
	}{
		"one version": {
			map[string]any{"FunctionVersion": "1", "Description": "", "RevisionId": "r1"},
			target.Alias{Routing: rollout.Routing{Primary: "1"}, Revision: "r1"},
		},
		"two versions": {
			map[string]any{"FunctionVersion": "1", "Description": "mine", "RevisionId": "r2", "RoutingConfig": weights(map[string]any{"2": 0.3333})},
			target.Alias{Routing: rollout.Routing{Primary: "1", Secondary: "2", Weight: 33_33}, Description: "mine", Revision: "r2"},
		},
		"an empty routing": {
			map[string]any{"FunctionVersion": "1", "RevisionId": "r3", "RoutingConfig": weights(map[string]any{})},
			target.Alias{Routing: rollout.Routing{Primary: "1"}, Revision: "r3"},
		},
		"a second version without traffic": {
			map[string]any{"FunctionVersion": "1", "RevisionId": "r4", "RoutingConfig": weights(map[string]any{"2": 0.0})},
			target.Alias{Routing: rollout.Routing{Primary: "1"}, Revision: "r4"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f, server := connect(t, always(test.body))
			alias, err := f.Alias(t.Context(), "f", "live")
			require.NoError(t, err)
			assert.Equal(t, test.alias, alias)
			assert.Equal(t, "/2015-03-31/functions/f/aliases/live", server.Calls("lambda:GetAlias")[0].Path)
		})
	}
	f, _ := connect(t, always(map[string]any{"FunctionVersion": "1", "RoutingConfig": weights(map[string]any{"2": 0.1, "3": 0.1})}))
	_, err := f.Alias(t.Context(), "f", "live")
	require.ErrorIs(t, err, target.ErrRefused, "what an alias of more than two versions does is not known")
}

func weights(w map[string]any) map[string]any { return map[string]any{"AdditionalVersionWeights": w} }

// What is not sent is not changed: so everything is sent, always.
func TestUpdateAliasOnTheWire(t *testing.T) {
	tests := map[string]struct {
		to   target.Alias
		body string
	}{
		"a split": {
			target.Alias{Routing: rollout.Routing{Primary: "1", Secondary: "2", Weight: 33_33}, Description: "journal", Revision: "r1"},
			`{"FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":0.3333}},"Description":"journal","RevisionId":"r1"}`,
		},
		"the smallest share": {
			target.Alias{Routing: rollout.Routing{Primary: "1", Secondary: "2", Weight: 1}, Description: "journal", Revision: "r1"},
			`{"FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":0.0001}},"Description":"journal","RevisionId":"r1"}`,
		},
		"all of it: the weights are cleared": {
			target.Alias{Routing: rollout.Routing{Primary: "2"}, Description: "journal", Revision: "r2"},
			`{"FunctionVersion":"2","RoutingConfig":{"AdditionalVersionWeights":{}},"Description":"journal","RevisionId":"r2"}`,
		},
		"no description: it is cleared": {
			target.Alias{Routing: rollout.Routing{Primary: "2"}, Revision: "r3"},
			`{"FunctionVersion":"2","RoutingConfig":{"AdditionalVersionWeights":{}},"Description":"","RevisionId":"r3"}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f, server := connect(t, func(call wiretest.Call) wiretest.Answer { return wiretest.Answer{Body: call.Raw} })
			made, err := f.UpdateAlias(t.Context(), "f", "live", test.to)
			require.NoError(t, err)
			assert.Equal(t, test.to, made)
			calls := server.Calls("lambda:UpdateAlias")
			require.Len(t, calls, 1)
			assert.Equal(t, "/2015-03-31/functions/f/aliases/live", calls[0].Path)
			assert.JSONEq(t, test.body, string(calls[0].Raw))
		})
	}
}

// Every weight goes over the wire with at most four decimals, and comes back as it was.
func TestWeightsAreExactOnTheWire(t *testing.T) {
	f, server := connect(t, func(call wiretest.Call) wiretest.Answer { return wiretest.Answer{Body: call.Raw} })
	for w := rollout.Weight(1); w < rollout.Full; w += 101 {
		routing := rollout.Routing{Primary: "1", Secondary: "2", Weight: w}
		made, err := f.UpdateAlias(t.Context(), "f", "live", target.Alias{Routing: routing, Revision: "r1"})
		require.NoError(t, err)
		assert.Equal(t, routing, made.Routing)
	}
	for i, call := range server.Calls("lambda:UpdateAlias") {
		_, share, _ := strings.Cut(string(call.Raw), `{"2":`)
		share, _, _ = strings.Cut(share, "}")
		assert.LessOrEqual(t, len(share), len("0.0001"), share)
		echo, _ := connect(t, always(call.Raw))
		alias, err := echo.Alias(t.Context(), "f", "live")
		require.NoError(t, err)
		assert.Equal(t, rollout.Weight(1+101*i), alias.Routing.Weight)
	}
}

func TestVersion(t *testing.T) {
	tests := map[string]struct {
		body    map[string]any
		version target.Version
	}{
		"active": {
			map[string]any{"State": "Active", "LastUpdateStatus": "Successful", "Role": "arn:role", "SnapStart": map[string]any{"ApplyOn": "None", "OptimizationStatus": "Off"}},
			target.Version{State: "Active", UpdateStatus: "Successful", Role: "arn:role"},
		},
		"pending, with a snapshot to come": {
			map[string]any{"State": "Pending", "StateReasonCode": "Creating", "StateReason": "The function is being created.", "LastUpdateStatus": "InProgress", "SnapStart": map[string]any{"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}},
			target.Version{State: "Pending", UpdateStatus: "InProgress", Reason: "Creating The function is being created.", SnapStart: true},
		},
		"with a snapshot and a dead-letter target": {
			map[string]any{"State": "Active", "SnapStart": map[string]any{"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}, "DeadLetterConfig": map[string]any{"TargetArn": "arn:queue"}},
			target.Version{State: "Active", SnapStart: true, Optimized: true, DeadLetter: "arn:queue"},
		},
		"failed": {
			map[string]any{"State": "Failed", "StateReasonCode": "EniLimitExceeded", "LastUpdateStatus": "Successful"},
			target.Version{State: "Failed", UpdateStatus: "Successful", Reason: "EniLimitExceeded"},
		},
		"failed to update": {
			map[string]any{"State": "Active", "LastUpdateStatus": "Failed", "LastUpdateStatusReasonCode": "ImageDeleted", "LastUpdateStatusReason": "gone"},
			target.Version{State: "Active", UpdateStatus: "Failed", Reason: "ImageDeleted gone"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f, server := connect(t, always(test.body))
			version, err := f.Version(t.Context(), "f", "2")
			require.NoError(t, err)
			assert.Equal(t, test.version, version)
			call := server.Calls("lambda:GetFunctionConfiguration")[0]
			assert.Equal(t, "/2015-03-31/functions/f/configuration", call.Path)
			assert.Equal(t, "2", call.Query.Get("Qualifier"))
		})
	}
	f, server := connect(t, always(map[string]any{}))
	_, err := f.Version(t.Context(), "f", "")
	require.NoError(t, err)
	assert.Empty(t, server.Calls("lambda:GetFunctionConfiguration")[0].Query, "the unpublished version has no qualifier")
}

func TestProvisionedConcurrency(t *testing.T) {
	f, server := connect(t, always(map[string]any{
		"RequestedProvisionedConcurrentExecutions": 5, "AvailableProvisionedConcurrentExecutions": 3, "Status": "IN_PROGRESS",
	}))
	setting, err := f.ProvisionedConcurrency(t.Context(), "f", "live")
	require.NoError(t, err)
	assert.Equal(t, target.ProvisionedConcurrency{Requested: 5, Available: 3, Status: "IN_PROGRESS"}, setting)
	assert.Equal(t, "live", server.Calls("lambda:GetProvisionedConcurrencyConfig")[0].Query.Get("Qualifier"))

	f, _ = connect(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Fail(404, "ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function")
	})
	_, err = f.ProvisionedConcurrency(t.Context(), "f", "live")
	require.ErrorIs(t, err, target.ErrNotFound)
}

func TestInvoke(t *testing.T) {
	arn := "arn:aws:lambda:eu-central-1:123456789012:function:f:2"
	f, server := connect(t, func(call wiretest.Call) wiretest.Answer {
		if strings.Contains(string(call.Raw), "bad") {
			return wiretest.Answer{Body: []byte(`{"errorMessage":"` + strings.Repeat("no ", 500) + `"}`), Header: map[string]string{"X-Amz-Function-Error": "Unhandled"}}
		}
		return wiretest.Answer{Body: []byte(`{"ok":true}`), Header: map[string]string{"X-Amz-Executed-Version": "2"}}
	})
	reply, err := f.Invoke(t.Context(), target.Invocation{Function: arn, Payload: []byte(`{"ping":1}`)})
	require.NoError(t, err)
	assert.Empty(t, reply.Failure)
	assert.JSONEq(t, `{"ok":true}`, string(reply.Body))
	call := server.Calls("lambda:Invoke")[0]
	assert.Equal(t, "/2015-03-31/functions/"+arn+"/invocations", call.Path)
	assert.Equal(t, "RequestResponse", call.Header.Get("X-Amz-Invocation-Type"))
	assert.JSONEq(t, `{"ping":1}`, string(call.Raw))
	assert.NotContains(t, call.Header, "X-Amz-Tenant-Id")

	reply, err = f.Invoke(t.Context(), target.Invocation{Function: "f:2", Payload: []byte(`"bad"`), TenantID: "blue-1"})
	require.NoError(t, err, "status 200 with a function error is the function's failure, not the call's")
	assert.Empty(t, reply.Body)
	assert.Contains(t, reply.Failure, `Unhandled: {"errorMessage":"no no`)
	assert.Less(t, len(reply.Failure), 400)
	assert.Equal(t, "blue-1", server.Calls("lambda:Invoke")[1].Header.Get("X-Amz-Tenant-Id"))
}

func TestCanInvokeRunsNothing(t *testing.T) {
	f, server := connect(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{Status: 204} })
	require.NoError(t, f.CanInvoke(t.Context(), "f:2"))
	call := server.Calls("lambda:Invoke")[0]
	assert.Equal(t, "DryRun", call.Header.Get("X-Amz-Invocation-Type"))
	assert.Equal(t, "/2015-03-31/functions/f:2/invocations", call.Path)
}

// A hook may take longer to answer than any other call of the SDK.
func TestInvokeWaitsForASlowFunction(t *testing.T) {
	t.Parallel()
	f, server := connect(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Answer{Body: []byte(`{}`), Delay: 4 * time.Second}
	})
	reply, err := f.Invoke(t.Context(), target.Invocation{Function: "f:2"})
	require.NoError(t, err)
	assert.Empty(t, reply.Failure)
	assert.Len(t, server.Calls("lambda:Invoke"), 1)
}

// How long an answer took is measured: an attempt that was throttled is not part of it, its caller tries again.
func TestInvokeIsOneAttempt(t *testing.T) {
	f, server := connect(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Answer{Status: 429, Body: []byte(`{"Reason":"ConcurrentInvocationLimitExceeded"}`), Header: map[string]string{"X-Amzn-Errortype": "TooManyRequestsException"}}
	})
	_, err := f.Invoke(t.Context(), target.Invocation{Function: "f:2"})
	require.ErrorIs(t, err, target.ErrUnavailable)
	assert.Len(t, server.Calls("lambda:Invoke"), 1)
}
