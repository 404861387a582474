package request

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Limits count characters, and have the last character that fits.
func TestLimitsCountCharacters(t *testing.T) {
	metric := func(keys string) string {
		return `"health-check": {"metrics": [{"id": "x", "max": 1, ` + keys + `}]}`
	}
	single := func() string {
		return metric(`"metric": {"namespace": "n", "name": "m", "stat": "Sum"}`) // the keys replace one of these
	}
	for name, limit := range map[string]struct {
		most int
		keys func(text string) string
	}{
		"message":          {200, func(s string) string { return `"message": "` + s + `"` }},
		"force.reason":     {200, func(s string) string { return `"force": {"reason": "` + s + `"}` }},
		"emergency.reason": {200, func(s string) string { return `"emergency": {"reason": "` + s + `"}` }},
		"an alarm":         {255, func(s string) string { return `"alarms": ["` + s + `"]` }},
		"an alarm's ARN": {255, func(s string) string {
			return `"alarms": ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:` + s + `"]`
		}},
		"a probe":       {64, func(s string) string { return `"health-check": {"probes": [{"name": "` + s + `"}]}` }},
		"an expression": {2048, func(s string) string { return metric(`"expression": "` + s + `"`) }},
		"a namespace":   {255, func(s string) string { return strings.Replace(single(), `"n"`, `"`+s+`"`, 1) }},
		"a metric":      {255, func(s string) string { return strings.Replace(single(), `"m"`, `"`+s+`"`, 1) }},
		"a dimension": {255, func(s string) string {
			return strings.Replace(single(), `"stat"`, `"dimensions": {"`+s+`": "v"}, "stat"`, 1)
		}},
		"a dimension's value": {1024, func(s string) string {
			return strings.Replace(single(), `"stat"`, `"dimensions": {"d": "`+s+`"}, "stat"`, 1)
		}},
	} {
		for _, letter := range []string{"x", "ü", "警", "🚦"} {
			parse(t, with(limit.keys(strings.Repeat(letter, limit.most))))
			assert.NotEmpty(t, refusals(t, with(limit.keys(strings.Repeat(letter, limit.most+1)))), name)
		}
	}
	name := strings.Repeat("警", 100)
	assert.Equal(t, []string{name}, parse(t, with(`"alarms": ["`+name+`"]`)).Plan.Alarms)
	role := `"role-arn": "arn:aws:iam::123456789012:role/x", "external-id": "`
	parse(t, with(role+strings.Repeat("x", 1224)+`"`))
	refusals(t, with(role+strings.Repeat("x", 1225)+`"`))
}

func TestNamesOfFunctions(t *testing.T) {
	const other = "999999999999"
	for name, tt := range map[string]struct{ text, more, bare, refused string }{
		"a name":                      {text: "my-F_1", bare: "my-F_1"},
		"a partial ARN":               {text: "123456789012:function:f", bare: "f"},
		"a shorter one":               {text: "123456789012:f", bare: "f"},
		"a full ARN":                  {text: "arn:aws:lambda:eu-west-1:123456789012:function:f", bare: "f"},
		"a full ARN of GovCloud":      {text: "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f", refused: "this deployer works in eu-west-1"},
		"an ARN with an alias":        {text: "arn:aws:lambda:eu-west-1:123456789012:function:f:live", refused: "without a version or alias"},
		"a name with a version":       {text: "f:1", refused: "without a version or alias"},
		"a name with $LATEST":         {text: "f:$LATEST", refused: "without a version or alias"},
		"another region":              {text: "arn:aws:lambda:eu-west-2:123456789012:function:f", refused: "this deployer works in eu-west-1"},
		"another account":             {text: other + ":function:f", refused: "give the role-arn of a role in that account"},
		"another account by its role": {text: other + ":function:f", more: `, "role-arn": "arn:aws:iam::` + other + `:role/x"`, bare: "f"},
		"this one by another's role":  {text: "123456789012:function:f", more: `, "role-arn": "arn:aws:iam::` + other + `:role/x"`, refused: "works in account " + other},
		"an ARN of half":              {text: "arn:aws:lambda:f", refused: "give a function's name or ARN"},
		"an ARN of something else":    {text: "arn:aws:states:eu-west-1:123456789012:stateMachine:f", refused: "give a function's name or ARN"},
		"a name that is too long":     {text: strings.Repeat("f", 65), refused: "give a function's name or ARN"},
		"a line behind it":            {text: `f\n`, refused: "give a function's name or ARN"},
		"nothing":                     {text: "", refused: "give a function's name or ARN"},
	} {
		raw := `{"function-name": "` + tt.text + `", "alias": "live", "new-version": 2` + tt.more + `}`
		if tt.refused != "" {
			assert.Contains(t, refusals(t, raw)[0], tt.refused, name)
			continue
		}
		assert.Equal(t, tt.bare, parse(t, raw).Plan.Function, name)
	}
	hooked := parse(t, with(`"hooks": {"pre-traffic": "123456789012:function:h:live"}, "health-check": {"function": "j:2"}`))
	assert.Equal(t, "123456789012:function:h:live", hooked.Plan.PreTraffic, "hooks and judges are called as they are named")
	assert.Equal(t, "j:2", hooked.Plan.Health.Judge)
	assert.Contains(t, refusals(t, with(`"hooks": {"post-traffic": "`+other+`:function:h"}`))[0], "hooks.post-traffic is")
}

