//go:build e2e

package e2e

import (
	"cmp"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// situation is what people get into with the compiled deployer, and how it has to end.
type situation struct {
	// before is what the account was like all the time, world what becomes of it now, lab what comes between.
	before, world func(*sim.World)
	lab           func(*lab)
	request       string
	// within is the invocation's time; 0 is Lambda's longest.
	within time.Duration
	// ends is the status of the answer, or the type of the failure.
	ends string
	// says has what the answer or the message says, each before and after a "!" what it does not.
	says []string
	// routings are where the alias live pointed at; nil is anywhere, at its end not split.
	routings []string
}

// with is a request with more in it.
func with(request, more string) string { return strings.Replace(request, "{", "{"+more+", ", 1) }

// check puts the deployer into the situation. Whatever ends it ends it within the least memory, and leaves no split.
func (s situation) check(t *testing.T, path string) {
	t.Helper()
	l := newLabSince(t, age, func(w *sim.World) {
		if s.before != nil {
			s.before(w)
		}
	})
	if s.world != nil {
		l.touch(s.world)
	}
	if s.lab != nil {
		s.lab(l)
	}
	p := l.start(t, "meta-deployer", path, nil)
	result := p.Invoke([]byte(s.request), cmp.Or(s.within, timeout))
	var answer struct{ Status string }
	_ = json.Unmarshal(result.Answer, &answer)
	told := result.ErrorMessage + string(result.Answer)
	assert.Equal(t, s.ends, result.ErrorType+answer.Status, told)
	for _, text := range s.says {
		if unsaid, found := strings.CutPrefix(text, "!"); found {
			assert.NotContains(t, told, unsaid)
			continue
		}
		assert.Contains(t, told, text)
	}
	if s.routings != nil {
		assert.Equal(t, s.routings, l.routings("live"))
	}
	assert.False(t, split(l.alias(t, "live")), "it is left split: %s", told)
	survives(t, p)
}

// broken is a request for the version that fails.
var broken = strings.Replace(short, `"2"`, `"3"`, 1)

// live is how short goes, and back how broken does.
var (
	live = []string{"version 1", "version 1 with 50 % on version 2", "version 2"}
	back = []string{"version 1", "version 1 with 50 % on version 3", "version 1"}
)

// age is how long an account has been there, which is how far CloudWatch is asked back.
const age = 3 * time.Hour

// failing has the old version fail so many of its calls, for the last ten minutes.
func failing(share, perSecond float64) func(*sim.World) {
	return func(w *sim.World) {
		w.Publish("checkout", "1", sim.Version{Errors: sim.Curve{{}, {From: age - 10*time.Minute, Value: share}}})
		w.SetTraffic("checkout", "live", sim.Constant(perSecond))
	}
}

// ago is a figure until a while ago, with nothing after it.
func ago(w *sim.World, value float64, from, until time.Duration) sim.Curve {
	return sim.Curve{{From: w.Elapsed() - from, Value: value}, {From: w.Elapsed() - until, Value: 0}}
}

// gate is a metric of the request's own.
func gate(id, stat, limit string) string {
	return `{"id": "` + id + `", "metric": {"namespace": "shop", "name": "` + id + `", "stat": "` + stat + `"}, ` + limit + `}`
}

func gates(all ...string) string {
	return `"health-check": {"metrics": [` + strings.Join(all, ", ") + `]}`
}

// ratio is that of the how-to page.
const ratio = `{"id": "per_call", "expression": "orders / alias_invocations", "min": 0.02}`

// Numbers 1 to 6 of what people meet: the judge and the plan.
func TestTheJudgeInSituations(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/deployer")
	late := func(w *sim.World) { w.MetricsDelay = 15 * time.Second }
	plan := `"action": "plan"`
	// aMinute has a minute of a metric in it.
	aMinute := with(strings.Replace(short, `"interval": 3`, `"interval": 31`, 1), `"bake": 1, "max-duration": 85`)
	inTime := `"max-duration": 25` // for what would be waited for without end
	unreadable := func(value float64) func(*sim.World) {
		return func(w *sim.World) { w.SetMetric("queue", sim.Constant(value)) }
	}
	// wave is high at the beginning of a minute and low in the rest of it: what is measured of it turns while it grows.
	wave := func(first, rest float64) (c sim.Curve) {
		for minute := range 30 {
			at := age - 10*time.Minute + time.Duration(minute)*time.Minute
			c = append(c, sim.Point{From: at, Value: first}, sim.Point{From: at + 20*time.Second, Value: rest})
		}
		return c
	}
	grows := func(w *sim.World) {
		w.MetricsDelay = 10 * time.Second
		for name, figure := range map[string]sim.Curve{
			"orders": sim.Constant(40), "visits": sim.Constant(40), "high": wave(30, 2), "low": wave(2, 30), "peak": wave(2, 30), "least": wave(30, 2), "tail": wave(30, 2),
		} {
			w.SetMetric(name, figure)
		}
		w.SetMetric("orders / alias_invocations", wave(0.0006, 0.05)) // orders are counted behind the calls
	}
	// young has nothing to tell of the old version's time before but ten minutes.
	young := func(w *sim.World) {
		w.SetTraffic("checkout", "live", sim.Curve{{From: age - 10*time.Minute, Value: 20}})
	}
	atOnce := strings.Replace(broken, `"interval": 3`, `"interval": 0, "bake": 5`, 1)
	for name, s := range map[string]situation{
		"a fix of a version that fails one call in five": {before: failing(0.2, 20), request: short, ends: "succeeded", routings: live},
		"a fix of a version that fails every call":       {before: failing(1, 20), request: short, ends: "succeeded", routings: live},
		"a fix of an outage with few calls":              {before: failing(1, 0.7), request: short, ends: "succeeded", routings: live},
		"a fix by canary":                                {before: failing(0.5, 20), request: with(short, `"type": "canary"`), ends: "succeeded"},
		"a fix by auto":                                  {before: failing(0.5, 20), request: `{"function-name": "checkout", "alias": "live", "new-version": "2", "type": "auto", "poll-interval": 1, "health-check": {"max-failed-invocations": 5000}}`, ends: "succeeded"},
		"a fix by auto, in plan":                         {before: failing(0.5, 20), request: `{"function-name": "checkout", "alias": "live", "new-version": "2", "type": "auto", "action": "plan", "health-check": {"max-failed-invocations": 50}}`, ends: "planned", says: []string{"the old version, 1, is failing"}},
		"no fix: it fails as much":                       {before: failing(1, 20), request: with(broken, inTime), ends: "RolledBack", says: []string{"!remembered as bad"}},
		"plan says that the old version fails":           {before: failing(0.2, 20), request: with(short, plan), ends: "planned", says: []string{"the old version, 1, is failing"}},
		"a canary that nobody has seen yet":              {world: late, request: with(broken, `"type": "canary"`), ends: "RolledBack", routings: []string{"version 1", "version 1 with 10 % on version 3", "version 1"}},
		"a step of a second that nobody has seen yet":    {world: late, request: strings.Replace(broken, `"interval": 3`, `"interval": 1`, 1), ends: "RolledBack", routings: back},
		"all calls fail, and little is known of before":  {before: young, request: atOnce, ends: "RolledBack", says: []string{"version 3 is remembered as bad"}, routings: []string{"version 1", "version 1 with 50 % on version 3", "version 3", "version 1"}},
		"a ratio that grows":                             {before: grows, request: with(strings.Replace(short, `"interval": 3`, `"interval": 40`, 1), gates(ratio)), ends: "succeeded-unverified", routings: live},
		"minutes that grow": {before: grows, request: with(strings.Replace(short, `"interval": 3`, `"interval": 40`, 1), gates(
			gate("orders", "Sum", `"min": 25`), gate("visits", "SampleCount", `"min": 25`), gate("high", "Average", `"max": 15`), gate("low", "Average", `"min": 15`),
			gate("peak", "Maximum", `"min": 25`), gate("least", "Minimum", `"max": 5`), gate("tail", "p50", `"max": 15`))), ends: "succeeded-unverified", routings: live},
		"throttles of a moment before the start":   {world: func(w *sim.World) { w.SetThrottles("checkout", "live", ago(w, 12, 2*time.Minute, 0)) }, request: with(short, `"health-check": {"throttles": "any"}`), ends: "succeeded", routings: live},
		"a metric above its limit a moment before": {world: func(w *sim.World) { w.SetMetric("queue", ago(w, 40, 2*time.Minute, 0)) }, request: with(short, gates(gate("queue", "Maximum", `"max": 5`))), ends: "succeeded-unverified", routings: live},
		"a misspelt metric in plan":                {request: with(short, plan+`, `+gates(gate("qeue", "Maximum", `"max": 5`))), ends: "planned", says: []string{"qeue", "three hours"}},
		"misspelt metrics, and nothing else":       {request: with(short, `"health-check": {"errors": "off", "metrics": [`+gate("qeue", "Maximum", `"max": 5`)+`, `+gate("ordres", "Sum", `"min": 5`)+`]}`), ends: "succeeded-unverified", says: []string{"unverified; metric qeue, metric ordres: no datapoint is visible yet"}, routings: live},
		"a SEARCH that finds nothing":              {request: with(short, gates(`{"id": "found", "expression": "SEARCH('{Shop} Orders', 'Sum')", "max": 5}`)), ends: "succeeded-unverified", says: []string{"found"}, routings: live},
		"an alarm that is red before":              {world: func(w *sim.World) { w.SetAlarm("checkout-errors", analysis.AlarmRed) }, request: with(short, `"alarms": ["checkout-errors"]`), ends: "succeeded", says: []string{`"warnings":["`, "checkout-errors"}, routings: live},
		"an alarm that is red before, in plan":     {world: func(w *sim.World) { w.SetAlarm("checkout-errors", analysis.AlarmRed) }, request: with(short, plan+`, "alarms": ["checkout-errors"]`), ends: "planned", says: []string{`"warnings":["`, "checkout-errors"}},
		"an alarm that is too slow for the plan":   {world: func(w *sim.World) { w.SetAlarmPeriods("checkout-errors", time.Hour) }, request: with(short, plan+`, "alarms": ["checkout-errors"]`), ends: "planned", says: []string{`"warnings":["`, "1h0m0s"}},
		"a metric that is no number":               {before: unreadable(math.NaN()), request: with(aMinute, gates(gate("queue", "Maximum", `"max": 5`))), ends: "RolledBack", says: []string{"cannot be read: NaN", "!remembered as bad"}},
		"a metric without end":                     {before: unreadable(math.Inf(-1)), request: with(aMinute, gates(gate("queue", "Minimum", `"max": 5`))), ends: "RolledBack", says: []string{"cannot be read: -Inf"}},
		"a metric below nothing":                   {before: unreadable(-3), request: with(short, gates(gate("queue", "Maximum", `"max": 5`))), ends: "succeeded-unverified", routings: live},
		"calls that are no number":                 {before: failing(math.NaN(), 20), request: with(short, inTime), ends: "PreflightFailed"},
		"failures below nothing":                   {before: failing(-1, 20), request: with(short, inTime), ends: "PreflightFailed"},
		"failures without end":                     {before: failing(math.Inf(1), 20), request: with(short, inTime), ends: "PreflightFailed"},
		"durations that are no numbers":            {before: func(w *sim.World) { w.Publish("checkout", "2", sim.Version{Milliseconds: sim.Constant(math.NaN())}) }, request: with(short, inTime+`, "health-check": {"latency": "compare"}`), ends: "RolledBack"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.check(t, path)
		})
	}
}

// Somebody who has seen enough of a fix promotes it, although the old version fails all the time.
func TestAFixIsPromoted(t *testing.T) {
	t.Parallel()
	l, path := newLabSince(t, age, failing(0.5, 20)), runtimetest.Build(t, "./functions/deployer")
	running, person, ended := l.start(t, "meta-deployer", path, nil), l.start(t, "person", path, nil), make(chan runtimetest.Result)
	go func() { ended <- running.Invoke([]byte(approved), timeout) }()
	l.until(t, "live", split)
	l.answered(t, person.Invoke([]byte(`{"action": "promote", "function-name": "checkout", "alias": "live"}`), timeout), "in-progress")
	l.answered(t, <-ended, "succeeded")
	assert.Equal(t, []string{"version 1", "version 1 with 33.33 % on version 2", "version 2"}, l.routings("live"))
}
