package pipeline_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/driver/pipeline"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// run calls until the job has ended, and is what every call told.
func run(t *testing.T, w *sim.World, keys map[string]any) []pipeline.Reply {
	t.Helper()
	jobs := &codePipeline{}
	d, _ := driver(w, jobs)
	var replies []pipeline.Reply
	for token := ""; len(replies) == 0 || token != ""; {
		require.NoError(t, call(t, w, d, event(t, deploy(keys), token)))
		require.Len(t, jobs.told, len(replies)+1, "a job has exactly one reply")
		reply := jobs.told[len(replies)].Reply
		replies, token = append(replies, reply), reply.Token
		require.Less(t, len(replies), 100)
		require.NotEmpty(t, reply.Message)
	}
	return replies
}

// A hook may take longer than a call works, and is not run again by the next one.
func TestAHookMayTakeLongerThanACallWorks(t *testing.T) {
	w := shop(t, false)
	w.SetHook("before", sim.Hook{Answer: `{"status": "Succeeded"}`, Takes: 13 * time.Minute})
	replies := run(t, w, map[string]any{"bake": 90, "hooks": map[string]any{"pre-traffic": "before"}})
	assert.Len(t, w.Received("before"), 1)
	require.Greater(t, len(replies), 2)
	assert.Equal(t, 0, replies[0].Percent)
	last := replies[len(replies)-1]
	assert.Empty(t, last.Failure, last.Message)
	assert.Contains(t, last.Message, "succeeded")
	assert.Equal(t, 100, last.Percent)
}

// A hook that could not take its whole time any more is left to the next call.
func TestAHookBeginsOnlyWhereTheCallHasTheTimeForIt(t *testing.T) {
	w := shop(t, false)
	w.SetHook("after", sim.Hook{Answer: `{"status": "Succeeded"}`, Takes: 13*time.Minute + 50*time.Second})
	began := w.Now()
	replies := run(t, w, map[string]any{"bake": 50, "health-check": false, "hooks": map[string]any{"post-traffic": "after"}})
	require.Len(t, replies, 3, "the bake is over 50 s into the first call, which would be killed at 15 minutes")
	assert.Len(t, w.Received("after"), 1)
	assert.Contains(t, replies[2].Message, "succeeded")
	assert.Greater(t, w.Now().Sub(began), 14*time.Minute)
}

// What the pipeline shows on the way, and at the end.
func TestARolloutOverSeveralCalls(t *testing.T) {
	w := shop(t, false)
	w.Advance(time.Hour)
	replies := run(t, w, map[string]any{"type": "linear", "steps": 3, "interval": 150, "bake": 60})
	require.Greater(t, len(replies), 4)
	percent, texts := 0, []string{}
	for i, r := range replies {
		assert.Empty(t, r.Failure, r.Message)
		assert.GreaterOrEqual(t, r.Percent, percent, "progress only grows")
		assert.Regexp(t, `^20260105-1000\d{5}-`, r.Rollout)
		assert.LessOrEqual(t, len(r.Token), 2048)
		assert.LessOrEqual(t, len(r.Message), 2048)
		if i < len(replies)-1 {
			assert.Less(t, r.Percent, 100)
			assert.Nil(t, r.Variables, "CodePipeline takes none with a token")
		}
		percent, texts = r.Percent, append(texts, r.Message)
	}
	all := strings.Join(texts, "\n")
	assert.Contains(t, all, "checkout:live at 33.33 % on version 2, step 1 of 3, until 2026-01-05T10:02:30")
	assert.Regexp(t, `step 2 of 3, until .*; pass: errors: .* of \d+`, all, "the verdict has its numbers")
	last := replies[len(replies)-1]
	assert.Equal(t, map[string]string{
		"Status": "succeeded", "RolloutId": last.Rollout, "FunctionName": "checkout", "FunctionAlias": "live", "FunctionVersion": "2",
		"PreviousVersion": "1", "Weight": "100", "StartedAt": last.Variables["StartedAt"], "EndedAt": last.Variables["EndedAt"], "Reason": last.Variables["Reason"],
	}, last.Variables)
	assert.Contains(t, last.Variables["Reason"], "all traffic of checkout:live is on version 2")
}