func TestPollIntervalIsTheDriversOwnUnlessTheRequestSays(t *testing.T) {
	long := with(`"interval": "24h", "steps": 100`)
	assert.Equal(t, 15*time.Second, parse(t, long).Plan.Poll, "the long engines stretch it, not the request")
	r, err := Parse([]byte(long), Home{Poll: 30 * time.Second})
	assert.NoError(t, err)
	assert.Equal(t, 30*time.Second, r.Plan.Poll)
	r, err = Parse([]byte(with(`"poll-interval": 1`)), Home{Poll: 30 * time.Second})
	assert.NoError(t, err)
	assert.Equal(t, time.Second, r.Plan.Poll)
}

func TestMaxDurationCountsHoldsAndWarnsOfTheRest(t *testing.T) {
	assert.Contains(t, refusals(t, with(`"max-duration": 609.9`))[0], "max-duration is 609.9: the holds of the plan are 10m0s, give at least 10m10s")
	const warning = "max-duration is 10m10s, and with what is waited for beside its holds the plan takes 12m30s: what was not seen when the time is up is no data, give at least 12m40s"
	assert.Equal(t, []string{warning}, parse(t, with(`"max-duration": 610`)).Warnings)
	assert.Equal(t, []string{warning}, parse(t, with(`"action": "plan", "max-duration": 610`)).Warnings)
	assert.Empty(t, parse(t, with(`"action": "rollback", "max-duration": 610`)).Warnings)
	assert.Empty(t, parse(t, with(`"max-duration": 760`)).Warnings)
	assert.Len(t, parse(t, with(`"max-duration": 759.9`)).Warnings, 1)
	assert.Empty(t, parse(t, with(`"max-duration": 610, "health-check": false`)).Warnings, "nothing is waited for")
	assert.Empty(t, parse(t, auto(`, "max-duration": 295`)).Warnings)
	assert.Len(t, parse(t, auto(`, "max-duration": "5m", "bake": 30`)).Warnings, 1, "the bake is too short to see it")
	refusals(t, with(`"max-duration": "8761h"`))
}

