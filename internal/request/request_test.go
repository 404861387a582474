package request

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

var home = Home{Region: "eu-west-1", Account: "123456789012"}

// with is a request for function f, alias live, version 2, with more keys.
func with(keys string) string {
	text := `{"function-name": "f", "alias": "live", "new-version": "2"`
	if keys != "" {
		text += ", " + keys
	}
	return text + "}"
}

func parse(t *testing.T, raw string) Request {
	t.Helper()
	r, err := Parse([]byte(raw), home)
	require.NoError(t, err, raw)
	return r
}

// refusals are the problems of a request that must be refused.
func refusals(t *testing.T, raw string) []string {
	t.Helper()
	_, err := Parse([]byte(raw), home)
	var problems *ProblemsError
	require.ErrorAs(t, err, &problems, raw)
	return problems.Problems
}

func TestPayloadOfAwsLambdaDeployWorksUnedited(t *testing.T) {
	r := parse(t, `{"function-name": "MyFunction", "alias-name": "MyAlias", "new-version": "2", "steps": 10, "interval": 120, "type": "linear"}`)
	assert.Equal(t, "MyFunction", r.Plan.Function)
	assert.Equal(t, "MyAlias", r.Plan.Alias)
	assert.Equal(t, "2", r.Plan.NewVersion)
	assert.Equal(t, Deploy, r.Action)
	assert.Len(t, r.Plan.Steps, 10)
	assert.Equal(t, 20*time.Minute, r.Plan.Duration())
	assert.Empty(t, r.Warnings)
	assert.Equal(t, analysis.Health{}, r.Plan.Health)
}

func TestDefaults(t *testing.T) {
	r := parse(t, with(""))
	assert.Len(t, r.Plan.Steps, 10)
	assert.Equal(t, rollout.Step{Weight: 10_00, Hold: time.Minute}, r.Plan.Steps[0])
	assert.Equal(t, rollout.Step{Weight: rollout.Full, Hold: time.Minute}, r.Plan.Steps[9])
	assert.Equal(t, 15*time.Second, r.Plan.Poll)
	assert.Equal(t, rollout.AdvanceOnNoData, r.Plan.OnNoData)
	assert.False(t, r.Plan.HoldOnFailure)
}

