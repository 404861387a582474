package loop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// game is a random world with a request to run in it.
type game struct {
	request      map[string]any
	owner        string
	newVersion   sim.Version
	oldVersion   sim.Version
	incident     sim.Curve
	rps          float64
	metricsDelay time.Duration
	named        bool
	faults       []sim.Fault
	// others act at a time: callers with an action, or strangers.
	others []other
	// restart is how long after its death a driver is started again.
	restart time.Duration
	// lives is how long an invocation lives before it is killed and called again by the same id; zero is for ever.
	lives time.Duration
	// sameID says that a driver that is started again has the id that it had.
	sameID bool
	// stale is for how long a read shows an alias as it was before a write.
	stale time.Duration
	// skews are by how much the clocks of the hosts are ahead of AWS's on which the invocations run, in turn.
	skews []time.Duration
	// timeout is how long an invocation may take; 0 is sim.DefaultTimeout.
	timeout time.Duration
	// stops says that the traffic ends when the rollout begins.
	stops bool
	// before is how much traffic there was before anything happens.
	before time.Duration
	// hooks are functions that can be invoked, beside the judge.
	hooks map[string]sim.Hook
	// stepping drives the rollout by many short calls; nil drives it by the loop.
	stepping *stepping
	// jobs drives it by the calls of a pipeline; nil does not.
	jobs *jobs
	// durable drives it as a durable execution; nil does not.
	durable *durably
	// guard has recover in the account, which dead man's switches call; nil has neither.
	guard *guard
}

type other struct {
	at time.Duration
	// beforeWrite has a stranger act right before the so-manieth UpdateAlias instead.
	beforeWrite int
	action      string // a request's action, or what a stranger does
}

// story is what happened.
type story struct {
	game
	plan   rollout.Plan
	writes []sim.Write
	turns  []oneTurn
	probed []probed
	ends   []ending
	calls  int
	// heard is what the bus has taken.
	heard []sim.Heard
	// kills is how many drivers died.
	kills int
	// begun is how many invocations have begun.
	begun int
	log   *strings.Builder
	// recovered are how the calls of recover ended.
	recovered []ending
	// touched are the drivers on whose alias recover wrote while they lived.
	touched []string
	// aborted says that the execution was stopped, and stop has the engine that runs it do so; nil is none.
	aborted bool
	stop    func()
	// written is the journal of the last write; nil where it left none.
	written *rollout.Journal
	// living are the drivers whose process or execution has not ended, by their tokens.
	living map[string]bool
}

// oneTurn is what a turn of the driver has seen and decided.
type oneTurn struct {
	at                 time.Duration
	by                 string
	verdict, why, then string
	noData, unread     bool
	weight             rollout.Weight
	action             rollout.Action
	assessment         *analysis.Assessment
}

// probed is a probe that was made.
type probed struct {
	at     time.Duration
	weight rollout.Weight
}

// ending is how an invocation ended; outcome is its status or the type of its error.
type ending struct {
	at          time.Duration
	by, outcome string
	// message is the error's, of an invocation.
	message string
}

// raw is the game's request.
func (g game) raw() []byte {
	raw, err := json.Marshal(g.request)
	must(err)
	return raw
}

// world makes the game's world, and a deployer in it that logs nothing.
func (g game) world() (*sim.World, loop.Deployer) {
	w := sim.New()
	w.MetricsDelay, w.VersionsNamed, w.Faults = g.metricsDelay, g.named, g.faults
	w.StaleReads = g.stale
	w.Publish("f", "1", g.oldVersion)
	w.Publish("f", "2", g.newVersion)
	w.SetHook("judge", sim.Hook{Answer: `{"status": "pass"}`, Takes: 700 * time.Millisecond})
	w.SetMetric("1", sim.Curve{{Value: 1}, {From: 3 * time.Minute, Value: 2}})
	for name, hook := range g.hooks {
		w.SetHook(name, hook)
	}
	w.SetIncident("f", g.incident)
	must(w.CreateAlias("f", "live", target.Alias{Routing: rollout.Routing{Primary: "1"}, Description: g.owner}))
	traffic := sim.Constant(g.rps)
	if g.stops {
		traffic = append(traffic, sim.Point{From: g.before})
	}
	w.SetTraffic("f", "live", traffic)
	d := scenario.Deployer(w, discard())
	d.Others.Bus = w.Bus()
	return w, d
}

// play runs a game to its end.
func (g game) play() story {
	w, d := g.world()
	w.Advance(g.before)
	s := story{game: g, log: &strings.Builder{}}
	request, err := request.Parse(g.raw(), sim.Home())
	must(err)
	s.plan = request.Plan
	d.Watch = s.watch(w)
	s.install(w, &d)
	w.Go(g.before, func() { s.drive(w, d, g.raw(), "first") })
	for i, o := range g.others {
		s.schedule(w, d, o, i)
	}
	w.Drain()
	s.outlast(w)
	s.writes, s.calls, s.heard = w.Writes(), w.Calls(""), w.Heard()
	return s
}

