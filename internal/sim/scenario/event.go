package scenario

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// Event is something that happened while a scenario was played.
type Event struct {
	// At is when, since sim.Start.
	At time.Duration
	// Who is the invocation, as "#1", or the name of somebody else.
	Who  string
	Kind Kind
	// Routing is the alias's, for people.
	Routing string
	// Verdict is the health verdict of a turn, and Why its reason with the numbers; "" for none.
	Verdict, Why string
	// Text says what happened; of a turn, what it decided.
	Text string
	// Quiet marks a turn that says nothing new.
	Quiet bool
}

// Kind is what kind of event it is.
type Kind string

// The kinds of event.
const (
	Asked    Kind = "request"
	Turned   Kind = "turn"
	Wrote    Kind = "write"
	Logged   Kind = "log"
	Died     Kind = "killed"
	Answered Kind = "answer"
)

// String is the event as a line.
func (e Event) String() string {
	var parts []string
	for _, part := range []string{e.Routing, e.Verdict, e.Why, e.Text} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return fmt.Sprintf("%10s  %-9s  %-7s  %s", stamp(e.At), e.Who, e.Kind, strings.Join(parts, " | "))
}

// stamp is a time as minutes and seconds.
func stamp(d time.Duration) string {
	return fmt.Sprintf("%d:%06.3f", d/time.Minute, (d % time.Minute).Seconds())
}

// listener makes events of a scenario of what one invocation tells.
type listener struct {
	world *sim.World
	tell  func(Event)
	// What was told last: what is said again is quiet.
	verdict, turn, problem string
}

// hear takes what a deployer tells.
func (l *listener) hear(_ context.Context, events ...rollout.Event) {
	for _, event := range events {
		switch e := event.(type) {
		case rollout.Turned:
			l.turned(e)
		case rollout.CallFailed:
			l.failed(e.Call + ": " + e.Err.Text)
		case rollout.HookAnswered:
			l.tell(Event{Kind: Logged, Text: fmt.Sprintf("%s hook %s, passed: %t", e.Stage, e.Function, e.Passed)})
		case rollout.Probed:
			l.tell(Event{Kind: Logged, Text: fmt.Sprintf("probe %s, %s: %s", strings.TrimPrefix(e.Check.Name, "probe "), e.Check.Verdict, e.Check.Reason)})
		case rollout.Checked:
			for _, warning := range e.Warnings {
				l.tell(Event{Kind: Logged, Text: "warning: " + warning})
			}
		case rollout.ScheduleChosen:
			l.tell(Event{Kind: Logged, Text: fmt.Sprintf("schedule for %.3g calls a second: %d steps, the first to %s %%", e.Traffic.PerSecond, len(e.Steps), e.Steps[0].Weight)})
		case rollout.Panicked:
			l.tell(Event{Kind: Logged, Text: "panic: " + e.Value})
		case rollout.Changed, rollout.HistoryRead:
		}
	}
}

// turned makes an event of what a turn has seen and decided.
func (l *listener) turned(t rollout.Turned) {
	if t.Unread != nil {
		l.failed(t.Unread.Text)
		return
	}
	e := Event{At: t.At.Sub(sim.Start()), Kind: Turned, Routing: t.Routing.String(), Text: notify.Describe(t.Action)}
	if t.Assessment != nil {
		e.Verdict, e.Why = t.Assessment.Verdict.String(), t.Assessment.Reason
	}
	_, waits := t.Action.(rollout.Wait)
	turn := e.Routing + e.Why + e.Text
	e.Quiet = waits && (e.Verdict == "" || e.Verdict == l.verdict) || turn == l.turn
	if l.turn = turn; e.Verdict != "" {
		l.verdict = e.Verdict
	}
	l.tell(e)
}

// failed makes an event of what went wrong.
func (l *listener) failed(problem string) {
	l.tell(Event{Kind: Turned, Text: problem, Quiet: problem == l.problem})
	l.problem = problem
}
