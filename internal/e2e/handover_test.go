//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// stack is a lab with what the template has: the compiled deployer, and the shipped machine in a third-party interpreter, which
// calls the compiled worker.
type stack struct {
	*lab
	t        *testing.T
	deployer *runtimetest.Process
	// ended has an execution's end, by its ARN.
	ended chan target.Execution
}

func newStack(t *testing.T, prepare func(*sim.World)) *stack {
	t.Helper()
	s := &stack{lab: newLab(t), t: t, ended: make(chan target.Execution, 10)}
	worker := newLambda(t, s.lab, runtimetest.Build(t, "./functions/worker"), nil)
	s.touch(func(w *sim.World) {
		prepare(w)
		w.Machine.Run = func(started sim.Started) { go s.run(worker, started) }
	})
	s.deployer = s.start(t, "meta-deployer", runtimetest.Build(t, "./functions/deployer"), map[string]string{
		"LONG_ENGINE_ARN": sim.RolloutMachine, "HAND_OFF": "true",
	})
	return s
}

// run is an execution, from its start to its end.
func (s *stack) run(worker *lambda, started sim.Started) {
	e := worker.executeAs(started.ARN, string(started.Input)).ends(s.t)
	output, _ := json.Marshal(e.output)
	status := target.ExecutionSucceeded
	if e.err != "" {
		status, output = target.ExecutionFailed, nil
	}
	s.touch(func(w *sim.World) { w.EndExecution(started.ARN, status, output, e.err, e.cause) })
	s.ended <- target.Execution{ARN: started.ARN, Status: status, Error: e.err, Cause: e.cause}
}

// ask calls the deployer.
func (s *stack) ask(request string, timeout time.Duration) (a answer.Answer) {
	s.t.Helper()
	result := s.deployer.Invoke([]byte(request), timeout)
	require.Empty(s.t, result.ErrorType, result.ErrorMessage)
	require.NoError(s.t, json.Unmarshal(result.Answer, &a))
	return a
}

// end waits for an execution to have ended.
func (s *stack) end() target.Execution {
	s.t.Helper()
	select {
	case e := <-s.ended:
		return e
	case <-time.After(3 * patience):
		require.FailNow(s.t, "the execution does not end")
		return target.Execution{}
	}
}

// of is the question for an execution.
func of(arn string) string { return `{"action": "status", "execution": "` + arn + `"}` }

// What aws-lambda-deploy's own example asks for, as it stands: ten steps of two minutes. Once the state machine has shifted
// traffic a person spares us the rest; `make e2e-slow` waits for it.
func TestTheAncestorsTwentyMinutes(t *testing.T) {
	t.Parallel()
	ancestor(t, func(s *stack) {
		require.Eventually(t, func() (there bool) {
			s.touch(func(w *sim.World) {
				a, err := w.Alias("MyFunction", "MyAlias")
				there = err == nil && split(a)
			})
			return there
		}, patience, 20*time.Millisecond)
		promote := `{"action": "promote", "function-name": "MyFunction", "alias": "MyAlias"}`
		s.answered(t, s.deployer.Invoke([]byte(promote), timeout), "in-progress")
	})
}

// ancestor sends the ancestor's request and has a person act before it is waited for.
func ancestor(t *testing.T, meanwhile func(s *stack)) {
	t.Helper()
	raw, err := os.ReadFile("../../events/deployer/aws-lambda-deploy.json")
	require.NoError(t, err)
	s := newStack(t, func(w *sim.World) {
		w.Publish("MyFunction", "1", sim.Version{})
		w.Publish("MyFunction", "2", sim.Version{})
		require.NoError(t, w.CreateAlias("MyFunction", "MyAlias", target.Alias{Routing: old, Description: "theirs"}))
		w.SetTraffic("MyFunction", "MyAlias", sim.Constant(20))
	})
	handed := s.ask(string(raw), timeout)
	assert.Equal(t, "in-progress", handed.Status, handed.Reason)
	assert.Equal(t, "workflow", handed.Driver)
	meanwhile(s)
	e := s.end()
	assert.Equal(t, target.ExecutionSucceeded, e.Status, e.Cause)
	assert.Equal(t, handed.Execution, e.ARN)
	s.touch(func(w *sim.World) {
		a, err := w.Alias("MyFunction", "MyAlias")
		require.NoError(t, err)
		assert.Equal(t, target.Alias{Routing: rollout.Routing{Primary: "2"}, Description: "theirs"}, withoutRevision(a))
	})
	assert.Equal(t, "succeeded", s.ask(of(e.ARN), timeout).Status)
}

