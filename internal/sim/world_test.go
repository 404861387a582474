package sim_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// shop is a world with a function, three versions of it, and an alias at the first.
func shop(t *testing.T) *sim.World {
	t.Helper()
	w := sim.New()
	w.Publish("shop", "1", sim.Version{})
	w.Publish("shop", "2", sim.Version{})
	w.Publish("shop", "3", sim.Version{Version: target.Version{Role: "another"}})
	require.NoError(t, w.CreateAlias("shop", "live", target.Alias{Routing: rollout.Routing{Primary: "1"}, Description: "ours"}))
	return w
}

// split is the alias with a tenth of its traffic on version 2.
func split(a *target.Alias) {
	a.Routing = rollout.Routing{Primary: "1", Secondary: "2", Weight: 10_00}
}

func TestTimeIsVirtual(t *testing.T) {
	w := sim.New()
	var order []string
	w.At(3*time.Second, func() { order = append(order, "third") })
	w.At(time.Second, func() { order = append(order, "first") })
	w.At(time.Second, func() { order = append(order, "second") })
	w.At(time.Hour, func() { order = append(order, "never") })
	require.NoError(t, w.Clock().Sleep(t.Context(), time.Minute))
	assert.Equal(t, []string{"first", "second", "third"}, order)
	assert.Equal(t, sim.Start().Add(time.Minute), w.Clock().Now())
}

func TestSleepEndsWithItsContext(t *testing.T) {
	w := sim.New()
	ctx, cancel := w.Clock().Bound(t.Context(), sim.Start().Add(time.Minute))
	defer cancel()
	end, ok := ctx.Deadline()
	require.True(t, ok)
	assert.Equal(t, sim.Start().Add(time.Minute), end)
	require.NoError(t, w.Clock().Sleep(ctx, 30*time.Second))
	require.ErrorIs(t, w.Clock().Sleep(ctx, time.Hour), context.DeadlineExceeded)
	assert.Equal(t, time.Minute, w.Elapsed())
	select {
	case <-ctx.Done():
	default:
		t.Error("the context is over and Done is open")
	}
	inner, cancel := w.Clock().Bound(ctx, sim.Start().Add(time.Hour))
	defer cancel()
	assert.ErrorIs(t, inner.Err(), context.DeadlineExceeded)
}

func TestSleepEndsWhenItsContextIsCanceled(t *testing.T) {
	for name, sleeper := range map[string]func(*sim.World, func()){
		"outside":      func(_ *sim.World, sleep func()) { sleep() },
		"in a process": func(w *sim.World, sleep func()) { w.Go(0, sleep); w.Drain() },
	} {
		t.Run(name, func(t *testing.T) {
			w := sim.New()
			ctx, cancel := context.WithCancel(t.Context())
			w.At(time.Second, cancel)
			sleeper(w, func() { assert.ErrorIs(t, w.Clock().Sleep(ctx, time.Hour), context.Canceled) })
			assert.Equal(t, time.Second, w.Elapsed())
		})
	}
}

func TestProcessesTakeTurns(t *testing.T) {
	w := sim.New()
	var order []string
	walk := func(name string, step time.Duration) func() {
		return func() {
			for range 3 {
				_ = w.Clock().Sleep(context.Background(), step)
				order = append(order, name)
			}
		}
	}
	w.Go(0, walk("hare", 2*time.Second))
	w.Go(time.Second, walk("tortoise", 4*time.Second))
	require.NoError(t, w.Clock().Sleep(t.Context(), 5500*time.Millisecond))
	assert.Equal(t, []string{"hare", "hare", "tortoise"}, order)
	w.Drain()
	assert.Equal(t, []string{"hare", "hare", "tortoise", "hare", "tortoise", "tortoise"}, order)
	assert.Equal(t, 13*time.Second, w.Elapsed())
}

func TestAnInvocationDies(t *testing.T) {
	for name, c := range map[string]struct {
		invocation sim.Invocation
		at         time.Duration
		why        string
	}{
		"when it is killed":     {sim.Invocation{KilledAt: 10 * time.Second}, 10 * time.Second, "it was killed"},
		"when its time is over": {sim.Invocation{Timeout: time.Minute}, time.Minute, "its time was over"},
	} {
		t.Run(name, func(t *testing.T) {
			w := shop(t)
			ctx, invocation, cancel := w.Begin(c.invocation)
			defer cancel()
			defer func() {
				assert.Equal(t, sim.Killed{ID: invocation.ID, At: c.at, Why: c.why}, recover())
			}()
			for {
				_, _ = w.Account().Aliases.Alias(ctx, "shop", "live")
			}
		})
	}
}

