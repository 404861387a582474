package rollout

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// forgiven is an ending that may follow in the place of another where the token was lost: a success whose last write was made.
func forgiven(undisturbed, disturbed Outcome) bool {
	success := undisturbed == Succeeded || undisturbed == SucceededUnverified
	return success && (disturbed == NoOp || disturbed == Succeeded || disturbed == SucceededUnverified)
}

// forgets says that a driver may not know of its own last write.
func forgets(faults map[int]fault) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(faults)), func(f fault) bool { return f == loseToken || f == ageToken || f == dieAfter })
}

// compare wants a disturbed run to be as the same one undisturbed.
func compare(t require.TestingT, calm *world, end Finish, w *world, faults map[int]fault) {
	w.t = t
	got := w.run(faults)
	require.Equal(t, calm.routings, w.routings, "%v: the same routings", faults)
	if !forgets(faults) || !forgiven(end.Outcome, got.Outcome) {
		require.Equal(t, end.Outcome, got.Outcome, "%v: %s", faults, got.Reason)
	}
	seen(t, w, got)
	heard(t, calm, end, w, got, faults)
	require.LessOrEqual(t, w.largest, 4096)
}

// seen says that an ending is what the alias shows.
func seen(t require.TestingT, w *world, end Finish) {
	switch end.Outcome { //nolint:exhaustive // the others say nothing of the alias
	case Succeeded, SucceededUnverified, NoOp:
		require.Equal(t, Alias{Routing{Primary: "8"}, "the shop's front door", w.alias.Revision}, w.alias)
	case RolledBack:
		require.Equal(t, Routing{Primary: "7"}, w.alias.Routing)
		require.NotNil(t, ParseDescription(w.alias.Description).Record)
	case Held:
		require.True(t, ParseDescription(w.alias.Description).Journal.Held)
	}
}

// L2, E1: the token lost or aged, the driver killed, a call lost at any one turn of any path.
func TestARolloutEndsTheSameWhereverItIsDisturbed(t *testing.T) {
	for name, make := range paths(t) {
		t.Run(name, func(t *testing.T) {
			calm := make()
			end := calm.run(nil)
			t.Logf("%s after %d turns and %s, by %v; tokens up to %d bytes", end.Outcome, calm.turns, calm.now.Sub(began), calm.routings, calm.largest)
			assert.LessOrEqual(t, calm.largest, 1024)
			w := make()
			for turn := range calm.turns {
				for f := none + 1; f < lastFault; f++ {
					compare(t, calm, end, w.fork(), map[int]fault{turn: f})
				}
				w.turn(none)
			}
		})
	}
}

// One that dies after each of two writes in a row, with no wait between them, has passed over nothing untold.
func TestADriverThatDiesTwiceInARow(t *testing.T) {
	for _, make := range paths(t) {
		calm := make()
		end := calm.run(nil)
		w := make()
		for turn := range calm.turns {
			compare(t, calm, end, w.fork(), map[int]fault{turn: dieAfter, turn + 1: dieAfter})
			w.turn(none)
		}
	}
}

func TestARolloutEndsTheSameHoweverOftenItIsDisturbed(t *testing.T) {
	all := paths(t)
	names := slices.Sorted(maps.Keys(all))
	rapid.Check(t, func(t *rapid.T) {
		make := all[rapid.SampledFrom(names).Draw(t, "path")]
		calm := make()
		end := calm.run(nil)
		kinds := rapid.SampledFrom([]fault{loseToken, ageToken, dieBefore, dieAfter, loseReply, throttle, unreadAlias, staleRead, lateWrite})
		compare(t, calm, end, make(), rapid.MapOfN(rapid.IntRange(0, 60), kinds, 0, 8).Draw(t, "faults"))
	})
}

// S8, rule 2: a second driver takes the rollout over at any time; both go on, each at its own cadence.
func TestTwoDriversOfOneRolloutNeverMoveItAgainstEachOther(t *testing.T) {
	all := paths(t)
	names := slices.Sorted(maps.Keys(all))
	rapid.Check(t, func(t *rapid.T) {
		make := all[rapid.SampledFrom(names).Draw(t, "path")]
		calm := make()
		end := calm.run(nil)
		older := make()
		older.t = t
		older.cadence = time.Duration(rapid.IntRange(0, 40).Draw(t, "cadence")) * time.Second
		for range rapid.IntRange(1, max(1, calm.turns-3)).Draw(t, "turns before") {
			if older.turn(none) != nil {
				return // over already
			}
		}
		if j := ParseDescription(older.alias.Description).Journal; j == nil || j.Held {
			return // as good as over
		}
		newer := older.fork()
		newer.driver.ID, newer.token, newer.history, newer.cadence = "newer", Token{}, nil, 0
		second := newer.turn(none)
		older.share(newer)
		if second != nil {
			require.Contains(t, []Outcome{DoesNotFit, NoOp, Held, KnownBadVersion}, second.Outcome, second.Reason)
			return
		}
		var first *Finish
		for first == nil || second == nil {
			if first == nil && (second != nil || older.now.Before(newer.now)) {
				first = older.turn(none)
			} else {
				second = newer.turn(none)
			}
			older.share(newer)
		}
		require.Equal(t, calm.routings, newer.routings)
		require.Equal(t, end.Outcome, second.Outcome, second.Reason)
		// Where the newer one took over and finished between two looks of the older, that one cannot tell it from its own end.
		if first.Outcome != InProgress && first.Outcome != NoOp {
			require.Equal(t, RolledBack, first.Outcome, "%s; %s", first.Reason, second.Reason)
			require.Equal(t, RolledBack, second.Outcome, "as the line says that is left")
		}
		seen(t, newer, *second)
	})
}

// L1: nothing takes longer than the plan, what cannot be seen yet, and one poll a step; no hold ends early.
func TestAHealthyRolloutTakesTheTimeOfItsPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hold := time.Duration(rapid.IntRange(0, 300).Draw(t, "hold")) * time.Second
		plan := Plan{Target: target, NewVersion: "8", Steps: Linear(rapid.IntRange(1, 6).Draw(t, "steps"), hold), Poll: 15 * time.Second}
		w := newWorld(t, plan)
		w.cadence = time.Duration(rapid.IntRange(0, 15).Draw(t, "cadence")) * time.Second
		end := w.run(nil)
		require.Equal(t, Succeeded, end.Outcome, end.Reason)
		require.Len(t, w.routings, len(plan.Steps)+1)
		took := w.now.Sub(began)
		require.GreaterOrEqual(t, took, plan.Duration())
		require.LessOrEqual(t, took, plan.Takes()+time.Duration(len(plan.Steps))*(15+15)*time.Second)
	})
}
