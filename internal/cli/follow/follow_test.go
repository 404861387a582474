package follow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/cli/follow"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// script is a deployer that answers a plan with the first text and statuses with the others, the last one again and again.
type script struct {
	t        *testing.T
	plan     string
	statuses []string
	asked    int
	sent     []string
	handed   []string
	asksPlan string
	now      time.Time
	// onSleep is called at every wait.
	onSleep func()
}

func (s *script) Ask(_ context.Context, raw []byte) ([]byte, bool, error) {
	var r struct{ Action string }
	require.NoError(s.t, json.Unmarshal(raw, &r))
	switch r.Action {
	case "plan":
		s.asksPlan = string(raw)
		return []byte(s.plan), false, nil
	case "deploy":
		s.handed = append(s.handed, string(raw))
		return []byte(handed), false, nil
	}
	assert.Equal(s.t, "status", r.Action)
	text := s.statuses[min(s.asked, len(s.statuses)-1)]
	s.asked++
	if text == "down" {
		return nil, false, &target.Error{Kind: target.ErrUnavailable, Message: "no network"}
	}
	return []byte(text), text[2] == 'e', nil
}

func (s *script) Send(_ context.Context, raw []byte) error {
	s.sent = append(s.sent, string(raw))
	return nil
}

func (s *script) follower() follow.Follower {
	s.now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return follow.Follower{
		Deployer: s, Every: 5 * time.Second,
		Clock: target.Clock{
			Now: func() time.Time { return s.now },
			Sleep: func(ctx context.Context, d time.Duration) error {
				s.now = s.now.Add(d)
				if s.onSleep != nil {
					s.onSleep()
				}
				return ctx.Err()
			},
			Bound: func(ctx context.Context, _ time.Time) (context.Context, context.CancelFunc) {
				return context.WithCancel(ctx)
			},
		},
	}
}

const (
	planned  = `{"status": "planned", "new-version": "2", "driver": "deployer", "duration": "10m0s", "findings": []}`
	deploy   = `{"action": "deploy", "function-name": "f", "alias": "live", "new-version": "2", "force": {"reason": "x"}}`
	atOld    = `{"status": "idle", "function-name": "f", "alias": "live", "new-version": "1", "weight": 100, "reason": "no rollout is running"}`
	atNew    = `{"status": "idle", "function-name": "f", "alias": "live", "new-version": "2", "weight": 100, "reason": "no rollout is running"}`
	back     = `{"status": "idle", "new-version": "1", "weight": 100, "reason": "no rollout is running; rollout id-7 to version 2 was rolled back: errors"}`
	backElse = `{"status": "idle", "new-version": "1", "weight": 100, "reason": "no rollout is running; rollout id-6 to version 2 was rolled back: errors"}`
	split    = `{"status": "idle", "new-version": "1", "weight": 60, "reason": "a split"}`
)

func running(status, id, version, verdict string) string {
	return fmt.Sprintf(`{"status": %q, "rollout-id": %q, "old-version": "1", "new-version": %q, "weight": 10, "reason": "step 1", "steps": [{"weight": 10, "verdict": %q}]}`, status, id, version, verdict)
}

func TestHowARolloutThatWasSentEnds(t *testing.T) {
	on, held := running("in-progress", "id-7", "2", "pass"), running("held", "id-7", "2", "fail")
	for name, tt := range map[string]struct {
		statuses []string
		want     string
	}{
		"live":                                {[]string{atOld, atOld, on, on, atNew}, "succeeded"},
		"live, the last look inconclusive":    {[]string{atOld, running("in-progress", "id-7", "2", "inconclusive"), atNew}, "succeeded-unverified"},
		"live, never seen":                    {[]string{atOld, atNew}, "succeeded-unverified"},
		"back":                                {[]string{atOld, on, back}, "RolledBack"},
		"back before it was seen":             {[]string{atOld, atOld, back}, "RolledBack"},
		"back as before":                      {[]string{backElse, backElse, back}, "RolledBack"},
		"back earlier, and nothing new begun": {[]string{back, back}, "NotBegun"},
		"held":                                {[]string{atOld, on, held}, "Held"},
		"held before, and gone on with":       {[]string{held, held, on, atNew}, "succeeded"},
		"held again":                          {[]string{held, held, on, held}, "Held"},
		"moved by somebody":                   {[]string{atOld, on, atOld}, "Superseded"},
		"split by somebody":                   {[]string{atOld, on, split}, "Superseded"},
		"an older read between":               {[]string{atOld, on, atOld, on, atNew}, "succeeded"},
		"another one after it":                {[]string{atOld, on, running("in-progress", "id-8", "3", "pass")}, "Superseded"},
		"another one instead":                 {[]string{atOld, running("in-progress", "id-8", "3", "pass")}, "RolloutInProgress"},
		"joined":                              {[]string{on, on, atNew}, "succeeded"},
		"the network gone for a moment":       {[]string{atOld, on, "down", "down", atNew}, "succeeded"},
		"the network gone":                    {[]string{atOld, on, "down"}, "CallFailed"},
		"the alias gone":                      {[]string{atOld, on, `{"errorType": "PreflightFailed", "errorMessage": "no alias"}`}, "PreflightFailed"},
		"never begun":                         {[]string{atOld}, "NotBegun"},
		"for ever":                            {[]string{atOld, on}, "TimedOut"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{t: t, plan: planned, statuses: tt.statuses}
			f := s.follower()
			f.Timeout = time.Hour
			seen := 0
			f.Seen = func(answer.Answer) { seen++ }
			end := f.Deploy(t.Context(), []byte(deploy), true)
			assert.Equal(t, tt.want, how(end))
			require.Len(t, s.sent, 1)
			assert.JSONEq(t, deploy, s.sent[0])
			assert.Positive(t, seen)
			if end.Failure == nil {
				assert.Equal(t, "2", end.Answer.NewVersion)
			}
		})
	}
}

