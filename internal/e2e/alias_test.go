//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// odd are bytes that a terminal, a console or the runtime's header take for something else than text.
const odd = "\\u001b[31m\\u0007\\r\\u202e\\u2066\\u007f\\u0085\\u2028\\u200b\\u0000\xff"

// unmet is a probe that every answer of checkout fails.
const unmet = `"health-check": {"probes": [{"name": "ping", "expect": {"ok": "never"}}]}`

func describes(text string, routing rollout.Routing) func(*sim.World) {
	return func(w *sim.World) {
		_ = w.ChangeAlias("somebody", "checkout", "live", func(a *target.Alias) { a.Description, a.Routing = text, routing })
	}
}

// refusesTheRecord refuses every write of the line that a rollback leaves.
func refusesTheRecord(l *lab) {
	l.front = func(w http.ResponseWriter, r *http.Request, account http.Handler) {
		if called(r) == "UpdateAlias" && strings.Contains(body(r), "rolled back") {
			fails(http.StatusBadRequest, "InvalidParameterValueException")(w, r, account)
			return
		}
		account.ServeHTTP(w, r)
	}
}

// Numbers 8 to 15 and 31 of what people meet: whatever the account does, the alias is not left split.
func TestTheAliasInSituations(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/deployer")
	fault := func(on sim.Operation, call, times int, effect sim.Effect) func(*sim.World) {
		return func(w *sim.World) {
			w.Faults = append(w.Faults, sim.Fault{On: on, Call: call, Times: times, Effect: effect})
		}
	}
	situations := map[string]situation{
		"a way back that is refused": {lab: refusesTheRecord, request: broken, ends: "RolledBack", says: []string{"of the new version failed"}},
		"force where all is on an additional version": {
			world:   describes("the shop's", rollout.Routing{Primary: "1", Secondary: "2", Weight: rollout.Full}),
			request: with(broken, `"force": {"reason": "it is stuck"}, "health-check": {"errors": "any"}`), ends: "RolledBack",
			routings: []string{"version 1", "version 1 with 100 % on version 2", "version 2", "version 2 with 50 % on version 3", "version 2"},
		},
		"force where nearly all is on an additional version": {
			world:   describes("the shop's", rollout.Routing{Primary: "1", Secondary: "2", Weight: 99_99}),
			request: with(broken, `"force": {"reason": "it is stuck"}, "health-check": {"errors": "any"}`), ends: "RolledBack",
			routings: []string{"version 1", "version 1 with 99.99 % on version 2", "version 2", "version 2 with 50 % on version 3", "version 2"},
		},
		"reads that are older than every write": {
			world: func(w *sim.World) { w.StaleReads = 8 * time.Second }, request: short, ends: "succeeded", routings: live,
		},
		"the owner's text changed after the last write": {
			world: func(w *sim.World) {
				mine := func() { describes("mine", rollout.Routing{Primary: "2"})(w) }
				w.Faults = append(w.Faults, sim.Fault{On: sim.UpdateAlias, Call: 4, After: mine})
			},
			request: short, ends: "succeeded", routings: live,
		},
	}
	for _, on := range []sim.Operation{sim.GetAlias, sim.UpdateAlias, sim.GetVersion, sim.GetConcurrency, sim.GetMetrics, sim.DescribeAlarms} {
		for _, effect := range []sim.Effect{sim.NotFound, sim.Denied} {
			for call := 1; call <= 3; call++ {
				situations[fmt.Sprintf("%s %s, call %d", on, effect, call)] = situation{
					world: fault(on, call, 1, effect), request: with(short, `"alarms": ["checkout-errors"]`), ends: "succeeded", routings: live,
				}
			}
		}
	}
	for name, s := range situations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.check(t, path)
		})
	}
}

// A bug that panics in every turn that has traffic: the third in a row takes the way back.
func TestAPanicLeavesNoSplit(t *testing.T) {
	t.Parallel()
	situation{
		request: short, ends: "RolledBack", says: []string{"internal error"},
		routings: []string{"version 1", "version 1 with 50 % on version 2", "version 1"},
	}.check(t, runtimetest.Build(t, "./internal/e2e/panicking/deployer"))
}