// How the ends of the contract come out in the pipeline.
func TestEndings(t *testing.T) {
	for name, tt := range map[string]struct {
		prepare func(*sim.World)
		request map[string]any
		failure pipeline.FailureType
		message string
	}{
		"rolled back": {
			func(w *sim.World) { w.Publish("checkout", "2", sim.Version{Errors: sim.Constant(1)}) },
			map[string]any{"type": "linear", "steps": 2, "interval": 120},
			pipeline.JobFailed, "RolledBack: all traffic of checkout:live is back on version 1",
		},
		"no-op": {
			func(w *sim.World) {
				_ = w.ChangeAlias("x", "checkout", "live", func(a *target.Alias) { a.Routing.Primary = "2" })
			}, nil, "", "no-op: ",
		},
		"wrong request":         {nil, map[string]any{"step": 3}, pipeline.ConfigurationError, "InvalidRequest: "},
		"no such version":       {nil, map[string]any{"new-version": "9"}, pipeline.ConfigurationError, "PreflightFailed: "},
		"too long":              {nil, map[string]any{"bake": "24h"}, pipeline.ConfigurationError, "DoesNotFit: "},
		"planned":               {nil, map[string]any{"action": "plan"}, "", "planned: "},
		"planned with findings": {nil, map[string]any{"action": "plan", "new-version": "9"}, pipeline.JobFailed, "planned: 1 steps in 2m15s, 1 findings; nothing was changed\nnew version 9 of function checkout does not exist"},
		"nothing to roll back":  {nil, map[string]any{"action": "rollback"}, "", "no-op: "},
		"an alias of others": {
			func(w *sim.World) {
				_ = w.ChangeAlias("x", "checkout", "live", func(a *target.Alias) {
					a.Routing = rollout.Routing{Primary: "1", Secondary: "2", Weight: 5_00}
				})
			}, nil, pipeline.JobFailed, "RolloutInProgress: ",
		},
		"known to be bad": {
			func(w *sim.World) {
				_ = w.ChangeAlias("x", "checkout", "live", func(a *target.Alias) {
					d := rollout.Description{Record: &rollout.RollbackRecord{ID: "20260105-080000000-3a88", Driver: "d", Old: "1", New: "2", Bad: []string{"2"}, Why: "errors"}}
					a.Description, _ = d.Encode()
				})
			}, nil, pipeline.ConfigurationError, "KnownBadVersion: ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := shop(t, false)
			w.Advance(time.Hour)
			if tt.prepare != nil {
				tt.prepare(w)
			}
			replies := run(t, w, tt.request)
			last := replies[len(replies)-1]
			assert.Equal(t, tt.failure, last.Failure, last.Message)
			assert.Equal(t, tt.failure == "", last.Variables != nil)
			assert.True(t, strings.HasPrefix(last.Message, tt.message), last.Message)
		})
	}
}

// The driver's end is a day less a quarter of an hour after its first call, not after this one.
func TestWhatFitsIntoThePipelinesDay(t *testing.T) {
	for bake, fits := range map[string]bool{"1423m": true, "1426m": false} {
		w, jobs := shop(t, false), &codePipeline{}
		d, _ := driver(w, jobs)
		require.NoError(t, call(t, w, d, event(t, deploy(map[string]any{"bake": bake}), "")))
		assert.Equal(t, fits, jobs.told[0].Reply.Token != "", jobs.told[0].Reply.Message)
	}
	w, jobs := shop(t, false), &codePipeline{}
	d, _ := driver(w, jobs)
	token := `{"driver":"j-0","began":"` + w.Now().Add(-23*time.Hour).Format(time.RFC3339) + `","token":{"format":1,"began":"` + w.Now().Format(time.RFC3339) + `"}}`
	require.NoError(t, call(t, w, d, event(t, deploy(map[string]any{"bake": "1h"}), token)))
	assert.Contains(t, jobs.told[0].Reply.Message, "DoesNotFit: ")
}

// A token that says that nothing has begun is an old one, where a start cannot have taken that long: what has become of the rollout
// since then, nobody knows, and none is begun.
func TestAnOldTokenBeginsNothing(t *testing.T) {
	for age, message := range map[time.Duration]string{5 * time.Minute: "checkout:live ", 30 * time.Minute: "Superseded: "} {
		w, jobs := shop(t, false), &codePipeline{}
		d, _ := driver(w, jobs)
		began := w.Now().Add(-age).Format(time.RFC3339)
		require.NoError(t, call(t, w, d, event(t, deploy(map[string]any{"bake": 90}), `{"driver":"j-0","began":"`+began+`","token":{"format":1,"began":"`+began+`"}}`)))
		assert.True(t, strings.HasPrefix(jobs.told[0].Reply.Message, message), jobs.told[0].Reply.Message)
	}
}

// A rollout that another driver keeps is none that this action has brought to its end.
func TestARolloutThatAnotherDriverKeepsFailsTheAction(t *testing.T) {
	w, jobs := shop(t, true), &codePipeline{}
	d, _ := driver(w, jobs)
	token := `{"driver":"j-0","began":"2026-01-05T08:50:00Z","token":{"format":1,"rollout":"20260105-085000000-3a88"}}`
	require.NoError(t, call(t, w, d, event(t, deploy(map[string]any{"type": "linear"}), token)))
	reply := jobs.told[0].Reply
	assert.Equal(t, pipeline.JobFailed, reply.Failure)
	assert.Equal(t, "in-progress: driver "+rollout.DriverToken(firstJob)+" has taken over rollout 20260105-085000000-3a88 at 60 %", reply.Message)
	assert.Equal(t, "20260105-085000000-3a88", reply.Rollout)
}