func TestDurationsAreFromNothingToAYear(t *testing.T) {
	for _, keys := range []string{`"interval": %`, `"bake": %`, `"type": "stages", "stages": [{"weight": 1, "hold": %}]`, `"max-duration": %, "interval": 0`, `"poll-interval": %`} {
		for _, value := range []string{`31536000`, `"8760h"`, `"8759h59m60s"`} {
			r, err := Parse([]byte(with(strings.Replace(keys, "%", value, 1))), home)
			if err != nil {
				assert.NotContains(t, err.Error(), "give seconds", "%s %s", keys, value)
			} else {
				assert.NotEmpty(t, r.Plan.Steps)
			}
		}
		for _, value := range []string{`31536001`, `"8760h1s"`, `-1`, `"-1ns"`, `1e309`, `"NaN"`, `""`, `"1"`, `"1 m"`, `true`, `{}`, `[1]`} {
			assert.Contains(t, strings.Join(refusals(t, with(strings.Replace(keys, "%", value, 1))), "\n"), "give seconds", "%s %s", keys, value)
		}
	}
	assert.Equal(t, 500*time.Millisecond, parse(t, with(`"interval": 0.5`)).Plan.Steps[0].Hold)
	assert.Zero(t, parse(t, with(`"interval": "0"`)).Plan.Duration())
}

func TestWeightsAreExact(t *testing.T) {
	for text, want := range map[string]rollout.Weight{"0.01": 1, "33.33": 33_33, "1e1": 10_00, "10.00": 10_00, "99.99": 99_99, "0.29": 29, "57.53": 57_53} {
		assert.Equal(t, want, parse(t, with(`"type": "canary", "weight": `+text)).Plan.Steps[0].Weight)
	}
	for _, text := range []string{"0", "0.001", "0.009", "10.001", "10.000000001", "99.991", "100", "-1", `"10"`, "1e-9"} {
		assert.Contains(t, refusals(t, with(`"type": "canary", "weight": `+text))[0], "weight is "+text)
	}
}

func TestKeysOfTheEngines(t *testing.T) {
	for text, want := range map[string]HandOff{`true`: HandOffTrue, `false`: HandOffFalse, `"always"`: HandOffAlways} {
		r := parse(t, with(`"hand-off": `+text))
		assert.Equal(t, want, r.HandOff)
		assert.Empty(t, r.Warnings)
	}
	assert.Equal(t, HandOffByStack, parse(t, with("")).HandOff)
	assert.Contains(t, refusals(t, with(`"hand-off": "yes"`))[0], `hand-off is "yes": give true, false or "always"`)
	for _, value := range []string{`1`, `"true"`, `{}`, `null`} {
		refusals(t, with(`"hand-off": `+value))
	}
	plan := parse(t, with(`"action": "plan", "hand-off": "always", "rollout-id": "x", "execution": "`+workflow+`"`))
	assert.Equal(t, []string{"hand-off has a meaning for action deploy only", "rollout-id has a meaning for action deploy only", "execution has a meaning for action status only"}, plan.Warnings)
	assert.Empty(t, plan.Execution)

	const id = `"rollout-id": "20260105-120000123-ab12"`
	assert.Equal(t, "20260105-120000123-ab12", parse(t, with(id)).Plan.Only)
	for _, id := range []string{`""`, `7`, `"a b"`, `"` + strings.Repeat("x", 129) + `"`} {
		assert.Contains(t, refusals(t, with(`"rollout-id": `+id))[0], "rollout-id is")
	}
}

const (
	workflow = "arn:aws:states:eu-west-1:123456789012:execution:meta-deployer-rollout:f-live-2-0a1b2c3d"
	durable  = "arn:aws:lambda:eu-west-1:123456789012:function:meta-deployer-durable:7/durable-execution/f-live-2-0a1b2c3d/20dae574-53da-37a1-bfd5-b0e2e6ec715d"
)

// The alias is not needed where an execution is asked for.
func TestAnExecution(t *testing.T) {
	for _, arn := range []string{workflow, durable} {
		assert.Equal(t, arn, parse(t, `{"action": "status", "execution": "`+arn+`"}`).Execution)
	}
	for _, arn := range []string{"", "x", strings.Replace(workflow, "execution", "stateMachine", 1), strings.Replace(durable, ":7/", ":live/", 1), workflow + ":x"} {
		assert.Contains(t, strings.Join(refusals(t, `{"action": "status", "execution": "`+arn+`"}`), "\n"), "give the ARN of an execution", arn)
	}
}

