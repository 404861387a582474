package request

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/lazyregexp"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
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
func parseLatency(h fields) analysis.LatencyRule {
	const words = `give "compare", "off" or {"max-ms": 500, "quantile": 0.99, "compare": true}`
	raw := h.values["latency"]
	if len(raw) == 0 || raw[0] != '{' {
		return analysis.LatencyRule{Compare: h.text("latency", words, func(s string) bool { return s == "compare" || s == "off" }) == "compare"}
	}
	rule := h.object("latency", words, "max-ms", "quantile", "compare")
	const mostMS = 15 * 60 * 1000 // no invocation takes longer
	read := analysis.LatencyRule{Compare: rule.boolean("compare"), MaxMS: rule.share("max-ms", mostMS), Quantile: 0.99}
	if !rule.has("max-ms") && !read.Compare {
		rule.missing("max-ms", `give the longest that an invocation may take in milliseconds, or "compare": true`)
	}
	if rule.has("quantile") {
		quantile, ok := rule.number("quantile")
		if read.Quantile = quantile; !ok || quantile <= 0 || quantile >= 1 {
			rule.refuse("quantile", "give the share of invocations that has to be fast enough, above 0 and below 1, such as 0.99")
		}
		if !rule.has("max-ms") {
			rule.warn("%s has no meaning without max-ms", rule.name("quantile"))
		}
	}
	return read
}

// parseMetrics reads the request's own metrics.
func parseMetrics(h fields) []analysis.Metric {
	const form = `give an object such as {"id": "orders", "metric": {…}, "min": 25}`
	var metrics []analysis.Metric
	ids := map[string]bool{}
	for i, item := range h.list("metrics", maxMetrics) {
		f := h.readObject(h.element("metrics", i), item, form, "id", "expression", "metric", "max", "min", "report-only")
		if f.broken {
			continue
		}
		m := parseMetric(f)
		if m.ID != "" && ids[m.ID] {
			f.refuse("id", "give every metric an id of its own")
		}
		ids[m.ID], metrics = true, append(metrics, m)
	}
	return metrics
}

// parseMetric reads one metric with its limits.
func parseMetric(f fields) analysis.Metric {
	const idFix = "give letters, digits and _ that begin with a lower-case letter, at most 255, and not the id of one of our own counts, such as new_errors"
	m := analysis.Metric{
		ID:         f.text("id", idFix, func(s string) bool { return only(word, 255, s) && s[0] >= 'a' && s[0] <= 'z' && !OwnMetricID(s) }),
		Expression: f.text("expression", "give metric math of at most 2048 characters", isExpression),
		Max:        f.limit("max"), Min: f.limit("min"), ReportOnly: f.boolean("report-only"),
	}
	if !f.has("id") {
		f.missing("id", "give the metric a name that expressions know it by, such as orders")
	}
	const form = `give {"namespace", "name", "dimensions": {}, "stat"}`
	switch {
	case f.has("expression") && f.has("metric"):
		f.refuse("expression", "keep one of expression and metric")
	case !f.has("expression") && !f.has("metric"):
		f.missing("metric", form+", or an expression")
	case f.has("metric"):
		parseSingleMetric(f.object("metric", form, "namespace", "name", "dimensions", "stat"), &m)
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
		f.missing("max", `give max or min, or "report-only": true`)
	}
}

// parseSingleMetric reads which metric of CloudWatch it is.
func parseSingleMetric(f fields, m *analysis.Metric) {
	short := func(s string) bool { return within(255, s) }
	m.Namespace = f.text("namespace", "give the metric's namespace, such as AWS/ApiGateway, at most 255 characters", short)
	m.Name = f.text("name", "give the metric's name, at most 255 characters", short)
	m.Stat = f.text("stat", "give a statistic of CloudWatch, such as Sum, Average, Maximum, p99 or TC(500:)", statPattern.MatchString)
	for _, key := range []string{"namespace", "name", "stat"} {
		if !f.has(key) {
			f.missing(key, "a metric has a namespace, a name and a stat")
		}
	}
	const most = 30
	dimensions, ok := textsByName(f.values["dimensions"], most)
	if f.has("dimensions") && !ok {
		f.refuse("dimensions", `give at most 30 texts by name, such as {"ApiName": "shop"}, exactly those that the metric has`)
	}
	for _, name := range slices.Sorted(maps.Keys(dimensions)) {
		if !short(name) || !within(1024, dimensions[name]) {
			f.refuse("dimensions", "a dimension has a name of at most 255 characters and a value of at most 1024")
		}
		m.Dimensions = append(m.Dimensions, analysis.Dimension{Name: name, Value: dimensions[name]})
	}
}

// textsByName reads an object of at most so many texts. A larger one is not read to its end.
func textsByName(raw json.RawMessage, most int) (map[string]string, bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	texts := map[string]string{}
	for d.More() {
		key, err := d.Token()
		name, isName := key.(string)
		var text *string
		if err != nil || !isName || len(texts) == most || d.Decode(&text) != nil || text == nil {
			return nil, false
		}
		texts[name] = *text
	}
	return texts, true
}

// isExpression says whether a text may be metric math, which may be written in lines.
func isExpression(text string) bool {
	return within(2048, strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, text))
}

// parseJudge reads the function that judges the rollout.
func parseJudge(h fields) string {
	name, _ := h.function("function", functionFix, true)
	return name
}

// unjudged warns of each min of a short plan that nothing could be held against in time: of a minute that still grows only a
// Minimum can fall below it, and only a Sum or SampleCount can have reached it.
func unjudged(f fields, plan rollout.Plan) {
	const wholeMinutes = 5 * time.Minute
	takes := plan.Takes()
	for i, m := range plan.Health.Metrics {
		early := m.Stat == "Minimum" || m.Stat == "Sum" || m.Stat == "SampleCount"
		if m.Min != nil && !m.ReportOnly && !early && takes < wholeMinutes {
			f.warn("health-check.metrics[%d].min decides nothing before its minutes are whole: the plan takes %s from its first shift, give it %s", i, takes, wholeMinutes)
		}
	}
}
