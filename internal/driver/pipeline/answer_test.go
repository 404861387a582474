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
