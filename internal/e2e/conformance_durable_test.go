//go:build e2e

package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
)

// Histories as AWS's conformance tests of its own libraries expect them (github.com/aws/aws-durable-execution-conformance-tests,
// requirements 6-1 to 6-5, 6-9 and 4-1), of a function that counts with this driver. The emulator tells neither the payload of a
// try that is to be made again nor the details of an invocation; the payload is seen in the next try's state.
func TestDurableConformance(t *testing.T) {
	t.Parallel()
	function, emulator := runtimetest.Build(t, "./internal/e2e/polling"), startEmulator(t)
	type line struct {
		kind    types.EventType
		payload string
		delay   int32
	}
	const (
		begun, done, invoked, over = types.EventTypeStepStarted, types.EventTypeStepSucceeded, types.EventTypeInvocationCompleted, types.EventTypeExecutionSucceeded
	)
	try := func(delay int32) []line { return []line{{kind: begun}, {kind: done, delay: delay}, {kind: invoked}} }
	last := func(payload string) []line {
		return []line{{kind: begun}, {kind: done, payload: payload}, {kind: invoked}, {kind: over, payload: payload}}
	}
	join := func(parts ...[]line) (all []line) {
		all = append(all, line{kind: types.EventTypeExecutionStarted})
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	for requirement, tt := range map[string]struct {
		plan   string
		want   []line
		result string
	}{
		"6-1": {`{"Name": "poll", "Until": 3, "Wait": 1}`, join(try(1), try(1), last("3")), "3"},
		"6-2": {`{"Name": "poll", "From": 5, "Until": 5, "Wait": 1}`, join(last("5")), "5"},
		"6-3": {`{"Name": "poll-status", "Until": 2, "Wait": 1}`, join(try(1), last("2")), "2"},
		"6-4": {`{"Name": "poll", "From": 5, "Until": 8, "Wait": 1}`, join(try(1), try(1), last("8")), "8"},
		"6-5": {`{"Name": "poll", "Until": 3, "Wait": 2}`, join(try(2), try(2), last("3")), "3"},
		"6-9": {`{"Name": "poll", "Until": 2, "Wait": 1, "Object": true}`, join(try(1), last(`{"status":"DONE","attempts":2}`)), `{"status": "DONE", "attempts": 2}`},
	} {
		t.Run(requirement, func(t *testing.T) {
			t.Parallel()
			b := counting(t, emulator, function, tt.plan)
			arn := b.execute("requirement-"+requirement, "null", time.Hour)
			out := b.ends(arn)
			require.Equal(t, types.ExecutionStatusSucceeded, out.Status, "%+v", out.Error)
			assert.JSONEq(t, tt.result, aws.ToString(out.Result))
			var plan struct{ Name string }
			require.NoError(t, json.Unmarshal([]byte(tt.plan), &plan))
			var got []line
			for i, e := range b.history(arn) {
				assert.Equal(t, int32(i+1), aws.ToInt32(e.EventId))
				if e.EventType == begun || e.EventType == done {
					assert.Equal(t, []string{plan.Name, plan.Name, "WaitForCondition"}, []string{aws.ToString(e.Id), aws.ToString(e.Name), aws.ToString(e.SubType)})
				}
				l := line{kind: e.EventType}
				if d := e.StepSucceededDetails; d != nil {
					if d.Result != nil {
						l.payload = aws.ToString(d.Result.Payload)
					}
					if d.RetryDetails != nil {
						l.delay = aws.ToInt32(d.RetryDetails.NextAttemptDelaySeconds)
					}
				}
				if d := e.ExecutionSucceededDetails; d != nil && d.Result != nil {
					l.payload = aws.ToString(d.Result.Payload)
				}
				got = append(got, l)
			}
			assert.Equal(t, tt.want, got)
		})
	}
	t.Run("4-1", func(t *testing.T) {
		t.Parallel()
		b := counting(t, emulator, function, `{"Name": "poll", "Control": "news", "Callback": true}`)
		arn := b.execute("requirement-4-1", "null", time.Hour)
		var id string
		require.Eventually(t, func() bool {
			for _, e := range b.history(arn) {
				if d := e.CallbackStartedDetails; d != nil {
					id = aws.ToString(d.CallbackId)
				}
			}
			return id != ""
		}, patience, 100*time.Millisecond)
		_, err := b.client.SendDurableExecutionCallbackSuccess(t.Context(), &awslambda.SendDurableExecutionCallbackSuccessInput{CallbackId: &id, Result: []byte(`"news"`)})
		require.NoError(t, err)
		out := b.ends(arn)
		assert.Equal(t, types.ExecutionStatusSucceeded, out.Status)
		assert.Equal(t, `"woken"`, aws.ToString(out.Result))
		var got []types.EventType
		for _, e := range b.history(arn) {
			if e.EventType != begun && e.EventType != done { // our poll beside it
				got = append(got, e.EventType)
			}
			if e.CallbackStartedDetails != nil || e.CallbackSucceededDetails != nil {
				assert.Equal(t, []string{"news", "news", "Callback"}, []string{aws.ToString(e.Id), aws.ToString(e.Name), aws.ToString(e.SubType)})
			}
			if d := e.CallbackSucceededDetails; d != nil && assert.NotNil(t, d.Result) {
				assert.Equal(t, `"news"`, aws.ToString(d.Result.Payload))
			}
		}
		assert.Equal(t, []types.EventType{
			types.EventTypeExecutionStarted, types.EventTypeCallbackStarted, invoked, types.EventTypeCallbackSucceeded, invoked, over,
		}, got)
	})
}

// counting is a bridge to a function that counts.
func counting(t *testing.T, emulator, function, plan string) *bridge {
	return newBridge(t, emulator, emulator, func(url string) *runtimetest.Process {
		return runtimetest.Start(t, function, map[string]string{
			"PLAN": plan, "AWS_ENDPOINT_URL": url, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
		})
	})
}
