//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/driver/deadman"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// death is when a driver's process dies: at the so-manieth UpdateAlias, before the account has heard of it or when it is done.
type death struct {
	write int32
	after bool
}

func (d death) String() string {
	if d.after {
		return fmt.Sprintf("after write %d", d.write)
	}
	return fmt.Sprintf("before write %d", d.write)
}

// dies has die called at a death. Nobody is answered.
func (l *lab) dies(at death, die func()) {
	var writes atomic.Int32
	l.mu.Lock()
	defer l.mu.Unlock()
	l.front = func(w http.ResponseWriter, r *http.Request, account http.Handler) {
		if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/aliases/") || writes.Add(1) != at.write {
			account.ServeHTTP(w, r)
			return
		}
		if at.after {
			account.ServeHTTP(httptest.NewRecorder(), r)
		}
		die()
		panic(http.ErrAbortHandler)
	}
}

// switchOf is what the dead man's switch of a driver calls recover with; false where it is not set.
func (l *lab) switchOf(driver string) (input []byte, set bool) {
	l.touch(func(w *sim.World) {
		var made target.Switch
		made, set = w.Schedule(driver)
		input = made.Input
	})
	return input, set
}

// leaves checks that recover finds nothing to do yet: the alias stays as it is, and so does the switch.
func (l *lab) leaves(t *testing.T, recovers *runtimetest.Process, driver, because string) {
	t.Helper()
	before := l.alias(t, "live")
	input, set := l.switchOf(driver)
	require.True(t, set, "the driver has no switch")
	result := recovers.Invoke(input, timeout)
	l.answered(t, result, "no-op")
	assert.Contains(t, string(result.Answer), because)
	assert.Equal(t, before, l.alias(t, "live"))
	_, set = l.switchOf(driver)
	assert.True(t, set, "the switch of a driver that may live stays")
}

// takesBack checks that recover ends what a dead driver has left.
func (l *lab) takesBack(t *testing.T, recovers *runtimetest.Process, driver string, payload []byte, because string) {
	t.Helper()
	require.NotNil(t, rollout.ParseDescription(l.alias(t, "live").Description).Journal, "the dead driver has left something")
	result := recovers.Invoke(payload, timeout)
	l.answered(t, result, "rolled-back")
	assert.Contains(t, string(result.Answer), because)
	alias := l.alias(t, "live")
	assert.Equal(t, old, alias.Routing)
	description := rollout.ParseDescription(alias.Description)
	assert.Equal(t, "the shop's", description.Owner)
	assert.Nil(t, description.Journal, alias.Description)
	_, set := l.switchOf(driver)
	assert.False(t, set, "nothing is left for the switch to do")
}

// unbaked has all its traffic on the new version for minutes before it ends, so that it is never whole when its driver dies.
const unbaked = `{"function-name": "checkout", "alias": "live", "new-version": "2", "steps": 3, "interval": 5, "bake": 600, "poll-interval": 1}`

// The compiled worker dies at a write, and the execution that called it is stopped: what EventBridge sends of that, and the dead
// man's switch where nothing was sent, have the compiled recover take the rollout back.
func TestNoRolloutOfAWorkflowIsLeftBehind(t *testing.T) {
	t.Parallel()
	worker, recovers := runtimetest.Build(t, "./functions/worker"), runtimetest.Build(t, "./functions/recover")
	for _, at := range []death{{1, true}, {2, false}, {2, true}, {4, true}} {
		for _, told := range []string{"execution-aborted", "execution-input-left-out", "the switch"} {
			t.Run(fmt.Sprintf("%s, %s", at, told), func(t *testing.T) {
				t.Parallel()
				l := newLab(t)
				name := "checkout-live-" + fmt.Sprint(time.Now().UnixNano())
				arn, driver := sim.ExecutionARN(name), rollout.DriverToken(name)
				l.touch(func(w *sim.World) {
					w.SetExecution(target.Execution{ARN: arn, Status: target.ExecutionRunning, Input: []byte(unbaked)})
				})
				f := newLambda(t, l, worker, guarded())
				f.last = true
				var e *execution
				begun := make(chan struct{})
				l.dies(at, func() {
					<-begun
					_ = e.command.Process.Signal(syscall.SIGTERM)
					f.process.Kill()
				})
				e = f.executeAs(arn, unbaked)
				close(begun)
				e.ends(t)
				require.Contains(t, []string{"Turn", "Wait"}, e.path[len(e.path)-1], "it was stopped on its way")
				second := l.start(t, "meta-deployer-recover", recovers, guarded())
				l.leaves(t, second, driver, "its execution is RUNNING")
				l.touch(func(w *sim.World) { w.EndExecution(arn, target.ExecutionAborted, nil, "", "") })
				because := "ended without it: workflow " + name + " was ABORTED"
				switch told {
				case "execution-aborted":
					l.takesBack(t, second, driver, aborted(t, told, arn, unbaked), because)
				case "execution-input-left-out":
					l.takesBack(t, second, driver, aborted(t, told, arn, nil), because)
				default:
					input, _ := l.switchOf(driver)
					l.takesBack(t, second, driver, input, because)
				}
			})
		}
	}
}

