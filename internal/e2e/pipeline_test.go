//go:build e2e

package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/wire"
)

// piped is the compiled function of the pipeline in a lab, behind a CodePipeline.
type piped struct {
	*lab
	*codePipeline
	start func() *runtimetest.Process
	// process is the one that was started last.
	process *runtimetest.Process
}

// A rollout that fails, a plan for a version that does not exist, and a way back.
const (
	bad      = `{"function-name": "checkout", "alias": "live", "new-version": "3", "steps": 3, "interval": 20, "poll-interval": 1}`
	planNone = `{"action": "plan", "function-name": "checkout", "alias": "live", "new-version": "9"}`
	sendBack = `{"action": "rollback", "function-name": "checkout", "alias": "live"}`
)

func TestPipeline(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/pipeline")
	for name, test := range map[string]func(*testing.T, *piped){
		"a rollout over several calls":          overSeveralCalls,
		"a rollout that goes back":              goesBack,
		"a plan with findings":                  plansWithFindings,
		"a rollback, and the one that it stops": isSentBack,
		"a crash in a call":                     crashes,
		"results that are lost":                 losesResults,
		"results that are refused for a while":  isNotAllowed,
		"variables that are too large":          tellsTooMuch,
		"a token that cannot be read":           losesItsToken,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &piped{lab: newLab(t), codePipeline: newCodePipeline(t)}
			p.start = func() *runtimetest.Process {
				p.process = p.lab.start(t, "meta-deployer-pipeline", path, map[string]string{"AWS_ENDPOINT_URL_CODEPIPELINE": p.codePipeline.url})
				return p.process
			}
			test(t, p)
		})
	}
}

// succeeded checks that an action succeeded, and that the rollout went by its steps.
func (p *piped) succeeded(t *testing.T, r result, status string) {
	t.Helper()
	require.Nil(t, r.FailureDetails)
	assert.Equal(t, status, r.OutputVariables["Status"], r.OutputVariables)
	assert.Equal(t, 100, *r.ExecutionDetails.PercentComplete)
	assert.Equal(t, steps, p.routings("live"))
	assert.Equal(t, "the shop's", p.alias(t, "live").Description)
}

func overSeveralCalls(t *testing.T, p *piped) {
	r := p.action(t, p.start, request, nil)
	p.succeeded(t, r, "succeeded")
	assert.Greater(t, p.calls, 1)
	assert.Equal(t, *r.ExecutionDetails.ExternalExecutionID, r.OutputVariables["RolloutId"])
	assert.Len(t, p.attempts, p.calls, "a job has one result")
	for _, name := range []string{"FunctionName", "FunctionAlias", "FunctionVersion", "PreviousVersion", "Weight", "StartedAt", "EndedAt", "Reason"} {
		assert.NotEmpty(t, r.OutputVariables[name], name)
	}
}

func goesBack(t *testing.T, p *piped) {
	r := p.action(t, p.start, bad, nil)
	require.NotNil(t, r.FailureDetails)
	assert.Equal(t, "JobFailed", r.FailureDetails.Type)
	assert.Contains(t, r.FailureDetails.Message, "RolledBack: all traffic of checkout:live is back on version 1")
	assert.Equal(t, old, p.alias(t, "live").Routing)
	r = p.action(t, p.start, bad, nil)
	assert.Equal(t, "ConfigurationError", r.FailureDetails.Type)
	assert.Contains(t, r.FailureDetails.Message, "KnownBadVersion: ")
}

func plansWithFindings(t *testing.T, p *piped) {
	r := p.action(t, p.start, planNone, nil)
	require.NotNil(t, r.FailureDetails)
	assert.Equal(t, "JobFailed", r.FailureDetails.Type)
	assert.Contains(t, r.FailureDetails.Message, "planned: ")
	assert.Contains(t, r.FailureDetails.Message, "new version 9 of function checkout does not exist")
	assert.Equal(t, []string{"version 1"}, p.routings("live"))
}

func isSentBack(t *testing.T, p *piped) {
	another := newCodePipeline(t)
	path := map[string]string{"AWS_ENDPOINT_URL_CODEPIPELINE": another.url}
	deployed := p.action(t, p.start, request, func(call int) {
		if call == 1 {
			binary := runtimetest.Build(t, "./functions/pipeline")
			r := another.action(t, func() *runtimetest.Process { return p.lab.start(t, "another", binary, path) }, sendBack, nil)
			assert.Equal(t, "rolled-back", r.OutputVariables["Status"])
			assert.Equal(t, old, p.alias(t, "live").Routing)
		}
	})
	require.NotNil(t, deployed.FailureDetails)
	assert.Contains(t, deployed.FailureDetails.Message, "RolledBack: ")
	assert.Contains(t, deployed.FailureDetails.Message, "a person asked for it (action rollback)")
}

func crashes(t *testing.T, p *piped) {
	ended := make(chan result)
	go func() { ended <- p.action(t, p.start, request, nil) }()
	p.until(t, "live", split)
	p.process.Kill()
	p.succeeded(t, <-ended, "succeeded")
}

func losesResults(t *testing.T, p *piped) {
	cut := func(func() wire.Answer) wire.Answer { return wire.Answer{Cut: true} }
	lost := func(take func() wire.Answer) wire.Answer {
		take()
		return wire.Answer{Cut: true}
	}
	failed := func(func() wire.Answer) wire.Answer { return wire.Fail(500, "InternalFailure", "try again") }
	for range 20 { // the one after a lost result learns that the job has one
		p.faults = append(p.faults, cut, failed, lost, nil)
	}
	p.succeeded(t, p.action(t, p.start, request, nil), "succeeded")
	assert.Len(t, p.attempts, 4*p.calls)
	for i, attempt := range p.attempts {
		assert.JSONEq(t, p.attempts[i-i%4], attempt, "the same content")
	}
}

func isNotAllowed(t *testing.T, p *piped) {
	denied := func(func() wire.Answer) wire.Answer {
		return wire.Fail(400, "AccessDeniedException", "not authorized to perform codepipeline:PutJobSuccessResult")
	}
	p.faults = append(p.faults, denied, denied) // a role that was made a moment ago: Lambda makes the call again
	p.succeeded(t, p.action(t, p.start, request, nil), "succeeded")
	assert.Len(t, p.attempts, p.calls+2)
}

func tellsTooMuch(t *testing.T, p *piped) {
	tooLarge := func(func() wire.Answer) wire.Answer {
		return wire.Fail(400, "OutputVariablesSizeExceededException", "exceeded")
	}
	p.faults = append(p.faults, tooLarge)
	r := p.action(t, p.start, `{"function-name": "checkout", "alias": "live", "new-version": "1"}`, nil)
	require.Nil(t, r.FailureDetails)
	assert.Nil(t, r.OutputVariables)
	assert.Contains(t, *r.ExecutionDetails.Summary, "no-op: ")
	assert.Len(t, p.attempts, 2)
}

func losesItsToken(t *testing.T, p *piped) {
	p.alter = func(_ int, token string) string { return "garbage " + token[:20] }
	p.succeeded(t, p.action(t, p.start, request, nil), "succeeded")
	assert.Greater(t, p.calls, 1)
}
