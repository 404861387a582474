package main

// Patterns of what a request names. The parser's are in internal/request; tools/schema has the test that they agree.
const (
	aliasPattern        = `^[a-zA-Z0-9_-]{1,128}$`
	functionForms       = `(?:(?:arn:aws[a-zA-Z-]*:lambda:)?[a-z]{2,5}(?:-[a-z]+)+-\d+:\d{12}:function:|\d{12}:(?:function:)?)?[a-zA-Z0-9_-]{1,64}`
	barePattern         = `^` + functionForms + `$`
	functionPattern     = `^` + functionForms + `(?::(?:\$LATEST|[a-zA-Z0-9_-]{1,128}))?$`
	durationPattern     = `^\+?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$`
	percentInName       = `0*(?:[1-9]\d?(?:\.\d{1,2}0*)?|0\.(?:0[1-9]|[1-9]\d?)0*)`
	minutesInName       = `\d+(?:\.\d+)?Minutes?`
	strategyPattern     = `^(?:(?:CodeDeployDefault\.)?Lambda)?(?:AllAtOnce|Canary` + percentInName + `Percent` + minutesInName + `|Linear` + percentInName + `PercentEvery` + minutesInName + `)$`
	ownMetricPattern    = `^(?:alias|old|new)_(?:invocations|errors|throttles|samples|slow[0-9]|p90|p99)$`
	statisticPattern    = `^(?:SampleCount|Average|Sum|Minimum|Maximum|IQM|(?:p|tm|wm|tc|ts)(?:100|\d{1,2}(?:\.\d{1,10})?)|(?:PR|TM|WM|TC|TS)\([\d.%]*:[\d.%]*\))$`
	rolePattern         = `^arn:aws[a-zA-Z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}$`
	alarmPattern        = `^arn:aws[a-zA-Z-]*:cloudwatch:[a-z0-9-]+:\d{12}:alarm:\P{Cc}{1,255}$`
	executionPattern    = `^arn:aws[a-zA-Z-]*:(?:states:[a-z0-9-]+:\d{12}:execution:[\w+=,.@-]{1,80}:[\w+=,.@-]{1,80}|lambda:[a-z0-9-]+:\d{12}:function:[\w-]{1,64}:\d{1,18}/durable-execution/[\w-]{1,64}/[\w-]{1,64})$`
	longestMilliseconds = 15 * 60 * 1000
	year                = 365 * 24 * 60 * 60
)

func duration(least float64) schema {
	return either(number(least, year), schema{Type: "string", Pattern: durationPattern})
}

func percent(high float64) schema {
	p := number(0.01, high)
	p.MultipleOf = 0.01
	return p
}

func function() schema { return schema{Type: "string", Pattern: functionPattern} }

func alias() schema {
	return schema{Type: "string", Pattern: aliasPattern, Not: &schema{Pattern: `^\d+$`}}
}

func boolean() schema { return schema{Type: "boolean"} }

// requestSchema is what a request may be, but for rules between keys.
func requestSchema() schema {
	s := object(append(targetKeys(), append(scheduleKeys(), judgementKeys()...)...))
	s.Schema, s.ID = "https://json-schema.org/draft/2020-12/schema", "https://github.com/meta-deployer/meta-deployer/blob/main/docs/request.schema.json"
	s.Title = "A request to meta-deployer"
	s.AnyOf = []schema{
		{Required: []string{"function-name", "alias"}},
		{Required: []string{"function-name", "alias-name"}},
		{Required: []string{"action", "execution"}, Properties: properties{{"action", schema{Const: "status"}}}},
	}
	s.If = &schema{Properties: properties{{"action", words("deploy", "plan")}}}
	s.Then = &schema{Required: []string{"new-version"}}
	return s
}

// targetKeys say what is asked for, and of which alias.
func targetKeys() properties {
	version := either(
		schema{Type: "string", Pattern: `^[1-9]\d{0,17}$`},
		schema{Type: "string", Pattern: `^@[a-zA-Z0-9_-]{1,128}$`, Not: &schema{Pattern: `^@\d+$`}},
		whole(1, 1e15-1),
	)
	return properties{
		{"action", words("deploy", "plan", "status", "rollback", "promote", "pause", "resume", "rehearse").or("deploy").says("what is asked for")},
		{"function-name", schema{Type: "string", Pattern: barePattern}.says("name, partial or full ARN, without a qualifier; required")},
		{"alias", alias().says("the alias to shift; required")},
		{"alias-name", alias().says("the same as `alias`, for those who come from aws-lambda-deploy")},
		{"new-version", version.says("`\"2\"`, `2`, or `\"@candidate\"`: the version that alias points at; required to deploy and to plan")},
	}
}