// drive invokes the deployer, and again after each death.
func (s *story) drive(w *sim.World, d loop.Deployer, raw []byte, id string) {
	switch {
	case s.stepping != nil && id == "first":
		s.step(w, d, raw)
		return
	case s.jobs != nil && id == "first":
		s.pipeline(w, d, raw)
		return
	case s.durable != nil && id == "first":
		s.durableRun(w, d, raw)
		return
	}
	for attempt := range 400 {
		invocation := sim.Invocation{ID: fmt.Sprintf("%s-%d", id, attempt)}
		if s.lives > 0 {
			invocation.ID, invocation.KilledAt = "worker", w.Elapsed()+s.lives
		}
		if s.sameID {
			invocation.ID = id
		}
		if s.invoke(w, d, raw, invocation) || s.leftAlone() {
			return
		}
		pause := s.restart
		if s.lives > 0 {
			pause = 0
		}
		_ = w.Clock().Sleep(context.Background(), pause)
	}
	panic("a driver never ended")
}

// hosted is an invocation on the host whose turn it is.
func (s *story) hosted(i sim.Invocation) sim.Invocation {
	i.Skew, i.Timeout = pick(s.skews, s.begun), s.timeout
	s.begun++
	return i
}

// invoke is false where the invocation was killed.
func (s *story) invoke(w *sim.World, d loop.Deployer, raw []byte, i sim.Invocation) (ended bool) {
	ctx, i, cancel := w.Begin(s.hosted(i))
	defer cancel()
	defer s.alive(i.ID)()
	defer func() {
		if killed, ok := recover().(sim.Killed); ok {
			fmt.Fprintf(s.log, "%9s %.12s killed: %s\n", w.Elapsed(), i.ID, killed.Why)
			s.kills++
			ended = false
		} else if !ended {
			panic("not a kill")
		}
	}()
	answer, err := d.Handle(ctx, raw)
	outcome, message := answer.Status, ""
	if err != nil {
		outcome, message = strings.TrimPrefix(fmt.Sprintf("%T", err), "answer."), err.Error()
	}
	fmt.Fprintf(s.log, "%9s %.12s ended: %s %v %s\n", w.Elapsed(), i.ID, outcome, err, answer.Reason)
	s.ends = append(s.ends, ending{at: w.Elapsed(), by: i.ID, outcome: outcome, message: message})
	return true
}

// schedule has another caller or a stranger act.
func (s *story) schedule(w *sim.World, d loop.Deployer, o other, i int) {
	stranger := map[string]func(*target.Alias){
		"stranger moves":    func(a *target.Alias) { a.Routing = rollout.Routing{Primary: "1", Secondary: "2", Weight: 77_77} },
		"stranger wipes":    func(a *target.Alias) { a.Description = "mine" },
		"stranger words":    func(a *target.Alias) { a.Description = strings.Replace(a.Description, "front door", "back door", 1) },
		"stranger restores": func(a *target.Alias) { a.Routing = rollout.Routing{Primary: "1"} },
	}[o.action]
	if stranger != nil && o.beforeWrite > 0 {
		w.Faults = append([]sim.Fault{{
			On: sim.UpdateAlias, Call: o.beforeWrite, Before: func() { must(w.ChangeAlias("stranger", "f", "live", stranger)) },
		}}, w.Faults...)
		return
	}
	if stranger != nil {
		w.At(s.before+o.at, func() { must(w.ChangeAlias("stranger", "f", "live", stranger)) })
		return
	}
	id := fmt.Sprintf("%s-%d", o.action, i)
	raw, err := json.Marshal(map[string]any{"action": o.action, "function-name": "f", "alias": "live"})
	if o.action == "deploy" {
		raw = s.raw()
	}
	must(err)
	w.Go(s.before+o.at, func() { s.drive(w, d, raw, id) })
}

// watch keeps the turns and writes the log of a story.
func (s *story) watch(w *sim.World) func(context.Context, ...rollout.Event) {
	return func(ctx context.Context, events ...rollout.Event) {
		_, id := sim.Caller(ctx)
		for _, event := range events {
			if e, ok := event.(rollout.Probed); ok {
				s.probed = append(s.probed, probed{w.Elapsed(), e.Weight})
			}
			turned, ok := event.(rollout.Turned)
			if !ok {
				fmt.Fprintf(s.log, "%9s %.12s %T %+v\n", w.Elapsed(), id, event, event)
				continue
			}
			t := oneTurn{at: w.Elapsed(), by: id, then: notify.Describe(turned.Action), action: turned.Action}
			if a := turned.Assessment; a != nil {
				t.verdict, t.why, t.noData, t.assessment = a.Verdict.String(), a.Reason, a.NoData, a
			}
			if turned.Journal != nil {
				t.weight = turned.Journal.Weight
			}
			if turned.Unread != nil {
				t.why, t.unread = turned.Unread.Text, true
			}
			if !strings.HasPrefix(t.then, "wait") || t.why != "" {
				fmt.Fprintf(s.log, "%9s %.12s turn routing=%q verdict=%s why=%q then=%s\n", t.at, id, turned.Routing, t.verdict, t.why, t.then)
			}
			if !isPerson(id) {
				s.turns = append(s.turns, t)
			}
		}
	}
}
