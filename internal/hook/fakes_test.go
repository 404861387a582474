package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// world is a small account in memory: function f with its alias live, and one CodeDeploy deployment that moves it.
type world struct {
	mu sync.Mutex
	// newVersion is the one version that there is, by its number.
	newVersion string
	// states are what the version is in at one look after the other; the last one stays.
	states []target.Version
	// serve is the function's code.
	serve func(ctx context.Context, payload []byte) (answer []byte, failure string, err error)
	alias target.Alias
	// routings are the alias's from a time on, since the rollout began; without any it is as alias says.
	routings map[time.Duration]rollout.Routing
	// minutes are what CloudWatch shows, and query what it was last asked for.
	minutes []analysis.Minute
	query   target.MetricsQuery
	target  Target
	// faults are the errors that the next calls of a method end with.
	faults map[string][]error
	// anyExecution takes the status of any hook execution.
	anyExecution bool
	// report, where it is set, answers instead of the deployment.
	report func(ctx context.Context) error

	invoked  []string
	reported []Status
	log      bytes.Buffer
}

const (
	deploymentID = "d-7BTV8G2N3"
	executionID  = "eyJlbmNyeXB0ZWREYXRhIjoiT2x"
)

var (
	active    = target.Version{State: "Active", UpdateStatus: "Successful"}
	rolling   = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // where a synctest bubble begins
	ownEvent  = `{"lifecycle-event":%q,"rollout-id":"20000101-000000000-3f9a","function-name":"f","alias":"live","old-version":"1","new-version":"2","started-at":"2000-01-01T00:00:00Z"}`
	codeEvent = `{"DeploymentId":"` + deploymentID + `","LifecycleEventHookExecutionId":"` + executionID + `"}`
)

func newWorld() *world {
	return &world{
		newVersion: "2",
		states:     []target.Version{active},
		serve: func(context.Context, []byte) ([]byte, string, error) {
			return []byte(`{"ok": true, "version": 2}`), "", nil
		},
		alias:  target.Alias{Routing: rollout.Routing{Primary: "2"}},
		target: Target{Function: "f", Alias: "live", OldVersion: "1", NewVersion: "2", Since: rolling},
		faults: map[string][]error{},
	}
}

// fault takes the next error of a method; nil for none.
func (w *world) fault(method string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.faults[method]) == 0 {
		return nil
	}
	err := w.faults[method][0]
	w.faults[method] = w.faults[method][1:]
	return err
}

func (w *world) Version(_ context.Context, function, version string) (target.Version, error) {
	if err := w.fault("Version"); err != nil {
		return target.Version{}, err
	}
	if version != w.newVersion {
		return target.Version{}, fmt.Errorf("%w: Function not found: %s:%s", target.ErrNotFound, function, version)
	}
	state := w.states[0]
	if len(w.states) > 1 {
		w.states = w.states[1:]
	}
	return state, nil
}

func (w *world) Invoke(ctx context.Context, i target.Invocation) (target.Reply, error) {
	if err := w.fault("Invoke"); err != nil {
		return target.Reply{}, err
	}
	call := "invoke " + i.Function + " " + string(i.Payload)
	if i.TenantID != "" {
		call += " for " + i.TenantID
	}
	w.note(call)
	answer, failure, err := w.serve(ctx, i.Payload)
	return target.Reply{Body: answer, Failure: failure}, err
}

func (w *world) CanInvoke(_ context.Context, function string) error {
	w.note("dry run " + function)
	return w.fault("CanInvoke")
}

func (w *world) note(call string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.invoked = append(w.invoked, call)
}

func (w *world) Alias(_ context.Context, function, alias string) (target.Alias, error) {
	if err := w.fault("Alias"); err != nil {
		return target.Alias{}, err
	}
	shown := w.alias
	for _, from := range slices.Sorted(maps.Keys(w.routings)) {
		if time.Since(rolling) >= from {
			shown.Routing = w.routings[from]
		}
	}
	return shown, nil
}

func (w *world) Minutes(_ context.Context, q target.MetricsQuery) ([]analysis.Minute, error) {
	w.query = q
	return w.minutes, w.fault("Minutes")
}

func (w *world) Target(_ context.Context, deployment string) (Target, error) {
	if err := w.fault("Target"); err != nil {
		return Target{}, err
	}
	if deployment != deploymentID {
		return Target{}, fmt.Errorf("%w: DeploymentDoesNotExistException", target.ErrRefused)
	}
	return w.target, nil
}

func (w *world) Report(ctx context.Context, deployment, execution string, status Status) error {
	if err := w.fault("Report"); err != nil {
		return err
	}
	if w.report != nil {
		return w.report(ctx)
	}
	if deployment != deploymentID || execution != executionID && !w.anyExecution {
		return fmt.Errorf("%w: InvalidLifecycleEventHookExecutionIdException", target.ErrRefused)
	}
	if len(w.reported) > 0 {
		return ErrAlreadyReported
	}
	w.reported = append(w.reported, status)
	return nil
}

func (w *world) logger() *slog.Logger { return slog.New(slog.NewTextHandler(&w.log, nil)) }

func (w *world) preTraffic(probes string) PreTraffic {
	return PreTraffic{Functions: w, Deployments: w, Probes: probes, Clock: target.WallClock(), Log: w.logger()}
}

func (w *world) postTraffic(maxErrorRate string) PostTraffic {
	return PostTraffic{Aliases: w, Metrics: w, Deployments: w, MaxErrorRate: maxErrorRate, Clock: target.WallClock(), Log: w.logger()}
}

// invoker is a hook.
type invoker interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// eventOf is a rollout's event of a hook's own stage.
func eventOf(h invoker) string {
	if _, ok := h.(PreTraffic); ok {
		return fmt.Sprintf(ownEvent, rollout.PreTraffic)
	}
	return fmt.Sprintf(ownEvent, rollout.PostTraffic)
}

// ask sends an event to a hook that has until timeout, and expects an answer before that.
func ask(t *testing.T, h invoker, payload string, timeout time.Duration) Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	raw, err := h.Invoke(ctx, []byte(payload))
	require.NoError(t, err)
	require.NoError(t, ctx.Err(), "the hook answered too late")
	var answer Answer
	require.NoError(t, json.Unmarshal(raw, &answer))
	return answer
}

// askBoth sends both kinds of event to a hook, the second to a copy of the world that setUp makes, and expects the same
// verdict; CodeDeploy is told it once.
func askBoth(t *testing.T, setUp func() (*world, invoker)) (*world, Answer) {
	t.Helper()
	w, h := setUp()
	answer := ask(t, h, eventOf(h), time.Minute)
	assert.Empty(t, w.reported, "nobody else is told of a rollout")
	deployed, h := setUp()
	same := ask(t, h, codeEvent, time.Minute)
	assert.Equal(t, answer, same, "CodeDeploy's event is judged as ours is")
	assert.Equal(t, []Status{answer.Status}, deployed.reported, "CodeDeploy is told exactly once")
	return w, answer
}
