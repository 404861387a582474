package rollout

import (
	"encoding/json"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// What may go wrong in a turn.
type fault int

const (
	none fault = iota
	// loseToken begins the turn without a token, ageToken with the one from two turns ago.
	loseToken
	ageToken
	// dieBefore ends the driver before its call is made, dieAfter when it was made: the turn's token is not kept.
	dieBefore
	dieAfter
	// loseReply makes the call and loses its answer, throttle does not make it, unread shows nothing.
	loseReply
	throttle
	unreadAlias
	// staleRead shows the alias as it was before the last write, lateWrite loses the answer to a write that is done only after
	// the next read.
	staleRead
	lateWrite
	lastFault
)

// turn takes one turn. It answers how the work ended; nil where it has not.
func (w *world) turn(f fault) *Finish {
	w.command()
	w.turns++
	before := w.token
	switch {
	case f == loseToken:
		w.token = Token{}
	case f == ageToken && len(w.history) > 0:
		w.token = w.history[max(0, len(w.history)-2)]
	}
	w.roundTrip()
	journal := w.token.Journal()
	s := Snapshot{}
	if s.Alias, s.JustWritten = w.token.JustWritten(w.now); !s.JustWritten {
		s.Alias = w.shown()
		if f == staleRead && w.before.Revision != "" {
			s.Alias = w.before
		}
		if f == unreadAlias || w.token.Stale(s.Alias, w.now) {
			s.Alias, s.Unread = Alias{}, w.failed("get-alias: throttled")
		}
	}
	if w.onItsWay != nil {
		w.set(*w.onItsWay)
		w.onItsWay = nil
	}
	action := w.decide(&s)
	if f == dieBefore {
		w.token = before
		w.now = w.now.Add(time.Second)
		return nil
	}
	if token, first := w.token.TellFirst(action, w.sight(s, journal)); len(first) > 0 {
		w.token, w.heard = token, append(w.heard, first...)
		if f == dieAfter {
			w.token = before
			w.now = w.now.Add(time.Second)
			return nil
		}
		w.history = append(w.history, w.token)
		return nil
	}
	switch a := action.(type) {
	case Finish:
		w.tell(s, journal, &a)
		return &a
	case Wait:
		require.True(w.t, a.Until.After(w.now), "a wait ends in the future: %s", a.Until.Sub(w.now))
		w.now = a.Until
		if w.cadence > 0 {
			w.now = began.Add((a.Until.Sub(began) + w.cadence - 1).Truncate(w.cadence))
		}
	case Write:
		w.write(a, f)
	case RunHook:
		result := Result{Asked: w.now, At: w.now, Answer: ProbeAnswer{Body: []byte(w.hooks)}}
		if f == loseReply || f == throttle {
			result.Err = w.failed("invoke: throttled")
		}
		w.token = w.token.After(a, result)
	case RunProbe:
		result := Result{Asked: w.now, At: w.now, Probe: analysis.ProbeResult{Name: a.Probe.Name}}
		if f == loseReply || f == throttle {
			result.Err = w.failed("invoke: throttled")
		}
		w.token = w.token.After(a, result)
	}
	if f == dieAfter {
		w.token = before
		w.now = w.now.Add(time.Second)
		return nil
	}
	w.tell(s, journal, nil)
	w.now = w.token.Next(w.now, Deadline{})
	w.history = append(w.history, w.token)
	return nil
}

// tell is what others hear after a turn, as turn.Engine has it.
func (w *world) tell(s Snapshot, before *Journal, end *Finish) {
	sight := w.sight(s, before)
	sight.End = end
	var told []Transition
	w.token, told = w.token.Tell(sight)
	j := w.token.Journal()
	require.False(w.t, len(told) > 0 && end == nil && w.token.Failure != nil && j != nil && !j.Held, "the way back comes first")
	w.heard = append(w.heard, told...)
}

// sight is what others may be told of a turn.
func (w *world) sight(s Snapshot, before *Journal) Sight {
	sight := Sight{Plan: w.plan, Driver: w.driver, Deadline: w.deadline, Now: w.now, Before: before, Alias: s.Alias, Assessment: s.Assessment}
	if s.Unread != nil && w.token.Alias != nil {
		sight.Alias = *w.token.Alias
	}
	if j := ParseDescription(s.Alias.Description).Live(w.plan.Target, s.Alias.Routing, w.now); j != nil && s.Unread == nil {
		sight.Before = j
	}
	return sight
}

// decide answers what Decide asks for, each question once.
func (w *world) decide(s *Snapshot) Action {
	asked := []Question(nil)
	for {
		s.Now = w.now
		action, token := Decide(w.plan, *s, w.driver, w.deadline, w.token)
		w.token = token
		look, ok := action.(Look)
		if !ok {
			return action
		}
		require.NotContains(w.t, asked, look.For, "nothing is asked twice in a turn")
		asked = append(asked, look.For)
		switch look.For {
		case TheCandidate:
			s.Candidate = &Candidate{Version: "8"}
		case TheTraffic:
			s.Traffic = &Traffic{PerSecond: 20}
		case TheAccount:
			s.Readiness = &Readiness{}
		case TheExecution:
			s.Execution = &Execution{Running: true}
		case TheEngine:
			s.Living = &Living{}
		case TheConcurrency:
			s.Concurrency = &Concurrency{Moving: w.moving()}
		case TheSwitch:
			s.Switch = &Switch{}
		case TheHealth:
			alias := s.Alias
			if s.Unread != nil {
				alias = *w.token.Alias
			}
			s.Assessment = w.assess(*ParseDescription(alias.Description).Journal)
		}
	}
}

func (w *world) write(a Write, f fault) {
	result, to := Result{Asked: w.now}, Alias{Routing: a.Routing, Description: a.Description, Revision: a.Revision}
	switch f {
	case lateWrite:
		w.onItsWay = &to
	case throttle:
	default:
		if w.set(to) {
			result.Alias = w.alias
		} else {
			result.Err = &CallError{Kind: Moved, Text: "update-alias: the alias was changed meanwhile"}
		}
	}
	if f == loseReply || f == throttle || f == lateWrite {
		result.Err = w.failed("update-alias to version 7 with 10 % on version 8: ThrottlingException: Rate exceeded")
	}
	result.At = w.now
	w.token = w.token.After(a, result)
}

// roundTrip sends the token through JSON, as drivers do.
func (w *world) roundTrip() {
	if w.token.Format == 0 {
		return
	}
	raw, err := json.Marshal(w.token)
	require.NoError(w.t, err)
	w.largest = max(w.largest, len(raw))
	back, ok := ParseToken(raw)
	require.True(w.t, ok)
	w.token = back
}
