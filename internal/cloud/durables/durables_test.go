package durables_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/durables"
	"github.com/meta-deployer/meta-deployer/internal/durable"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

const arn = "arn:aws:lambda:eu-west-1:123456789012:function:meta-deployer-durable:7/durable-execution/checkout-live-8/id"

// operations are as Lambda answers them, times in seconds.
func operations() []any {
	return []any{
		map[string]any{"Id": "id", "Name": "checkout-live-8", "Type": "EXECUTION", "Status": "STARTED", "StartTimestamp": 1767356934.93, "ExecutionDetails": map[string]any{"InputPayload": "{}"}},
		map[string]any{"Id": "poll", "Name": "poll", "Type": "STEP", "Status": "FAILED", "StartTimestamp": 1767356935, "StepDetails": map[string]any{
			"Attempt": 3, "Result": "r", "Error": map[string]any{"ErrorType": "T", "ErrorMessage": "m"},
		}},
		map[string]any{"Id": "control", "Name": "control", "Type": "CALLBACK", "Status": "STARTED", "StartTimestamp": 1767356935, "CallbackDetails": map[string]any{"CallbackId": "c"}},
	}
}

func read() []durable.Operation {
	at := time.Unix(1767356935, 0).UTC()
	return []durable.Operation{
		{ID: "id", Name: "checkout-live-8", Type: durable.Execution, Status: durable.Started, Started: at.Add(-70 * time.Millisecond), Input: "{}"},
		{ID: "poll", Name: "poll", Type: durable.Step, Status: durable.Failed, Started: at, Attempt: 3, Result: "r", Failure: &durable.Failure{Type: "T", Message: "m"}},
		{ID: "control", Name: "control", Type: durable.Callback, Status: durable.Started, Started: at},
	}
}

func TestCheckpoint(t *testing.T) {
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Answer{Body: map[string]any{"CheckpointToken": "next", "NewExecutionState": map[string]any{"Operations": operations(), "NextMarker": "more"}}}
	})
	e := durables.New(cloud.Load(server.Getenv))
	recorded, err := e.Checkpoint(t.Context(), arn, "token", []durable.Update{
		{ID: "control", Name: "control", SubType: "Callback", Type: durable.Callback, Action: durable.Start},
		{ID: "poll", Name: "poll", SubType: "WaitForCondition", Type: durable.Step, Action: durable.Retry, Payload: "{}", Delay: 30},
		{ID: "last", Name: "poll", SubType: "WaitForCondition", Type: durable.Step, Action: durable.Fail, Failure: &durable.Failure{Type: "T", Message: "m"}},
	})
	require.NoError(t, err)
	assert.Equal(t, durable.Recorded{Token: "next", Page: durable.Page{Operations: read(), NextMarker: "more"}}, recorded)
	calls := server.Calls("lambda:CheckpointDurableExecution")
	require.Len(t, calls, 1)
	assert.Equal(t, "/2025-12-01/durable-executions/"+arn+"/checkpoint", calls[0].Path)
	var body struct{ ClientToken string }
	require.NoError(t, calls[0].Into(&body))
	assert.NotEmpty(t, body.ClientToken)
	assert.JSONEq(t, `{"CheckpointToken": "token", "ClientToken": "`+body.ClientToken+`", "Updates": [
		{"Action": "START", "Id": "control", "Name": "control", "SubType": "Callback", "Type": "CALLBACK"},
		{"Action": "RETRY", "Id": "poll", "Name": "poll", "SubType": "WaitForCondition", "Type": "STEP", "Payload": "{}", "StepOptions": {"NextAttemptDelaySeconds": 30}},
		{"Action": "FAIL", "Id": "last", "Name": "poll", "SubType": "WaitForCondition", "Type": "STEP", "Error": {"ErrorType": "T", "ErrorMessage": "m"}}
	]}`, string(calls[0].Raw))
}

func TestACheckpointWithoutATokenOrAState(t *testing.T) {
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{Body: map[string]any{}} })
	recorded, err := durables.New(cloud.Load(server.Getenv)).Checkpoint(t.Context(), arn, "token", nil)
	require.NoError(t, err)
	assert.Equal(t, durable.Recorded{}, recorded)
}

