package rollout

import (
	"encoding/json"
	"fmt"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// String is the hook for messages: "pre-traffic hook smoke-test".
func (a RunHook) String() string { return fmt.Sprintf("%s hook %s", a.Stage, a.Function) }

// AfterHook takes what became of a hook: everything but an answer with status Succeeded has failed. One that could not be
// run, with err, is not the version's fault.
func (g Progress) AfterHook(a RunHook, answer ProbeAnswer, err error) Progress {
	var verdict struct {
		Status string `json:"status"`
	}
	switch {
	case err != nil:
		g.Failure = &Failure{Why: err.Error()}
	case answer.Failure != "":
		g.Failure = &Failure{Why: a.String() + " failed: " + Shorten(answer.Failure), Bad: true}
	case json.Unmarshal(answer.Body, &verdict) != nil || verdict.Status != "Succeeded":
		g.Failure = &Failure{Why: fmt.Sprintf("%s did not answer status Succeeded but %.200s", a, answer.Body), Bad: true}
	case a.Stage == PreTraffic:
		g.PreTraffic = true
	default:
		g.PostTraffic = true
	}
	return g
}

// AfterProbe takes what a probe has shown: one that fails is the version's fault.
func (g Progress) AfterProbe(c analysis.Check) Progress {
	if c.Verdict == analysis.Fail {
		g.Failure = &Failure{Why: c.Name + ": " + c.Reason, Bad: true}
		return g
	}
	g.Probed++
	return g
}
