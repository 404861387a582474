package durable_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/durable"
	"github.com/meta-deployer/meta-deployer/internal/durable/durabletest"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

func TestTheServicesLimitsAreKept(t *testing.T) {
	assert.Less(t, (durable.MostOperations*durable.MaxState + durable.MaxResult + 1<<20), durable.MostStored)

	c := newCounting("5000")
	c.wait = time.Hour
	c.run(t)
	assert.Equal(t, "FAILED", c.Status)
	assert.Equal(t, &durable.Failure{Type: durable.Exhausted, Message: "the execution has 2999 operations, and Lambda takes 3000"}, c.Failure)

	large := &durabletest.Execution{Clock: target.WallClock(), Name: "large"}
	poll := durable.Poll{Service: large, Step: "poll", Look: func(_ context.Context, l durable.Look) durable.Found {
		if !l.First {
			return durable.Found{End: &durable.End{Failure: &durable.Failure{Message: "it was recorded"}}}
		}
		return durable.Found{State: strings.Repeat("x", durable.MaxState+1)}
	}}
	large.Run(func(event []byte) ([]byte, error) { return poll.Invoke(t.Context(), event) })
	assert.Equal(t, "the payload of operation poll has 32001 bytes: at most 32000 are recorded", large.Failure.Message)

	result := strings.Repeat("x", durable.MaxResult+1)
	large = &durabletest.Execution{Clock: target.WallClock(), Name: "large"}
	poll = durable.Poll{Service: large, Step: "poll", Look: func(context.Context, durable.Look) durable.Found {
		return durable.Found{End: &durable.End{Result: result}}
	}}
	large.Run(func(event []byte) ([]byte, error) { return poll.Invoke(t.Context(), event) })
	assert.Equal(t, result, large.Result, "answered, not recorded")
	assert.Zero(t, large.Checkpoints)
}

// An execution that was stopped, or whose time is over, finds out at its next checkpoint.
func TestAStopAndATimeout(t *testing.T) {
	c := newCounting("4")
	c.beside = func(look int) {
		if look == 2 {
			c.Stop()
		}
	}
	c.run(t)
	assert.Equal(t, "STOPPED", c.Status)
	assert.Equal(t, 2, c.Invocations)

	c = newCounting("4")
	c.Timeout = 3 * time.Second
	c.run(t)
	assert.Equal(t, "TIMED_OUT", c.Status)
}

func TestWhatIsNotDurable(t *testing.T) {
	for _, event := range []string{``, `7`, `{}`, `{"function-name": "f"}`, `{"DurableExecutionArn": "a"}`, `{"CheckpointToken": "t"}`} {
		_, err := durable.Poll{}.Invoke(t.Context(), []byte(event))
		require.ErrorAs(t, err, new(durable.NotDurable), event)
	}
	c := newCounting("2")
	c.EmptyFirst = true
	endless := service{c.Execution}
	_, err := durable.Poll{Service: endless}.Invoke(t.Context(), []byte(`{"DurableExecutionArn": "a", "CheckpointToken": "t", "InitialExecutionState": {"NextMarker": "1"}}`))
	require.ErrorContains(t, err, "more than 10 pages")
	_, err = durable.Poll{Service: endless}.Invoke(t.Context(), []byte(`{"DurableExecutionArn": "a", "CheckpointToken": "t"}`))
	require.ErrorContains(t, err, "no operation EXECUTION")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = durable.Poll{Service: endless}.Invoke(ctx, []byte(`{"DurableExecutionArn": "a", "CheckpointToken": "t", "InitialExecutionState": {"Operations": [{"Type": "EXECUTION"}]}}`))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorAs(t, err, new(durable.Interrupted))
}

// service has no last page.
type service struct{ durable.Service }

func (service) State(context.Context, string, string, string) (durable.Page, error) {
	return durable.Page{NextMarker: "1"}, nil
}

// The name is that of the operation, or stands in the ARN.
func TestTheExecutionsName(t *testing.T) {
	for operation, want := range map[string]string{`"Name": "mine", `: "mine", ``: "checkout-live-8"} {
		var got string
		poll := durable.Poll{Service: refusing{}, Step: "poll", Look: func(_ context.Context, l durable.Look) durable.Found {
			got = l.Name
			return durable.Found{End: &durable.End{Result: "1"}}
		}}
		out, err := poll.Invoke(t.Context(), fmt.Appendf(nil, `{"DurableExecutionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f:7/durable-execution/checkout-live-8/id",
			"CheckpointToken": "t", "InitialExecutionState": {"Operations": [{%s"Id": "id", "Type": "EXECUTION"}]}}`, operation))
		require.NoError(t, err, "the end is answered, recorded or not")
		assert.JSONEq(t, `{"Status": "SUCCEEDED", "Result": "1"}`, string(out))
		assert.Equal(t, want, got)
	}
}

// refusing records nothing.
type refusing struct{ durable.Service }

func (refusing) Checkpoint(context.Context, string, string, []durable.Update) (durable.Recorded, error) {
	return durable.Recorded{}, durable.ErrStale
}

func FuzzInvoke(f *testing.F) {
	f.Add([]byte(`{"DurableExecutionArn": "a", "CheckpointToken": "t", "InitialExecutionState": {"Operations": [
		{"Id": "id", "Type": "EXECUTION", "ExecutionDetails": {"InputPayload": "2"}, "StartTimestamp": 1767356934930},
		{"Id": "poll", "Type": "STEP", "Status": "READY", "StepDetails": {"Attempt": 1, "Result": "1", "Error": null}},
		{"Id": "control", "Type": "CALLBACK", "Status": "SUCCEEDED", "CallbackDetails": null}]}}`))
	f.Fuzz(func(t *testing.T, event []byte) {
		poll := durable.Poll{Service: refusing{}, Step: "poll", Control: "control", Look: func(_ context.Context, l durable.Look) durable.Found {
			if len(l.State)%2 == 0 {
				return durable.Found{State: l.State, Wait: time.Second}
			}
			return durable.Found{End: &durable.End{Result: l.Input}}
		}}
		poll.Service = stateless{}
		out, err := poll.Invoke(t.Context(), event)
		if err == nil {
			var answer struct{ Status string }
			require.NoError(t, json.Unmarshal(out, &answer))
			require.True(t, slices.Contains([]string{"SUCCEEDED", "FAILED", "PENDING"}, answer.Status), answer.Status)
		}
	})
}

// stateless refuses everything.
type stateless struct{ refusing }

func (stateless) State(context.Context, string, string, string) (durable.Page, error) {
	return durable.Page{}, durable.ErrStale
}