func TestAHostHasItsOwnClock(t *testing.T) {
	for _, skew := range []time.Duration{20 * time.Second, -20 * time.Second} {
		w := sim.New()
		var order []string
		host := func(name string, skew time.Duration) {
			w.Go(0, func() {
				ctx, _, cancel := w.Begin(sim.Invocation{Timeout: time.Minute, Skew: skew})
				clock := w.Clock()
				assert.Equal(t, sim.Start().Add(skew), clock.Now())
				deadline, _ := ctx.Deadline()
				assert.Equal(t, clock.Now().Add(time.Minute), deadline)
				soon, stop := clock.Bound(ctx, clock.Now().Add(10*time.Second))
				defer stop()
				require.ErrorIs(t, clock.Sleep(soon, time.Hour), context.DeadlineExceeded)
				assert.Equal(t, 10*time.Second, w.Elapsed(), "durations pass as they do everywhere")
				assert.Equal(t, sim.Start().Add(10*time.Second+skew), clock.Now())
				order = append(order, name)
				cancel()
				assert.Equal(t, w.Now(), clock.Now(), "the next invocation has another host")
			})
		}
		host("right", 0)
		host("wrong", skew)
		w.Drain()
		assert.Equal(t, []string{"right", "wrong"}, order)
	}
}

func TestEveryInvocationHasAnID(t *testing.T) {
	w := sim.New()
	ctx, first, _ := w.Begin(sim.Invocation{})
	_, second, _ := w.Begin(sim.Invocation{})
	home, id := sim.Caller(ctx)
	assert.Equal(t, sim.Home(), home)
	assert.Equal(t, first.ID, id)
	assert.NotEqual(t, first.ID, second.ID)
	assert.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, id)
}

func TestAlarmThatWatchesErrors(t *testing.T) {
	w := shop(t)
	w.MetricsDelay = 0
	w.SetTraffic("shop", "live", sim.Constant(1))
	w.SetIncident("shop", sim.Curve{{From: 90 * time.Second, Value: 1}, {From: 3 * time.Minute, Value: 0}})
	w.SetErrorAlarm("red", "shop", "live", 10)
	state := func() analysis.Alarm {
		alarms, err := w.Account().Metrics.Alarms(t.Context(), []string{"red"})
		require.NoError(t, err)
		return alarms[0]
	}
	w.Advance(110 * time.Second)
	assert.Equal(t, analysis.AlarmOK, state().State)
	w.Advance(time.Minute)
	assert.Equal(t, analysis.Alarm{Name: "red", State: analysis.AlarmRed, Since: sim.Start().Add(2 * time.Minute), Periods: time.Minute}, state())
	w.Advance(3 * time.Minute)
	assert.Equal(t, analysis.Alarm{Name: "red", State: analysis.AlarmOK, Since: sim.Start().Add(4 * time.Minute), Periods: time.Minute}, state())
}

func TestAnAlarmKeepsItsPeriods(t *testing.T) {
	w := shop(t)
	w.SetAlarm("slow", analysis.AlarmOK)
	w.SetAlarmPeriods("slow", 15*time.Minute)
	w.Advance(time.Minute)
	w.SetAlarm("slow", analysis.AlarmRed)
	w.Advance(time.Minute)
	w.SetAlarm("slow", analysis.AlarmRed)
	alarms, err := w.Account().Metrics.Alarms(t.Context(), []string{"slow"})
	require.NoError(t, err)
	assert.Equal(t, []analysis.Alarm{{Name: "slow", State: analysis.AlarmRed, Since: sim.Start().Add(time.Minute), Periods: 15 * time.Minute}}, alarms)
}

func TestHooks(t *testing.T) {
	w := shop(t)
	hooks := w.Account().Invoker
	w.SetHook("fine", sim.Hook{Takes: 3 * time.Second, Answer: `{"status":"Succeeded"}`, Throttled: 1})
	w.SetHook("broken", sim.Hook{Failure: "Unhandled"})

	_, err := hooks.Invoke(t.Context(), target.Invocation{Function: "fine", Payload: []byte("a")})
	require.ErrorIs(t, err, target.ErrUnavailable)
	reply, err := hooks.Invoke(t.Context(), target.Invocation{Function: "arn:aws:lambda:eu-west-1:123456789012:function:fine:live", Payload: []byte("b")})
	require.NoError(t, err)
	assert.Empty(t, reply.Failure)
	assert.JSONEq(t, `{"status":"Succeeded"}`, string(reply.Body))
	assert.Equal(t, [][]byte{[]byte("b")}, w.Received("fine"))
	assert.Equal(t, 3*time.Second+2*w.Latency, w.Elapsed())

	reply, err = hooks.Invoke(t.Context(), target.Invocation{Function: "broken"})
	require.NoError(t, err)
	assert.Equal(t, "Unhandled", reply.Failure)

	ctx, cancel := w.Clock().Bound(t.Context(), w.Now().Add(time.Second))
	defer cancel()
	_, err = hooks.Invoke(ctx, target.Invocation{Function: "fine"})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, target.ErrUnavailable)

	w.RemoveHook("fine")
	require.ErrorIs(t, hooks.CanInvoke(t.Context(), "fine"), target.ErrNotFound)
}
