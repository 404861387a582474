package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/driver/pipeline"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// event is what CodePipeline sends for a request, with the token of the call before; "" for the first.
func event(t *testing.T, request map[string]any, token string) []byte {
	t.Helper()
	parameters, err := json.Marshal(request)
	require.NoError(t, err)
	data := map[string]any{"actionConfiguration": map[string]any{"configuration": map[string]any{"UserParameters": string(parameters)}}}
	if token != "" {
		data["continuationToken"] = token
	}
	raw, err := json.Marshal(map[string]any{"CodePipeline.job": map[string]any{"id": "j-1", "data": data}})
	require.NoError(t, err)
	return raw
}

// deploy is a request for the shop, with more keys.
func deploy(keys map[string]any) map[string]any {
	r := map[string]any{"function-name": "checkout", "alias": "live", "new-version": "2", "type": "all-at-once"}
	maps.Copy(r, keys)
	return r
}

// call makes one call in a world; its reply is the last that jobs were told.
func call(t *testing.T, w *sim.World, d pipeline.Driver, payload []byte) error {
	t.Helper()
	ctx, _, cancel := w.Begin(sim.Invocation{})
	defer cancel()
	_, err := d.Invoke(ctx, payload)
	return err
}

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

// What telling CodePipeline fails with is tried again, with the same content unless that is what is wrong with it.
func TestAJobIsAnsweredExactlyOnce(t *testing.T) {
	unavailable, refused, tooLarge := target.ErrUnavailable, target.ErrRefused, pipeline.ErrTooLarge
	for name, tt := range map[string]struct {
		errors []error
		calls  int
		fails  bool
		// last is what the last attempt leaves out of the first.
		last func(pipeline.Reply) pipeline.Reply
	}{
		"at once":                   {nil, 1, false, nil},
		"unavailable for a while":   {[]error{unavailable, errors.New("odd"), unavailable}, 4, false, nil},
		"answered already":          {[]error{unavailable, pipeline.ErrAnswered}, 2, false, nil},
		"too many output variables": {[]error{tooLarge}, 2, false, func(r pipeline.Reply) pipeline.Reply { r.Variables = nil; return r }},
		"refused": {[]error{refused}, 2, false, func(r pipeline.Reply) pipeline.Reply {
			return pipeline.Reply{Message: r.Message}
		}},
		"refused for good":   {[]error{refused, refused}, 2, true, nil},
		"not allowed":        {[]error{target.ErrDenied}, 1, true, nil},
		"never to be called": {slices.Repeat([]error{unavailable}, 1000), 0, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := shop(t, false)
			jobs := &codePipeline{errors: tt.errors}
			d, log := driver(w, jobs)
			began := w.Now()
			err := call(t, w, d, event(t, map[string]any{"action": "plan", "function-name": "checkout", "alias": "live", "new-version": "2"}, ""))
			assert.Less(t, w.Now().Sub(began), 2*time.Minute, "the attempts are bounded")
			if tt.fails {
				require.ErrorAs(t, err, new(pipeline.NotAnswered), "so that Lambda makes the call again")
				assert.Contains(t, log.String(), "not answered")
			} else {
				require.NoError(t, err)
			}
			if tt.calls > 0 {
				require.Len(t, jobs.told, tt.calls)
			}
			want := jobs.told[0]
			if tt.last != nil {
				want.Reply = tt.last(want.Reply)
				assert.Equal(t, want, jobs.told[len(jobs.told)-1])
				return
			}
			if slices.Contains(tt.errors, refused) {
				return
			}
			for _, again := range jobs.told {
				assert.Equal(t, want, again, "the same content")
			}
		})
	}
}

// silent is an account that never answers, and looks at no context.
type silent struct {
	target.Aliases
	wait <-chan struct{}
}

func (s silent) Alias(context.Context, string, string) (rollout.Alias, error) {
	<-s.wait
	return rollout.Alias{}, target.ErrUnavailable
}

// panicking is an account with a bug where nothing catches it.
func panicking(string, string, string) target.Account { panic("a bug") }

// bubble makes one call of a driver in the bubble's time, with so much time, and is what CodePipeline was told.
func bubble(t *testing.T, jobs *codePipeline, accounts func(string, string, string) target.Account, timeout time.Duration, token string) (string, error) {
	t.Helper()
	var log bytes.Buffer
	d := pipeline.Driver{
		Accounts: accounts, Jobs: jobs, Clock: target.WallClock(), Log: slog.New(slog.NewJSONHandler(&log, nil)),
		Caller: func(context.Context) (request.Home, string) { return sim.Home(), "" },
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	_, err := d.Invoke(ctx, event(t, deploy(nil), token))
	assert.NoError(t, ctx.Err(), "before Lambda ends the process")
	return log.String(), err
}

func TestWorkThatHangsIsAnsweredWithWhatTheNextCallNeeds(t *testing.T) {
	for _, timeout := range []time.Duration{15 * time.Minute, 30 * time.Second, 4 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			wait, jobs := make(chan struct{}), &codePipeline{}
			began := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
			token := fmt.Sprintf(`{"driver":"j-0","began":%q,"token":{"format":1,"rollout":"r-1","pre-traffic":true}}`, began.Format(time.RFC3339))
			log, err := bubble(t, jobs, func(string, string, string) target.Account { return target.Account{Aliases: silent{wait: wait}} }, timeout, token)
			close(wait)
			require.NoError(t, err)
			require.Len(t, jobs.told, 1)
			reply := jobs.told[0].Reply
			assert.Empty(t, reply.Failure)
			assert.Equal(t, "r-1", reply.Rollout)
			assert.Contains(t, reply.Token, `"pre-traffic":true`, "nothing is forgotten")
			assert.Contains(t, reply.Token, `"driver":"j-0"`)
			assert.Contains(t, log, "did not end in its time")
			synctest.Wait()
		})
	}
}

func TestAPanicIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		jobs := &codePipeline{}
		log, err := bubble(t, jobs, panicking, 15*time.Minute, "")
		require.NoError(t, err)
		require.Len(t, jobs.told, 1)
		assert.Equal(t, pipeline.JobFailed, jobs.told[0].Reply.Failure)
		assert.Contains(t, jobs.told[0].Reply.Message, "StateUnknown: an internal error")
		assert.NotContains(t, jobs.told[0].Reply.Message, "a bug")
		assert.Contains(t, log, `"stack"`)
	})
}

// An attempt that hangs leaves time for another, also where there are seconds only.
func TestAnAnswerThatHangsIsGivenAgain(t *testing.T) {
	for _, timeout := range []time.Duration{15 * time.Minute, 4 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			jobs := &codePipeline{hangs: 1}
			_, err := bubble(t, jobs, panicking, timeout, "")
			require.NoError(t, err)
			require.Len(t, jobs.told, 2)
			assert.Equal(t, jobs.told[0], jobs.told[1])
		})
	}
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
	token := `{"driver":"j-0","began":"` + w.Now().Add(-23*time.Hour).Format(time.RFC3339) + `","token":{"format":1}}`
	require.NoError(t, call(t, w, d, event(t, deploy(map[string]any{"bake": "1h"}), token)))
	assert.Contains(t, jobs.told[0].Reply.Message, "DoesNotFit: ")
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