// scheduleKeys say which weights, and for how long.
func scheduleKeys() properties {
	stage := object(properties{
		{"weight", percent(100).says("percent of the traffic, more than in the stage before")},
		{"hold", duration(0).says("how long it is held; default `interval`")},
		{"approve", boolean().says("whether it then waits for `resume`").or(false)},
	}, "weight")
	stages := list(stage, 1000)
	stages.MinItems = 1
	reason := schema{Type: "string", Pattern: `\S`, MaxLength: 200}
	kinds := either(words("linear", "canary", "exponential", "all-at-once", "stages", "auto"), schema{Type: "string", Pattern: strategyPattern})
	return properties{
		{"type", kinds.or("linear").says("the schedule: one of these, or a strategy string such as `Canary10Percent5Minutes`")},
		{"steps", whole(1, 1000).or(10).says("how many steps, of `linear` and `exponential`")},
		{"interval", duration(0).or(60).says("how long each step is held (`auto`: at the longest): seconds, or `\"2m30s\"`")},
		{"weight", percent(99.99).says("first weight in percent; default 10 (`canary`), 1 (`exponential`)")},
		{"stages", stages.says("of `type: stages`: the weights, strictly rising; a final 100 is added")},
		{"bake", duration(0).says("how long 100 % is watched before it is done; default `interval`, the hold of a stage at 100, 0 with a strategy string, 2m30s with `auto`")},
		{"poll-interval", duration(1).says("how often health and the alias are looked at, 1 s at least; default 15 s")},
		{"on-failure", words("rollback", "hold").or("rollback").says("`hold` stops where it is, and says so")},
		{"max-duration", duration(0).says("from the start, way back included, which begins 8 s before; at least 10 s more than the plan's holds, with a warning where that leaves no room to see what they did; default the driver's own end")},
		{"message", schema{Type: "string", MaxLength: 200}.says("why, for the log; shown on one line")},
		{"force", object(properties{{"reason", reason}}, "reason").says("take over a split alias, deploy a version known to be bad")},
		{"emergency", object(properties{{"reason", reason}}, "reason").says("100 % now; pre-flight, hooks and the way back stay on")},
		{"role-arn", schema{Type: "string", Pattern: rolePattern}.says("work in another account through this role")},
		{"external-id", schema{Type: "string", MinLength: 2, MaxLength: 1224, Pattern: `^[\w+=,.@:/-]*$`}.says("what the trust policy of `role-arn` asks for")},
		{"hand-off", either(boolean(), words("always")).says("of `deploy`: whether a plan that does not fit into one invocation goes to the longer engine; `\"always\"`: every plan does; default the stack's parameter `HandOff`")},
		{"rollout-id", schema{Type: "string", Pattern: `^[\w-]{1,128}$`}.says("go on with this rollout only: where the alias carries it no more, the answer says how it ended, and nothing begins")},
		{"execution", schema{Type: "string", Pattern: executionPattern}.says("of `status`: the execution that is asked for; `function-name` and `alias` may be left out then")},
		{"days", whole(1, 14).or(3).says("how many days `rehearse` replays")},
	}
}

// judgementKeys say what it is judged by.
func judgementKeys() properties {
	alarm := either(schema{Type: "string", Pattern: alarmPattern}, texts(255))
	return properties{
		{"hooks", object(properties{
			{"pre-traffic", function().says("asked before the first shift")},
			{"post-traffic", function().says("asked at 100 %")},
		}).says("functions that have to agree")},
		{"alarms", list(alarm, 100).says("CloudWatch alarms, names or ARNs: one that goes red after the first shift vetoes")},
		{"health-check", either(boolean(), object(healthKeys())).or(true).says("what it is judged by; below")},
	}
}

