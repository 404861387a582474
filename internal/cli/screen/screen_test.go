package screen_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/cli/screen"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

var now = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// checks are those of a rollout with much traffic.
func checks(verdict analysis.Verdict) []analysis.Check {
	evidence := &analysis.Evidence{Against: 10, Needed: 100}
	return []analysis.Check{
		{Name: "errors", Verdict: verdict, New: &analysis.Counts{Invocations: 1000, Errors: 5}, Old: &analysis.Counts{Invocations: 9000, Errors: 9}, Evidence: evidence, Reason: "5 of 1000"},
		{Name: "latency", Verdict: analysis.Pass, Reason: "fast", Slow: []analysis.Slow{{
			AboveMS: 250, New: analysis.SlowCalls{Invocations: 1000, Slow: 100}, Old: analysis.SlowCalls{Invocations: 9000, Slow: 90}, Evidence: evidence,
		}}},
	}
}

// running is a state in the middle of a plan of ten steps.
func running(verdict analysis.Verdict) screen.State {
	s := screen.State{Target: rollout.Target{Function: "checkout", Alias: "live"}}
	plan := answer.Answer{OldVersion: "1", NewVersion: "2"}
	for i := range 10 {
		until := now.Add(time.Duration(i+1) * time.Minute)
		plan.Steps = append(plan.Steps, answer.Step{Weight: rollout.Weight(10_00 * (i + 1)), From: now.Add(time.Duration(i) * time.Minute), Until: &until})
	}
	s.Planned(plan)
	s.Seen(now, answer.Answer{
		Status: "in-progress", RolloutID: "20260102-120000000-abcd", OldVersion: "1", NewVersion: "2", Weight: 30_00,
		Steps: []answer.Step{{Weight: 30_00, From: now.Add(-20 * time.Second), Verdict: verdict.String(), Checks: checks(verdict)}},
	})
	return s
}

func TestThePictureShowsWhatSomebodyHasToKnow(t *testing.T) {
	picture := strings.Join(running(analysis.Pass).Frame(80, 24, false, now), "\n")
	for _, part := range []string{
		"checkout:live  version 1 to 2  20260102-120000000-abcd", "in-progress  step 3/10  until 12:00:40, 40s from now",
		"version 2      ████████████░░░░", "    30 % of calls", "above 250 ms", "new, version 2           1000              5 (0.5 %)             100 (10 %)",
		"old, version 1           9000              9 (0.1 %)               90 (1 %)", "10:1 against it, fails at 100:1", "pass: errors: 5 of 1000",
		screen.Help,
	} {
		assert.Contains(t, picture, part)
	}
	assert.NotContains(t, picture, "\x1b")
	full, empty := strings.Count(strings.Split(picture, "\n")[8], "█"), strings.Count(strings.Split(picture, "\n")[8], "░")
	assert.InDelta(t, 0.5, float64(full)/float64(full+empty), 0.03, "10:1 is half way to 100:1")
}

func TestTheColourIsTheVerdicts(t *testing.T) {
	for verdict, code := range map[analysis.Verdict]string{analysis.Pass: "\x1b[32m", analysis.Inconclusive: "\x1b[33m", analysis.Fail: "\x1b[31m"} {
		assert.True(t, strings.HasPrefix(running(verdict).Frame(80, 24, true, now)[1], code+"in-progress"))
	}
}

func TestWhatIsWaitedFor(t *testing.T) {
	for status, says := range map[string]string{"paused": "waits for resume", "awaiting-approval": "waits for a person: resume", "held": "it failed"} {
		s := running(analysis.Pass)
		s.Status = status
		assert.Contains(t, s.Frame(80, 24, false, now)[1], says)
	}
	assert.Contains(t, running(analysis.Pass).Frame(80, 24, false, now.Add(time.Hour))[1], "its hold is over")
}

// Whatever is shown, it fits, and what others wrote moves no cursor.
func TestThePictureFits(t *testing.T) {
	s := running(analysis.Fail)
	s.Target.Function = strings.Repeat("f", 64)
	s.Reason = strings.Repeat("\x1b[2Jno \n", 500)
	for i := range 200 {
		s.Note(fmt.Sprintf("event %d \x1b[31m %s", i, strings.Repeat("x", 300)))
	}
	for _, size := range [][2]int{{80, 24}, {40, 12}, {20, 5}, {200, 60}, {1, 1}} {
		lines := s.Frame(size[0], size[1], false, now)
		assert.LessOrEqual(t, len(lines), size[1])
		for _, line := range lines {
			assert.LessOrEqual(t, len([]rune(line)), max(size[0], 20))
			assert.NotContains(t, line, "\x1b")
		}
	}
	frame := s.Frame(80, 24, false, now)
	assert.Len(t, frame, 24)
	assert.Contains(t, frame[22], "event 199", "the last events")
}

