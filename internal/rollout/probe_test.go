package rollout

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestProbesComeBeforeTheFirstShift(t *testing.T) {
	ping, always := Probe{Name: "ping"}, Probe{Name: "always", EveryStep: true}
	s := atStep3()
	until := s.snapshot.Now.Add(longestHook)
	s.plan.Probes, s.plan.PreTraffic = []Probe{ping, always}, "check"
	s.journal.Weight, s.journal.Step, s.journal.Since = 0, 0, s.journal.Start
	s.snapshot.Assessment = nil

	assert.IsType(t, RunHook{}, first(s.decide()), "the hook goes before")
	s.token.PreTraffic = true
	assert.Equal(t, RunProbe{Probe: ping, OldVersion: "7", NewVersion: "8", Until: until}, first(s.decide()))
	s.plan.Emergency = true
	assert.IsType(t, RunProbe{}, first(s.decide()), "an emergency skips waits, not gates")
	s.plan.Emergency = false
	s.token.Probed = 1
	assert.Equal(t, RunProbe{Probe: always, OldVersion: "7", NewVersion: "8", Until: until}, first(s.decide()), "one a turn")

	s.token.Probed = 2
	w, _ := requireWrite(t, first(s.decide()))
	assert.Equal(t, Weight(10_00), w.Routing.Weight)

	s.token.Failure = &Failure{Why: "probe ping: expected ok true, got false", Bad: true}
	w, d := requireWrite(t, first(s.decide()))
	assert.Equal(t, Routing{Primary: "7"}, w.Routing)
	assert.Contains(t, d.Record.Why, "probe ping")
}

func TestProbesOfEveryStepAreMadeOnceAtEach(t *testing.T) {
	s := atStep3()
	until := s.snapshot.Now.Add(longestHook)
	s.plan.Probes = []Probe{{Name: "ping"}}
	requireWrite(t, first(s.decide()))

	s.plan.Probes = append(s.plan.Probes, Probe{Name: "always", EveryStep: true})
	s.token.Probed, s.token.ProbedAt = 1, 20_00
	action, token := s.decide()
	assert.Equal(t, RunProbe{Probe: s.plan.Probes[1], OldVersion: "7", NewVersion: "8", Weight: 30_00, Until: until}, action, "not yet at this weight")
	assert.Zero(t, token.Probed)
	assert.Equal(t, Weight(30_00), token.ProbedAt)
	s.token.ProbedAt = 30_00
	requireWrite(t, first(s.decide()))

	s.token.ProbedAt = 20_00
	s.snapshot.Assessment = fail
	w, _ := requireWrite(t, first(s.decide()))
	assert.Equal(t, Routing{Primary: "7"}, w.Routing, "a failure does not wait for probes")
}
