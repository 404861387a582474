package rollout

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

func TestATokenSurvivesJSON(t *testing.T) {
	s := atStep3().seen()
	action, token := s.decide()
	s.goOn(action.(Write), token)
	full := s.token
	full.NewVersion, full.PreTraffic, full.PostTraffic, full.Probed, full.ProbedAt = "8", true, true, 3, 33_33
	full.Failure, full.Inconclusive, full.Unverified, full.Panics = &Failure{Why: "errors: 5 of 120", Bad: true, Plain: true}, "throttled", true, 2
	full.Moving, full.Late = began, 1234*time.Millisecond
	full.Tried = &Attempt{Kind: SendBack, Until: began}
	full.Failing = &FailedCall{Call: "UpdateAlias", Since: began, Last: began.Add(time.Second), Count: 2, Error: CallError{Kind: Denied, Text: "no"}}
	for _, token := range []Token{full, s.token, {Format: tokenFormat}} {
		raw, err := json.Marshal(token)
		require.NoError(t, err)
		back, ok := ParseToken(raw)
		require.True(t, ok)
		assert.Equal(t, token, back)
	}
}

func TestWhatIsNoTokenIsALostOne(t *testing.T) {
	for name, raw := range map[string]string{
		"nothing":             ``,
		"null":                `null`,
		"no JSON":             `token`,
		"no object":           `[1]`,
		"no format":           `{}`,
		"another format":      `{"format": 2, "rollout": "x"}`,
		"of an older version": `{"Rollout": "x", "PreTraffic": true}`,
		"a wrong type":        `{"format": 1, "late": "soon"}`,
		"no weight":           `{"format": 1, "probed-at": 101}`,
		"probes below zero":   `{"format": 1, "probed": -1}`,
		"panics below zero":   `{"format": 1, "panics": -1}`,
		"early":               `{"format": 1, "late": -1}`,
		"something behind it": `{"format": 1} {}`,
		"too large":           `{"format": 1, "inconclusive": "` + strings.Repeat("x", maxToken) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			token, ok := ParseToken([]byte(raw))
			assert.False(t, ok)
			assert.Zero(t, token)
		})
	}
	_, ok := ParseToken([]byte(`{"format": 1, "a-key-of-tomorrow": true}`))
	assert.True(t, ok)
}

func TestATokenIsSmall(t *testing.T) {
	w := newWorld(t, plan10())
	w.plan.PreTraffic, w.plan.PostTraffic, w.plan.Probes = "smoke", "verify", []Probe{{Name: "ping", EveryStep: true}}
	w.run(map[int]fault{10: throttle, 11: unreadAlias, 30: loseReply, 31: loseReply})
	assert.Less(t, w.largest, 1024)

	w = newWorld(t, plan10())
	w.bad = 90_00
	w.alias.Description = strings.Repeat("front door ", 10)
	for turn := 0; ; turn++ {
		f := none
		if w.token.Failure != nil && turn%2 == 0 && w.now.Before(began.Add(30*time.Minute)) {
			f = loseReply
		}
		if w.turn(f) != nil {
			break
		}
	}
	assert.Less(t, w.largest, 1024, "with a failure, a lost write and what AWS said")
}

// Whatever others write, a token stays below 4 KB.
func TestATokenIsNeverLarge(t *testing.T) {
	all := paths(t)
	anyText := rapid.OneOf(
		rapid.String(),
		rapid.Custom(func(t *rapid.T) string {
			return strings.Repeat(rapid.SampledFrom([]string{"<", "\x01", "\u2028", "🚀", "語", `"`, "\\", "x ", "\xff"}).Draw(t, "of"), rapid.IntRange(0, 2000).Draw(t, "times"))
		}),
	)
	rapid.Check(t, func(t *rapid.T) {
		w := all[rapid.SampledFrom([]string{"bad at the third", "hooks and probes", "no data till the end", "a hook that fails", "held"}).Draw(t, "path")]()
		w.t, w.says = t, anyText.Draw(t, "text")
		w.hooks = rapid.SampledFrom([]string{w.hooks, w.says}).Draw(t, "hook")
		owner := []rune(anyText.Draw(t, "owner"))
		for length(string(owner)) > MaxOwner {
			owner = owner[1:]
		}
		w.alias.Description = string(owner)
		w.run(rapid.MapOfN(rapid.IntRange(0, 60), rapid.SampledFrom([]fault{loseReply, throttle, unreadAlias, dieAfter}), 0, 30).Draw(t, "faults"))
		require.LessOrEqual(t, w.largest, 4096)
	})
}

