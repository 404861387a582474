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
