// Package turn takes one turn of a rollout: it looks, asks rollout what follows, and performs at most one write or one
// invocation. It has no memory: what the next turn has to know is in the token.
package turn

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/health"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Engine takes turns in an account.
type Engine struct {
	Account target.Account
	Clock   target.Clock
	// Memory keeps what was read of the past; nil keeps nothing.
	Memory *health.Memory
	// Long is the stack's long engine, which a driver's rollout.HandOff has to be about; nil is none. Raw is the request as it was
	// sent: what the engine is started with.
	Long *target.LongEngine
	Raw  []byte
	// Engines are those of the stack of which an execution may run the rollout already, by the request in Raw; nil is none.
	Engines []target.Engine
	// SetSwitch sets the driver's dead man's switch; nil where it has none.
	SetSwitch func(ctx context.Context) error
	// Fatal says that a panic is the end of the process and goes on; nil is none. The simulated account ends processes by it.
	Fatal func(value any) bool
}

// Result is what became of a turn.
type Result struct {
	// Token is what the next turn has to be given.
	Token rollout.Token
	// Next is when that is worth taking.
	Next time.Time
	// Failed says that a call to the account failed, or that the turn panicked: it is tried again at Next.
	Failed bool
	// End is how the driver's work ended; nil where it has not.
	End *rollout.Finish
	// Events are what happened, in order.
	Events []rollout.Event
}

// Turn takes one turn for a driver. A panic in it is told and counted in the token.
func (e Engine) Turn(ctx context.Context, r request.Request, d rollout.Driver, dl rollout.Deadline, t rollout.Token) (result Result) {
	w := &work{Engine: e, request: r, driver: d, deadline: dl, token: t}
	defer func() {
		value := recover()
		if value == nil {
			return
		}
		if e.Fatal != nil && e.Fatal(value) {
			panic(value)
		}
		now := e.Clock.Now()
		result = Result{
			Token: t.AfterPanic(), Next: now.Add(time.Second), Failed: true,
			Events: append(w.events, rollout.Panicked{At: now, Value: fmt.Sprint(value), Stack: string(debug.Stack())}),
		}
	}()
	return w.turn(ctx)
}

// work is one turn.
type work struct {
	Engine
	request  request.Request
	driver   rollout.Driver
	deadline rollout.Deadline
	token    rollout.Token
	failed   bool
	events   []rollout.Event
}

func (w *work) turn(ctx context.Context) Result {
	before := w.token.Journal()
	w.find(ctx)
	s := w.alias(ctx)
	action, token := w.decide(s)
	for look, asks := action.(rollout.Look); asks; look, asks = action.(rollout.Look) {
		w.token = token
		w.look(ctx, look.For, &s)
		action, token = w.decide(s)
	}
	w.token = token
	if told, first := w.token.TellFirst(action, w.sight(s, before)); len(first) > 0 {
		return Result{Token: told, Next: w.Clock.Now(), Events: w.events}.with(first)
	}
	w.tell(w.turned(s, action))
	r := w.perform(ctx, action)
	sight := w.sight(s, before)
	sight.End = r.End
	return r.tell(sight)
}

// sight is what others may be told of the turn. before is the journal that the token had when it began.
func (w *work) sight(s rollout.Snapshot, before *rollout.Journal) rollout.Sight {
	sight := rollout.Sight{
		Plan: w.scheduled(s), Driver: w.driver, Command: command(w.request), Deadline: w.deadline, Now: w.Clock.Now(),
		Before: before, Alias: s.Alias, Assessment: s.Assessment,
	}
	if s.Unread != nil && w.token.Alias != nil {
		sight.Alias = *w.token.Alias
	}
	if j := w.liveJournal(s); j != nil {
		sight.Before = j
	}
	return sight
}