func TestState(t *testing.T) {
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Answer{Body: map[string]any{"Operations": operations(), "NextMarker": "more"}}
	})
	page, err := durables.New(cloud.Load(server.Getenv)).State(t.Context(), arn, "token", "marker")
	require.NoError(t, err)
	assert.Equal(t, durable.Page{Operations: read(), NextMarker: "more"}, page)
	query := server.Calls("lambda:GetDurableExecutionState")[0].Query
	assert.Equal(t, []string{"token", "marker", "1000"}, []string{query.Get("CheckpointToken"), query.Get("Marker"), query.Get("MaxItems")})
}

// What Lambda answers with, in our words. A call that is repeated by the client is one for Lambda.
func TestErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		answer wiretest.Answer
		kind   error
		calls  int
	}{
		"a stale token":              {wiretest.Fail(400, "InvalidParameterValueException", "Invalid checkpoint token"), durable.ErrStale, 1},
		"in other letters":           {wiretest.Fail(400, "InvalidParameterValueException", "Invalid Checkpoint Token: expired"), durable.ErrStale, 1},
		"in other words":             {wiretest.Fail(400, "InvalidParameterValueException", "Checkpoint token is not valid for the durable execution ARN"), durable.ErrStale, 1},
		"as the emulator answers":    {wiretest.Answer{Status: 400, Body: map[string]any{"Type": "InvalidParameterValueException", "message": "Invalid checkpoint token"}}, durable.ErrStale, 1},
		"an update that is no good":  {wiretest.Fail(400, "InvalidParameterValueException", "Invalid current STEP state to start."), target.ErrRefused, 1},
		"no permission":              {wiretest.Fail(403, "AccessDeniedException", "no"), target.ErrDenied, 1},
		"a key that cannot be used":  {wiretest.Fail(502, "KMSDisabledException", "no"), target.ErrRefused, 3},
		"a throttle":                 {wiretest.Fail(429, "TooManyRequestsException", "no"), target.ErrUnavailable, 3},
		"an error of Lambda's":       {wiretest.Fail(500, "ServiceException", "no"), target.ErrUnavailable, 3},
		"a connection that is reset": {wiretest.Answer{Cut: true}, target.ErrUnavailable, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer { return tt.answer })
			e := durables.New(cloud.Load(server.Getenv))
			_, err := e.Checkpoint(t.Context(), arn, "token", nil)
			require.ErrorIs(t, err, tt.kind)
			calls := server.Calls("lambda:CheckpointDurableExecution")
			assert.Len(t, calls, tt.calls)
			for _, c := range calls {
				assert.Equal(t, calls[0].Raw, c.Raw, "with the same client token")
			}
			_, err = e.State(t.Context(), arn, "token", "marker")
			require.ErrorIs(t, err, tt.kind)
		})
	}
}

// lambdaOf plays the account: an execution that is not the driver's, one that has ended, and its own; then its history.
func lambdaOf(history ...map[string]any) func(wiretest.Call) wiretest.Answer {
	page := func(c wiretest.Call, key string, pages ...any) wiretest.Answer {
		at := len(c.Query.Get("Marker"))
		body := map[string]any{key: pages[at]}
		if at+1 < len(pages) {
			body["NextMarker"] = strings.Repeat("+", at+1)
		}
		return wiretest.Answer{Body: body}
	}
	execution := func(name, arn, status string) []any {
		return []any{map[string]any{"DurableExecutionName": name, "DurableExecutionArn": arn, "FunctionArn": "f", "Status": status, "StartTimestamp": 1}}
	}
	return func(c wiretest.Call) wiretest.Answer {
		switch c.Operation {
		case "lambda:ListDurableExecutionsByFunction":
			return page(c, "DurableExecutions", execution("other", "no", "RUNNING"), execution("mine", "no", "FAILED"), execution("mine", "arn of mine", "RUNNING"))
		case "lambda:GetDurableExecutionHistory":
			pages := []any{}
			for _, e := range history {
				pages = append(pages, []any{e})
			}
			return page(c, "Events", pages...)
		case "lambda:SendDurableExecutionCallbackSuccess":
			return wiretest.Answer{Body: map[string]any{}}
		}
		return wiretest.Fail(http.StatusNotFound, "ResourceNotFoundException", c.Operation)
	}
}