func TestAMinThatAShortPlanCannotJudgeIsAWarningOfPlan(t *testing.T) {
	request := func(action, interval, metric string) []string {
		return parse(t, with(`"action": "`+action+`", "steps": 2, "interval": `+interval+`, "health-check": {"metrics": [{"id": "ok", "expression": "a", "max": 1}, {"id": "x", `+metric+`}]}`)).Warnings
	}
	single := func(stat string) string {
		return `"metric": {"namespace": "n", "name": "m", "stat": "` + stat + `"}, "min": 1`
	}
	const warning = "health-check.metrics[1].min decides nothing before its minutes are whole: the plan takes 4m30s from its first shift, give it 5m0s"
	for _, metric := range []string{single("Average"), single("Maximum"), single("p99"), `"expression": "a/b", "min": 1`, `"expression": "a/b", "min": 1, "max": 2`} {
		assert.Equal(t, []string{warning}, request("plan", "60", metric), metric)
		assert.Empty(t, request("deploy", "60", metric), "of plan only")
		assert.Empty(t, request("plan", "150", metric), "five minutes are enough")
		assert.Len(t, request("plan", "149", metric), 1)
	}
	for _, metric := range []string{single("Sum"), single("SampleCount"), single("Minimum"), `"expression": "a/b", "max": 1`, `"expression": "a/b", "min": 1, "report-only": true`} {
		assert.Empty(t, request("plan", "60", metric), metric)
	}
	many := parse(t, with(`"action": "plan", "steps": 2, "health-check": {"metrics": [`+entries(480, `{"id": "x%d", "expression": "a", "min": 1}`)+`]}`))
	assert.LessOrEqual(t, len(many.Warnings), 51)
	assert.Contains(t, many.Warnings[len(many.Warnings)-1], "more")
}

func TestStagesTakeTheIntervalAsTheirHold(t *testing.T) {
	for keys, want := range map[string][]time.Duration{
		`"stages": [{"weight": 5}, {"weight": 50, "hold": 3}]`:             {7, 3, 7},
		`"stages": [{"weight": 5}, {"weight": 100}]`:                       {7, 7},
		`"stages": [{"weight": 5}, {"weight": 100, "hold": 9}]`:            {7, 9},
		`"stages": [{"weight": 5}, {"weight": 100, "hold": 9}], "bake": 2`: {7, 2},
		`"stages": [{"weight": 5, "hold": "1s"}], "bake": 0`:               {1, 0},
		`"stages": [ { "weight" : 99.99 , "hold" : 0 } ]`:                  {0, 7},
	} {
		var holds []time.Duration
		for _, s := range parse(t, with(`"type": "stages", "interval": 7, `+keys)).Plan.Steps {
			holds = append(holds, s.Hold/time.Second)
		}
		assert.Equal(t, want, holds, keys)
	}
	for _, stages := range []string{`[]`, `[ ]`, `{}`, `null`, `"5"`, `[` + strings.Repeat(`{"weight": 1},`, 1000) + `{"weight": 1}]`} {
		assert.Contains(t, strings.Join(refusals(t, with(`"type": "stages", "stages": `+stages)), "\n"), "stages is")
	}
}

func TestAMetricHasAtMostThirtyDimensions(t *testing.T) {
	metric := func(dimensions string) string {
		return with(`"health-check": {"metrics": [{"id": "x", "max": 1, "metric": {"namespace": "n", "name": "m", "stat": "Sum", "dimensions": ` + dimensions + `}}]}`)
	}
	assert.Len(t, parse(t, metric(`{`+entries(30, `"d%d": "v"`)+`}`)).Plan.Health.Metrics[0].Dimensions, 30)
	for _, dimensions := range []string{`{` + entries(31, `"d%d": "v"`) + `}`, `{"d": null}`, `{"d": 1}`, `[]`, `"d"`} {
		assert.Contains(t, refusals(t, metric(dimensions))[0], "health-check.metrics[0].metric.dimensions is", dimensions)
	}
}
