package rollout

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

func TestAfterHook(t *testing.T) {
	pre := RunHook{Stage: PreTraffic, Function: "smoke"}
	tests := map[string]struct {
		answer ProbeAnswer
		err    error
		why    string
		bad    bool
	}{
		"succeeded":           {answer: ProbeAnswer{Body: []byte(`{"status": "Succeeded", "more": 1}`)}},
		"failed":              {answer: ProbeAnswer{Body: []byte(`{"status": "Failed"}`)}, why: "did not answer status Succeeded", bad: true},
		"another spelling":    {answer: ProbeAnswer{Body: []byte(`{"status": "succeeded"}`)}, why: "did not answer status Succeeded", bad: true},
		"no JSON":             {answer: ProbeAnswer{Body: []byte(`ok`)}, why: "but ok", bad: true},
		"nothing":             {why: "did not answer status Succeeded", bad: true},
		"a function error":    {answer: ProbeAnswer{Failure: "Unhandled: boom"}, why: "pre-traffic hook smoke failed: Unhandled: boom", bad: true},
		"it could not be run": {err: errors.New("throttled"), why: "throttled"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			g := Progress{}.AfterHook(pre, tt.answer, tt.err)
			assert.Equal(t, tt.why == "", g.PreTraffic)
			assert.False(t, g.PostTraffic)
			if tt.why == "" {
				assert.Nil(t, g.Failure)
				return
			}
			assert.Contains(t, g.Failure.Why, tt.why)
			assert.Equal(t, tt.bad, g.Failure.Bad)
		})
	}
	post := Progress{}.AfterHook(RunHook{Stage: PostTraffic}, ProbeAnswer{Body: []byte(`{"status": "Succeeded"}`)}, nil)
	assert.True(t, post.PostTraffic)
}

func TestAfterProbe(t *testing.T) {
	g := Progress{Probed: 1}.AfterProbe(analysis.Check{Name: "probe ping", Verdict: analysis.Fail, Reason: "no answer"})
	assert.Equal(t, &Failure{Why: "probe ping: no answer", Bad: true}, g.Failure)
	assert.Equal(t, 2, Progress{Probed: 1}.AfterProbe(analysis.Check{Verdict: analysis.Pass}).Probed)
}