// The events of a rollout that is driven from here make the same picture.
func TestEventsMakeAPicture(t *testing.T) {
	s := screen.State{Target: rollout.Target{Function: "f", Alias: "live"}}
	p := rollout.Plan{Steps: rollout.Linear(10, time.Minute)}
	j := &rollout.Journal{ID: "id-7", Old: "1", New: "2", Weight: 30_00, Step: 3, Steps: 10, Since: now}
	s.Happened(p, rollout.Changed{At: now, Write: rollout.Write{Kind: rollout.ShiftStep, Why: "shift to 30 %"}, Journal: j},
		rollout.Turned{At: now, Journal: j, Assessment: &analysis.Assessment{Verdict: analysis.Pass, Reason: "errors: fine", Checks: checks(analysis.Pass)}})
	picture := strings.Join(s.Frame(80, 24, false, now), "\n")
	for _, part := range []string{"in-progress  step 3/10  until 12:01:00, 1m0s from now", "12:00:00      30 %  shift to 30 %", "pass: errors: fine", "1000"} {
		assert.Contains(t, picture, part)
	}
	j.Paused = true
	s.Happened(p, rollout.Turned{At: now, Journal: j})
	assert.Equal(t, "paused", s.Status)
}

func TestKeysAskFirst(t *testing.T) {
	for keys, want := range map[string]screen.Ask{
		"py": "pause", "ry": "resume", "my": "promote", "by": "rollback", "BY": "rollback", "bn": "", "b": "", "y": "", "pby": "", "x": "", "bxy": "",
		"\x03": screen.Leave, "q": screen.Leave, "b\x03": screen.Leave,
	} {
		assert.Equal(t, want, press(t, &screen.Keys{}, keys), "%q", keys)
	}
	for keys, want := range map[string]screen.Ask{
		"\x03": "", "\x03\x03": screen.Leave, "\x03l": screen.Leave, "\x03p": "pause", "\x03b": "rollback", "\x03x": "", "\x03y": "", "q": "", "ql": screen.Leave, "by": "rollback",
	} {
		assert.Equal(t, want, press(t, &screen.Keys{Asks: true}, keys), "%q", keys)
	}
	question, _ := (&screen.Keys{}).Press('b')
	require.Contains(t, question, "back on the old version? y for yes")
}

// press presses keys: what they have asked for together, at most once.
func press(t *testing.T, k *screen.Keys, keys string) (asked screen.Ask) {
	t.Helper()
	for i := range len(keys) {
		if _, do := k.Press(keys[i]); do != "" {
			require.Empty(t, asked)
			asked = do
		}
	}
	return asked
}

// A rollout that is over says so, and where the traffic is.
func TestTheLastPictureIsOfTheEnd(t *testing.T) {
	s := running(analysis.Fail)
	s.Happened(rollout.Plan{}, rollout.Transition{State: rollout.StateShifted, Weight: 40_00})
	assert.Contains(t, s.Frame(80, 24, false, now)[1], "in-progress", "what goes on is told by the journal")
	s.Happened(rollout.Plan{}, rollout.Transition{State: rollout.StateRolledBack, Weight: 0})
	picture := s.Frame(80, 24, false, now)
	assert.Equal(t, "rolled-back  step 3/10", picture[1])
	assert.Contains(t, picture[3], "  0 % of calls")
}

// What is said of an alias without a rollout is nobody's verdict.
func TestAnAliasWithoutARolloutHasNoVerdict(t *testing.T) {
	s := running(analysis.Pass)
	s.Seen(now, answer.Answer{Status: "idle", Weight: rollout.Full, Reason: "no rollout is running"})
	picture := strings.Join(s.Frame(80, 24, false, now), "\n")
	assert.Contains(t, picture, "\nno rollout is running")
	assert.NotContains(t, picture, "pass: no rollout")
}

// Evidence is shown where there is some: a version that fails no more than the old one has none.
func TestEvidenceIsShownWhereThereIsSome(t *testing.T) {
	s := running(analysis.Pass)
	for _, against := range []float64{1, 2} {
		evidence := &analysis.Evidence{Against: against, Needed: 100}
		s.Checks = checks(analysis.Pass)[:1]
		s.Checks[0].Evidence, s.Reason = evidence, "errors: 5 of 1000; "+evidence.Clause()
		picture := strings.Join(s.Frame(80, 24, false, now), "\n")
		assert.Equal(t, against > 1, strings.Contains(picture, "fails at 100:1"))
		assert.Equal(t, against > 1, strings.Contains(picture, "evidence against it"))
		assert.Contains(t, picture, "pass: errors: 5 of 1000")
	}
}
