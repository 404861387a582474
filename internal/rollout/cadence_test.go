package rollout

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// engine is a world whose driver is a long engine: it is called, waits whole seconds, and is called again.
type engine struct {
	*world
	waits   int
	longest time.Duration
}

func newEngine(t require.TestingT, plan Plan) *engine {
	w := newWorld(t, plan)
	w.driver.Long, w.deadline.Rollout = true, began.Add(year-time.Hour)
	return &engine{world: w}
}

// play calls until the end. Before each call people do what they do, and the call may go wrong.
func (e *engine) play(people func(j *Journal) bool, faults map[int]fault) Finish {
	for range 3*MostLooks + 2_000 {
		e.after, e.person = 0, nil
		if d := ParseDescription(e.alias.Description); d.Journal != nil && people(d.Journal) {
			text, ok := d.Encode()
			require.True(e.t, ok)
			e.set(Alias{Routing: d.Journal.Routing(), Description: text, Revision: e.alias.Revision})
		}
		before, fault := e.now, faults[e.waits]
		if end := e.turn(fault); end != nil {
			return *end
		}
		if !e.now.After(before) {
			continue
		}
		e.driver.Continues = true
		next := e.now
		e.token, next = e.token.AfterCall(e.plan, e.driver, e.deadline, before, next, fault != none)
		wait := (next.Sub(before) + time.Second - 1).Truncate(time.Second)
		e.now = before.Add(wait)
		e.waits, e.longest = e.waits+1, max(e.longest, wait)
	}
	require.Fail(e.t, "it does not end")
	return Finish{}
}

// What a look costs a workflow: Turn has five events and Outcome and Wait two each, three transitions; the end has Turn,
// Outcome and its own state, and the execution a first and a last event. A durable execution has one operation a look, and two.
func (e *engine) events() int      { return 9*e.waits + 11 }
func (e *engine) transitions() int { return 3*e.waits + 3 }
func (e *engine) operations() int  { return e.waits + 2 }

func nobody(*Journal) bool { return false }

// pausedFrom is a person who pauses after a while, for ever.
func (e *engine) pausedFrom(after time.Duration) func(*Journal) bool {
	return func(j *Journal) bool {
		if j.Paused || e.now.Sub(began) < after {
			return false
		}
		j.Paused = true
		return true
	}
}

// The table of docs/engines.md: what rollouts cost at the long engines.
func TestCostOfALongRollout(t *testing.T) {
	const perTransition, perOperation, perMetric, metrics = 0.025 / 1_000, 8.0 / 1_000_000, 0.01 / 1_000, 6
	var table strings.Builder
	table.WriteString("| plan | looks | longest wait | events | transitions | workflow | durable operations | durable | CloudWatch |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, tt := range []struct {
		name   string
		hold   time.Duration
		steps  int
		poll   time.Duration
		paused time.Duration
		ends   Outcome
	}{
		{"20 min, 10 steps, look every 30 s", 2 * time.Minute, 10, 30 * time.Second, 0, Succeeded},
		{"20 min, 10 steps, look every 15 s", 2 * time.Minute, 10, 15 * time.Second, 0, Succeeded},
		{"1 day, 10 steps", day / 10, 10, 30 * time.Second, 0, Succeeded},
		{"7 days, 10 steps", 7 * day / 10, 10, 30 * time.Second, 0, Succeeded},
		{"364 days, 10 steps", 364 * day / 10, 10, 30 * time.Second, 0, Succeeded},
		{"364 days, 1,000 steps", 364 * day / 1000, 1000, 30 * time.Second, 0, Succeeded},
		{"20 min, look every 1 s, paused for the rest of a year", 2 * time.Minute, 10, time.Second, 19 * time.Minute, RolledBack},
		{"7 days, paused for the rest of a year", 7 * day / 10, 10, 30 * time.Second, 6 * day, RolledBack},
	} {
		e := newEngine(t, Plan{Target: target, NewVersion: "8", Steps: Linear(tt.steps, tt.hold), Poll: tt.poll})
		people := nobody
		if tt.paused > 0 {
			people = e.pausedFrom(tt.paused)
		}
		end := e.play(people, nil)
		require.Equal(t, tt.ends, end.Outcome, "%s: %s", tt.name, end.Reason)
		assert.NotContains(t, end.Reason, "as often as it can", tt.name)
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s | $%.4f | %s | $%.4f | $%.4f |\n", tt.name, thousands(e.waits), shortly(e.longest), thousands(e.events()),
			thousands(e.transitions()), float64(e.transitions())*perTransition, thousands(e.operations()), float64(e.operations())*perOperation,
			float64(e.waits*metrics)*perMetric)
	}
	doc, err := os.ReadFile("../../docs/engines.md")
	require.NoError(t, err)
	assert.Contains(t, string(doc), table.String(), "docs/engines.md has another table than this:\n%s", table.String())
}

