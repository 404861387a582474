package rollout

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// toWorkflow is a stack with a state machine.
func toWorkflow() HandOff { return HandOff{Engine: "workflow", Longest: LongestWorkflow} }

func drawHandOff(t *rapid.T) HandOff {
	h := HandOff{Always: rapid.Bool().Draw(t, "always")}
	if rapid.Bool().Draw(t, "engine") {
		h.Engine, h.Longest = "workflow", rapid.SampledFrom([]time.Duration{time.Hour, LongestWorkflow}).Draw(t, "longest")
	}
	if rapid.Bool().Draw(t, "unfit") {
		h.Unfit = "hand-off is false"
	}
	return h
}

func drawSteps(t *rapid.T) Plan {
	p := Plan{Target: target, NewVersion: "8", Poll: 15 * time.Second}
	hold := time.Duration(rapid.IntRange(0, 7200).Draw(t, "hold")) * time.Second
	p.Steps = Linear(rapid.IntRange(1, 12).Draw(t, "steps"), hold)
	p.Steps[0].Approve = rapid.Bool().Draw(t, "approve")
	p.Emergency = rapid.Bool().Draw(t, "emergency")
	return p
}

// A start begins, is handed over or is refused: exactly as the plan, the time and the settings say, and only where the account is
// ready.
func TestWhoRunsARolloutHangsOnItsPlanAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := atStart()
		s.plan, s.driver.HandOff = drawSteps(t), drawHandOff(t)
		end := began.Add(time.Duration(rapid.IntRange(10, 900).Draw(t, "time")) * time.Second)
		s.deadline = Deadline{Process: end, Rollout: end}
		refused := rapid.Bool().Draw(t, "not ready")
		if refused {
			s.snapshot.Readiness = &Readiness{Findings: []string{"no hook"}}
		}
		h, p := s.driver.HandOff, s.plan
		may := h.Engine != "" && h.Unfit == ""
		approves := p.Steps[0].Approve && !p.Emergency
		fits := p.Fits(nil, began, end)
		action := first(s.turn())
		switch {
		case may && (h.Always || approves || !fits) && !p.Fits(nil, began, began.Add(h.Longest)),
			!may && (h.Always || !fits):
			requireOutcome(t, action, DoesNotFit)
		case refused:
			requireOutcome(t, action, PreflightFailed)
		case may && (h.Always || approves || !fits):
			require.IsType(t, HandOver{}, action)
		default:
			require.IsType(t, Write{}, action)
		}
	})
}

func requireOutcome(t *rapid.T, action Action, outcome Outcome) {
	finish, ok := action.(Finish)
	require.True(t, ok, "%T", action)
	require.Equal(t, outcome, finish.Outcome, finish.Reason)
}

// A running rollout is handed over in the last minute before the reserve and not before, only where its driver cannot finish it,
// and never one that has failed, or whose own time ends first.
func TestWhenARunningRolloutIsHandedOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := atStep3()
		s.driver.HandOff = drawHandOff(t)
		left := time.Duration(rapid.IntRange(0, 200).Draw(t, "left")) * time.Second
		end := s.snapshot.Now.Add(left)
		s.deadline = Deadline{Process: end, Rollout: end}
		s.journal.Paused = rapid.Bool().Draw(t, "paused")
		s.snapshot.Assessment = rapid.SampledFrom([]*analysis.Assessment{pass, unread, noData, fail}).Draw(t, "verdict")
		own := rapid.Bool().Draw(t, "max-duration")
		if own {
			s.plan.MaxDuration = end.Sub(s.journal.Start) + time.Duration(rapid.SampledFrom([]int{-1, 1}).Draw(t, "sooner or later"))*time.Second
		}
		sooner := own && s.journal.Start.Add(s.plan.MaxDuration).Before(end)
		action := first(s.decide())
		_, handed := action.(HandOver)
		may := s.driver.HandOff.Engine != "" && s.driver.HandOff.Unfit == ""
		waits := s.journal.Paused || s.snapshot.Assessment == unread
		unfinished := waits || !s.plan.Fits(&s.journal, s.snapshot.Now, end)
		inTime := left <= time.Minute+Reserve && left > Reserve
		want := may && !sooner && inTime && unfinished && s.snapshot.Assessment != fail
		require.Equal(t, want, handed, "%+v", action)
	})
}

