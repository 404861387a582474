package events_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/events"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

func event() target.BusEvent {
	return target.BusEvent{
		Source: "meta-deployer", Type: "Rollout State Change", Detail: []byte(`{"state":"shifted","reason":"<10 % \"quoted\""}`),
		At: time.Date(2026, 11, 30, 22, 0, 0, 0, time.UTC),
	}
}

func TestAnEventOnTheWire(t *testing.T) {
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Answer{Body: map[string]any{"FailedEntryCount": 0, "Entries": []any{map[string]any{"EventId": "e-1"}}}}
	})
	require.NoError(t, events.New(cloud.Load(server.Getenv), "rollouts").Put(t.Context(), event()))
	calls := server.Calls("events:PutEvents")
	require.Len(t, calls, 1)
	assert.Equal(t, "AWSEvents.PutEvents", calls[0].Header.Get("X-Amz-Target"))
	assert.Contains(t, calls[0].Header.Get("Authorization"), "/eu-central-1/events/aws4_request")
	var body struct{ Entries []map[string]any }
	require.NoError(t, json.Unmarshal(calls[0].Raw, &body))
	assert.Equal(t, []map[string]any{{
		"EventBusName": "rollouts", "Source": "meta-deployer", "DetailType": "Rollout State Change",
		"Detail": `{"state":"shifted","reason":"<10 % \"quoted\""}`, "Time": 1796076000.0,
	}}, body.Entries)
}

func TestWithoutABusNobodyListens(t *testing.T) {
	assert.Nil(t, events.New(cloud.Load(func(string) string { return "" }), ""))
}

// An answer whose status is 200 may say that the event was not taken. Who puts tries again, so that one call is one call.
func TestWhatEventBridgeAnswers(t *testing.T) {
	entry := func(code string) wiretest.Answer {
		return wiretest.Answer{Body: map[string]any{"FailedEntryCount": 1, "Entries": []any{map[string]any{"ErrorCode": code, "ErrorMessage": "no"}}}}
	}
	for name, tt := range map[string]struct {
		answer wiretest.Answer
		want   error
		says   string
	}{
		"an entry that failed":        {entry("InternalFailure"), target.ErrUnavailable, "InternalFailure: no"},
		"an entry that was throttled": {entry("ThrottlingException"), target.ErrUnavailable, "ThrottlingException"},
		"an entry that is denied":     {entry("NotAuthorizedForSourceException"), target.ErrRefused, "NotAuthorizedForSource"},
		"an entry without a reason": {
			wiretest.Answer{Body: map[string]any{"FailedEntryCount": 1, "Entries": []any{}}}, target.ErrUnavailable, "not why",
		},
		"throttled": {wiretest.Fail(400, "ThrottlingException", "slow down"), target.ErrUnavailable, "slow down"},
		"denied":    {wiretest.Fail(400, "AccessDeniedException", "no policy allows it"), target.ErrDenied, "no policy"},
		"no bus":    {wiretest.Fail(400, "ResourceNotFoundException", "no such bus"), target.ErrNotFound, "no such bus"},
		"a failure": {wiretest.Fail(500, "InternalException", "oops"), target.ErrUnavailable, "oops"},
		"no answer": {wiretest.Answer{Cut: true}, target.ErrUnavailable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer { return tt.answer })
			err := events.New(cloud.Load(server.Getenv), "default").Put(t.Context(), event())
			require.ErrorIs(t, err, tt.want)
			require.ErrorContains(t, err, tt.says)
			assert.Len(t, server.Calls("events:PutEvents"), 1, "it is not tried again on the way")
		})
	}
}

func TestATryEndsWithItsTime(t *testing.T) {
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{Delay: time.Minute} })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, events.New(cloud.Load(server.Getenv), "default").Put(ctx, event()), target.ErrUnavailable)
}
