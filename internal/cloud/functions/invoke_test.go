package functions_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

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

// What a version answers is of its own making: its size must not be the caller's trouble.
func TestInvokeReadsNoMoreThan256KB(t *testing.T) {
	size := 0
	f, _ := connect(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Answer{Body: []byte(`"` + strings.Repeat("x", size-2) + `"`)}
	})
	size = 256 << 10
	reply, err := f.Invoke(t.Context(), target.Invocation{Function: "f:2"})
	require.NoError(t, err)
	assert.Empty(t, reply.Failure)
	assert.Len(t, reply.Body, size)
	for _, size = range []int{256<<10 + 1, 6 << 20} {
		reply, err = f.Invoke(t.Context(), target.Invocation{Function: "f:2"})
		require.NoError(t, err)
		assert.Equal(t, target.Reply{Failure: "its answer is larger than 256 KB, which is not read"}, reply)
	}
}

// Lambda has one error for a tenant id that is missing and for one that must not be there
// (docs.aws.amazon.com/lambda/latest/dg/tenant-isolation-troubleshooting).
func TestInvokeSaysWhatIsWrongWithTheTenant(t *testing.T) {
	f, _ := connect(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Fail(400, "InvalidParameterValueException", "Tenant ID configuration not specified or passed to a function when tenant isolation is not enabled.")
	})
	_, err := f.Invoke(t.Context(), target.Invocation{Function: "f:2"})
	require.ErrorIs(t, err, target.ErrRefused)
	require.ErrorContains(t, err, "; the function has tenant isolation: give a tenant-id")
	_, err = f.Invoke(t.Context(), target.Invocation{Function: "f:2", TenantID: "blue"})
	require.ErrorIs(t, err, target.ErrRefused)
	require.ErrorContains(t, err, `; the tenant-id is "blue": leave it out where the function has no tenant isolation`)

	require.NoError(t, f.CanInvoke(t.Context(), "f:2"), "a dry run names no tenant, and this is not what it asks")

	f, _ = connect(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Fail(400, "InvalidParameterValueException", "The derived qualifier does not match")
	})
	require.ErrorIs(t, f.CanInvoke(t.Context(), "f:2"), target.ErrRefused)
	_, err = f.Invoke(t.Context(), target.Invocation{Function: "f:2"})
	require.ErrorIs(t, err, target.ErrRefused)
	assert.NotContains(t, err.Error(), "tenant")
}
