// Package rehearsal replays rollouts over traffic that has been, or is expected: what would be decided, and when. It is
// pure: the decisions are those of rollout.Decide, the time is the replay's own, and chance comes from seeds.
package rehearsal

import (
	"math"
	"math/rand/v2"
	"reflect"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Trial is one rollout to replay. It is judged by invocations and errors alone, sends a failure back at once and needs no
// approval: alarms, hooks, probes, other checks, on-failure and approve of its plan do not count.
type Trial struct {
	Plan  rollout.Plan
	Start time.Time
	// Calls are the alias's calls in the minute that begins then, and how many of them fail on the old version.
	Calls func(minute time.Time) analysis.Counts
	// Fails says how many of the new version's calls fail, of which Errors would have failed on the old version.
	Fails func(analysis.Counts) float64
	// History is the old version's time before the start, see analysis.HistoryBefore.
	History []analysis.Counts
	// Dice send every call to one of the versions by chance; nil sends exactly the share that is expected, in fractions.
	Dice *rand.Rand
	// Memo is of trials with the same History, which then cost less; nil for none.
	Memo *analysis.Memo
}

// Outcome is how a replayed rollout ended.
type Outcome struct {
	// RolledBack says that it went back, After which time from its first shift.
	RolledBack bool
	After      time.Duration
	// Failed are the new version's failed calls until the end.
	Failed float64
}

const (
	// cellLength is how finely traffic is counted. It divides a minute.
	cellLength = 5 * time.Second
	// overtime is how much longer than its plan a rollout is replayed that waits for something, as for data.
	overtime = 10 * time.Minute
	// Longest is how much of a rollout is replayed at most, and mostLooks about how often it is judged: each look takes as
	// long as there are minutes to judge by.
	Longest   = 12 * time.Hour
	mostLooks = 1000
)

// The versions of every trial.
const (
	oldVersion = "1"
	newVersion = "2"
)

// replay is a trial on its way.
type replay struct {
	Trial
	now   time.Time
	alias rollout.Alias
	token rollout.Token
	// owed are failures of the present minute that wait for a call to belong to.
	owed float64
	// hidden are the cells that are not visible yet, and shown the minutes that are.
	hidden []cell
	shown  []analysis.Minute
	// first is when the new version got its first traffic.
	first time.Time
	end   Outcome
}

// cell is a portion of calls.
type cell struct {
	end      time.Time
	minute   time.Time
	old, new analysis.Counts
}

// Play replays the rollout to its end or, where that is sooner, for Longest or until it has waited long beyond its plan.
func (t Trial) Play() Outcome {
	t.Plan = judgedByCounts(t.Plan)
	t.Plan.Poll = max(t.Plan.Poll, replayed(t.Plan)/mostLooks)
	t.Plan.Target, t.Plan.NewVersion, t.Plan.Auto = rollout.Target{}, newVersion, nil
	if t.Memo == nil {
		t.Memo = new(analysis.Memo)
	}
	r := &replay{Trial: t, now: t.Start.UTC().Truncate(time.Millisecond), alias: rollout.Alias{Routing: rollout.Routing{Primary: oldVersion}}}
	limit := r.now.Add(replayed(t.Plan) + overtime)
	for {
		action := r.decide()
		switch a := action.(type) {
		case rollout.Write:
			r.write(a)
		case rollout.Wait:
			if a.Until.After(limit) {
				return r.end
			}
			r.serve(a.Until)
		case rollout.Look, rollout.RunHook, rollout.RunProbe, rollout.Finish:
			return r.end
		}
	}
}

// replayed is how much of a plan is replayed.
func replayed(p rollout.Plan) time.Duration { return min(p.Takes(), Longest) }

// Blind says that the plan is judged by more than a replay knows.
func Blind(p rollout.Plan) bool {
	return len(p.Alarms)+len(p.Probes) > 0 || p.PreTraffic != "" || p.PostTraffic != "" || !reflect.DeepEqual(p.Health, judgedByCounts(p).Health)
}

// judgedByCounts is the plan without what a replay cannot know.
func judgedByCounts(p rollout.Plan) rollout.Plan {
	h := p.Health
	p.Health = analysis.Health{
		Off: h.Off, Errors: h.Errors, MaxRate: h.MaxRate, FalseAlarmRate: h.FalseAlarmRate, MaxFailed: h.MaxFailed, MinInvocations: h.MinInvocations,
	}
	p.Alarms, p.Probes, p.PreTraffic, p.PostTraffic, p.HoldOnFailure, p.Message = nil, nil, "", "", false, ""
	p.Steps = append([]rollout.Step{}, p.Steps...)
	for i := range p.Steps {
		p.Steps[i].Approve = false
	}
	return p
}

// decide is a driver's turn: every account is ready.
func (r *replay) decide() (action rollout.Action) {
	s := rollout.Snapshot{Now: r.now, Alias: r.alias}
	_, s.JustWritten = r.token.JustWritten(r.now)
	for {
		action, r.token = rollout.Decide(r.Plan, s, rollout.Driver{ID: "rehearsal"}, rollout.Deadline{}, r.token)
		look, asks := action.(rollout.Look)
		switch {
		case asks && look.For == rollout.TheAccount:
			s.Readiness = &rollout.Readiness{}
		case asks && look.For == rollout.TheHealth:
			s.Assessment = r.assess(rollout.ParseDescription(r.alias.Description).Journal)
		default:
			return action
		}
	}
}

// assess judges by what is visible now.
func (r *replay) assess(live *rollout.Journal) *analysis.Assessment {
	r.show()
	e := analysis.Measurements{
		Reading: analysis.Reading{Minutes: r.shown, Share: live.Weight.Share(), Before: r.Plan.Before(live.Weight).Share(), Shifted: live.Since}, History: r.History, JudgedAlone: r.Plan.JudgesAlone(),
		Now: r.now, Start: live.Start, FirstShift: live.First, StepSince: live.Since, Awaited: r.Plan.Awaited(live), HoldEnd: r.Plan.HoldEnd(*live), NoBounds: true, Memo: r.Memo,
	}
	if live.Weight == rollout.Full {
		e.Reading.Alone = live.Since
	}
	a := analysis.Assess(r.Plan.Health, e)
	return &a
}

// write does what a write of the alias does.
func (r *replay) write(w rollout.Write) {
	r.alias = rollout.Alias{Routing: w.Routing, Description: w.Description, Revision: w.Revision + "'"}
	r.token = r.token.After(w, rollout.Result{Asked: r.now, At: r.now, Alias: r.alias})
	switch {
	case w.Kind == rollout.SendBack:
		r.end.RolledBack, r.end.After = true, r.now.Sub(r.first)
	case r.first.IsZero() && w.Routing != rollout.Routing{Primary: oldVersion}:
		r.first = r.now
	}
}

// share is the share of traffic that the new version gets.
func (r *replay) share() float64 {
	if r.alias.Routing.Primary == newVersion {
		return 1
	}
	return r.alias.Routing.Weight.Share()
}

// serve lets the time pass.
func (r *replay) serve(until time.Time) {
	for r.now.Before(until) {
		next := r.now.Truncate(cellLength).Add(cellLength)
		if next.After(until) {
			next = until
		}
		r.send(next)
		r.now = next
	}
}

// send serves the calls until next, within a cell.
func (r *replay) send(next time.Time) {
	minute := r.now.Truncate(time.Minute)
	part := r.part(r.Calls(minute), r.now.Sub(minute), next.Sub(minute))
	if part.Invocations == 0 {
		return
	}
	c := cell{end: next, minute: minute, new: r.split(part)}
	c.old = analysis.Counts{Invocations: part.Invocations - c.new.Invocations, Errors: part.Errors - c.new.Errors}
	c.new.Errors = r.Fails(c.new)
	r.end.Failed += c.new.Errors
	r.hidden = append(r.hidden, c)
}

// part is what of a minute's calls comes from a moment of it to another: evenly, in whole calls where there are dice.
func (r *replay) part(all analysis.Counts, from, until time.Duration) analysis.Counts {
	a, b := from.Minutes(), until.Minutes()
	if r.Dice == nil {
		return analysis.Counts{Invocations: all.Invocations * (b - a), Errors: all.Errors * (b - a)}
	}
	if from == 0 {
		r.owed = 0
	}
	r.owed += math.Round(all.Errors*b) - math.Round(all.Errors*a)
	calls := math.Round(all.Invocations*b) - math.Round(all.Invocations*a)
	failing := min(calls, r.owed)
	r.owed -= failing
	return analysis.Counts{Invocations: calls, Errors: failing}
}

// split is the new version's part of calls: each goes there with the probability of the weight, whether it fails or not.
func (r *replay) split(all analysis.Counts) analysis.Counts {
	w := r.share()
	calls := binomial(r.Dice, all.Invocations, w)
	failing := binomial(r.Dice, all.Errors, calls/all.Invocations)
	failing = min(max(failing, all.Errors-(all.Invocations-calls)), calls)
	return analysis.Counts{Invocations: calls, Errors: max(0, failing)}
}

// show moves what CloudWatch shows by now to the minutes that are visible.
func (r *replay) show() {
	for len(r.hidden) > 0 && !r.hidden[0].end.Add(rollout.PublishDelay).After(r.now) {
		c := r.hidden[0]
		r.hidden = r.hidden[1:]
		if n := len(r.shown); n == 0 || !r.shown[n-1].Start.Equal(c.minute) {
			r.shown = append(r.shown, analysis.Minute{Start: c.minute})
		}
		m := &r.shown[len(r.shown)-1]
		m.New, m.Old = m.New.Plus(c.new), m.Old.Plus(c.old)
		m.Alias = m.New.Plus(m.Old)
	}
}
