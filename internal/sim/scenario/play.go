package scenario

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// Play is a scenario as it was played.
type Play struct {
	Scenario Scenario
	World    *sim.World
	Events   []Event
	// Endings are how the requests ended, in their order.
	Endings []Ending

	watch Watch
	// names are the invocations' names by request id.
	names map[string]string
	// written are changes by invocations that have not told yet what they decided.
	written map[string][]Event
	// refused is what others were to do and Lambda refused.
	refused []string
}

// Watch is told of a play as it happens; what is nil is told nothing.
type Watch struct {
	// Event takes every event.
	Event func(*Play, Event)
	// Heard takes what an invocation tells, before the events that are made of it.
	Heard func(p *Play, who string, events ...rollout.Event)
}

// Ending is how a request ended.
type Ending struct {
	// How is the answer's status, the errorType, or "killed".
	How string
	// Answer is what the caller gets, as JSON: the answer, or errorType and errorMessage as Lambda gives them; nil for
	// one that was killed.
	Answer []byte
}

// Text is the answer, laid out for people; "" where there is none.
func (e Ending) Text() string { return lay(e.Answer) }

// killed is how a request ends whose process died.
const killed = "killed"

// Play plays the scenario through the handler that Lambda runs, to the end of every request.
func (s Scenario) Play(watch Watch) (*Play, error) {
	p := &Play{Scenario: s, Endings: make([]Ending, len(s.Requests)), watch: watch, names: map[string]string{}, written: map[string][]Event{}}
	w, err := s.world(p.refuse)
	if err != nil {
		return nil, err
	}
	p.World, w.OnWrite = w, p.wrote
	w.Machine.Run = func(s sim.Started) { w.Go(w.Elapsed(), func() { p.execution(s) }) }
	for i := range s.Requests {
		w.Go(time.Duration(s.Requests[i].At), func() { p.request(i) })
	}
	w.Drain()
	return p, nil
}

// request sends one request, in an invocation of its own.
func (p *Play) request(i int) {
	r, who := p.Scenario.Requests[i], fmt.Sprintf("#%d", i+1)
	ctx, invocation, cancel := p.World.Begin(sim.Invocation{Timeout: time.Duration(r.Timeout), KilledAt: time.Duration(r.KilledAt)})
	defer cancel()
	p.names[invocation.ID] = who
	defer func() {
		switch dead := recover().(type) {
		case nil:
		case sim.Killed:
			p.Endings[i] = Ending{How: killed}
			p.tellWritten(who)
			p.tell(Event{Who: who, Kind: Died, Text: dead.Why})
		default:
			panic(dead)
		}
	}()
	p.tell(Event{Who: who, Kind: Asked, Text: oneLine(r.Send)})
	deployer := Deployer(p.World, slog.New(slog.DiscardHandler))
	deployer.Long, deployer.HandOff = p.World.LongEngine(), true
	deployer.Watch = p.listen(who)
	answer, err := deployer.Handle(ctx, r.Send)
	p.Endings[i] = ending(answer.Status, answer, err)
	p.tellWritten(who)
	p.tell(Event{Who: who, Kind: Answered, Text: p.Endings[i].How})
}

// execution runs an execution of the stack's state machine, to which what does not fit an invocation is handed over.
func (p *Play) execution(s sim.Started) {
	const who = "execution"
	worker := Worker(p.World, slog.New(slog.DiscardHandler))
	worker.Caller = func(ctx context.Context) (request.Home, string) {
		home, id := sim.Caller(ctx)
		p.names[id] = who
		return home, id
	}
	worker.Watch = p.listen(who)
	p.tell(Event{Who: who, Kind: Asked, Text: s.Name})
	RunExecution(p.World, s, worker)
	p.tellWritten(who)
}

// listen makes events of what one driver tells.
func (p *Play) listen(who string) func(context.Context, ...rollout.Event) {
	told := listener{world: p.World, tell: func(e Event) {
		e.Who = who
		p.tell(e)
		if e.Kind == Turned {
			p.tellWritten(who)
		}
	}}
	return func(ctx context.Context, events ...rollout.Event) {
		if p.watch.Heard != nil {
			p.watch.Heard(p, who, events...)
		}
		told.hear(ctx, events...)
	}
}