func thousands(n int) string {
	if n < 1_000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1_000, n%1_000)
}

func shortly(d time.Duration) string {
	if d < time.Hour {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}

// Any plan up to a year, with pauses, approvals and retries, stays within what the engines can hold. With at most a hundred
// stops it is not even sent back for it.
func TestEveryPlanUpToAYearFitsTheEngines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.SampledFrom([]int{1, 2, 10, 50, 200, 1000}).Draw(t, "steps")
		poll := time.Duration(rapid.SampledFrom([]int{1, 5, 30, 600}).Draw(t, "poll")) * time.Second
		total := time.Duration(rapid.SampledFrom([]int{1, 1_200, 86_400, 604_800, 86_400 * 364}).Draw(t, "seconds")) * time.Second
		plan := Plan{Target: target, NewVersion: "8", Steps: Linear(steps, total/time.Duration(steps)), Poll: poll}
		every := rapid.SampledFrom([]int{0, 0, 1, 2, 7}).Draw(t, "approval at every so-manieth step")
		stops := 0
		for i := range plan.Steps {
			plan.Steps[i].Approve = every > 0 && i%every == 0 && i < len(plan.Steps)-1
			if plan.Steps[i].Approve {
				stops++
			}
		}
		e := newEngine(t, plan)
		span := func(name string) time.Duration {
			return time.Duration(rapid.SampledFrom([]int{1, 60, 3_600, 86_400, 86_400 * 30, 86_400 * 365}).Draw(t, name)) * time.Second
		}
		patience := span("approved after")
		pauses := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) [2]time.Duration { return [2]time.Duration{span("pause at"), span("pause for")} }), 0, 4).Draw(t, "pauses")
		stops += len(pauses)
		faults := rapid.MapOfN(rapid.IntRange(0, 2_000), rapid.SampledFrom([]fault{loseReply, throttle, unreadAlias, dieAfter, ageToken}), 0, 20).Draw(t, "faults")

		end := e.play(func(j *Journal) bool {
			since := e.now.Sub(began)
			paused := slices.ContainsFunc(pauses, func(p [2]time.Duration) bool { return since >= p[0] && since < p[0]+p[1] })
			granted := j.Approval == Wanted && e.now.Sub(plan.HoldEnd(*j)) >= patience
			if granted {
				j.Approval = Granted
			}
			changed := granted || paused != j.Paused
			j.Paused = paused
			return changed
		}, faults)

		switch {
		case forgets(faults) && end.Outcome == NoOp:
			require.Equal(t, Routing{Primary: "8"}, e.alias.Routing, "it has forgotten that it was its own end")
		case failing(faults[0]) && end.Outcome == StateUnknown:
			require.True(t, forgets(faults) || e.alias.Routing == Routing{Primary: "7"}, "only its claim may have been written")
		case failing(faults[0]) && failing(faults[1]) && end.Outcome == PreflightFailed:
			require.Equal(t, Routing{Primary: "7"}, e.alias.Routing)
			require.Nil(t, ParseDescription(e.alias.Description).Journal, "a minute of errors is the end where nothing has begun")
		default:
			require.Contains(t, []Outcome{Succeeded, RolledBack}, end.Outcome, end.Reason)
		}
		require.LessOrEqual(t, e.waits, MostLooks+LastLooks)
		require.LessOrEqual(t, e.events(), 25_000)
		require.LessOrEqual(t, e.operations(), 3_000)
		if stops <= 104 {
			require.Less(t, e.waits, MostLooks)
			require.NotContains(t, end.Reason, "as often as it can")
		}
		if end.Outcome == RolledBack {
			require.NotContains(t, e.alias.Description, "bad 8", "that is nobody's fault")
		}
	})
}

// failing says that a look brings nothing but an error.
func failing(f fault) bool { return f == loseReply || f == throttle || f == unreadAlias }

func TestALongDriverGoesBackWhenItsLooksAreUsedUp(t *testing.T) {
	s := atStep3()
	s.driver.Long, s.token.Looks = true, MostLooks-1
	requireKind(t, first(s.decide()), ShiftStep)
	s.token.Looks = MostLooks
	w := requireKind(t, first(s.decide()), SendBack)
	assert.Contains(t, w.Why, "its driver has looked 2700 times, which is as often as it can: it was at 30 %, step 3 of 10")
	assert.NotContains(t, w.Description, "bad 8", "that is nobody's fault")

	s = s.seen()
	s.snapshot.Unread = &CallError{Text: "get-alias: throttled"}
	requireKind(t, first(s.decide()), SendBack)

	s.token.Looks = MostLooks + LastLooks
	requireFinish(t, first(s.decide()), RollbackFailed)
	s.snapshot.Alias = Alias{}
	requireFinish(t, first(s.turn()), RollbackFailed)

	s.driver.Long, s.snapshot.Unread, s.token.Failure = false, nil, nil
	requireKind(t, first(s.decide()), ShiftStep)
}

