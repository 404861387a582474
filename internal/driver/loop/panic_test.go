package loop_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// broken panics in some of the calls to the account.
type broken struct {
	target.Metrics
	target.Invoker
	target.Versions
	panics func(call string) bool
}

func (b broken) in(call string) {
	if b.panics(call) {
		panic("a bug in " + call)
	}
}

func (b broken) Minutes(ctx context.Context, q target.MetricsQuery) ([]analysis.Minute, error) {
	b.in("Minutes")
	return b.Metrics.Minutes(ctx, q)
}

func (b broken) Alarms(ctx context.Context, names []string) ([]analysis.Alarm, error) {
	b.in("Alarms")
	return b.Metrics.Alarms(ctx, names)
}

func (b broken) Invoke(ctx context.Context, i target.Invocation) (target.Reply, error) {
	b.in("Invoke")
	return b.Invoker.Invoke(ctx, i)
}

func (b broken) Version(ctx context.Context, function, version string) (target.Version, error) {
	b.in("Version")
	return b.Versions.Version(ctx, function, version)
}

// panicking plays a rollout in an account whose calls panic.
func panicking(t *testing.T, keys map[string]any, panics func(w *sim.World, call string) bool) (*sim.World, answer.Answer, error) {
	t.Helper()
	g := withKeys(keys)
	w, d := g.world()
	w.SetAlarm("red", analysis.AlarmOK)
	w.SetHook("after", sim.Hook{Answer: `{"status": "Succeeded"}`})
	d.Accounts = func(string, string, string) target.Account {
		a := w.Account()
		b := broken{a.Metrics, a.Invoker, a.Versions, func(call string) bool { return panics(w, call) }}
		a.Metrics, a.Invoker, a.Versions = b, b, b
		return a
	}
	said, err := ask(w, d, g.raw())
	return w, said, err
}

func TestAPanicIsTriedAgain(t *testing.T) {
	for _, call := range []string{"Minutes", "Alarms", "Invoke", "Version"} {
		left := 2
		_, said, err := panicking(t, map[string]any{"alarms": []string{"red"}, "hooks": map[string]string{"post-traffic": "after"}}, func(w *sim.World, at string) bool {
			if at == call {
				left--
			}
			return at == call && left >= 0
		})
		require.NoError(t, err, call)
		assert.Equal(t, "succeeded", said.Status, call)
	}
}

// The third in a row takes the way back, by code that only reads and writes the alias.
func TestTheThirdPanicInARowTakesTheWayBack(t *testing.T) {
	for _, call := range []string{"Minutes", "Alarms", "Invoke"} {
		w, _, err := panicking(t, map[string]any{"interval": 60, "alarms": []string{"red"}, "hooks": map[string]string{"post-traffic": "after"}}, func(w *sim.World, at string) bool {
			return at == call && w.Elapsed() > 40*time.Second
		})
		require.ErrorAs(t, err, new(answer.RolledBack), call)
		require.ErrorContains(t, err, "an internal error")
		alias, _ := w.Alias("f", "live")
		assert.Equal(t, rollout.Routing{Primary: "1"}, alias.Routing)
		assert.NotContains(t, alias.Description, "bad 2", "that is nobody's fault")
	}
	w, _, err := panicking(t, nil, func(_ *sim.World, at string) bool { return at == "Version" })
	require.ErrorAs(t, err, new(answer.PreflightFailed))
	assert.Len(t, w.Writes(), 1, "nothing was begun")
}

// What is told of a rollout must not stop it.
func TestAPanicOfAnObserverStopsNothing(t *testing.T) {
	g := quick()
	w, d := g.world()
	d.Watch = func(context.Context, ...rollout.Event) { panic("an observer") }
	said, err := ask(w, d, g.raw())
	require.NoError(t, err)
	assert.Equal(t, "succeeded", said.Status)
}