// how is the status or the type of a failure.
func how(e ending.Ending) string {
	if e.Failure != nil {
		return e.Failure.Type
	}
	return e.Answer.Status
}

func TestWhatThePlanRefusesIsNotSent(t *testing.T) {
	for plan, want := range map[string]string{
		`{"status": "no-op", "new-version": "2"}`:                                                        "no-op",
		`{"status": "planned", "refusal": "KnownBadVersion", "findings": ["it was sent back"]}`:          "KnownBadVersion",
		`{"status": "planned", "driver": "workflow", "refusal": "DoesNotFit", "findings": ["too long"]}`: "DoesNotFit",
		`7`: "CallFailed",
	} {
		s := &script{t: t, plan: plan, statuses: []string{atOld}}
		assert.Equal(t, want, how(s.follower().Deploy(t.Context(), []byte(deploy), true)))
		assert.Empty(t, s.sent)
	}
}

func TestNotToWait(t *testing.T) {
	s := &script{t: t, plan: planned, statuses: []string{atOld, atOld, running("awaiting-approval", "id-7", "2", "pass")}}
	assert.Equal(t, "awaiting-approval", how(s.follower().Deploy(t.Context(), []byte(deploy), false)))
}

func TestWithoutAHealthCheckNothingHasToBeSeen(t *testing.T) {
	s := &script{t: t, plan: planned, statuses: []string{atOld, atNew}}
	raw := `{"action": "deploy", "function-name": "f", "alias": "live", "new-version": "2", "health-check": false}`
	assert.Equal(t, "succeeded", how(s.follower().Deploy(t.Context(), []byte(raw), true)))
}

func TestWait(t *testing.T) {
	on := running("in-progress", "id-7", "2", "pass")
	for name, tt := range map[string]struct {
		version  string
		statuses []string
		want     string
	}{
		"to the end":             {"", []string{on, on, atNew}, "succeeded"},
		"back":                   {"", []string{on, back}, "RolledBack"},
		"held already":           {"", []string{running("held", "id-7", "2", "fail")}, "Held"},
		"nothing on":             {"", []string{atOld}, "idle"},
		"that version is live":   {"2", []string{atNew}, "idle"},
		"another version's live": {"2", []string{atOld}, "NotBegun"},
	} {
		s := &script{t: t, statuses: tt.statuses}
		assert.Equal(t, tt.want, how(s.follower().Wait(t.Context(), []byte(deploy), tt.version)), name)
		assert.Empty(t, s.sent)
	}
}

func TestItIsLeftAlone(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	s := &script{t: t, plan: planned, statuses: []string{atOld, running("in-progress", "id-7", "2", "pass")}}
	f := s.follower()
	s.onSleep = func() { cancel(errors.New("Ctrl-C")) }
	assert.Zero(t, f.Deploy(ctx, []byte(deploy), true))
	assert.Len(t, s.sent, 1, "and nothing else")
}

// An answer that was followed has the steps that were seen, each as it was judged last.
func TestTheStepsThatWereSeen(t *testing.T) {
	step := func(weight int, from, verdict string) string {
		return fmt.Sprintf(`{"status": "in-progress", "rollout-id": "id-7", "new-version": "2", "weight": %d, "steps": [{"weight": %d, "from": %q, "verdict": %q}]}`, weight, weight, from, verdict)
	}
	s := &script{t: t, plan: planned, statuses: []string{
		atOld, step(10, "2026-01-02T03:00:00Z", "inconclusive"), step(10, "2026-01-02T03:00:00Z", "pass"), step(100, "2026-01-02T03:01:00Z", "pass"), atNew,
	}}
	end := s.follower().Deploy(t.Context(), []byte(deploy), true)
	require.Len(t, end.Answer.Steps, 2)
	assert.Equal(t, "pass", end.Answer.Steps[0].Verdict)
	assert.Equal(t, "03:01:00", end.Answer.Steps[0].Until.Format(time.TimeOnly))
	assert.Equal(t, end.Answer.EndedAt, end.Answer.Steps[1].Until)
}

