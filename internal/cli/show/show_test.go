package show_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/cli/show"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

const answer = `{"status": "in-progress", "rollout-id": "id-7", "function-name": "checkout", "alias": "live", "old-version": "1", "new-version": "2", "weight": 30,
 "reason": "step 3 of 10; errors: fine", "steps": [{"weight": 30, "from": "2026-01-02T12:00:00Z", "verdict": "pass", "checks": [
  {"name": "latency", "verdict": "fail", "report-only": true}, {"name": "errors", "verdict": "pass", "reason": "0 of 340 invocations of the new version failed, of the old version 9 of 9800"}]}],
 "blast-radius": [{"failing": 1, "rolled-back-after": "5m", "failed-invocations": 11}, {"failing": 10, "failed-invocations": 3}],
 "cases": [{"added-failures": 10, "rollouts": 50, "rolled-back": 49, "median-time-to-rollback": "2m"}],
 "findings": ["no alias"], "warnings": ["an alarm is red"]}`

func TestTextInLines(t *testing.T) {
	assert.Equal(t, `checkout:live in-progress, version 1 to 2 at 30 %, rollout id-7
  step 3 of 10
  errors: fine
      30 %  since 12:00:00        pass: errors: 0 of 340 invocations of the new
                                  version failed, of the old version 9 of 9800
  a version that fails 1 % of its calls goes back after 5m and costs 11 calls
  a version that fails 10 % of its calls is not noticed and costs 3 calls
  with 10 % failures added: 49 of 50 rollouts went back, half of them within 2m
  finding: no alias
  warning: an alarm is red
`, show.Text(ending.Of([]byte(answer), false), 80))
	assert.Equal(t, "Held\n  first\n  second\n", show.Text(ending.Failed("Held", "first\nsecond"), 80))
}

// What others wrote stays text in markdown.
func TestMarkdownStaysText(t *testing.T) {
	text := show.Markdown(ending.Of([]byte(answer), false))
	assert.Contains(t, text, "| weight | time (UTC) | verdict |\n|---:|---|---|\n| 30 % | since 12:00:00 | pass: errors: 0 of 340")
	text = show.Markdown(ending.Failed("Held", "<img src=x> | [a](http://b) `c` @team\n# no"))
	assert.Equal(t, "### Held\n\n\\<img src=x\\> \\| \\[a\\]\\(http://b\\) \\`c\\` \\@team\n\n\\# no\n\n", text)
}

func TestWrapAndFit(t *testing.T) {
	for width := range 90 {
		for _, line := range show.Wrap(strings.Repeat("word longerword ", 20)+strings.Repeat("x", 200), width) {
			assert.LessOrEqual(t, len(line), max(width, 10))
		}
		assert.LessOrEqual(t, len([]rune(show.Fit(strings.Repeat("あ", 100), width))), width)
	}
	text := "the words are all there, in their order"
	assert.Equal(t, text, strings.Join(show.Wrap(text, 12), " "))
	assert.Equal(t, "a  b[31m; c…", show.Fit("a  b\x1b[31m\nc\u202e and more", 12))
}

// Every event that somebody would like to know of has a line, and a verdict is told once.
func TestLinesOfEvents(t *testing.T) {
	at := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	j := &rollout.Journal{Weight: 30_00}
	passes := rollout.Turned{At: at, Journal: j, Assessment: &analysis.Assessment{Verdict: analysis.Pass, Reason: "fine"}}
	var teller show.Teller
	lines := teller.Lines(
		rollout.Checked{At: at, Warnings: []string{"red"}}, rollout.Changed{At: at, Write: rollout.Write{Kind: rollout.ShiftStep, Why: "shift to 30 %"}, Journal: j},
		passes, passes, rollout.Turned{At: at, Journal: j, Unread: &rollout.CallError{Text: "throttled"}},
		rollout.CallFailed{At: at, Call: "update-alias", Err: rollout.CallError{Text: "throttled"}}, rollout.HookAnswered{At: at, Stage: "pre-traffic", Function: "h", Passed: true},
		rollout.Probed{At: at, Check: analysis.Check{Name: "probe a", Verdict: analysis.Fail, Reason: "no answer"}}, rollout.Panicked{At: at, Value: "a bug"},
		rollout.ScheduleChosen{At: at, Steps: rollout.Linear(4, 0)}, rollout.HistoryRead{At: at},
		rollout.Changed{At: at, Write: rollout.Write{Kind: rollout.SendBack, Why: "roll back"}},
	)
	assert.Equal(t, strings.Split(`12:00:00       0 %  pre-flight passed; warning: red
12:00:00      30 %  shift to 30 %
12:00:00      30 %  pass: fine
12:00:00      30 %  the alias cannot be read: throttled
12:00:00      30 %  update-alias failed: throttled
12:00:00      30 %  hook pre-traffic h: passed
12:00:00      30 %  probe a: fail: no answer
12:00:00      30 %  an internal error, tried again: a bug
12:00:00      30 %  a schedule of 4 steps from 25 % on, for 0 calls a second
12:00:00       0 %  roll back`, "\n"), lines)
}
