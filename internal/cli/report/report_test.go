package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/cli/report"
)

const succeeded = `{"status": "succeeded", "rollout-id": "id-7", "function-name": "checkout", "alias": "live", "old-version": "1", "new-version": "2",
 "weight": 100, "reason": "all traffic of checkout:live is on version 2; errors: fine", "started-at": "2026-01-02T12:00:00Z", "ended-at": "2026-01-02T12:20:00Z",
 "steps": [
  {"weight": 50, "from": "2026-01-02T12:00:00Z", "until": "2026-01-02T12:10:00Z", "verdict": "pass", "checks": [
   {"name": "errors", "verdict": "pass", "reason": "5 of 1000", "new": {"invocations": 1000, "errors": 5}, "old": {"invocations": 9000, "errors": 9},
    "evidence": {"against": 10, "needed": 100, "ratio-at-least": 0.5, "ratio-at-most": 3, "dispersion": 1}},
   {"name": "latency", "verdict": "pass", "slow": [{"above-ms": 250, "new": {"invocations": 1000, "slow": 100}, "old": {"invocations": 9000, "slow": 90}}]}]},
  {"weight": 100, "from": "2026-01-02T12:10:00Z", "until": "2026-01-02T12:20:00Z", "verdict": "pass"}],
 "warnings": ["an alarm was red before"]}`

// page is the report of an answer, checked for what no report may have.
func page(t *testing.T, reply string, failed bool) string {
	t.Helper()
	raw, err := report.HTML(ending.Of([]byte(reply), failed), report.Minutes{})
	require.NoError(t, err)
	return checked(t, raw)
}

// checked is a page that has nothing that no report may have.
func checked(t *testing.T, raw []byte) string {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err, "it is well-formed")
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		assert.NotContains(t, []string{"script", "iframe", "link", "img", "object", "use", "base", "form"}, element.Name.Local)
		for _, attribute := range element.Attr {
			assert.False(t, strings.HasPrefix(attribute.Name.Local, "on"), "%s has a script", element.Name.Local)
			assert.NotContains(t, []string{"src", "href", "style"}, attribute.Name.Local)
		}
	}
	assert.NotRegexp(t, `https?://|url\(|@import`, string(raw), "nothing is fetched")
	return string(raw)
}

func TestTheReportTellsTheRollout(t *testing.T) {
	html := page(t, succeeded, false)
	for _, part := range []string{
		"<title>checkout:live succeeded</title>", "<p>all traffic of checkout:live is on version 2</p>", `<th scope="row">Rollout</th><td>id-7</td>`,
		`points="50.0,160.0 50.0,90.0 370.0,90.0 370.0,20.0 690.0,20.0"`, "50 % from 12:00:00, 100 % from 12:10:00", "<h2>50 %: pass</h2>", "<h3>errors: pass</h3>", "5 of 1000",
		`<td>new version, failed</td><td class="number">1000</td><td class="number">5</td><td class="number">0.5 %</td>`,
		`<td>new version, above 250 ms</td><td class="number">1000</td><td class="number">100</td><td class="number">10 %</td>`,
		"10:1, it fails at 100:1; its rate is 0.5 to 3 times the old one&#39;s", `width="50.0"`, "an alarm was red before", "an answer has no minutes",
		"prefers-color-scheme: dark", "@media print",
	} {
		assert.Contains(t, html, part)
	}
}

func TestTheWayBackIsInThePicture(t *testing.T) {
	html := page(t, strings.Replace(succeeded, `"status": "succeeded"`, `"status": "rolled-back"`, 1), false)
	assert.Contains(t, html, `690.0,20.0 690.0,160.0"`)
	assert.Contains(t, html, "0 % at the end")
	html = page(t, `{"errorType": "RolledBack", "errorMessage": "all traffic is back\nerrors: 11 of 59"}`, true)
	assert.Contains(t, html, "<p>errors: 11 of 59</p>")
	assert.Contains(t, html, "a failure has no steps")
}

// Whatever others wrote stays text, wherever it stands.
func TestMarkupStaysText(t *testing.T) {
	const markup = `</title></svg><script>alert(1)</script><img src=x onerror="y">'{{.}}` + "\u202e\x1b]8;;http:"
	var answer map[string]any
	require.NoError(t, json.Unmarshal([]byte(succeeded), &answer))
	raw, err := json.Marshal(replaced(answer, markup))
	require.NoError(t, err)
	for _, html := range []string{page(t, string(raw), false), page(t, `{"errorType": `+quoted(t, markup)+`, "errorMessage": `+quoted(t, markup)+`}`, true)} {
		assert.Contains(t, html, "&lt;script&gt;")
		assert.NotContains(t, html, "<script")
		assert.False(t, strings.ContainsAny(html, "\u202e\x1b"))
	}
}

// replaced is a value with another text for each that is free.
func replaced(value any, by string) any {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			v[key] = replaced(inner, by)
		}
	case []any:
		for i, inner := range v {
			v[i] = replaced(inner, by)
		}
	case string:
		if v != "pass" && !regexp.MustCompile(`^2026-`).MatchString(v) {
			return by
		}
	}
	return value
}

func quoted(t *testing.T, text string) string {
	t.Helper()
	raw, err := json.Marshal(text)
	require.NoError(t, err)
	return string(raw)
}

// Numbers that are none draw nothing wrong.
func TestStrangeNumbers(t *testing.T) {
	for _, evidence := range []string{`{"against": 1e308, "needed": 100}`, `{"against": 0, "needed": 100}`, `{"against": 5, "needed": 1}`, `{"against": 5, "needed": 0}`, `{"against": -1, "needed": -1}`} {
		html := page(t, `{"status": "in-progress", "steps": [{"weight": 0, "from": "2026-01-02T12:00:00Z", "checks": [{"name": "errors", "verdict": "pass", "evidence": `+evidence+`}]}]}`, false)
		for _, width := range regexp.MustCompile(`<rect class="bar" [^>]* width="([^"]*)"`).FindAllStringSubmatch(html, -1) {
			assert.Contains(t, []string{"0.0", "100.0"}, width[1])
		}
		assert.NotContains(t, html, "NaN")
	}
}