// healthKeys are those of health-check.
func healthKeys() properties {
	zero, one := 0.0, 1.0
	rate := object(properties{{"max-rate", schema{Type: "number", Minimum: &zero, ExclusiveMaximum: &one}}}, "max-rate")
	latency := object(properties{
		{"max-ms", share(longestMilliseconds)},
		{"quantile", schema{Type: "number", ExclusiveMinimum: &zero, ExclusiveMaximum: &one}.or(0.99)},
		{"compare", boolean().or(false)},
	})
	latency.AnyOf = []schema{{Required: []string{"max-ms"}}, {Required: []string{"compare"}, Properties: properties{{"compare", schema{Const: true}}}}}
	return properties{
		{"errors", either(words("compare", "any", "off"), rate).or("compare").says("`\"compare\"`: new against old in the same minutes, a sequential test; `\"any\"`: one failed invocation fails the rollout; `{\"max-rate\": 0.01}`; `\"off\"`")},
		{"latency", either(words("compare", "off"), latency).or("off").says("`\"compare\"`: slow more often than the old version, slow being above its own p90 and p99 of the three hours before; `{\"max-ms\": 800, \"quantile\": 0.99, \"compare\": true}`: no more than 1 % of all calls above 800 ms, and `compare` too")},
		{"throttles", words("any", "off").or("off").says("`\"any\"`: one throttled call of the alias fails, from the first minute that begins after the first shift on")},
		{"metrics", list(metric(), 480).says("your own, below: any datapoint above `max` or below `min` fails")},
		{"function", function().says("a function that is told of the rollout at every look and answers `{\"status\": \"pass\", \"reason\": \"…\"}`, `\"fail\"` or `\"inconclusive\"`")},
		{"probes", list(probe(), 100).says("invocations of the new version by its number before it gets traffic, below")},
		{"min-invocations", whole(0, 1e9).or(0).says("calls of the new version in a step; fewer at its end are no data")},
		{"on-no-data", words("advance", "hold", "rollback").or("advance").says("what follows where there is no data")},
		{"max-failed-invocations", share(1e9).says("how many calls may fail beyond the old version's rate and what chance explains, over the whole rollout; required for `auto`, which chooses its schedule by it")},
		{"false-alarm-rate", share(0.5).or(0.01).says("the probability of a wrong rollback over a whole rollout, by everything that is compared")},
	}
}

// metric is one metric of the request's own.
func metric() schema {
	value := texts(1024)
	dimensions := schema{Type: "object", MaxProperties: 30, Additional: value}
	name := texts(255)
	dimensions.PropertyNames = &name
	m := object(properties{
		{"id", schema{Type: "string", Pattern: `^[a-z][a-zA-Z0-9_]{0,254}$`, Not: &schema{Pattern: ownMetricPattern}}},
		{"expression", schema{Type: "string", MinLength: 1, MaxLength: 2048, Pattern: `^[\P{Cc}\t\n\x0b\f\r\x85]*$`}},
		{"metric", object(properties{
			{"namespace", texts(255)}, {"name", texts(255)}, {"dimensions", dimensions}, {"stat", schema{Type: "string", Pattern: statisticPattern}},
		}, "namespace", "name", "stat")},
		{"max", schema{Type: "number"}},
		{"min", schema{Type: "number"}},
		{"report-only", boolean().or(false)},
	}, "id")
	m.OneOf = []schema{{Required: []string{"expression"}}, {Required: []string{"metric"}}}
	m.AnyOf = []schema{
		{Required: []string{"max"}},
		{Required: []string{"min"}},
		{Required: []string{"report-only"}, Properties: properties{{"report-only", schema{Const: true}}}},
	}
	return m
}

// probe is one invocation of the new version.
func probe() schema {
	name := texts(64)
	name.Pattern = `^\P{Cc}*[^\s\p{Cc}]\P{Cc}*$`
	return object(properties{
		{"name", name},
		{"payload", schema{}.says("any JSON, passed on as it is written; default `{}`")},
		{"expect", schema{Type: "object"}.says("holds when every key it names is equal")},
		{"every-step", boolean().or(false).says("made again at each step")},
		{"max-ms", share(longestMilliseconds).says("how long the answer may take, a cold start included")},
		{"compare", object(properties{
			{"ignore", list(schema{Type: "string", Pattern: `[^.]`}, 100).says("paths that may differ, such as `body.time`")},
		}).says("the old version must answer the same")},
		{"tenant-id", schema{Type: "string", MaxLength: 256, Pattern: `^[!-~](?:[ -~]*[!-~])?$`}.says("of a function with tenant isolation")},
	})
}
