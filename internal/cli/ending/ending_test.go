package ending_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/request"
)

func TestExitCodes(t *testing.T) {
	for kind, code := range map[string]int{
		"InvalidRequest": 2, "PreflightFailed": 3, "DoesNotFit": 3, "RolloutInProgress": 4, "KnownBadVersion": 5, "RolledBack": 6, "Held": 7,
		"Superseded": 8, "RollbackFailed": 9, "StateUnknown": 9, "CallFailed": 1, "Sandbox.Timedout": 1,
	} {
		assert.Equal(t, code, ending.Failed(kind, "").Code(request.Deploy, true), kind)
	}
	for status, code := range map[string]int{
		"succeeded": 0, "succeeded-unverified": 0, "no-op": 0, "in-progress": 4, "paused": 4, "awaiting-approval": 7, "held": 7, "something new": 4,
	} {
		e := ending.Of([]byte(`{"status": "`+status+`"}`), false)
		assert.Equal(t, code, e.Code(request.Deploy, true), status)
		assert.Zero(t, e.Code(request.Status, false), status)
	}
	found := ending.Of([]byte(`{"status": "planned", "findings": ["no alias"]}`), false)
	assert.Equal(t, 3, found.Code(request.Plan, false))
	assert.Zero(t, ending.Of([]byte(`{"status": "planned", "findings": []}`), false).Code(request.Plan, false))
}

func TestWhatIsNoReplyIsAFailure(t *testing.T) {
	for _, reply := range []string{"", "null", "7", `{}`, `{"status": 3}`, `<html>`} {
		assert.Equal(t, ending.CallFailed, ending.Of([]byte(reply), false).Failure.Type, reply)
		assert.Equal(t, ending.CallFailed, ending.Of([]byte(reply), true).Failure.Type, reply)
	}
	assert.Equal(t, "because", ending.Of([]byte(`{"errorType": "Held", "errorMessage": "because"}`), true).Failure.Message)
}

func TestReadTellsAnAnswerFromAFailure(t *testing.T) {
	e, ok := ending.Read([]byte(`{"status": "idle"}`))
	assert.True(t, ok)
	assert.Equal(t, "idle", e.Answer.Status)
	e, ok = ending.Read([]byte(`{"errorType": "Held", "errorMessage": "because"}`))
	assert.True(t, ok)
	assert.Equal(t, "Held", e.Failure.Type)
	_, ok = ending.Read([]byte(`{"some": "thing"}`))
	assert.False(t, ok)
}
