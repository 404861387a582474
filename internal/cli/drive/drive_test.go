package drive_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cli/drive"
	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

const deploy = `{"action": "deploy", "function-name": "f", "alias": "live", "new-version": "2", "steps": 2, "interval": 120}`

// world has the function f with traffic on its alias live at version 1; version 2 fails as it is told.
func world(t *testing.T, errors sim.Curve) *sim.World {
	t.Helper()
	w := sim.New()
	w.Publish("f", "1", sim.Version{})
	w.Publish("f", "2", sim.Version{Errors: errors})
	require.NoError(t, w.CreateAlias("f", "live", target.Alias{Routing: rollout.Routing{Primary: "1"}, Description: "front door"}))
	w.SetTraffic("f", "live", sim.Constant(20))
	w.Advance(10 * time.Minute)
	return w
}

// driver is a process in the world.
func driver(w *sim.World, id string) drive.Driver {
	return drive.Driver{
		Accounts: func(string, string, string) target.Account { return w.Account() },
		Clock:    w.Clock(), Region: "eu-west-1", ID: id, Fatal: sim.IsKill,
	}
}

// routings are those that were written.
func routings(w *sim.World) []string {
	var all []string
	for _, write := range w.Writes() {
		if text := write.Routing.String(); len(all) == 0 || all[len(all)-1] != text {
			all = append(all, text)
		}
	}
	return all
}

var upwards = []string{"version 1", "version 1 with 50 % on version 2", "version 2"}

func TestARolloutFromATerminal(t *testing.T) {
	w := world(t, nil)
	end, left := driver(w, "host-1").Run(t.Context(), t.Context(), []byte(deploy))
	assert.False(t, left)
	require.Nil(t, end.Failure)
	assert.Equal(t, "succeeded", end.Answer.Status)
	assert.Equal(t, upwards, routings(w))

	w = world(t, sim.Constant(1))
	end, left = driver(w, "host-1").Run(t.Context(), t.Context(), []byte(deploy))
	assert.False(t, left)
	assert.Equal(t, "RolledBack", end.Failure.Type)
	assert.Equal(t, 6, end.Code(request.Deploy, true))
	assert.Equal(t, []string{upwards[0], upwards[1], upwards[0]}, routings(w))
}

// Left where it stands, the next process goes on from there, as any driver does.
func TestItIsLeftAndGoneOnWith(t *testing.T) {
	w := world(t, nil)
	leaving, leave := context.WithCancel(t.Context())
	first := driver(w, "host-1")
	first.Seen = func(events ...rollout.Event) {
		for _, event := range events {
			if c, ok := event.(rollout.Changed); ok && c.Write.Kind == rollout.ShiftStep {
				leave()
			}
		}
	}
	end, left := first.Run(t.Context(), leaving, []byte(deploy))
	assert.True(t, left)
	assert.Zero(t, end)
	alias, err := w.Alias("f", "live")
	require.NoError(t, err)
	assert.Equal(t, upwards[1], alias.Routing.String(), "the alias is where it stood")
	w.Advance(time.Hour)

	end, left = driver(w, "host-2").Run(t.Context(), t.Context(), []byte(deploy))
	assert.False(t, left)
	require.Nil(t, end.Failure)
	assert.Equal(t, "succeeded", end.Answer.Status)
	assert.Equal(t, upwards, routings(w), "and nothing is begun again")
}

// What a person asks for beside it is done by the same process.
func TestWhatIsAskedForBesideIt(t *testing.T) {
	for action, want := range map[request.Action]string{request.Rollback: "RolledBack", request.Promote: "", request.Pause: "RolledBack"} {
		w := world(t, nil)
		d := driver(w, "host-1")
		var asked, later ending.Ending
		w.Go(w.Elapsed()+150*time.Second, func() { asked = d.Ask(t.Context(), action, []byte(deploy)) })
		if action == request.Pause {
			w.Go(w.Elapsed()+2*time.Hour, func() { later = d.Ask(t.Context(), request.Rollback, []byte(deploy)) })
		}
		end, left := d.Run(t.Context(), t.Context(), []byte(deploy))
		assert.False(t, left)
		require.Nil(t, asked.Failure, "%s: %+v", action, asked.Failure)
		if want == "" {
			require.Nil(t, end.Failure)
			assert.Less(t, w.Elapsed(), 20*time.Minute)
			continue
		}
		assert.Equal(t, want, end.Failure.Type, action)
		assert.Nil(t, later.Failure)
		if action == request.Pause {
			assert.Equal(t, "paused", asked.Answer.Status)
			assert.Greater(t, w.Elapsed(), 2*time.Hour, "it has no end of its own")
		}
	}
}