// Expire ends the work of a driver whose time is up before it was done, why being what has ended it.
func (e Engine) Expire(r request.Request, d rollout.Driver, t rollout.Token, why string) Result {
	end := rollout.Expire(r.Plan, t, r.Action == request.Deploy, why)
	sight := rollout.Sight{Plan: r.Plan, Driver: d, Command: command(r), Now: e.Clock.Now(), Before: t.Journal(), End: &end}
	if t.Alias != nil {
		sight.Alias = *t.Alias
	}
	return Result{Token: t, End: &end}.tell(sight)
}

// tell adds what others are to be told.
func (r Result) tell(s rollout.Sight) Result {
	token, transitions := r.Token.Tell(s)
	r.Token = token
	return r.with(transitions)
}

// with adds transitions.
func (r Result) with(transitions []rollout.Transition) Result {
	for _, t := range transitions {
		r.Events = append(r.Events, t)
	}
	return r
}

// command is what a person asks of a running rollout; "" for a deploy.
func command(r request.Request) rollout.Command {
	if r.Action == request.Deploy {
		return ""
	}
	return rollout.Command(r.Action)
}

// decide asks rollout. The clock is read last.
func (w *work) decide(s rollout.Snapshot) (rollout.Action, rollout.Token) {
	s.Now = w.Clock.Now()
	switch w.request.Action {
	case request.Deploy:
		driver := w.driver
		driver.Switched = w.SetSwitch != nil
		return rollout.Decide(w.request.Plan, s, driver, w.deadline, w.token)
	case request.Recover:
		return rollout.Recover(w.request.Plan, s, w.driver, w.deadline, w.token)
	default:
	}
	return rollout.Control(command(w.request), w.request.Plan, s, w.deadline, w.token)
}

// alias is what is known of the alias: as the driver's own write has just left it, else as it is read.
func (w *work) alias(ctx context.Context) (s rollout.Snapshot) {
	if s.Alias, s.JustWritten = w.token.JustWritten(w.Clock.Now()); s.JustWritten {
		return s
	}
	ctx, cancel := w.bounded(ctx, readShare)
	defer cancel()
	alias, err := w.Account.Aliases.Alias(ctx, w.request.Plan.Function, w.request.Plan.Alias)
	switch {
	case err != nil:
		s.Unread = target.CallError(fmt.Errorf("get-alias: %w", err))
	case w.token.Stale(alias, w.Clock.Now()):
		s.Unread = &rollout.CallError{Text: "get-alias answers with the state before this driver's own last write"}
	default:
		s.Alias = alias
	}
	return s
}

// What part of the reserve for the way back one call may take: a read, a write, a second try of both.
const (
	readShare  = 0.25
	writeShare = 0.5
)

// bounded is a context for one call, so that the way back has time for several: once it has to begin a call takes its share
// of what is left, and before that no call goes on for long beyond its beginning.
func (w *work) bounded(ctx context.Context, share float64) (context.Context, context.CancelFunc) {
	back, now := rollout.WayBack(w.request.Plan, w.deadline, w.token), w.Clock.Now()
	if back.IsZero() {
		return context.WithCancel(ctx)
	}
	left := rollout.Reserve
	if end := w.deadline.Process; !end.IsZero() {
		left = min(left, end.Sub(now))
	}
	end := now.Add(time.Duration(share * float64(left)))
	if back.After(end) {
		end = back
	}
	return w.Clock.Bound(ctx, end)
}

// tell adds an event.
func (w *work) tell(e rollout.Event) { w.events = append(w.events, e) }

// turned is what the turn has seen and decided.
func (w *work) turned(s rollout.Snapshot, action rollout.Action) rollout.Turned {
	return rollout.Turned{
		At: w.Clock.Now(), Target: w.request.Plan.Target, Routing: s.Alias.Routing, Journal: w.journal(s), Assessment: s.Assessment, Action: action, Unread: s.Unread,
	}
}

// journal is that of the rollout that the driver runs, or was asked about.
func (w *work) journal(s rollout.Snapshot) *rollout.Journal {
	j := rollout.ParseDescription(s.Alias.Description).Live(w.request.Plan.Target, s.Alias.Routing, w.Clock.Now())
	if j == nil || j.ID != w.token.Rollout {
		return nil
	}
	return j
}
