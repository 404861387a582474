package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

func TestACallTakesEffectHalfwayThroughItsTime(t *testing.T) {
	w := shop(t)
	w.At(10*time.Millisecond, func() { require.NoError(t, w.ChangeAlias("console", "shop", "live", split)) })
	w.At(11*time.Millisecond, func() { require.NoError(t, w.DeleteAlias("console", "shop", "live")) })
	seen, err := w.Account().Aliases.Alias(t.Context(), "shop", "live")
	require.NoError(t, err)
	assert.True(t, seen.Routing.Split())
	assert.Equal(t, 20*time.Millisecond, w.Elapsed())
}

// TestEffects says of each effect what the caller gets, and whether the write was done.
func TestEffects(t *testing.T) {
	for effect, c := range map[sim.Effect]struct {
		err    error
		done   bool
		killed bool
	}{
		sim.None:         {done: true},
		sim.Throttled:    {err: target.ErrUnavailable},
		sim.ServerError:  {err: target.ErrUnavailable},
		sim.Denied:       {err: target.ErrDenied},
		sim.NotFound:     {err: target.ErrNotFound},
		sim.ReplyLost:    {err: target.ErrUnavailable, done: true},
		sim.KilledBefore: {killed: true},
		sim.KilledAfter:  {killed: true, done: true},
	} {
		t.Run(string(effect), func(t *testing.T) {
			w := shop(t)
			w.Faults = []sim.Fault{{On: sim.UpdateAlias, Call: 1, Effect: effect}}
			ctx, _, cancel := w.Begin(sim.Invocation{})
			defer cancel()
			to, err := w.Account().Aliases.Alias(ctx, "shop", "live")
			require.NoError(t, err)
			split(&to)
			func() {
				defer func() {
					_, killed := recover().(sim.Killed)
					assert.Equal(t, c.killed, killed)
				}()
				_, err = w.Account().Aliases.UpdateAlias(ctx, "shop", "live", to)
			}()
			require.ErrorIs(t, err, c.err)
			now, _ := w.Alias("shop", "live")
			assert.Equal(t, c.done, now.Routing.Split())
		})
	}
}

func TestFaultsHit(t *testing.T) {
	for name, c := range map[string]struct {
		fault sim.Fault
		want  []int
	}{
		"one call":                       {sim.Fault{Call: 2}, []int{2}},
		"some calls":                     {sim.Fault{Call: 2, Times: 3}, []int{2, 3, 4}},
		"every call":                     {sim.Fault{}, []int{1, 2, 3, 4, 5}},
		"the first ones":                 {sim.Fault{Times: 2}, []int{1, 2}},
		"a time":                         {sim.Fault{During: sim.Span{From: time.Second, Until: 3 * time.Second}}, []int{2, 3}},
		"from a time on":                 {sim.Fault{During: sim.Span{From: 3 * time.Second}}, []int{4, 5}},
		"calls within a time":            {sim.Fault{Call: 3, Times: 9, During: sim.Span{Until: 3 * time.Second}}, []int{3}},
		"another operation":              {sim.Fault{On: sim.UpdateAlias}, nil},
		"this operation, not each of it": {sim.Fault{On: sim.GetAlias, Call: 5}, []int{5}},
	} {
		t.Run(name, func(t *testing.T) {
			w := shop(t)
			w.Latency = 0
			c.fault.Effect = sim.Throttled
			w.Faults = []sim.Fault{c.fault}
			var hit []int
			for i := 1; i <= 5; i++ {
				if _, err := w.Account().Aliases.Alias(t.Context(), "shop", "live"); err != nil {
					hit = append(hit, i)
				}
				w.Advance(time.Second)
			}
			assert.Equal(t, c.want, hit)
			assert.Equal(t, 5, w.Calls(sim.GetAlias))
			assert.Equal(t, 5, w.Calls(""))
		})
	}
}

func TestAThirdPartyComesInBetween(t *testing.T) {
	w := shop(t)
	w.Faults = []sim.Fault{{On: sim.UpdateAlias, Before: func() { _ = w.ChangeAlias("console", "shop", "live", split) }}}
	to, err := w.Account().Aliases.Alias(t.Context(), "shop", "live")
	require.NoError(t, err)
	_, err = w.Account().Aliases.UpdateAlias(t.Context(), "shop", "live", to)
	require.ErrorIs(t, err, target.ErrMoved)
}

func TestSlowCallsAreGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		takes, want time.Duration
		done        bool
	}{
		"slow":                         {takes: 8 * time.Second, want: 8 * time.Second, done: true},
		"given up, but done by then":   {takes: 18 * time.Second, want: 10 * time.Second, done: true},
		"given up before it was done":  {takes: time.Hour, want: 10 * time.Second},
		"given up with the invocation": {takes: 9 * time.Second, want: 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			w := shop(t)
			w.Latency = 0
			w.Faults = []sim.Fault{{On: sim.UpdateAlias, Takes: c.takes}}
			to, err := w.Account().Aliases.Alias(t.Context(), "shop", "live")
			require.NoError(t, err)
			split(&to)
			end := time.Minute
			if c.want < c.takes && c.want < 10*time.Second {
				end = c.want
			}
			ctx, cancel := w.Clock().Bound(t.Context(), sim.Start().Add(end))
			defer cancel()
			_, err = w.Account().Aliases.UpdateAlias(ctx, "shop", "live", to)
			if c.want < c.takes {
				require.ErrorIs(t, err, target.ErrUnavailable)
			}
			now, _ := w.Alias("shop", "live")
			assert.Equal(t, c.done, now.Routing.Split())
			assert.Equal(t, c.want, w.Elapsed())
		})
	}
}
