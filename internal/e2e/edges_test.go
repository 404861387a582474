//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

const megabyte = 1 << 20

// What others send to the compiled deployer, and what AWS does to it: it answers, within the memory of the smallest function.
func TestDeployerSurvives(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/deployer")
	compared := strings.Replace(request, "{", `{"health-check": {"probes": [{"every-step": true, "compare": {"ignore": []}}]}, `, 1)
	list := func(item string, n int) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	from := func(on sim.Operation, call, times int, effect sim.Effect) func(*sim.World) {
		return func(w *sim.World) {
			w.Faults = append(w.Faults, sim.Fault{On: on, Call: call, Times: times, Effect: effect})
		}
	}
	answer := func(text string) func(*sim.World) {
		return func(w *sim.World) {
			for _, version := range []string{"checkout", "checkout:1", "checkout:2"} {
				w.SetHook(version, sim.Hook{Answer: text})
			}
		}
	}
	unreadable := func(w *sim.World) { // from the first shift on
		shifted := func() { w.Faults = append(w.Faults, sim.Fault{On: sim.GetAlias, Effect: sim.Denied}) }
		w.Faults = append(w.Faults, sim.Fault{On: sim.UpdateAlias, Call: 2, After: shifted})
	}
	for name, test := range map[string]struct {
		request   string
		world     func(*sim.World)
		want, why string
		at        rollout.Routing
	}{
		"a probe answered with 6 MB":      {compared, answer(`{"ok":[` + list("{}", 2*megabyte) + `]}`), "RolledBack", "larger than 256 KB", old},
		"60,000 alarms":                   {strings.Replace(request, "{", `{"alarms": [`+list(`"a"`, 60_000)+`], `, 1), nil, "InvalidRequest", "at most", old},
		"a megabyte":                      {strings.Replace(request, "{", `{"unknown": "`+strings.Repeat("x", megabyte)+`", `, 1), nil, "InvalidRequest", "give at most 262144", old},
		"a DEL in a key":                  {strings.Replace(request, "{", `{"a`+"\x7f"+`b": 1, `, 1), nil, "InvalidRequest", "", old},
		"a key twice":                     {strings.Replace(request, "{", `{"alias": "other", `, 1), nil, "InvalidRequest", "twice", old},
		"an alias that is not found once": {request, from(sim.GetAlias, 4, 1, sim.NotFound), "", "", rollout.Routing{Primary: "2"}},
		"a write that is not found once":  {request, from(sim.UpdateAlias, 2, 1, sim.NotFound), "", "", rollout.Routing{Primary: "2"}},
		"a write that is denied once":     {request, from(sim.UpdateAlias, 2, 1, sim.Denied), "", "", rollout.Routing{Primary: "2"}},
		"an alias that cannot be read again": {
			strings.Replace(request, `"new-version": "2"`, `"new-version": "3"`, 1), unreadable, "RolledBack", "of the new version failed", old,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			if test.world != nil {
				l.touch(test.world)
			}
			p := l.start(t, "meta-deployer", path, nil)
			result := p.Invoke([]byte(test.request), timeout)
			assert.Equal(t, test.want, result.ErrorType, result.ErrorMessage)
			assert.Contains(t, result.ErrorMessage, test.why)
			assert.Equal(t, test.at, l.alias(t, "live").Routing)
			assert.Less(t, len(p.Log()), megabyte)
			peak, err := p.PeakMemory()
			require.NoError(t, err)
			assert.Less(t, peak, 128*megabyte)
		})
	}
}

// The compiled deployer is killed before and after every call of a whole rollout, and sent its request again.
func TestDeployerKilledAnywhere(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/deployer")
	want := newLab(t)
	var calls atomic.Int32
	want.watch(func(serve func()) { calls.Add(1); serve() })
	want.answered(t, want.start(t, "meta-deployer", path, nil).Invoke([]byte(short), timeout), "succeeded")
	for call := int32(1); call <= calls.Load(); call++ {
		for _, served := range []bool{false, true} {
			t.Run(fmt.Sprintf("call %d served %t", call, served), func(t *testing.T) {
				t.Parallel()
				l := newLab(t)
				first := l.start(t, "meta-deployer", path, nil)
				var made atomic.Int32
				l.watch(func(serve func()) {
					if made.Add(1) != call {
						serve()
						return
					}
					if served {
						serve()
					}
					first.Kill()
					panic(http.ErrAbortHandler)
				})
				result := first.Invoke([]byte(short), timeout)
				if made.Load() >= call {
					require.Equal(t, "Runtime.ExitError", result.ErrorType)
				}
				again := l.start(t, "meta-deployer", path, nil).Invoke([]byte(short), timeout)
				require.Empty(t, again.ErrorType, again.ErrorMessage)
				assert.Equal(t, rollout.Routing{Primary: "2"}, l.alias(t, "live").Routing)
				assert.Equal(t, want.routings("live"), l.routings("live"))
			})
		}
	}
}
