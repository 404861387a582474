//go:build e2e

package e2e

import (
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// TestWidget has the compiled widget list a rollout by the metrics that the compiled deployer logs, show it, and pause it by the
// button, as a dashboard calls both.
func TestWidget(t *testing.T) {
	t.Parallel()
	lab := newLab(t)
	deployer := lab.start(t, "meta-deployer", runtimetest.Build(t, "./functions/deployer"), map[string]string{"AWS_LAMBDA_FUNCTION_NAME": "meta-deployer"})
	operator := lab.start(t, "operator", runtimetest.Build(t, "./functions/deployer"), nil)
	widget := lab.start(t, "customWidget-meta-deployer", runtimetest.Build(t, "./functions/widget"), map[string]string{
		"DEPLOYER_ARN": "arn:aws:lambda:eu-west-1:123456789012:function:meta-deployer",
	})
	shown := func(payload string) string {
		result := widget.Invoke([]byte(payload), timeout)
		require.Empty(t, result.ErrorType, result.ErrorMessage)
		var text string
		require.NoError(t, json.Unmarshal(result.Answer, &text))
		return text
	}
	assert.Contains(t, shown(`{"describe": true}`), "``` yaml\nfunction-name: checkout")

	ended := make(chan runtimetest.Result, 1)
	go func() { ended <- deployer.Invoke([]byte(approved), timeout) }()
	lab.until(t, "live", split)
	logged := 0
	require.Eventually(t, func() bool {
		lines := strings.Split(deployer.Log(), "\n")
		lab.touch(func(w *sim.World) {
			for ; logged < len(lines)-1; logged++ {
				w.Logged([]byte(lines[logged]))
			}
		})
		return strings.Contains(shown(`{"widgetContext": {"theme": "dark"}}`), ">checkout:live</a>")
	}, patience, 200*time.Millisecond)
	one := shown(`{"function-name": "checkout", "alias": "live", "widgetContext": {"theme": "dark", "params": {}}}`)
	assert.Regexp(t, `<h1>checkout:live (in-progress|awaiting-approval)</h1>`, one)
	assert.Contains(t, one, `<div class="widget rollout dark">`)

	button := regexp.MustCompile(`<a class="btn">pause</a><cwdb-action [^>]* endpoint="([^"]*)">([^<]*)</cwdb-action>`).FindStringSubmatch(one)
	require.NotNil(t, button, one)
	assert.Equal(t, "arn:aws:lambda:eu-west-1:123456789012:function:meta-deployer", button[1])
	asked := strings.TrimSuffix(html.UnescapeString(button[2]), "}") + `, "widgetContext": {"theme": "dark"}}`
	lab.answered(t, operator.Invoke([]byte(asked), timeout), "paused")
	assert.Contains(t, shown(`{"function-name": "checkout", "alias": "live"}`), "<h1>checkout:live paused</h1>")

	lab.answered(t, operator.Invoke([]byte(`{"action": "rollback", "function-name": "checkout", "alias": "live"}`), timeout), "rolled-back")
	assert.Equal(t, "RolledBack", (<-ended).ErrorType)
	lab.until(t, "live", func(a target.Alias) bool { return a.Routing == rollout.Routing{Primary: "1"} })
	assert.Contains(t, shown(`{"function-name": "checkout", "alias": "live"}`), "was rolled back")
}
