package rollout

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// states are what was told, each once, where it was told first.
func (w *world) states() []string {
	var list []string
	for _, t := range w.heard {
		if text := fmt.Sprintf("%s %s", t.State, t.Weight); !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return list
}

// heard wants others to hear of a disturbed rollout what they hear of the same one undisturbed: everything, in its order. Of a
// success whose last write was made by a driver that has forgotten it nobody hears.
func heard(t require.TestingT, calm *world, end Finish, w *world, got Finish, faults map[int]fault) {
	want, have := calm.states(), w.states()
	if got.Outcome == NoOp && forgiven(end.Outcome, NoOp) && len(have) < len(want) {
		want = want[:len(want)-1]
	}
	if slices.Contains(slices.Collect(maps.Values(faults)), staleRead) { // it shows the alias as it was before a person's pause
		have = slices.DeleteFunc(have, func(text string) bool { return text == "resumed 75" })
	}
	require.Equal(t, want, have, "%v", faults)
	for _, told := range w.heard {
		require.NotEmpty(t, told.Reason)
		require.Equal(t, w.heard[0].Rollout, told.Rollout)
		require.Equal(t, [2]string{"7", "8"}, [2]string{told.Old, told.New})
	}
}

// What is told of every path, once where nothing goes wrong.
func TestWhatOthersHear(t *testing.T) {
	for name, make := range paths(t) {
		t.Run(name, func(t *testing.T) {
			w := make()
			end := w.run(nil)
			t.Log(w.states())
			assert.Len(t, w.states(), len(w.heard), "each once")
			last := w.heard[len(w.heard)-1]
			assert.Equal(t, endState(end.Outcome), last.State)
			assert.NotEmpty(t, last.Reason)
		})
	}
}

// What another driver has written that one tells: the one that it has relieved is silent.
func TestAnotherDriversJournalIsNotTold(t *testing.T) {
	s := atStep3().seen()
	j := *s.token.Journal()
	s.token.Told = &Told{Weight: j.Weight}
	j.Weight, j.Step = 40_00, 4
	sight := Sight{Plan: s.plan, Driver: s.driver, Now: s.snapshot.Now, Before: &j}
	_, told := s.token.Tell(sight)
	assert.Len(t, told, 1)
	j.Driver = "another"
	_, told = s.token.Tell(sight)
	assert.Empty(t, told)
}

// A person's call tells what it has done, and nothing of what it finds.
func TestACallTellsWhatItHasDone(t *testing.T) {
	for command, want := range map[Command][]State{Pause: {StatePaused}, Promote: {StatePromoted}} {
		s := asked(nil)
		before := s.journal
		action, token := s.control(command)
		s.goOn(action.(Write), token)
		token, told := s.token.Tell(Sight{Plan: s.plan, Driver: Driver{ID: "caller"}, Command: command, Now: s.snapshot.Now, Before: &before})
		var states []State
		for _, tr := range told {
			states = append(states, tr.State)
			assert.Equal(t, command, tr.Command)
			assert.Equal(t, "caller", tr.Driver.ID)
		}
		assert.Equal(t, want, states)
		_, told = token.Tell(Sight{Plan: s.plan, Command: command, Now: s.snapshot.Now, Before: s.token.Journal()})
		assert.Empty(t, told, "once")
	}
}

// The message of a rollout that cannot be put back has the command that mends it.
func TestWhoHasToLookIsToldHow(t *testing.T) {
	s := atStep3().seen()
	for outcome, command := range map[Outcome]string{RollbackFailed: RestoreCommand(s.plan.Target, "7"), StateUnknown: ShowCommand(s.plan.Target)} {
		_, told := s.token.Tell(Sight{Plan: s.plan, Driver: s.driver, Now: s.snapshot.Now, End: &Finish{Outcome: outcome, Reason: "it went wrong"}})
		last := told[len(told)-1]
		assert.Equal(t, endState(outcome), last.State)
		assert.Contains(t, last.Reason, command)
		assert.Equal(t, Weight(30_00), last.Weight)
	}
}

// How an end is told that an earlier call of the driver has come to, and what has never begun.
func TestTheEndsOfWhatADriverHasNotSeen(t *testing.T) {
	s := atStart()
	record := RollbackRecord{ID: journal().ID, Driver: s.driver.ID, Old: "7", New: "8", Why: "errors"}
	text, _ := Description{Record: &record}.Encode()
	alias := Alias{Routing: Routing{Primary: "7"}, Description: text}
	_, told := Token{}.Tell(Sight{Plan: s.plan, Driver: s.driver, Now: s.snapshot.Now, Alias: alias, End: &Finish{Outcome: RolledBack, Reason: "errors"}})
	assert.Equal(t, [4]string{"rolled-back", journal().ID, "7", "8"}, [4]string{string(told[0].State), told[0].Rollout, told[0].Old, told[0].New})

	_, told = Token{}.Tell(Sight{Plan: s.plan, Driver: s.driver, Now: s.snapshot.Now, Alias: alias, End: &Finish{Outcome: KnownBadVersion, Reason: "it was bad"}})
	assert.Equal(t, [4]string{"refused", "", "7", "8"}, [4]string{string(told[0].State), told[0].Rollout, told[0].Old, told[0].New})

	for _, nothing := range []Outcome{NoOp, InProgress, Paused} {
		_, told = Token{}.Tell(Sight{Plan: s.plan, Driver: s.driver, Now: s.snapshot.Now, Alias: alias, End: &Finish{Outcome: nothing, Reason: "x"}})
		assert.Empty(t, told, nothing)
	}
	_, told = Token{}.Tell(Sight{Plan: s.plan, Command: Promote, Now: s.snapshot.Now, Alias: alias, End: &Finish{Outcome: Held, Reason: "no passing verdict"}})
	assert.Empty(t, told, "a promote that nothing came of")
}

func TestAHandOverIsTold(t *testing.T) {
	s := atStep3().seen()
	end := &Finish{Outcome: InProgress, Reason: "workflow x goes on with it", Execution: "arn:x"}
	_, told := s.token.Tell(Sight{Plan: s.plan, Driver: s.driver, Now: s.snapshot.Now, End: end})
	assert.NotEqual(t, StateHandedOver, told[len(told)-1].State, "it was relieved")
	s.token.Handing = &Handing{Name: "x"}
	_, told = s.token.Tell(Sight{Plan: s.plan, Driver: s.driver, Now: s.snapshot.Now, End: end})
	last := told[len(told)-1]
	assert.Equal(t, StateHandedOver, last.State)
	assert.Equal(t, "arn:x", last.Driver.Execution)
	assert.Equal(t, Weight(30_00), last.Weight)
}
