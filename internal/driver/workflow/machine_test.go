package workflow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/driver/workflow"
	"github.com/meta-deployer/meta-deployer/internal/health"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// machine runs one execution in a simulated account, as statemachine/rollout.asl.json does.
type machine struct {
	t       *testing.T
	world   *sim.World
	worker  workflow.Worker
	request string
	started time.Time
	// carries changes what a call carries to the next; nil leaves it.
	carries func(call int, answer []byte) []byte

	calls   []called
	answers [][]byte
}

// called is one call of the worker.
type called struct {
	at, took time.Duration
	wait     int
	reason   string
}

// answer is what the worker says.
type answer struct {
	Status, Reason, Until string
	Wait                  int
	Steps                 []json.RawMessage
	Warnings              []string
}

// request is a rollout of three steps of a minute.
const request = `{"function-name": "f", "alias": "live", "new-version": "2", "steps": 3, "interval": 60}`

// newMachine has the function f with traffic on its alias live at version 1; version 2 fails as it is told.
func newMachine(t *testing.T, request string, errors sim.Curve) *machine {
	t.Helper()
	w := sim.New()
	w.Publish("f", "1", sim.Version{})
	w.Publish("f", "2", sim.Version{Errors: errors})
	require.NoError(t, w.CreateAlias("f", "live", target.Alias{Routing: rollout.Routing{Primary: "1"}, Description: "front door"}))
	w.SetTraffic("f", "live", sim.Constant(20))
	w.Advance(10 * time.Minute)
	worker := scenario.Worker(w, slog.New(slog.DiscardHandler))
	worker.Memory = new(health.Memory) // as a warm one
	return &machine{t: t, world: w, worker: worker, request: request, started: w.Now()}
}

// event is what the machine calls the worker with.
func (m *machine) event(last []byte) []byte {
	return fmt.Appendf(nil, `{"execution": "arn:aws:states:eu-west-1:123456789012:execution:meta-deployer-rollout:f-live-2", "started": %q, "request": %s, "last": %s}`,
		m.started.Format(time.RFC3339Nano), m.request, last)
}

// call calls the worker once.
func (m *machine) call(last []byte) ([]byte, error) {
	ctx, _, cancel := m.world.Begin(sim.Invocation{})
	defer cancel()
	began := m.world.Elapsed()
	out, err := m.worker.Invoke(ctx, m.event(last))
	m.calls = append(m.calls, called{at: began, took: m.world.Elapsed() - began})
	return out, err
}

// run calls the worker until the end.
func (m *machine) run() (answer, error) {
	m.t.Helper()
	last := []byte(m.request)
	for call := range 3_000 {
		out, err := m.call(last)
		if err != nil {
			return answer{}, err
		}
		a := m.read(out)
		if a.Status != "in-progress" {
			return a, nil
		}
		require.GreaterOrEqual(m.t, a.Wait, 1, "a whole second at least")
		require.LessOrEqual(m.t, len(out), 16_000)
		n := &m.calls[len(m.calls)-1]
		n.wait, n.reason = a.Wait, a.Reason
		m.answers = append(m.answers, out)
		if last = out; m.carries != nil {
			last = m.carries(call, out)
		}
		require.NoError(m.t, m.world.Clock().Sleep(context.Background(), time.Duration(a.Wait)*time.Second))
	}
	m.t.Fatal("it does not end")
	return answer{}, nil
}

func (m *machine) read(out []byte) (a answer) {
	m.t.Helper()
	require.NoError(m.t, json.Unmarshal(out, &a), string(out))
	return a
}

// routings are where the alias pointed, one after the other.
func (m *machine) routings() []string {
	all := []string{"version 1"}
	for _, w := range m.world.Writes() {
		if text := w.Routing.String(); text != all[len(all)-1] {
			all = append(all, text)
		}
	}
	return all
}

// go runs the machine as a process, so that others can act meanwhile.
func (m *machine) runBeside(others func()) (a answer, err error) {
	m.world.Go(m.world.Elapsed(), func() { a, err = m.run() })
	others()
	m.world.Drain()
	return a, err
}

// fails wants an error of a type.
func fails(t *testing.T, err error, errorType string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, errorType, strings.TrimPrefix(fmt.Sprintf("%T", err), "answer."), err.Error())
}