func TestRefusedRequests(t *testing.T) {
	tests := map[string]struct{ raw, names string }{
		"not JSON":                      {`hello`, "give one JSON object"},
		"nothing":                       {``, "give one JSON object"},
		"a list":                        {`[]`, "give one JSON object"},
		"cut off":                       {`{"alias": "live"`, "the request is not JSON (unexpected end of JSON input): give one JSON object"},
		"two objects":                   {with("") + "{}", "after top-level value): give one JSON object"},
		"a key twice":                   {with(`"alias": "live"`), "alias is given twice: keep one"},
		"an unknown key":                {with(`"step": 3`), "step is not a key: the nearest is steps"},
		"a misspelt health check":       {with(`"health_check": false`), "the nearest is health-check"},
		"an unknown key inside":         {with(`"hooks": {"pre-trafic": "h"}`), "the nearest is hooks.pre-traffic"},
		"null":                          {with(`"steps": null`), "steps is null"},
		"no function":                   {`{"alias": "live", "new-version": 2}`, "function-name is missing"},
		"no alias":                      {`{"function-name": "f", "new-version": 2}`, "alias is missing"},
		"no version":                    {`{"function-name": "f", "alias": "live"}`, "new-version is missing"},
		"two aliases":                   {with(`"alias-name": "other"`), "alias-name is \"other\""},
		"a qualified function":          {`{"function-name": "f:live", "alias": "live", "new-version": 2}`, "without a version or alias behind it"},
		"an ARN of another region":      {`{"function-name": "arn:aws:lambda:us-east-1:123456789012:function:f", "alias": "live", "new-version": 2}`, "eu-west-1"},
		"an ARN of another account":     {`{"function-name": "arn:aws:lambda:eu-west-1:999999999999:function:f", "alias": "live", "new-version": 2}`, "role-arn"},
		"a partial ARN of another one":  {`{"function-name": "999999999999:function:f", "alias": "live", "new-version": 2}`, "role-arn"},
		"an alias of digits":            {`{"function-name": "f", "alias": "12", "new-version": 2}`, "not digits alone"},
		"$LATEST":                       {`{"function-name": "f", "alias": "live", "new-version": "$LATEST"}`, "publish a version first"},
		"version 0":                     {`{"function-name": "f", "alias": "live", "new-version": 0}`, "published version"},
		"version 1.5":                   {`{"function-name": "f", "alias": "live", "new-version": 1.5}`, "published version"},
		"version true":                  {`{"function-name": "f", "alias": "live", "new-version": true}`, "published version"},
		"the alias itself as candidate": {`{"function-name": "f", "alias": "live", "new-version": "@live"}`, "another alias"},
		"steps -1":                      {with(`"steps": -1`), "steps is -1: give a whole number from 1 to 1000"},
		"steps 0":                       {with(`"steps": 0`), "steps is 0"},
		"steps 1001":                    {with(`"steps": 1001`), "steps is 1001"},
		"steps as text":                 {with(`"steps": "3"`), "without quotes"},
		"steps 2.5":                     {with(`"steps": 2.5`), "steps is 2.5"},
		"interval as bare text":         {with(`"interval": "120"`), `such as 120, or a duration with its unit`},
		"interval negative":             {with(`"interval": -1`), "interval is -1"},
		"interval negative text":        {with(`"interval": "-1s"`), "interval is"},
		"interval over a year":          {with(`"interval": "8761h"`), "8760h"},
		"interval beyond numbers":       {with(`"interval": 1e400`), "interval is"},
		"a plan over a year":            {with(`"interval": "8760h", "steps": 1000`), "longer than a year"},
		"weight 0":                      {with(`"type": "canary", "weight": 0`), "from 0.01 to 99.99"},
		"weight 100":                    {with(`"type": "canary", "weight": 100`), "from 0.01 to 99.99"},
		"weight too fine":               {with(`"type": "canary", "weight": 0.015`), "two decimals"},
		"an unknown type":               {with(`"type": "blue-green"`), "give linear, canary"},
		"auto without a budget":         {with(`"type": "auto"`), "health-check.max-failed-invocations is missing"},
		"auto, steps too short to see":  {with(`"type": "auto", "interval": 60, "health-check": {"max-failed-invocations": 5}`), "interval is 60: type auto has to see a step"},
		"auto, no time for a step":      {with(`"type": "auto", "max-duration": 120, "health-check": {"max-failed-invocations": 5}`), "give at least 4m55s"},
		"a strategy of 0 %":             {with(`"type": "Canary0Percent5Minutes"`), "Canary10Percent5Minutes"},
		"a strategy of 100 %":           {with(`"type": "Linear100PercentEvery1Minute"`), "type is"},
		"a mixed-up strategy":           {with(`"type": "Linear10Percent5Minutes"`), "type is"},
		"stages without stages":         {with(`"type": "stages"`), "stages is missing"},
		"stages empty":                  {with(`"type": "stages", "stages": []`), "stages is []"},
		"stages falling":                {with(`"type": "stages", "stages": [{"weight": 20}, {"weight": 10}]`), "stages[1].weight is 10: give more than the 20"},
		"a stage without a weight":      {with(`"type": "stages", "stages": [{"hold": 3}]`), "stages[0].weight is missing"},
		"a stage's misspelt key":        {with(`"type": "stages", "stages": [{"weigth": 3}]`), "stages[0].weigth is not a key: the nearest is stages[0].weight"},
		"health-check as text":          {with(`"health-check": "false"`), "without quotes"},
		"errors of another word":        {with(`"health-check": {"errors": "none"}`), `give "compare", "any", "off" or`},
		"errors max-rate 1.5":           {with(`"health-check": {"errors": {"max-rate": 1.5}}`), "health-check.errors.max-rate is 1.5"},
		"latency of another word":       {with(`"health-check": {"latency": "slow"}`), `health-check.latency is "slow": give "compare"`},
		"latency of nothing":            {with(`"health-check": {"latency": {}}`), "health-check.latency.max-ms is missing"},
		"latency max-ms 0":              {with(`"health-check": {"latency": {"max-ms": 0}}`), "health-check.latency.max-ms is 0"},
		"latency as text":               {with(`"health-check": {"latency": {"max-ms": "500"}}`), "health-check.latency.max-ms is"},
		"latency of every call":         {with(`"health-check": {"latency": {"max-ms": 9, "quantile": 1}}`), "health-check.latency.quantile is 1"},
		"latency compared with a text":  {with(`"health-check": {"latency": {"compare": "yes"}}`), "health-check.latency.compare is"},
		"throttles of another word":     {with(`"health-check": {"throttles": "all"}`), "health-check.throttles is"},
		"metrics as an object":          {with(`"health-check": {"metrics": {}}`), "health-check.metrics is {}: give a list"},
		"a metric as text":              {with(`"health-check": {"metrics": ["x"]}`), "health-check.metrics[0] is"},
		"a metric without anything":     {with(`"health-check": {"metrics": [{"id": "x"}]}`), "health-check.metrics[0].metric is missing"},
		"a metric without an id":        {with(`"health-check": {"metrics": [{"expression": "a/b", "max": 1}]}`), "health-check.metrics[0].id is missing"},
		"a metric without limits":       {with(`"health-check": {"metrics": [{"id": "x", "expression": "a/b"}]}`), "health-check.metrics[0].max is missing"},
		"a metric with both":            {with(`"health-check": {"metrics": [{"id": "x", "expression": "a/b", "max": 1, "metric": {"namespace": "n", "name": "m", "stat": "Sum"}}]}`), "keep one of expression and metric"},
		"a metric's id in capitals":     {with(`"health-check": {"metrics": [{"id": "X", "expression": "a/b", "max": 1}]}`), "lower-case letter"},
		"a metric by the id of ours":    {with(`"health-check": {"metrics": [{"id": "new_errors", "expression": "a/b", "max": 1}]}`), "not the id of one of our own counts"},
		"an id twice":                   {with(`"health-check": {"metrics": [{"id": "x", "expression": "a", "max": 1}, {"id": "x", "expression": "b", "max": 1}]}`), "health-check.metrics[1].id is \"x\": give every metric an id of its own"},
		"an expression too long":        {with(`"health-check": {"metrics": [{"id": "x", "expression": "` + strings.Repeat("1", 2049) + `", "max": 1}]}`), "at most 2048 characters"},
		"limits that exclude all":       {with(`"health-check": {"metrics": [{"id": "x", "expression": "a", "max": 1, "min": 2}]}`), "health-check.metrics[0].min is 2: give no more than max, 1"},
		"a limit as text":               {with(`"health-check": {"metrics": [{"id": "x", "expression": "a", "max": "1"}]}`), "health-check.metrics[0].max is"},
		"a metric without a stat":       {with(`"health-check": {"metrics": [{"id": "x", "max": 1, "metric": {"namespace": "n", "name": "m"}}]}`), "health-check.metrics[0].metric.stat is missing"},
		"a stat that is none":           {with(`"health-check": {"metrics": [{"id": "x", "max": 1, "metric": {"namespace": "n", "name": "m", "stat": "Mean"}}]}`), "health-check.metrics[0].metric.stat is"},
		"dimensions as a list":          {with(`"health-check": {"metrics": [{"id": "x", "max": 1, "metric": {"namespace": "n", "name": "m", "stat": "p99.9", "dimensions": []}}]}`), "health-check.metrics[0].metric.dimensions is"},
		"a dimension that is a number":  {with(`"health-check": {"metrics": [{"id": "x", "max": 1, "metric": {"namespace": "n", "name": "m", "stat": "Sum", "dimensions": {"a": 1}}}]}`), "health-check.metrics[0].metric.dimensions is"},
		"too many metrics":              {with(`"health-check": {"metrics": [` + strings.TrimSuffix(strings.Repeat(`{},`, 481), ",") + `]}`), "health-check.metrics is a list of more than 480: give at most 480"},
		"a function that is no name":    {with(`"health-check": {"function": "a b"}`), "health-check.function is"},
		"a function of another region":  {with(`"health-check": {"function": "arn:aws:lambda:us-east-1:123456789012:function:judge"}`), "works in eu-west-1"},
		"a probe's misspelt key":        {with(`"health-check": {"probes": [{"expected": {}}]}`), "health-check.probes[0].expected is not a key: the nearest is health-check.probes[0].expect"},
		"a probe for some functions":    {with(`"health-check": {"probes": [{"function": "f"}]}`), "health-check.probes[0].function is not a key"},
		"a probe that ignores a number": {with(`"health-check": {"probes": [{"compare": {"ignore": ["a", 3]}}]}`), "health-check.probes[0].compare.ignore[1] is 3"},
		"a probe with a long time":      {with(`"health-check": {"probes": [{"max-ms": -5}]}`), "health-check.probes[0].max-ms is -5"},
		"a budget of nothing":           {with(`"health-check": {"max-failed-invocations": 0}`), "health-check.max-failed-invocations is 0"},
		"a rate of false alarms of 1":   {with(`"health-check": {"false-alarm-rate": 1}`), "health-check.false-alarm-rate is 1"},
		"min-invocations negative":      {with(`"health-check": {"min-invocations": -1}`), "health-check.min-invocations is -1"},
		"on-no-data":                    {with(`"health-check": {"on-no-data": "wait"}`), "give one of advance, hold, rollback"},
		"poll-interval too short":       {with(`"poll-interval": 0.5`), "from 1s"},
		"on-failure":                    {with(`"on-failure": "ignore"`), "give one of rollback, hold"},
		"max-duration below the plan":   {with(`"interval": 60, "max-duration": 609`), "max-duration is 609: the holds of the plan are 10m0s, give at least 10m10s"},
		"message too long":              {with(`"message": "` + strings.Repeat("x", 201) + `"`), "200 characters"},
		"force without a reason":        {with(`"force": {}`), "force.reason is missing"},
		"force true":                    {with(`"force": true`), `force is true: give {"reason": "…"}`},
		"emergency with an empty one":   {with(`"emergency": {"reason": " "}`), "emergency.reason is"},
		"a role that is none":           {with(`"role-arn": "admin"`), "role-arn is"},
		"hand-off":                      {with(`"hand-off": "never"`), `hand-off is "never": give true, false or "always"`},
		"targets":                       {with(`"targets": []`), "one request per function"},
		"an unknown action":             {with(`"action": "abort"`), "give one of deploy, plan"},
		"an empty alarm name":           {with(`"alarms": [""]`), "alarms[0] is"},
		"an alarm of another region":    {with(`"alarms": ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"]`), "own region"},
		"days 15":                       {with(`"days": 15`), "days is 15"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Contains(t, strings.Join(refusals(t, tt.raw), "\n"), tt.names)
		})
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	problems := refusals(t, `{"function-name": "f:1", "alias": "1", "new-version": "x", "steps": 0, "interval": "soon", "typ": "linear", "health-check": {"errors": 1}}`)
	assert.Len(t, problems, 7, problems)
	assert.Len(t, refusals(t, `{"functionName": "f"}`), 4, "the key, and the three that are missing")
}