// The failing version chooses what its answer has: nothing of it but text comes on the alias and into a message.
func TestAnAnswersBytesAreNoText(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/deployer")
	for name, hook := range map[string]sim.Hook{
		"in a value":         {Answer: `{"ok": "` + odd + `"}`},
		"in a key":           {Answer: `{"ok": {"` + odd + `": 1}}`},
		"in an error":        {Failure: "boom " + strings.NewReplacer(`\u001b`, "\x1b", `\u202e`, "\u202e", `\u007f`, "\x7f").Replace(odd)},
		"as no JSON":         {Answer: "\x00\x1b[2J\x7f\u202e<html>"},
		"as a text unending": {Answer: `{"ok": "` + strings.Repeat("\\u202e\U0001f600", 20_000) + `"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.touch(func(w *sim.World) { w.SetHook("checkout", hook) })
			p := l.start(t, "meta-deployer", path, nil)
			result := p.Invoke([]byte(with(short, unmet)), timeout)
			assert.Equal(t, "RolledBack", result.ErrorType, result.ErrorMessage)
			record := l.alias(t, "live").Description
			assert.Contains(t, record, "[meta-deployer")
			for _, text := range append(strings.Split(result.ErrorMessage, "\n"), record) {
				assert.Equal(t, printable.Text(text, 4000), text)
			}
			assert.NotContains(t, p.Log(), "\x7f")
			survives(t, p)
			result = p.Invoke([]byte(with(short, `"action": "status"`)), timeout)
			assert.Empty(t, result.ErrorType, result.ErrorMessage)
		})
	}
}

// A driver that was relieved and could not read for a while finds the rollout over: it is not somebody else's alias.
func TestARelievedDriverThatReadsLate(t *testing.T) {
	t.Parallel()
	l, path := newLab(t), runtimetest.Build(t, "./functions/deployer")
	first, second := l.start(t, "first", path, nil), l.start(t, "second", path, nil)
	var blind atomic.Bool
	l.mu.Lock()
	l.front = func(w http.ResponseWriter, r *http.Request, account http.Handler) {
		if blind.Load() && called(r) == "GetAlias" && strings.Contains(r.Header.Get("Authorization"), "Credential=first/") {
			hung(w, r, account)
			return
		}
		account.ServeHTTP(w, r)
	}
	l.mu.Unlock()
	relieved := make(chan runtimetest.Result)
	go func() { relieved <- first.Invoke([]byte(short), timeout) }()
	l.until(t, "live", split)
	blind.Store(true)
	l.answered(t, second.Invoke([]byte(short), timeout), "succeeded")
	blind.Store(false)
	late := <-relieved
	assert.Empty(t, late.ErrorType, late.ErrorMessage)
	assert.Regexp(t, `"status":"(in-progress|no-op)"`, string(late.Answer)) // by whether its own plan could be over by then
}

// Of two drivers one goes on, also where both read the alias as it was before the claim.
func TestATakeOverWithReadsOfBefore(t *testing.T) {
	t.Parallel()
	l, path := newLab(t), runtimetest.Build(t, "./functions/deployer")
	l.touch(func(w *sim.World) { w.StaleReads = 3 * time.Second })
	joins(t, l, func() *runtimetest.Process { return l.start(t, "meta-deployer", path, nil) })
}

// What a person asks for is done, or refused with a remedy, and no script takes a refusal for a success.
func TestAPersonsRollback(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/deployer")
	forged := func(old string, start time.Time) string {
		return fmt.Sprintf("[meta-deployer %s>2 at 50%% step 1/2 +1s by x id %s-3a88]", old, strings.ReplaceAll(start.UTC().Format("20060102-150405.000"), ".", ""))
	}
	half := func(old string) rollout.Routing {
		return rollout.Routing{Primary: old, Secondary: "2", Weight: 50_00}
	}
	rollback := `{"action": "rollback", "function-name": "checkout", "alias": "live"}`
	for name, test := range map[string]struct {
		description string
		routing     rollout.Routing
	}{
		"a split that nothing explains": {"the shop's", half("1")},
		"a journal of another version":  {forged("3", time.Now().Add(-time.Minute)), half("3")},
		"a journal from the future":     {forged("1", time.Now().Add(time.Hour)), half("1")},
		"a journal of another alias":    {strings.Replace(forged("1", time.Now().Add(-time.Minute)), "3a88", "3a89", 1), half("1")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.touch(describes(test.description, test.routing))
			result := l.start(t, "meta-deployer", path, nil).Invoke([]byte(rollback), timeout)
			assert.Equal(t, "RolloutInProgress", result.ErrorType, string(result.Answer))
			assert.Contains(t, result.ErrorMessage, "aws lambda update-alias")
			assert.Equal(t, test.routing, l.alias(t, "live").Routing)
		})
	}
	t.Run("of another version than is rolled out", func(t *testing.T) {
		t.Parallel()
		l := newLab(t)
		running, person, ended := l.start(t, "meta-deployer", path, nil), l.start(t, "person", path, nil), make(chan runtimetest.Result)
		go func() { ended <- running.Invoke([]byte(approved), timeout) }()
		l.until(t, "live", split)
		result := person.Invoke([]byte(with(rollback, `"new-version": "3"`)), timeout)
		assert.Equal(t, "RolloutInProgress", result.ErrorType, string(result.Answer))
		assert.True(t, split(l.alias(t, "live")))
		l.touch(func(w *sim.World) { // for a moment there is no such alias
			w.Faults = append(w.Faults, sim.Fault{On: sim.GetAlias, Call: w.Calls(sim.GetAlias) + 1, Times: 2, Effect: sim.NotFound})
		})
		l.answered(t, person.Invoke([]byte(with(rollback, `"new-version": "2"`)), timeout), "rolled-back")
		assert.Equal(t, "RolledBack", (<-ended).ErrorType)
		require.Equal(t, old, l.alias(t, "live").Routing)
	})
}
