package answer

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// judged is an answer of so many steps, each with so many checks. The last check of every tenth step did not pass.
func judged(steps, checks int) Answer {
	a := Answer{Status: "in-progress", Warnings: []string{"one before"}}
	for i := range steps {
		step := Step{Weight: 10_00, From: time.Date(2026, 1, 5, 9, i, 0, 0, time.UTC), Verdict: "pass"}
		for j := range checks {
			check := analysis.Check{Name: fmt.Sprintf("check %d of step %d", j, i), Verdict: analysis.Pass, Reason: strings.Repeat("x", 500)}
			if j == checks-1 && i%10 == 0 {
				check.Verdict = analysis.Inconclusive
			}
			step.Checks = append(step.Checks, check)
		}
		a.Steps = append(a.Steps, step)
	}
	return a
}

func TestASmallAnswerStaysAsItIs(t *testing.T) {
	a := judged(10, 5)
	assert.Equal(t, a, a.bounded())
}

// Step Functions takes 256 KB of a task: States.ALL does not catch more than that.
func TestNoAnswerIsLargerThanAStateMachineTakes(t *testing.T) {
	for name, shape := range map[string][2]int{"many steps": {200, 20}, "many checks": {10, 480}, "both": {300, 200}, "one step": {1, 2000}} {
		t.Run(name, func(t *testing.T) {
			a := judged(shape[0], shape[1])
			whole, err := json.Marshal(a)
			require.NoError(t, err)
			require.Greater(t, len(whole), 256<<10, "there is something to leave out")
			b := a.bounded()
			raw, err := json.Marshal(b)
			require.NoError(t, err)
			assert.LessOrEqual(t, len(raw), 200_000)
			assert.Greater(t, len(raw), 150_000, "what there is room for stays")
			require.Len(t, b.Steps, shape[0], "every step stays")
			kept := 0
			for i, step := range b.Steps {
				assert.Equal(t, a.Steps[i].From, step.From)
				assert.Equal(t, "pass", step.Verdict)
				kept += len(step.Checks)
			}
			require.Len(t, b.Warnings, 2)
			assert.Equal(t, "one before", b.Warnings[0])
			assert.Equal(t, fmt.Sprintf("the answer would be larger than 200 KB: %d of %d checks of its steps are left out", shape[0]*shape[1]-kept, shape[0]*shape[1]), b.Warnings[1])
			assert.Len(t, a.Warnings, 1, "the answer itself is not changed")
			assert.Len(t, a.Steps[0].Checks, shape[1])
		})
	}
}

// The last step's checks say how it ended; then what did not pass says why it took so long; then the newest.
func TestWhichChecksOfALargeAnswerStay(t *testing.T) {
	b := judged(100, 20).bounded()
	assert.Len(t, b.Steps[99].Checks, 20)
	for i := 0; i < 100; i += 10 {
		assert.Contains(t, names(b.Steps[i]), fmt.Sprintf("check 19 of step %d", i))
	}
	assert.Len(t, b.Steps[98].Checks, 20)
	assert.Empty(t, b.Steps[1].Checks)
}

func names(s Step) (names []string) {
	for _, check := range s.Checks {
		names = append(names, check.Name)
	}
	return names
}
