package rollout

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

var (
	target = Target{Function: "f", Alias: "live"}
	began  = time.Date(2026, 11, 21, 16, 44, 54, 123e6, time.UTC)

	pass     = &analysis.Assessment{Verdict: analysis.Pass, Seen: true, Reason: "errors: none"}
	fail     = &analysis.Assessment{Verdict: analysis.Fail, Seen: true, Reason: "errors: 5 of 120"}
	noData   = &analysis.Assessment{Verdict: analysis.Inconclusive, Seen: true, NoData: true, Reason: "errors: nothing seen"}
	unread   = &analysis.Assessment{Verdict: analysis.Inconclusive, Seen: true, Reason: "throttled"}
	routing3 = Routing{Primary: "7", Secondary: "8", Weight: 30_00}
	ready    = &Readiness{}
)

// journal is that of a rollout at step 3 of 10.
func journal() Journal {
	return Journal{
		ID: NewID(target, "7", "8", began), Start: began, Old: "7", New: "8", Weight: 30_00, Step: 3, Steps: 10,
		Since: began.Add(6*time.Minute + 123*time.Millisecond), First: began, Driver: "3f2c81d2-9a1c07d3e4f5",
	}
}

// plan10 is ten steps of a minute each.
func plan10() Plan {
	return Plan{Target: target, NewVersion: "8", Steps: Linear(10, time.Minute), Poll: 15 * time.Second}
}

// stage is one turn of the driver that runs journal(), at step 3 of plan10, its hold over and a look made.
type stage struct {
	plan     Plan
	journal  Journal
	snapshot Snapshot
	driver   Driver
	deadline Deadline
	token    Token
}

func atStep3() stage {
	j := journal()
	return stage{
		plan: plan10(), journal: j, driver: Driver{ID: j.Driver}, token: Token{Began: began, Rollout: j.ID},
		snapshot: Snapshot{Now: j.Since.Add(time.Minute), Assessment: pass, Living: &Living{}},
	}
}

// atFull is the same at 100 %, a minute into the bake.
func atFull() stage {
	s := atStep3()
	s.journal.Weight, s.journal.Step = Full, 10
	return s
}

// atStart is a driver's first turn, at an alias where nothing runs and an account that is ready.
func atStart() stage {
	s := atStep3()
	s.token = Token{}
	s.snapshot = Snapshot{Now: began, Readiness: ready, Living: &Living{}, Alias: alias(Routing{Primary: "7"}, Description{Owner: "front door"})}
	return s
}

// alias is an alias as Lambda states it.
func alias(r Routing, d Description) Alias {
	text, ok := d.Encode()
	if !ok {
		panic("no room for the description")
	}
	return Alias{Routing: r, Description: text, Revision: "r1"}
}

// at is the alias at a journal.
func at(j Journal) Alias { return alias(j.Routing(), Description{Owner: "front door", Journal: &j}) }

// decide puts the journal on the alias and decides.
func (s stage) decide() (Action, Token) {
	s.snapshot.Alias = at(s.journal)
	return s.turn()
}

// turn decides on the alias as the snapshot has it.
func (s stage) turn() (Action, Token) {
	return Decide(s.plan, s.snapshot, s.driver, s.deadline, s.token)
}

// control puts the journal on the alias and gives a command.
func (s stage) control(c Command) (Action, Token) {
	s.snapshot.Alias = at(s.journal)
	return s.command(c)
}

// command gives a command for the alias as the snapshot has it.
func (s stage) command(c Command) (Action, Token) {
	return Control(c, s.plan, s.snapshot, s.deadline, s.token)
}

// seen decides once, so that the token knows the alias as the rollout's, as of a minute ago.
func (s stage) seen() stage {
	_, s.token = s.decide()
	s.token.Seen = s.token.Seen.Add(-time.Minute)
	return s
}

// goOn takes a write as answered at once, and the alias as it is then.
func (s *stage) goOn(w Write, token Token) {
	answer := Alias{Routing: w.Routing, Description: w.Description, Revision: w.Revision + "'"}
	s.token = token.After(w, Result{Asked: s.snapshot.Now, At: s.snapshot.Now, Alias: answer})
	s.snapshot.Alias = answer
	if j := ParseDescription(w.Description).Journal; j != nil {
		s.journal = *j
	}
}

// lose takes a write as one whose answer was lost.
func (s *stage) lose(w Write, token Token) {
	s.token = token.After(w, Result{Asked: s.snapshot.Now, At: s.snapshot.Now, Err: &CallError{Kind: Unavailable, Text: "connection reset"}})
}

func first(a Action, _ Token) Action { return a }

func requireWrite(t *testing.T, action Action) (Write, Description) {
	t.Helper()
	w, ok := action.(Write)
	require.True(t, ok, "%T %+v", action, action)
	d := ParseDescription(w.Description)
	assert.Equal(t, "front door", d.Owner, "the owner's text stays")
	return w, d
}

func requireKind(t *testing.T, action Action, kind WriteKind) Write {
	t.Helper()
	w, _ := requireWrite(t, action)
	assert.Equal(t, kind, w.Kind, w.Why)
	return w
}

func requireFinish(t *testing.T, action Action, outcome Outcome) Finish {
	t.Helper()
	f, ok := action.(Finish)
	require.True(t, ok, "%T %+v", action, action)
	assert.Equal(t, outcome, f.Outcome, f.Reason)
	return f
}

func requireWait(t *testing.T, action Action, d time.Duration, now time.Time) {
	t.Helper()
	require.IsType(t, Wait{}, action)
	assert.Equal(t, now.Add(d), action.(Wait).Until)
}

var (
	off        = analysis.Health{Off: true}
	atLeast100 = analysis.Health{MinInvocations: 100}
)

// atNow is the stage at another time, its token as of the first turn at began.
func (s stage) atNow(now time.Time) stage {
	s.token.Began, s.snapshot.Now = began, now
	return s
}