// A wait never goes beyond the moment at which a rollout is to be handed over.
func TestTheHandOverIsNotSleptThrough(t *testing.T) {
	s := atStep3()
	s.driver.HandOff, s.journal.Paused, s.plan.Poll = toWorkflow(), true, 10*time.Minute
	end := s.snapshot.Now.Add(5 * time.Minute)
	s.deadline = Deadline{Process: end, Rollout: end}
	wait, ok := first(s.decide()).(Wait)
	require.True(t, ok)
	assert.Equal(t, end.Add(-time.Minute-Reserve), wait.Until.Truncate(time.Millisecond))
	s.snapshot.Now = wait.Until
	action, token := s.decide()
	over, ok := action.(HandOver)
	require.True(t, ok, "%T", action)
	assert.Equal(t, s.journal.ID, over.Rollout)
	assert.Equal(t, "8", over.NewVersion)
	s.token = token.After(over, Result{Asked: s.snapshot.Now, At: s.snapshot.Now, Name: over.Name(nil), Execution: "arn"})
	s.snapshot.Execution = &Execution{Running: true, Started: s.snapshot.Now}
	wait, ok = first(s.decide()).(Wait)
	require.True(t, ok)
	assert.LessOrEqual(t, wait.Until.Sub(s.snapshot.Now), 5*time.Second, "the claim is looked for")
	s.journal.Driver = DriverToken(over.Name(nil))
	finish := requireFinish(t, first(s.decide()), InProgress)
	assert.Equal(t, "arn", finish.Execution)
}

func TestTheNameOfAnExecution(t *testing.T) {
	long := HandOver{Target: Target{Function: strings.Repeat("f", 64), Alias: strings.Repeat("a", 128)}, NewVersion: strings.Repeat("9", 18), Revision: "r", Number: 99}
	assert.Len(t, long.Name([]byte("{}")), 64)
	short := HandOver{Target: target, NewVersion: "8", Revision: "r1", Number: 1}
	assert.Equal(t, "f-live-8-e3049526", short.Name([]byte(`{"function-name":"f"}`)))
	seen := map[string]bool{}
	for _, change := range []func(*HandOver){
		func(*HandOver) {}, func(h *HandOver) { h.Function = "g" }, func(h *HandOver) { h.Alias = "test" }, func(h *HandOver) { h.NewVersion = "9" },
		func(h *HandOver) { h.Revision = "r2" }, func(h *HandOver) { h.Number = 2 },
	} {
		other := short
		change(&other)
		seen[other.Name(nil)] = true
	}
	seen[short.Name([]byte("{}"))] = true
	assert.Len(t, seen, 7, "whatever is different makes another name")
	for name := range seen {
		assert.Regexp(t, regexp.MustCompile(`^[A-Za-z0-9-_]{1,64}$`), name)
	}
}

// A name that is taken is not tried again, and names end.
func TestNamesThatAreTaken(t *testing.T) {
	s := atStart()
	s.driver.HandOff = toWorkflow()
	s.driver.HandOff.Always = true
	for number := 1; number < 99; number++ {
		action, token := s.turn()
		over, ok := action.(HandOver)
		require.True(t, ok, "%T", action)
		require.Equal(t, number, over.Number)
		s.token = token.After(over, Result{At: s.snapshot.Now, Name: "n", Err: &CallError{Kind: Exists, Text: "taken"}})
	}
	action, token := s.turn()
	s.token = token.After(action, Result{At: s.snapshot.Now, Name: "n", Err: &CallError{Kind: Exists, Text: "taken"}})
	requireFinish(t, first(s.turn()), PreflightFailed)
}
