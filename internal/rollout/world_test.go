package rollout

import (
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// world is an alias, a clock and a driver, without any I/O: it takes turns by Decide and After alone.
type world struct {
	t        require.TestingT
	plan     Plan
	driver   Driver
	deadline Deadline
	cadence  time.Duration

	now      time.Time
	alias    Alias
	revision int
	// before is the alias before the last write, and onItsWay a write that will be done after the next read.
	before   Alias
	onItsWay *Alias
	token    Token
	// history are the tokens of earlier turns, and routings what the alias was, each once.
	history  []Token
	routings []Routing
	turns    int
	largest  int
	// heard are the transitions that others were told.
	heard []Transition

	// bad is the weight from which on the new version fails; 0 is never. blind shows nothing at all.
	bad   Weight
	blind bool
	// hooks is what hooks answer, and says what everybody else has to say; "" for something usual.
	hooks, says string
	// moves is for how long Lambda moves concurrency at 100 %.
	moves time.Duration
	// person changes the journal, once, when a step has been held for so long.
	after  time.Duration
	person func(*Journal)
	at     Weight
	full   time.Time
}

func newWorld(t require.TestingT, plan Plan) *world {
	w := &world{
		t: t, plan: plan, driver: Driver{ID: "3f2c81d2-9a1c07d3e4f5"}, now: began, hooks: `{"status": "Succeeded"}`,
		alias: Alias{Routing: Routing{Primary: "7"}, Description: "the shop's front door", Revision: "6fd02e4c-0000-4000-8000-000000000000"},
	}
	w.routings = []Routing{w.alias.Routing}
	return w
}

// set is what UpdateAlias does.
func (w *world) set(to Alias) bool {
	if to.Revision != w.alias.Revision {
		return false
	}
	w.before = w.alias
	w.revision++
	to.Revision = fmt.Sprintf("6fd02e4c-0000-4000-8000-%012d", w.revision)
	w.alias = to
	if to.Routing != w.routings[len(w.routings)-1] {
		w.routings = append(w.routings, to.Routing)
	}
	if to.Routing == (Routing{Primary: "8"}) && w.full.IsZero() {
		w.full = w.now
	}
	return true
}

// command is what a person does to a running rollout.
func (w *world) command() {
	d := ParseDescription(w.alias.Description)
	if w.person == nil || d.Journal == nil || d.Journal.Weight != w.at || w.now.Sub(d.Journal.Since) < w.after {
		return
	}
	w.person(d.Journal)
	text, _ := d.Encode()
	w.set(Alias{Routing: d.Journal.Routing(), Description: text, Revision: w.alias.Revision})
	w.person = nil
}

// fork is the world as it is, on its own from now on.
func (w *world) fork() *world {
	other := *w
	other.history, other.routings, other.heard = slices.Clone(w.history), slices.Clone(w.routings), slices.Clone(w.heard)
	return &other
}

// shown is the alias as GetAlias answers it: with weights that Lambda has set itself while it moves concurrency.
func (w *world) shown() Alias {
	shown := w.alias
	if w.moving() {
		shown.Routing = Routing{Primary: "8", Secondary: "7", Weight: 40_00}
	}
	return shown
}

func (w *world) moving() bool {
	return !w.full.IsZero() && w.now.Sub(w.full) < w.moves && w.alias.Routing == Routing{Primary: "8"}
}

// assess is how the rollout does: what happens is seen a while later.
func (w *world) assess(j Journal) *analysis.Assessment {
	a := &analysis.Assessment{Verdict: analysis.Pass, Reason: "errors: 0 of 120 failed, 0 of 1,080 of the old version"}
	a.Seen = w.now.Sub(j.First) >= 75*time.Second && (j.Weight < Full || w.now.Sub(j.Since) >= 75*time.Second)
	switch {
	case w.bad > 0 && j.Weight >= w.bad && w.now.Sub(j.Since) >= 20*time.Second:
		a.Verdict, a.Reason = analysis.Fail, "errors: 31 of 120 failed, 9 of 1,080 of the old version, which by chance is 1 in 10,000,000"
	case w.blind:
		a.Verdict, a.NoData, a.Reason = analysis.Inconclusive, true, "errors: no invocation of the new version is visible"
	}
	if w.says != "" {
		a.Reason = w.says
	}
	return a
}

// failed is a call that failed.
func (w *world) failed(text string) *CallError {
	if w.says != "" {
		text = w.says
	}
	return &CallError{Text: text}
}

// run takes turns until the end, the nth of them with a fault.
func (w *world) run(faults map[int]fault) Finish {
	for range 5_000 {
		if end := w.turn(faults[w.turns]); end != nil {
			return *end
		}
	}
	require.Fail(w.t, "it does not end", "at %s after %s", w.alias.Description, w.now.Sub(began))
	return Finish{}
}

// share makes two drivers' worlds one: the alias of whoever changed it last is both's.
func (w *world) share(other *world) {
	from, to := w, other
	if other.revision > w.revision {
		from, to = other, w
	}
	to.alias, to.revision, to.before, to.routings, to.full, to.person = from.alias, from.revision, from.before, from.routings, from.full, from.person
}