func TestHandOver(t *testing.T) {
	t.Parallel()
	// The deployer has 100 s here, so that a rollout which waits for a person is handed over after half a minute.
	const short = 100 * time.Second
	for name, test := range map[string]func(*testing.T, *stack){
		"from the start": func(t *testing.T, s *stack) {
			handed := s.ask(approved, timeout)
			assert.Equal(t, "in-progress", handed.Status, handed.Reason)
			s.until(t, "live", split)
			assert.Equal(t, handed.Execution, s.ask(approved, timeout).Execution, "a living engine keeps its rollout")
			running := s.ask(of(handed.Execution), timeout)
			assert.Equal(t, "in-progress", running.Status, running.Reason)
			assert.Equal(t, handed.RolloutID, running.RolloutID)
			s.answered(t, s.deployer.Invoke([]byte(resume), timeout), "in-progress")
			assert.Equal(t, target.ExecutionSucceeded, s.end().Status)
			s.answered(t, s.deployer.Invoke([]byte(of(handed.Execution)), timeout), "succeeded")
			assert.Equal(t, steps, s.routings("live"))
		},
		"in the middle": func(t *testing.T, s *stack) {
			done := make(chan answer.Answer)
			go func() { done <- s.ask(request, short) }()
			s.until(t, "live", split)
			second := s.start(t, "another", runtimetest.Build(t, "./functions/deployer"), nil)
			s.answered(t, second.Invoke([]byte(`{"action": "pause", "function-name": "checkout", "alias": "live"}`), timeout), "paused")
			handed := <-done
			assert.Equal(t, "in-progress", handed.Status, handed.Reason)
			assert.NotEmpty(t, handed.Execution)
			s.answered(t, second.Invoke([]byte(resume), timeout), "in-progress")
			assert.Equal(t, target.ExecutionSucceeded, s.end().Status)
			assert.Equal(t, steps, s.routings("live"))
		},
		"what fails there": func(t *testing.T, s *stack) {
			handed := s.ask(`{"function-name": "checkout", "alias": "live", "new-version": "3", "steps": 2, "interval": 600, "poll-interval": 1}`, timeout)
			e := s.end()
			assert.Equal(t, "RolledBack", e.Error)
			result := s.deployer.Invoke([]byte(of(handed.Execution)), timeout)
			assert.Equal(t, "RolledBack", result.ErrorType)
			assert.Equal(t, e.Cause, result.ErrorMessage)
			assert.Equal(t, old, s.alias(t, "live").Routing)
		},
		"a deployer that is killed": func(t *testing.T, s *stack) {
			killed := make(chan runtimetest.Result)
			s.watch(func(serve func()) {
				serve()
				s.touch(func(w *sim.World) {
					if w.Calls(sim.StartExecution) > 0 {
						go s.deployer.Kill()
					}
				})
			})
			go func() {
				killed <- s.deployer.Invoke([]byte(`{"function-name": "checkout", "alias": "live", "new-version": "2", "steps": 3, "interval": 5, "poll-interval": 1, "hand-off": "always"}`), timeout)
			}()
			assert.Equal(t, "Runtime.ExitError", (<-killed).ErrorType)
			assert.Equal(t, target.ExecutionSucceeded, s.end().Status)
			assert.Equal(t, steps, s.routings("live"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newStack(t, func(*sim.World) {}))
		})
	}
}
