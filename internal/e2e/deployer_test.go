//go:build e2e

package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// request is a rollout of a few seconds.
const request = `{"function-name": "checkout", "alias": "live", "new-version": "2", "steps": 3, "interval": 5, "poll-interval": 1}`

var (
	old   = rollout.Routing{Primary: "1"}
	steps = []string{"version 1", "version 1 with 33.33 % on version 2", "version 1 with 66.67 % on version 2", "version 2"}
)

// approved is the same, but that it stays at its first step until somebody has it go on: what a test does meanwhile may take
// as long as it does.
const approved = `{"function-name": "checkout", "alias": "live", "new-version": "2", "type": "stages", "poll-interval": 1,
	"stages": [{"weight": 33.33, "hold": 5, "approve": true}, {"weight": 66.67, "hold": 5}], "interval": 5}`

// resume has it go on.
const resume = `{"action": "resume", "function-name": "checkout", "alias": "live"}`

// timeout is Lambda's longest.
const timeout = 15 * time.Minute

// answered checks that a rollout succeeded and left the alias as it should.
func (l *lab) answered(t *testing.T, result runtimetest.Result, status string) {
	t.Helper()
	require.Empty(t, result.ErrorType, result.ErrorMessage)
	var answer struct{ Status, Reason string }
	require.NoError(t, json.Unmarshal(result.Answer, &answer))
	assert.Equal(t, status, answer.Status, answer.Reason)
	if status == "succeeded" {
		assert.Equal(t, target.Alias{Routing: rollout.Routing{Primary: "2"}, Description: "the shop's"}, withoutRevision(l.alias(t, "live")))
	}
}

func withoutRevision(a target.Alias) target.Alias {
	a.Revision = ""
	return a
}

func TestDeployer(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/deployer")
	for name, test := range map[string]func(*testing.T, *lab, func() *runtimetest.Process){
		"success":              succeeds,
		"rollback":             rollsBack,
		"killed and resumed":   resumes,
		"duplicate invocation": joins,
		"throttling":           isThrottled,
		"lost replies":         losesReplies,
		"deadline":             runsOutOfTime,
		"third party":          isSuperseded,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			test(t, l, func() *runtimetest.Process { return l.start(t, "meta-deployer", path, nil) })
		})
	}
}

func succeeds(t *testing.T, l *lab, start func() *runtimetest.Process) {
	l.answered(t, start().Invoke([]byte(request), timeout), "succeeded")
	assert.Equal(t, steps, l.routings("live"))
}

func rollsBack(t *testing.T, l *lab, start func() *runtimetest.Process) {
	p := start()
	bad := []byte(`{"function-name": "checkout", "alias": "live", "new-version": "3", "steps": 3, "interval": 20, "poll-interval": 1}`)
	result := p.Invoke(bad, timeout)
	assert.Equal(t, "RolledBack", result.ErrorType, result.ErrorMessage)
	assert.Contains(t, result.ErrorMessage, "remembered as bad")
	assert.Equal(t, old, l.alias(t, "live").Routing)
	assert.Equal(t, []string{"version 1", "version 1 with 33.33 % on version 3", "version 1"}, l.routings("live"))
	result = p.Invoke(bad, timeout)
	assert.Equal(t, "KnownBadVersion", result.ErrorType, result.ErrorMessage)
	l.answered(t, p.Invoke([]byte(request), timeout), "succeeded")
}

func resumes(t *testing.T, l *lab, start func() *runtimetest.Process) {
	killed, first := make(chan runtimetest.Result), start()
	go func() { killed <- first.Invoke([]byte(request), timeout) }()
	l.until(t, "live", split)
	first.Kill()
	assert.Equal(t, "Runtime.ExitError", (<-killed).ErrorType)
	assert.True(t, split(l.alias(t, "live")), "nobody drives it")
	l.answered(t, start().Invoke([]byte(request), timeout), "succeeded")
	assert.Equal(t, steps, l.routings("live"), "carried on, not begun anew")
}

func joins(t *testing.T, l *lab, start func() *runtimetest.Process) {
	relieved, first := make(chan runtimetest.Result), start()
	go func() { relieved <- first.Invoke([]byte(approved), timeout) }()
	l.until(t, "live", split)
	second, newer := make(chan runtimetest.Result), start()
	go func() { second <- newer.Invoke([]byte(approved), timeout) }()
	l.answered(t, <-relieved, "in-progress")
	l.answered(t, first.Invoke([]byte(resume), timeout), "in-progress")
	l.answered(t, <-second, "succeeded")
	assert.Equal(t, steps, l.routings("live"))
}

func isThrottled(t *testing.T, l *lab, start func() *runtimetest.Process) {
	l.touch(func(w *sim.World) {
		for call := 1; call < 60; call += 3 {
			w.Faults = append(w.Faults, sim.Fault{Call: call, Effect: sim.Throttled}, sim.Fault{Call: call + 1, Effect: sim.ServerError})
		}
	})
	l.answered(t, start().Invoke([]byte(request), timeout), "succeeded")
	assert.Equal(t, steps, l.routings("live"))
}

func losesReplies(t *testing.T, l *lab, start func() *runtimetest.Process) {
	l.touch(func(w *sim.World) {
		for call := 1; call < 40; call += 2 {
			w.Faults = append(w.Faults, sim.Fault{On: sim.UpdateAlias, Call: call, Effect: sim.ReplyLost})
		}
		w.Faults = append(w.Faults, sim.Fault{On: sim.GetAlias, Call: 3, Effect: sim.ReplyLost}, sim.Fault{On: sim.GetMetrics, Call: 2, Effect: sim.ReplyLost})
	})
	l.answered(t, start().Invoke([]byte(request), timeout), "succeeded")
	assert.Equal(t, steps, l.routings("live"))
}

func runsOutOfTime(t *testing.T, l *lab, start func() *runtimetest.Process) {
	held := `{"function-name": "checkout", "alias": "idle", "new-version": "2", "type": "stages", "stages": [{"weight": 50, "hold": 1, "approve": true}],
		"interval": 1, "poll-interval": 1, "health-check": false}`
	const timeout = time.Minute // it is the deployer's time that is to run out
	result := start().Invoke([]byte(held), timeout)
	assert.Equal(t, "RolledBack", result.ErrorType, result.ErrorMessage)
	assert.Contains(t, result.ErrorMessage, "the time ran out")
	assert.Equal(t, old, l.alias(t, "idle").Routing)
}

func isSuperseded(t *testing.T, l *lab, start func() *runtimetest.Process) {
	result, p := make(chan runtimetest.Result), start()
	go func() { result <- p.Invoke([]byte(approved), timeout) }()
	l.until(t, "live", split)
	theirs := target.Alias{Routing: rollout.Routing{Primary: "3"}, Description: "terraform's"}
	l.touch(func(w *sim.World) {
		require.NoError(t, w.ChangeAlias("terraform", "checkout", "live", func(a *target.Alias) { a.Routing, a.Description = theirs.Routing, theirs.Description }))
	})
	ended := <-result
	assert.Equal(t, "Superseded", ended.ErrorType, ended.ErrorMessage)
	assert.Equal(t, theirs, withoutRevision(l.alias(t, "live")))
}
