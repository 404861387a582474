package request

import (
	"encoding/json"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// parseHealth reads health-check: true, false or the object.
func parseHealth(f fields, r *Request) analysis.Health {
	var on bool
	raw := f.values["health-check"]
	if len(raw) == 0 {
		return analysis.Health{}
	}
	if json.Unmarshal(raw, &on) == nil {
		return analysis.Health{Off: !on}
	}
	if raw[0] != '{' {
		f.refuse("health-check", `give true, false or an object such as {"errors": "any"}, without quotes around it`)
		return analysis.Health{}
	}
	h := f.object("health-check", `give true, false or an object such as {"errors": "any"}`, "errors", "latency", "throttles", "metrics", "function", "probes", "min-invocations",
		"on-no-data", "max-failed-invocations", "false-alarm-rate")
	health := analysis.Health{MinInvocations: h.whole("min-invocations", 0, 1_000_000_000, 0)}
	health.Errors, health.MaxRate = parseErrors(h)
	policies := map[string]rollout.NoDataPolicy{"advance": rollout.AdvanceOnNoData, "hold": rollout.HoldOnNoData, "rollback": rollout.RollbackOnNoData}
	r.Plan.OnNoData = policies[h.choice("on-no-data", "advance", "hold", "rollback")]
	health.Latency = parseLatency(h)
	health.Throttles = h.choice("throttles", "off", "any") == "any"
	health.Metrics = parseMetrics(h)
	health.Judge = parseJudge(h)
	r.Plan.Probes = parseProbes(h, "probes")
	if len(r.Plan.Probes) > 0 && (r.Action == Promote || r.Action == Status) {
		h.warn("health-check.probes has no meaning for action %s: the running driver makes those of its own request", r.Action)
	}
	health.FalseAlarmRate = h.share("false-alarm-rate", 0.5)
	if h.has("false-alarm-rate") && health.Errors != analysis.ErrorsCompare && !health.Latency.Compare {
		h.warn(`health-check.false-alarm-rate has a meaning for errors or latency "compare" only`)
	}
	health.MaxFailed = h.share("max-failed-invocations", 1_000_000_000)
	return health
}

// parseErrors reads the error rule.
func parseErrors(h fields) (analysis.ErrorRule, float64) {
	const words = `give "compare", "any", "off" or {"max-rate": 0.01}`
	raw := h.values["errors"]
	if len(raw) > 0 && raw[0] == '{' {
		rule := h.object("errors", words, "max-rate")
		if !rule.has("max-rate") {
			rule.missing("max-rate", "give the highest tolerated share of failed invocations, such as 0.01")
		}
		rate, ok := rule.number("max-rate")
		if rule.has("max-rate") && (!ok || rate < 0 || rate >= 1) {
			rule.refuse("max-rate", "give a share from 0 up to, not including, 1, such as 0.01 for 1 %")
		}
		return analysis.ErrorsMaxRate, rate
	}
	switch h.text("errors", words, func(s string) bool { return s == "compare" || s == "any" || s == "off" }) {
	case "any":
		return analysis.ErrorsAny, 0
	case "off":
		return analysis.ErrorsOff, 0
	default:
		return analysis.ErrorsCompare, 0
	}
}
