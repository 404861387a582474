//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// aborted is what EventBridge sends of an execution that was stopped, as one of the events of events/recover has it. nil is an
// input that was left out.
func aborted(t *testing.T, event, arn string, input any) []byte {
	t.Helper()
	raw, err := os.ReadFile("../../events/recover/" + event + ".json")
	require.NoError(t, err)
	var sent map[string]any
	require.NoError(t, json.Unmarshal(raw, &sent))
	detail := sent["detail"].(map[string]any)
	detail["executionArn"], detail["input"] = arn, input
	raw, err = json.Marshal(sent)
	require.NoError(t, err)
	return raw
}

// guarded is what a deployer and recover read where the stack has dead man's switches.
func guarded() map[string]string {
	return map[string]string{
		"RECOVER_ARN":    "arn:aws:lambda:eu-west-1:123456789012:function:meta-deployer-recover",
		"SCHEDULE_GROUP": "meta-deployer", "SCHEDULE_ROLE_ARN": "arn:aws:iam::123456789012:role/schedule",
	}
}

// The compiled deployer is killed at some of its calls, and nobody sends anything again: the dead man's switch calls the
// compiled recover, and the alias ends whole.
func TestNoRolloutIsLeftBehind(t *testing.T) {
	t.Parallel()
	deployer, recovers := runtimetest.Build(t, "./functions/deployer"), runtimetest.Build(t, "./functions/recover")
	short := `{"function-name": "checkout", "alias": "live", "new-version": "2", "steps": 2, "interval": 3, "poll-interval": 1, "health-check": false}`
	// invocation is how long the deployer has; its switch calls a minute later.
	const invocation = time.Minute
	want := newLab(t)
	var calls atomic.Int32
	want.watch(func(serve func()) { calls.Add(1); serve() })
	want.answered(t, want.start(t, "meta-deployer", deployer, guarded()).Invoke([]byte(short), invocation), "succeeded")
	want.touch(func(w *sim.World) {
		assert.Equal(t, 1, w.Calls(sim.CreateSchedule))
		assert.Equal(t, 1, w.Calls(sim.DeleteSchedule), "a driver that ends deletes its switch")
	})
	for call := int32(1); call <= calls.Load(); call += 2 {
		t.Run(fmt.Sprintf("killed at call %d", call), func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			second := l.start(t, "meta-deployer-recover", recovers, guarded())
			var recovering sync.WaitGroup
			l.touch(func(w *sim.World) {
				w.Scheduler.OnFire = func(_ string, input []byte) {
					recovering.Go(func() {
						result := second.Invoke(input, timeout)
						assert.Empty(t, result.ErrorType, result.ErrorMessage)
					})
				}
			})
			first := l.start(t, "meta-deployer", deployer, guarded())
			var made atomic.Int32
			l.watch(func(serve func()) {
				if made.Add(1) != call {
					serve()
					return
				}
				if call%4 == 1 {
					serve()
				}
				first.Kill()
				panic(http.ErrAbortHandler)
			})
			result := first.Invoke([]byte(short), invocation)
			require.Equal(t, "Runtime.ExitError", result.ErrorType)
			require.Eventually(t, func() bool {
				alias, done := l.alias(t, "live"), false
				l.touch(func(w *sim.World) { done = w.Calls(sim.CreateSchedule) == w.Calls(sim.DeleteSchedule) })
				return done && !alias.Routing.Split() && rollout.ParseDescription(alias.Description).Journal == nil
			}, patience, 100*time.Millisecond)
			recovering.Wait()
			assert.Equal(t, "the shop's", rollout.ParseDescription(l.alias(t, "live").Description).Owner)
		})
	}
}
