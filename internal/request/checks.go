package request

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/lazyregexp"
)

// maxMetrics is how many metrics of its own a request may have: CloudWatch answers 500 queries at once, and up to twenty
// are ours.
const maxMetrics = 480

var (
	ownIDPattern = lazyregexp.New(`^(alias|old|new)_(invocations|errors|throttles|samples|slow[0-9]|p90|p99)$`)
	statPattern  = lazyregexp.New(`^(SampleCount|Average|Sum|Minimum|Maximum|IQM|(p|tm|wm|tc|ts)(100|\d{1,2}(\.\d{1,10})?)|(PR|TM|WM|TC|TS)\([\d.%]*:[\d.%]*\))$`)
)

// OwnMetricID says whether an id is one that counts are asked for by. A request's expressions may use it, its metrics must
// not be called by it.
func OwnMetricID(id string) bool { return ownIDPattern.MatchString(id) }

// parseLatency reads the rule for slow invocations.
func parseLatency(h fields, r *Request) analysis.LatencyRule {
	const words = `give "compare", "off" or {"max-ms": 500, "quantile": 0.99, "compare": true}`
	raw := h.values["latency"]
	if len(raw) == 0 || raw[0] != '{' {
		return analysis.LatencyRule{Compare: h.text("latency", words, func(s string) bool { return s == "compare" || s == "off" }) == "compare"}
	}
	rule := h.object("latency", "max-ms", "quantile", "compare")
	const mostMS = 15 * 60 * 1000 // no invocation takes longer
	read := analysis.LatencyRule{Compare: rule.boolean("compare"), MaxMS: rule.share("max-ms", mostMS), Quantile: 0.99}
	if !rule.has("max-ms") && !read.Compare {
		rule.problems.missing(rule.name("max-ms"), `give the longest that an invocation may take in milliseconds, or "compare": true`)
	}
	if rule.has("quantile") {
		quantile, ok := rule.number("quantile")
		if read.Quantile = quantile; !ok || quantile <= 0 || quantile >= 1 {
			rule.refuse("quantile", "give the share of invocations that has to be fast enough, above 0 and below 1, such as 0.99")
		}
		if !rule.has("max-ms") {
			r.warn(rule.name("quantile") + " has no meaning without max-ms")
		}
	}
	return read
}

// parseMetrics reads the request's own metrics.
func parseMetrics(h fields) []analysis.Metric {
	items := h.list("metrics")
	if len(items) > maxMetrics {
		h.problems.add(h.name("metrics"), len(items), fmt.Sprintf("give at most %d metrics: CloudWatch answers 500 queries at once", maxMetrics))
		return nil
	}
	var metrics []analysis.Metric
	for i, item := range items {
		f := readObject(h.element("metrics", i), item, h.problems, "id", "expression", "metric", "max", "min", "report-only")
		if len(f.values) == 0 && !isObject(item) {
			continue
		}
		m := parseMetric(f)
		if m.ID != "" && slices.ContainsFunc(metrics, func(other analysis.Metric) bool { return other.ID == m.ID }) {
			f.refuse("id", "give every metric an id of its own")
		}
		metrics = append(metrics, m)
	}
	return metrics
}

// isObject says whether a value, valid JSON without space around it, is an object.
func isObject(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '{' }

// parseMetric reads one metric with its limits.
func parseMetric(f fields) analysis.Metric {
	const idFix = "give letters, digits and _ that begin with a lower-case letter, at most 255, and not the id of one of our own counts, such as new_errors"
	m := analysis.Metric{
		ID:         f.text("id", idFix, func(s string) bool { return only(word, 255, s) && s[0] >= 'a' && s[0] <= 'z' && !OwnMetricID(s) }),
		Expression: f.text("expression", "give metric math of at most 2048 characters", func(s string) bool { return s != "" && len(s) <= 2048 }),
		Max:        f.limit("max"), Min: f.limit("min"), ReportOnly: f.boolean("report-only"),
	}
	if !f.has("id") {
		f.problems.missing(f.name("id"), "give the metric a name that expressions know it by, such as orders")
	}
	switch {
	case f.has("expression") && f.has("metric"):
		f.refuse("expression", "keep one of expression and metric")
	case !f.has("expression") && !f.has("metric"):
		f.problems.missing(f.name("metric"), `give {"namespace", "name", "dimensions": {}, "stat"}, or an expression`)
	case f.has("metric"):
		parseSingleMetric(f.object("metric", "namespace", "name", "dimensions", "stat"), &m)
	}
	checkLimits(f, m)
	return m
}

// checkLimits wants a limit that something can be within.
func checkLimits(f fields, m analysis.Metric) {
	switch {
	case m.Max != nil && m.Min != nil && *m.Min > *m.Max:
		f.refuse("min", fmt.Sprintf("give no more than max, %g", *m.Max))
	case !f.has("max") && !f.has("min") && !m.ReportOnly:
		f.problems.missing(f.name("max"), `give max or min, or "report-only": true`)
	}
}

// parseSingleMetric reads which metric of CloudWatch it is.
func parseSingleMetric(f fields, m *analysis.Metric) {
	short := func(s string) bool { return s != "" && len(s) <= 255 }
	m.Namespace = f.text("namespace", "give the metric's namespace, such as AWS/ApiGateway", short)
	m.Name = f.text("name", "give the metric's name", short)
	m.Stat = f.text("stat", "give a statistic of CloudWatch, such as Sum, Average, Maximum, p99 or TC(500:)", statPattern.MatchString)
	for _, key := range []string{"namespace", "name", "stat"} {
		if !f.has(key) {
			f.problems.missing(f.name(key), "a metric has a namespace, a name and a stat")
		}
	}
	var dimensions map[string]string
	const most = 30
	if f.has("dimensions") && (json.Unmarshal(f.values["dimensions"], &dimensions) != nil || len(dimensions) > most) {
		f.refuse("dimensions", `give at most 30 texts by name, such as {"ApiName": "shop"}, exactly those that the metric has`)
	}
	for _, name := range slices.Sorted(maps.Keys(dimensions)) {
		if !short(name) || dimensions[name] == "" || len(dimensions[name]) > 1024 {
			f.refuse("dimensions", "a dimension has a name of at most 255 characters and a value of at most 1024")
		}
		m.Dimensions = append(m.Dimensions, analysis.Dimension{Name: name, Value: dimensions[name]})
	}
}

// limit reads a number; nil where the key is absent or its value refused.
func (f fields) limit(key string) *float64 {
	n, ok := f.number(key)
	if f.has(key) && !ok {
		f.refuse(key, "give a number, without quotes")
	}
	if !ok {
		return nil
	}
	return &n
}

// element is the path of a list's element.
func (f fields) element(key string, i int) string { return fmt.Sprintf("%s[%d]", f.name(key), i) }

// parseJudge reads the function that judges the rollout.
func parseJudge(h fields, home Home) string {
	name := h.text("function", "give a function's name or ARN", functionPattern.MatchString)
	home.check(h, "function", name)
	return name
}
