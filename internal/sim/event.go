package sim

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Event is something that happened while a scenario was played.
type Event struct {
	// At is when, since Start.
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

// listener is the deployer's log: it makes events of what one invocation says.
type listener struct {
	tell func(Event)
	last *heard
}

// heard is what a listener told last: what is said again is quiet.
type heard struct{ verdict, turn, problem string }

// Enabled is for everything.
func (l listener) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs leaves out what is the same for every line of an invocation.
func (l listener) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup has no groups.
func (l listener) WithGroup(string) slog.Handler { return l }

// Handle makes an event of a line. What the request asked and what it was answered are events of their own.
func (l listener) Handle(_ context.Context, r slog.Record) error {
	switch r.Message {
	case "request", "ended", "request refused":
		return nil
	case "turn":
		l.turn(r)
		return nil
	}
	e := Event{Kind: Logged, Text: r.Message}
	r.Attrs(func(a slog.Attr) bool {
		if text := a.Value.String(); text != "" {
			e.Text += fmt.Sprintf(", %s: %s", a.Key, text)
		}
		return true
	})
	l.tell(e)
	return nil
}

// turn makes an event of a line that says what a turn has seen and decided, or what went wrong with it.
func (l listener) turn(r slog.Record) {
	said := map[string]string{}
	r.Attrs(func(a slog.Attr) bool {
		said[a.Key] = a.Value.String()
		return true
	})
	e := Event{Kind: Turned, Routing: said["routing"], Verdict: said["verdict"], Why: said["why"], Text: said["then"]}
	if problem := said["error"]; problem != "" {
		e.Text, e.Quiet = problem+", again in "+said["again-in"], problem == l.last.problem
		l.last.problem = problem
		l.tell(e)
		return
	}
	waits := strings.HasPrefix(e.Text, "wait")
	turn := e.Routing + e.Why + e.Text
	e.Quiet = waits && e.Verdict == l.last.verdict || turn == l.last.turn
	*l.last = heard{verdict: e.Verdict, turn: turn, problem: l.last.problem}
	l.tell(e)
}