// One that could not take over a rollout in all its looks ends too: its engine has no room for more.
func TestALongDriverThatCannotTakeOverEndsWhenItsLooksAreUsedUp(t *testing.T) {
	s := atStep3()
	s.driver.ID, s.driver.Long = "newer", true
	throttled := FailedCall{Call: "UpdateAlias", Since: s.snapshot.Now.Add(-time.Hour), Last: s.snapshot.Now, Count: 9, Error: CallError{Text: "update-alias: throttled"}}
	s.token = Token{Began: s.snapshot.Now.Add(-time.Hour), Failing: &throttled, Looks: MostLooks + LastLooks - 1}
	requireKind(t, first(s.decide()), TakeOver)
	s.token.Looks++
	f := requireFinish(t, first(s.decide()), PreflightFailed)
	assert.Contains(t, f.Reason, "update-alias: throttled")
}

func TestCadenceOfALongDriver(t *testing.T) {
	plan := func(steps int, total, poll time.Duration) Plan {
		return Plan{Target: target, NewVersion: "8", Steps: Linear(steps, total/time.Duration(steps)), Poll: poll}
	}
	for name, tt := range map[string]struct {
		plan Plan
		// at is since when the step is held, and looks how many there were.
		at    time.Duration
		looks int
		// first is since when the rollout has had traffic, before the present step began.
		first  time.Duration
		paused bool
		want   time.Duration
	}{
		"a short plan by its poll interval":         {plan(10, 20*time.Minute, 30*time.Second), 0, 0, 0, false, 30 * time.Second},
		"a long one by its duration":                {plan(10, 1390*time.Hour, 30*time.Second), 0, 0, 0, false, time.Hour},
		"one of many steps by 400":                  {plan(1000, 4000*time.Hour, 30*time.Second), 0, 0, 0, false, 4 * time.Hour},
		"the end of the hold comes first":           {plan(10, 20*time.Minute, 30*time.Second), 110 * time.Second, 0, 0, false, 10 * time.Second},
		"what waits by how long it has":             {plan(10, 20*time.Minute, 30*time.Second), 2*time.Minute + 90*time.Hour, 0, 0, true, time.Hour},
		"not by what earlier steps have lost":       {plan(10, 20*time.Minute, 30*time.Second), 0, 0, 90 * day, false, 30 * time.Second},
		"but for that too where few looks are left": {plan(10, 200*time.Hour, 30*time.Second), 0, 1301, 60*time.Hour + 90*time.Hour, false, time.Hour},
	} {
		s := atStep3()
		s.plan, s.driver.Long, s.token.Looks = tt.plan, true, tt.looks
		i := min(2, len(tt.plan.Steps)-1)
		s.journal.Weight, s.journal.Step, s.journal.Steps, s.journal.Paused = tt.plan.Steps[i].Weight, i+1, len(tt.plan.Steps), tt.paused
		s.journal.Since = s.journal.First.Add(tt.first)
		s.snapshot.Now = s.journal.Since.Add(tt.at)
		t.Run(name, func(t *testing.T) { requireWait(t, first(s.decide()), tt.want, s.snapshot.Now) })
	}
}

func TestAfterAFailedCallTheNextComesLaterAndLater(t *testing.T) {
	s := atStep3().seen()
	s.plan, s.driver.Long = Plan{Target: target, NewVersion: "8", Steps: Linear(10, 7*day/10), Poll: 30 * time.Second}, true
	waits := func(token Token) (all []time.Duration) {
		for range 7 {
			var next time.Time
			token, next = token.AfterCall(s.plan, s.driver, s.deadline, s.snapshot.Now, s.snapshot.Now, true)
			all = append(all, next.Sub(s.snapshot.Now))
		}
		return all
	}
	sec := time.Second
	pace := s.plan.Pace()
	assert.Equal(t, []time.Duration{30 * sec, 60 * sec, 120 * sec, 240 * sec, pace, pace, pace}, waits(s.token))
	back := s.token
	back.Failure = &Failure{Why: "errors"}
	assert.Equal(t, []time.Duration{30 * sec, 60 * sec, 60 * sec, 60 * sec, 60 * sec, 60 * sec, 60 * sec}, waits(back), "a way back is pressing")

	token, next := s.token.AfterCall(s.plan, s.driver, s.deadline, s.snapshot.Now, s.snapshot.Now.Add(time.Hour), false)
	assert.Equal(t, s.snapshot.Now.Add(time.Hour), next)
	assert.Equal(t, 1, token.Looks)
	s.deadline.Rollout = s.snapshot.Now.Add(20*sec + Reserve)
	_, next = token.AfterCall(s.plan, s.driver, s.deadline, s.snapshot.Now, s.snapshot.Now, true)
	assert.Equal(t, s.snapshot.Now.Add(20*sec), next, "nor beyond where the way back begins")
}