func event(kind, name string) map[string]any {
	e := map[string]any{"EventType": kind, "Name": name, "Id": name, "EventId": 1, "EventTimestamp": 1}
	if kind == "CallbackStarted" {
		e["CallbackStartedDetails"] = map[string]any{"CallbackId": "id/of+" + name}
	}
	return e
}

func waker(server *wiretest.Server) durables.Waker {
	return durables.NewWaker(cloud.Load(server.Getenv), "meta-deployer-durable", "control", func(name string) string { return "driver " + name })
}

func TestWake(t *testing.T) {
	step := event("StepSucceeded", "control")
	for name, tt := range map[string]struct {
		driver  string
		history []map[string]any
		wakes   bool
	}{
		"an open callback, pages back":      {"driver mine", []map[string]any{step, event("CallbackSucceeded", "other"), event("CallbackStarted", "control")}, true},
		"somebody has just woken it":        {"driver mine", []map[string]any{step, event("CallbackSucceeded", "control"), event("CallbackStarted", "control")}, false},
		"it has not come to open one":       {"driver mine", []map[string]any{step}, false},
		"a driver that is no execution's":   {"driver deployer", nil, false},
		"the newest callback was completed": {"driver mine", []map[string]any{event("CallbackTimedOut", "control"), event("CallbackStarted", "control")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := wiretest.Start(t, lambdaOf(tt.history...))
			require.NoError(t, waker(server).Wake(t.Context(), tt.driver))
			sent := server.Calls("lambda:SendDurableExecutionCallbackSuccess")
			if !tt.wakes {
				assert.Empty(t, sent)
				return
			}
			require.Len(t, sent, 1)
			assert.Equal(t, "/2025-12-01/durable-execution-callbacks/id/of+control/succeed", sent[0].Path)
			assert.Equal(t, "arn of mine", strings.TrimSuffix(strings.TrimPrefix(server.Calls("lambda:GetDurableExecutionHistory")[0].Path, "/2025-12-01/durable-executions/"), "/history"))
			for operation, query := range map[string]string{"ListDurableExecutionsByFunction": "Statuses=RUNNING", "GetDurableExecutionHistory": "IncludeExecutionData=false"} {
				got := server.Calls("lambda:" + operation)[0].Query.Encode()
				assert.Contains(t, got, query)
				assert.Contains(t, got, "ReverseOrder=true")
			}
		})
	}
}

func TestAWakeThatFails(t *testing.T) {
	for _, operation := range []string{"ListDurableExecutionsByFunction", "GetDurableExecutionHistory", "SendDurableExecutionCallbackSuccess"} {
		for code, harmless := range map[string]bool{"AccessDeniedException": false, "ResourceNotFoundException": true, "CallbackTimeoutException": true} {
			good := lambdaOf(event("CallbackStarted", "control"))
			server := wiretest.Start(t, func(c wiretest.Call) wiretest.Answer {
				if c.Operation == "lambda:"+operation {
					return wiretest.Fail(400, code, "no")
				}
				return good(c)
			})
			err := waker(server).Wake(t.Context(), "driver mine")
			if harmless && operation == "SendDurableExecutionCallbackSuccess" {
				require.NoError(t, err, "somebody was faster")
				continue
			}
			require.Error(t, err)
			if code == "AccessDeniedException" {
				assert.Equal(t, "give the role that calls the permission lambda:"+operation, target.Remedy(err))
			}
		}
	}
}

// No account makes it read for ever.
func TestAWakeEnds(t *testing.T) {
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Answer{Body: map[string]any{"NextMarker": "again"}}
	})
	require.ErrorIs(t, waker(server).Wake(t.Context(), "driver mine"), target.ErrUnavailable)
	assert.Len(t, server.Calls("lambda:ListDurableExecutionsByFunction"), 2)
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	require.Error(t, waker(server).Wake(ctx, "driver mine"))
}
