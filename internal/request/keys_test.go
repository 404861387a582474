package request

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAHintIsOfAKeyThatMayHaveBeenMeant(t *testing.T) {
	const all = `docs/reference/request.md has all keys`
	for key, hint := range map[string]string{
		"step": "the nearest is steps", "setps": "the nearest is steps", "alais": "the nearest is alias", "new_version": "the nearest is new-version", "functionName": "the nearest is function-name",
		"FUNCTION-NAME": "the nearest is function-name", "AliasName": "the nearest is alias-name", "typ": "the nearest is type",
		"healthcheck": "the nearest is health-check", "max-duraton": "the nearest is max-duration", "rollback-id": all,
		"function": all, "dry-run": all, "x": all, "version": all, "名前": all, "": all, "日": all,
		strings.Repeat("steps", 100): all,
	} {
		problems := refusals(t, with(`"`+key+`": 1`))
		assert.Len(t, problems, 1)
		assert.True(t, strings.HasSuffix(problems[0], " is not a key: "+hint), "%s: %s", key, problems[0])
	}
	assert.Contains(t, refusals(t, with(`"hooks": {"before": "f"}`)), "hooks.before is not a key: here it may be post-traffic, pre-traffic")
	assert.Contains(t, refusals(t, with(`"type": "stages", "stages": [{"weight": 1, "wait": 3}]`)), "stages[0].wait is not a key: here it may be approve, hold, weight")
}

// Whatever else is given for an object, its form is shown.
func TestWhatIsNoObjectIsToldItsForm(t *testing.T) {
	for keys, want := range map[string]string{
		`"emergency": true`:                 `emergency is true: give {"reason": "…"}, the reason is for the log`,
		`"force": "it is over"`:             `force is "it is over": give {"reason": "…"}, the reason is for the log`,
		`"force": []`:                       `force is []: give {"reason": "…"}, the reason is for the log`,
		`"hooks": "f"`:                      `hooks is "f": give {"pre-traffic": "a function's name", "post-traffic": "another one's"}`,
		`"health-check": ["errors"]`:        `health-check is […]: give true, false or an object such as {"errors": "any"}, without quotes around it`,
		`"type": "stages", "stages": [5]`:   `stages[0] is 5: give {"weight": percent, "hold": duration, "approve": bool}`,
		`"health-check": {"metrics": [5]}`:  `health-check.metrics[0] is 5: give an object such as {"id": "orders", "metric": {…}, "min": 25}`,
		`"health-check": {"probes": ["a"]}`: `health-check.probes[0] is "a": give an object such as {"name": "ping", "payload": {}, "expect": {"ok": true}}`,
		`"health-check": {"latency": 800}`:  `health-check.latency is 800: give "compare", "off" or {"max-ms": 500, "quantile": 0.99, "compare": true}`,
		`"health-check": {"errors": true}`:  `health-check.errors is true: give "compare", "any", "off" or {"max-rate": 0.01}`,
		`"health-check": {"metrics": [{"id": "x", "metric": "Orders", "max": 1}]}`: `health-check.metrics[0].metric is "Orders": give {"namespace", "name", "dimensions": {}, "stat"}`,
	} {
		assert.Equal(t, []string{want}, refusals(t, with(keys)))
	}
}

func TestAKeyGivenTwiceIsRefusedAtAnyDepth(t *testing.T) {
	for keys, path := range map[string]string{
		`"steps": 1, "steps": 1`:                                                  "steps",
		`"steps": 1, "st\u0065ps": 2`:                                             "steps",
		`"hooks": {"pre-traffic": "a", "pre-traffic": "b"}`:                       "hooks.pre-traffic",
		`"type": "stages", "stages": [{"weight": 1}, {"weight": 2, "weight": 3}]`: "stages[1].weight",
		`"health-check": {"errors": {"max-rate": 0, "max-rate": 0}}`:              "health-check.errors.max-rate",
		`"health-check": {"probes": [{"expect": {"a": {"b": 1, "b": 2}}}]}`:       "health-check.probes[0].expect.a.b",
		`"health-check": {"probes": [{"payload": [{"b": 1, "b": 2}]}]}`:           "health-check.probes[0].payload[0].b",
		`"force": {"reason": "a", "reason": "b"}`:                                 "force.reason",
	} {
		assert.Equal(t, []string{path + " is given twice: keep one"}, refusals(t, with(keys)))
	}
	assert.Len(t, refusals(t, with(`"steps": 1, "steps": 0, "typ": 3, "hooks": {"a": 1, "a": 2}`)), 5, "beside everything else that is wrong")
	assert.Contains(t, refusals(t, with(`"Steps": 1`))[0], "Steps is not a key", "keys are exact")
}