func TestATextOfATokenIsBoundedAsJSON(t *testing.T) {
	for _, text := range []string{"", "plain", strings.Repeat("a<b ", 1000), strings.Repeat("語", 1000), strings.Repeat("🚀", 1000), strings.Repeat("\"", 1000), "one\ntwo"} {
		short := brief(text)
		raw, err := json.Marshal(short)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(raw), maxWhyJSON)
		assert.LessOrEqual(t, length(short), maxWhy)
		assert.Equal(t, short, brief(short))
	}
	assert.Equal(t, "one", brief("one\ntwo"))
	assert.Greater(t, length(brief(strings.Repeat("<", 1000))), 80, "as much as there is room for")
}

func TestThreePanicsInARowTakeTheWayBack(t *testing.T) {
	s := atStep3().seen()
	s.token = s.token.AfterPanic().AfterPanic()
	action, token := s.decide()
	requireKind(t, action, ShiftStep)
	assert.Zero(t, token.Panics, "a turn that did not panic counts anew")

	s.token, s.snapshot.Assessment = s.token.AfterPanic(), nil
	action, token = s.decide()
	_, d := requireWrite(t, action)
	assert.Empty(t, d.Record.Bad, "without blame")
	assert.Contains(t, d.Record.Why, "an internal error of the deployer")
	s.plan.HoldOnFailure = true
	requireKind(t, first(s.decide()), Hold)
	assert.NotNil(t, token.Failure, "and that stands")

	s = atStep3().seen()
	s.plan.Auto = new(plainAuto)
	s.token = s.token.AfterPanic().AfterPanic().AfterPanic()
	requireKind(t, first(s.decide()), SendBack) // nothing but the alias is read

	s = atStart()
	s.token = s.token.AfterPanic().AfterPanic().AfterPanic()
	requireFinish(t, first(s.turn()), PreflightFailed)
}

func TestACommandThatPanicsEndsAndSendsNothingBack(t *testing.T) {
	panics := func(s stage) stage {
		s.token = s.token.AfterPanic().AfterPanic().AfterPanic()
		return s
	}
	waiting := asked(func(s *stage) { s.snapshot.Assessment = unread })
	_, waiting.token = waiting.control(Promote)
	for _, command := range []Command{Pause, Resume, Promote} {
		requireFinish(t, first(panics(waiting).control(command)), PreflightFailed)
	}
	s := asked(nil)
	action, token := s.control(Rollback)
	s.token = token
	requireKind(t, action, SendBack)
	requireKind(t, first(panics(s).control(Rollback)), SendBack) // which is nothing but reading and writing the alias

	s = asked(nil)
	action, token = s.control(Pause)
	s.goOn(action.(Write), token)
	requireFinish(t, first(panics(s).command(Pause)), Paused)
}

func TestWhatWasJustWrittenIsKnownForASecond(t *testing.T) {
	s := atStep3()
	action, token := s.decide()
	now := s.snapshot.Now
	s.goOn(action.(Write), token)
	for after, known := range map[time.Duration]bool{0: true, fresh - 1: true, fresh: false, -1: false, math.MaxInt64: false} {
		found, ok := s.token.JustWritten(now.Add(after))
		assert.Equal(t, known, ok, after)
		if known {
			assert.Equal(t, s.snapshot.Alias, found)
		}
	}
	s.snapshot.Now = now.Add(time.Millisecond)
	_, s.token = s.turn()
	_, ok := s.token.JustWritten(now.Add(2 * time.Millisecond))
	assert.False(t, ok, "what was read since is newer")
}

