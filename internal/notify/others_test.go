package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// others are those of a simulated account, and what is logged.
func others(w *sim.World) (notify.Others, *slog.Logger, *bytes.Buffer) {
	var log bytes.Buffer
	return notify.Others{Bus: w.Bus(), Clock: w.Clock()}, slog.New(slog.NewJSONHandler(&log, nil)), &log
}

// heard are the states that the bus has taken.
func heard(t *testing.T, w *sim.World) (states []string) {
	t.Helper()
	for _, h := range w.Heard() {
		var d notify.Detail
		require.NoError(t, json.Unmarshal(h.Detail, &d))
		assert.Equal(t, [2]string{"meta-deployer", "Rollout State Change"}, [2]string{h.Source, h.Type})
		assert.Equal(t, d.At, h.BusEvent.At)
		states = append(states, string(d.State))
	}
	return states
}

// However the bus does, telling of one event takes a second at most, the next is told all the same, and it never fails.
func TestTellingWhateverTheBusDoes(t *testing.T) {
	first := func(f sim.Fault) sim.Fault {
		f.On, f.Call = sim.PutEvents, 1
		return f
	}
	for name, tt := range map[string]struct {
		fault  sim.Fault
		heard  []string
		takes  time.Duration
		calls  int
		denied bool
	}{
		"all is well":              {sim.Fault{}, []string{"started", "shifted"}, 40 * time.Millisecond, 2, false},
		"throttled once":           {first(sim.Fault{Effect: sim.Throttled}), []string{"started", "shifted"}, 110 * time.Millisecond, 3, false},
		"an entry that failed":     {first(sim.Fault{Effect: sim.EntryFailed, Times: 2}), []string{"started", "shifted"}, 230 * time.Millisecond, 4, false},
		"an answer that is lost":   {first(sim.Fault{Effect: sim.ReplyLost}), []string{"started", "started", "shifted"}, 110 * time.Millisecond, 3, false},
		"slow, and then not":       {first(sim.Fault{Takes: 5 * time.Second}), []string{"started", "shifted"}, 590 * time.Millisecond, 3, false},
		"denied":                   {first(sim.Fault{Effect: sim.Denied}), []string{"shifted"}, 40 * time.Millisecond, 2, true},
		"throttled for a while":    {first(sim.Fault{Effect: sim.Throttled, Times: 5}), []string{"shifted"}, 0, 6, true},
		"slow for a while":         {first(sim.Fault{Takes: 5 * time.Second, Times: 3}), []string{"shifted"}, 0, 4, true},
		"throttled for ever":       {sim.Fault{On: sim.PutEvents, Effect: sim.Throttled}, nil, 0, 10, true},
		"a bus that never answers": {sim.Fault{On: sim.PutEvents, Takes: time.Minute}, nil, 0, 6, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := sim.New()
			w.Faults = []sim.Fault{tt.fault}
			o, logger, log := others(w)
			notSent := o.Tell(t.Context(), logger, rollout.Turned{}, transition(rollout.StateStarted), transition(rollout.StateShifted))
			assert.Equal(t, tt.heard, heard(t, w))
			assert.LessOrEqual(t, w.Elapsed(), 2*time.Second)
			if tt.takes > 0 {
				assert.Equal(t, tt.takes, w.Elapsed())
			}
			assert.Equal(t, tt.calls, w.Calls(sim.PutEvents))
			assert.Equal(t, tt.denied, len(notSent) > 0)
			assert.Equal(t, tt.denied, bytes.Contains(log.Bytes(), []byte(`"level":"WARN","msg":"event not sent"`)))
		})
	}
}

// When the driver's own time is up there is a moment left, and no more: it has to answer.
func TestTheEndIsToldWhenTimeIsUp(t *testing.T) {
	for name, tt := range map[string]struct {
		fault sim.Fault
		heard []string
	}{
		"at once": {sim.Fault{}, []string{"rollback-failed"}},
		"slow":    {sim.Fault{On: sim.PutEvents, Takes: time.Minute}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := sim.New()
			w.Faults = []sim.Fault{tt.fault}
			o, logger, _ := others(w)
			ctx, cancel := w.Clock().Bound(context.Background(), w.Now())
			defer cancel()
			require.Error(t, ctx.Err())
			o.Tell(ctx, logger, transition(rollout.StateRollbackFailed))
			assert.Equal(t, tt.heard, heard(t, w))
			assert.LessOrEqual(t, w.Elapsed(), 200*time.Millisecond)
		})
	}
}

func TestWithoutABusNobodyIsTold(t *testing.T) {
	var log bytes.Buffer
	o := notify.Others{Clock: sim.New().Clock()}
	assert.Empty(t, o.Tell(t.Context(), slog.New(slog.NewJSONHandler(&log, nil)), transition(rollout.StateStarted), rollout.Turned{}))
	assert.Empty(t, log.String())
}

// The log has what the bus has.
func TestTheLogHasTheDetailAsItStands(t *testing.T) {
	w := sim.New()
	o, logger, log := others(w)
	tr := transition(rollout.StateShifted)
	o.Tell(t.Context(), logger, tr)
	notify.Log{Logger: logger}.Tell(t.Context(), tr)
	var line struct{ Detail json.RawMessage }
	require.NoError(t, json.Unmarshal(log.Bytes(), &line))
	assert.JSONEq(t, string(w.Heard()[0].Detail), string(line.Detail))
}

func TestARefusedRequestIsToldAndLogged(t *testing.T) {
	w := sim.New()
	o, logger, log := others(w)
	o.Refused(t.Context(), logger, rollout.Target{Function: "f", Alias: "live"}, rollout.Driver{ID: "x", Engine: "deployer"}, "steps is 0")
	assert.Equal(t, []string{"refused"}, heard(t, w))
	assert.Contains(t, log.String(), `"state":"refused"`)
	assert.Contains(t, log.String(), `"reason":"steps is 0"`)
}