func TestAcceptedForms(t *testing.T) {
	tests := map[string]struct {
		raw   string
		check func(*testing.T, Request)
	}{
		"a number as version": {`{"function-name": "f", "alias": "live", "new-version": 12}`, func(t *testing.T, r Request) { assert.Equal(t, "12", r.Plan.NewVersion) }},
		"a candidate alias": {`{"function-name": "f", "alias": "live", "new-version": "@candidate"}`, func(t *testing.T, r Request) {
			assert.Equal(t, "candidate", r.Plan.Candidate)
			assert.Empty(t, r.Plan.NewVersion)
		}},
		"both aliases the same": {with(`"alias-name": "live"`), func(t *testing.T, r Request) { assert.Equal(t, "live", r.Plan.Alias) }},
		"a full ARN":            {`{"function-name": "arn:aws:lambda:eu-west-1:123456789012:function:f", "alias": "live", "new-version": 2}`, func(t *testing.T, r Request) { assert.Equal(t, "f", r.Plan.Function) }},
		"a partial ARN":         {`{"function-name": "123456789012:function:f", "alias": "live", "new-version": 2}`, func(t *testing.T, r Request) { assert.Equal(t, "f", r.Plan.Function) }},
		"another account by role": {
			`{"function-name": "arn:aws:lambda:eu-west-1:999999999999:function:f", "alias": "live", "new-version": 2, "role-arn": "arn:aws:iam::999999999999:role/x", "external-id": "42"}`,
			func(t *testing.T, r Request) { assert.Equal(t, "42", r.ExternalID) },
		},
		"status needs no version": {`{"action": "status", "function-name": "f", "alias": "live"}`, func(t *testing.T, r Request) { assert.Equal(t, Status, r.Action) }},
		"checks that are off":     {with(`"health-check": {"latency": "off", "throttles": "off", "metrics": [], "probes": [], "errors": "off"}`), func(t *testing.T, r Request) { assert.Equal(t, analysis.ErrorsOff, r.Plan.Health.Errors) }},
		"a rate": {with(`"health-check": {"errors": {"max-rate": 0.01}, "min-invocations": 50, "on-no-data": "hold"}`), func(t *testing.T, r Request) {
			assert.Equal(t, rollout.HoldOnNoData, r.Plan.OnNoData)
			assert.InDelta(t, .01, r.Plan.Health.MaxRate, 0)
		}},
		"alarms by name and ARN": {with(`"alarms": ["a", "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:b:c", "a"]`), func(t *testing.T, r Request) { assert.Equal(t, []string{"a", "b:c"}, r.Plan.Alarms) }},
		"latency compared": {with(`"health-check": {"latency": "compare"}`), func(t *testing.T, r Request) {
			assert.Equal(t, analysis.LatencyRule{Compare: true}, r.Plan.Health.Latency)
		}},
		"latency limited": {with(`"health-check": {"latency": {"max-ms": 800}}`), func(t *testing.T, r Request) {
			assert.Equal(t, analysis.LatencyRule{MaxMS: 800, Quantile: 0.99}, r.Plan.Health.Latency)
		}},
		"latency both ways": {with(`"health-check": {"latency": {"max-ms": 800, "quantile": 0.9, "compare": true}}`), func(t *testing.T, r Request) {
			assert.Equal(t, analysis.LatencyRule{Compare: true, MaxMS: 800, Quantile: 0.9}, r.Plan.Health.Latency)
		}},
		"a quantile of nothing": {with(`"health-check": {"latency": {"compare": true, "quantile": 0.9}}`), func(t *testing.T, r Request) {
			assert.Contains(t, r.Warnings, "health-check.latency.quantile has no meaning without max-ms")
		}},
		"throttles and a function": {with(`"health-check": {"throttles": "any", "function": "judge"}`), func(t *testing.T, r Request) {
			assert.True(t, r.Plan.Health.Throttles)
			assert.Equal(t, "judge", r.Plan.Health.Judge)
		}},
		"metrics": {with(`"health-check": {"metrics": [{"id": "orders", "metric": {"namespace": "Shop", "name": "Orders", "dimensions": {"b": "2", "a": "1"}, "stat": "Sum"}, "report-only": true},
			{"id": "per_call", "expression": "orders / alias_invocations", "min": 0.5}]}`), func(t *testing.T, r Request) {
			half := 0.5
			assert.Equal(t, []analysis.Metric{
				{ID: "orders", Namespace: "Shop", Name: "Orders", Stat: "Sum", Dimensions: []analysis.Dimension{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}, ReportOnly: true},
				{ID: "per_call", Expression: "orders / alias_invocations", Min: &half},
			}, r.Plan.Health.Metrics)
		}},
		"probes": {with(`"health-check": {"probes": [{"name": "ping", "payload": null, "expect": {"ok": true}}, {"every-step": true}]}`), func(t *testing.T, r Request) {
			assert.Equal(t, []rollout.Probe{
				{Name: "ping", Payload: json.RawMessage("null"), Expect: map[string]any{"ok": true}},
				{Name: "#2", Payload: json.RawMessage("{}"), EveryStep: true},
			}, r.Plan.Probes)
		}},
		"a comparison": {with(`"health-check": {"errors": "compare", "false-alarm-rate": 0.05, "max-failed-invocations": 20}`), func(t *testing.T, r Request) {
			assert.Equal(t, analysis.Health{Errors: analysis.ErrorsCompare, FalseAlarmRate: .05, MaxFailed: 20}, r.Plan.Health)
		}},
		"a long plan polls alike": {with(`"interval": "1h"`), func(t *testing.T, r Request) { assert.Equal(t, 15*time.Second, r.Plan.Poll) }},
		"a year":                  {with(`"type": "all-at-once", "bake": "8760h"`), func(t *testing.T, r Request) { assert.Equal(t, 15*time.Second, r.Plan.Poll) }},
		"keys without a meaning":  {with(`"type": "canary", "steps": 3, "stages": [{"weight": 5}]`), func(t *testing.T, r Request) { assert.Len(t, r.Warnings, 2) }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { tt.check(t, parse(t, tt.raw)) })
	}
}