// ending is what a caller of Lambda gets to see.
func ending(status string, answer any, err error) Ending {
	if err != nil {
		name := fmt.Sprintf("%T", err)
		status = name[strings.LastIndexByte(name, '.')+1:]
		answer = map[string]string{"errorType": status, "errorMessage": err.Error()}
	}
	return Ending{How: status, Answer: encode(answer)}
}

// tell adds an event that happens now, unless it says when.
func (p *Play) tell(e Event) {
	if e.At == 0 {
		e.At = p.World.Elapsed()
	}
	p.Events = append(p.Events, e)
	if p.watch.Event != nil {
		p.watch.Event(p, e)
	}
}

// tellWritten tells of what an invocation has changed, once it has told what it decided.
func (p *Play) tellWritten(who string) {
	for _, e := range p.written[who] {
		p.tell(e)
	}
	delete(p.written, who)
}

// wrote makes an event of a change of an alias.
func (p *Play) wrote(w sim.Write) {
	who, known := p.names[w.By]
	if !known {
		who = w.By
	}
	e := Event{Who: who, Kind: Wrote, Routing: w.Routing.String(), Text: fmt.Sprintf("%s: %q", w.Name, w.Description)}
	if w.Deleted {
		e.Routing, e.Text = "", w.Name+" is deleted"
	}
	if known {
		e.At = w.At
		p.written[who] = append(p.written[who], e)
		return
	}
	p.tell(e)
}

// refuse notes that somebody else could not do what the scenario says.
func (p *Play) refuse(by string, err error) {
	p.refused = append(p.refused, fmt.Sprintf("what %q was to do at %s was refused: %v", by, stamp(p.World.Elapsed()), err))
}

// Problems are the differences from what the scenario says was to happen, and how it has to end; none is a success.
func (p *Play) Problems() []string {
	problems := slices.Clone(p.refused)
	for i, e := range p.Endings {
		if want := p.Scenario.Requests[i].Expect; e.How != want {
			problems = append(problems, fmt.Sprintf("request #%d ended %q, expected %q", i+1, e.How, want))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Scenario.Expect)) {
		want := p.Scenario.Expect[name]
		routing, err := want.routing()
		is, missing := p.World.Alias(p.Scenario.Function, name)
		switch {
		case err != nil:
			problems = append(problems, fmt.Sprintf("expect.%s: %v", name, err))
		case missing != nil:
			problems = append(problems, fmt.Sprintf("alias %s is gone, expected %s", name, routing))
		case is.Routing != routing:
			problems = append(problems, fmt.Sprintf("alias %s ended at %s, expected %s", name, is.Routing, routing))
		case want.Description != nil && is.Description != *want.Description:
			problems = append(problems, fmt.Sprintf("alias %s ended with description %q, expected %q", name, is.Description, *want.Description))
		}
	}
	return problems
}

// Transcript is the play as text: what happened, what everybody was answered, and how the account was left.
func (p *Play) Transcript() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", p.Scenario.About)
	for _, e := range p.Events {
		if !e.Quiet {
			fmt.Fprintln(&b, e)
		}
	}
	for i, e := range p.Endings {
		if e.Answer != nil {
			fmt.Fprintf(&b, "\n#%d is answered\n%s\n", i+1, e.Text())
		}
	}
	fmt.Fprintln(&b)
	for _, name := range slices.Sorted(maps.Keys(p.Scenario.Aliases)) {
		if is, err := p.World.Alias(p.Scenario.Function, name); err == nil {
			fmt.Fprintf(&b, "%s ends at %s, %q\n", name, is.Routing, is.Description)
		}
	}
	for _, line := range p.Served() {
		fmt.Fprintln(&b, line)
	}
	return b.String()
}

// Served says, in a line for each alias and version with traffic, how many calls there were since the account began, long before
// the first request, and how many of them failed.
func (p *Play) Served() []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(p.Scenario.Aliases)) {
		for _, version := range slices.Sorted(maps.Keys(p.Scenario.Versions)) {
			if c := p.World.Served(p.Scenario.Function, name, version); c.Invocations > 0 {
				lines = append(lines, fmt.Sprintf("%s has sent %.0f calls to version %s since %s, %.0f of them failed",
					name, c.Invocations, version, sim.Start().Format("15:04"), c.Errors))
			}
		}
	}
	return lines
}