// No text that a driver may be given makes Decide or Control panic. The seed chooses what the turn finds.
func FuzzToken(f *testing.F) {
	s := atStep3().seen()
	for seed, token := range []Token{{Format: tokenFormat}, s.token} {
		raw, err := json.Marshal(token)
		require.NoError(f, err)
		f.Add(raw, uint(seed))
	}
	f.Add([]byte(`{"format":1,"failure":{"why":"x"},"failing":{"call":"UpdateAlias","count":-9,"error":{"kind":4}},"tried":{"kind":"roll back"}}`), uint(77))
	f.Add([]byte(`{"format":1,"rollout":"x","alias":{},"probed":9,"last":"finish","moving":"0001-01-01T00:00:00Z"}`), uint(1234))
	f.Fuzz(func(t *testing.T, raw []byte, seed uint) {
		pick := func(n uint) uint {
			picked := seed % n
			seed /= n
			return picked
		}
		s := atStep3()
		token, ok := ParseToken(raw)
		if !ok {
			token.Panics = int(pick(4))
		}
		s.token, s.snapshot.Assessment = token, nil
		s.journal.Weight = []Weight{0, 30_00, Full}[pick(3)]
		s.snapshot.Alias, s.snapshot.Now = at(s.journal), began.Add(time.Duration(pick(3))*5*time.Minute)
		switch pick(6) {
		case 0:
			s.snapshot.Alias.Routing = Routing{Primary: "7"}
		case 1:
			s.snapshot.Alias.Routing = Routing{Primary: "8", Secondary: "7", Weight: 1}
		case 2:
			s.snapshot.Alias.Description = "front door"
		case 3:
			s.snapshot.Unread = &CallError{Kind: ErrorKind(pick(6)), Text: "no"}
		case 4:
			s.snapshot.JustWritten = true
		}
		s.plan.PreTraffic, s.plan.Probes = "smoke", []Probe{{Name: "ping", EveryStep: true}}
		if pick(2) == 0 {
			s.plan.Auto, s.plan.Health.MaxFailed = new(plainAuto), 10
		}
		if pick(2) == 0 {
			s.plan.NewVersion, s.plan.Candidate = "", "next"
		}
		answerAll(t, s, []Command{"", Rollback, Pause, Resume, Promote, recovering}[pick(6)])
	})
}

// recovering stands for Recover, where a command is asked for.
var recovering = Command("recover")

// answerAll takes a turn, or gives a command, in which every look finds something.
func answerAll(t *testing.T, s stage, command Command) {
	for i := 0; ; i++ {
		require.Less(t, i, 6, "it looks for ever")
		action, token := s.turn()
		switch command {
		case "":
		case recovering:
			dead := s.driver
			dead.Ended = "it was killed"
			action, token = Recover(s.plan.ForRecover(), s.snapshot, dead, s.deadline, s.token)
		default:
			action, token = s.command(command)
		}
		if wait, ok := action.(Wait); ok {
			require.True(t, wait.Until.After(s.snapshot.Now), "a wait ends in the future")
		}
		look, ok := action.(Look)
		if !ok {
			token.After(action, Result{Asked: s.snapshot.Now, At: s.snapshot.Now})
			token.After(action, Result{Err: &CallError{Kind: Refused}}).Next(s.snapshot.Now, Deadline{})
			Expire(s.plan, token, command == "", "")
			WayBack(s.plan, s.deadline, token)
			return
		}
		s.token = token
		switch look.For {
		case TheCandidate:
			s.snapshot.Candidate = &Candidate{Finding: "no"}
		case TheTraffic:
			s.snapshot.NoTraffic = &CallError{Text: "no"}
		case TheAccount:
			s.snapshot.Readiness = ready
		case TheExecution:
			s.snapshot.Execution = &Execution{Running: true}
		case TheEngine:
			s.snapshot.Living = &Living{}
		case TheConcurrency:
			s.snapshot.Concurrency = &Concurrency{Moving: true}
		case TheSwitch:
			s.snapshot.Switch = &Switch{}
		case TheHealth:
			s.snapshot.Assessment = &analysis.Assessment{Verdict: analysis.Inconclusive, NoData: true, TooFew: true}
		}
	}
}