const (
	handed = `{"status": "in-progress", "driver": "workflow", "execution": "arn:e", "reason": "workflow e runs it"}`
	byFlow = `{"status": "in-progress", "driver": "workflow", "execution": "arn:e", "rollout-id": "id-7", "new-version": "2", "weight": 10}`
	broken = `{"errorType": "PreflightFailed", "errorMessage": "no alias"}`
	newer  = `{"status": "in-progress", "execution": "arn:e", "rollout-id": "id-7", "new-version": "2", "weight": 10, "reason": "taken over"}`
)

// Where the stack has a long engine the rollout is its, and its execution says how it has ended.
func TestARolloutThatWasHandedOver(t *testing.T) {
	on := running("in-progress", "id-7", "2", "pass")
	for name, tt := range map[string]struct {
		statuses []string
		want     string
	}{
		"its answer":      {[]string{atOld, byFlow, on, byFlow, atOld, `{"status": "succeeded-unverified", "new-version": "2", "weight": 100}`}, "succeeded-unverified"},
		"its failure":     {[]string{atOld, byFlow, on, `{"errorType": "RolledBack", "errorMessage": "errors"}`}, "RolledBack"},
		"taken over":      {[]string{atOld, byFlow, on, newer, on, on, atNew}, "succeeded"},
		"taken over, bad": {[]string{atOld, byFlow, on, newer, on, back}, "RolledBack"},
		"a network gone":  {[]string{atOld, byFlow, on, "down", byFlow, "down"}, "CallFailed"},
		"an alias unread": {[]string{atOld, byFlow, broken, byFlow, on, `{"errorType": "RolledBack", "errorMessage": "errors"}`}, "RolledBack"},
		"an alias gone":   {append([]string{atOld}, slices.Repeat([]string{byFlow, broken}, 50)...), "PreflightFailed"},
		"for ever":        {append([]string{atOld}, slices.Repeat([]string{byFlow, on}, 1000)...), "TimedOut"},
	} {
		s := &script{t: t, plan: strings.Replace(planned, "deployer", "workflow", 1), statuses: tt.statuses}
		f := s.follower()
		f.Timeout = time.Hour
		assert.Equal(t, tt.want, how(f.Deploy(t.Context(), []byte(deploy), true)), name)
		assert.Empty(t, s.sent, "no event")
		require.Len(t, s.handed, 1)
		assert.Contains(t, s.handed[0], `"hand-off":"always"`)
	}
	s := &script{t: t, plan: planned, statuses: []string{atOld, on}}
	assert.Equal(t, "TimedOut", how(s.follower().Deploy(t.Context(), []byte(deploy), true)), "no event lasts longer than its invocation")
	s = &script{t: t, plan: planned, statuses: []string{atOld, on, atNew}}
	s.follower().Deploy(t.Context(), []byte(strings.Replace(deploy, "{", `{"hand-off": false, `, 1)), true)
	assert.Empty(t, s.handed)
	assert.Contains(t, s.asksPlan, `"hand-off":false`, "as it was given")
}

// While an execution runs it is in-progress: whether it is paused or waits for somebody, its alias says.
func TestWhatAnExecutionWaitsForIsSeen(t *testing.T) {
	for _, status := range []string{"in-progress", "paused", "awaiting-approval"} {
		s := &script{t: t, plan: strings.Replace(planned, "deployer", "workflow", 1), statuses: []string{atOld, byFlow, atOld, byFlow, running(status, "id-7", "2", "pass")}}
		f := s.follower()
		var seen []string
		f.Seen = func(a answer.Answer) { seen = append(seen, a.Status+" by "+a.Driver) }
		end := f.Deploy(t.Context(), []byte(deploy), false)
		assert.Equal(t, status, how(end), "not to wait: its first status")
		assert.Equal(t, "arn:e", end.Answer.Execution)
		assert.Equal(t, []string{"idle by workflow", status + " by workflow"}, seen)
	}
}

// Where the account's clock goes ahead of this one, as a simulated account's does, no end is told that was before its beginning.
func TestNoStepEndsBeforeItHasBegun(t *testing.T) {
	s := &script{t: t}
	f := s.follower()
	at := func(from time.Time) string {
		return fmt.Sprintf(`{"status": "in-progress", "rollout-id": "id-7", "old-version": "1", "new-version": "2", "weight": 10, "reason": "step 1", "steps": [{"weight": 10, "from": %q, "verdict": "pass"}]}`,
			from.Format(time.RFC3339))
	}
	for from, told := range map[time.Time]bool{f.Clock.Now().Add(-time.Minute): true, f.Clock.Now().Add(100 * time.Hour): false} {
		s = &script{t: t, plan: planned, statuses: []string{atOld, at(from), atNew}}
		end := s.follower().Deploy(t.Context(), []byte(deploy), true)
		assert.Equal(t, "succeeded", how(end))
		assert.Equal(t, told, end.Answer.EndedAt != nil)
		assert.Equal(t, told, end.Answer.Steps[0].Until != nil)
	}
}