// The compiled pipeline function dies at a write, in its first call or in a later one, and is never called again: its dead man's
// switch has the compiled recover take the rollout back, once its hour is over.
func TestNoRolloutOfAPipelineIsLeftBehind(t *testing.T) {
	t.Parallel()
	path, recovers := runtimetest.Build(t, "./functions/pipeline"), runtimetest.Build(t, "./functions/recover")
	for _, at := range []death{{1, true}, {2, false}, {2, true}, {4, true}} {
		t.Run(at.String(), func(t *testing.T) {
			t.Parallel()
			l, p := newLab(t), newCodePipeline(t)
			environment := guarded()
			environment["AWS_ENDPOINT_URL_CODEPIPELINE"] = p.url
			process := l.start(t, "meta-deployer-pipeline", path, environment)
			l.dies(at, process.Kill)
			calls := p.untilItDies(t, process)
			if at.write == 4 {
				require.Greater(t, calls, 1, "two holds take longer than a call works")
			}
			second := l.start(t, "meta-deployer-recover", recovers, guarded())
			driver := rollout.DriverToken(jobOf(1))
			l.leaves(t, second, driver, "may run until")
			l.touch(func(w *sim.World) {
				assert.Equal(t, calls-1, w.Calls(sim.UpdateSchedule), "a call that goes on moves the switch on")
			})
			input, _ := l.switchOf(driver)
			l.takesBack(t, second, driver, anHourLater(t, input), "ended without it: the pipeline had not called by ")
		})
	}
}

// jobOf is the id of a call's job.
func jobOf(call int) string { return fmt.Sprintf("c968ef10-6415-4127-80b1-%012d", call) }

// untilItDies calls a function of the pipeline for a rollout until its process is gone, and says how often. A call has 16 s, so it
// works for eight.
func (p *codePipeline) untilItDies(t *testing.T, process *runtimetest.Process) int {
	t.Helper()
	token := ""
	for call := 1; ; call++ {
		require.Less(t, call, 10)
		job := jobOf(call)
		p.mu.Lock()
		p.results[job] = result{}
		p.mu.Unlock()
		invoked := process.Invoke(p.event(t, job, unbaked, token), 16*time.Second)
		if invoked.ErrorType != "" {
			require.Equal(t, "Runtime.ExitError", invoked.ErrorType, invoked.ErrorMessage)
			return call
		}
		p.mu.Lock()
		r := p.results[job]
		p.mu.Unlock()
		require.NotNil(t, r.ContinuationToken, "the rollout has ended")
		token = *r.ContinuationToken
	}
}

// anHourLater is what a pipeline's switch calls with once the end that it names has passed: no test waits for that.
func anHourLater(t *testing.T, input []byte) []byte {
	t.Helper()
	var in deadman.Input
	require.NoError(t, json.Unmarshal(input, &in))
	assert.Equal(t, rollout.EnginePipeline, in.Engine)
	in.End = in.End.Add(-time.Hour)
	later, err := json.Marshal(in)
	require.NoError(t, err)
	return later
}
