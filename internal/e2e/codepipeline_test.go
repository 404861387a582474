//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/wire"
)

// codePipeline plays AWS CodePipeline and the asynchronous invocations of Lambda in front of it: it calls a function for a job,
// takes exactly one result of it within the limits of the API's model, and calls again where that has a token.
type codePipeline struct {
	url string
	// faults are what the next results are answered with instead; a nil one is taken as it should be.
	faults []func(take func() wire.Answer) wire.Answer
	// alter changes the token that a call is given; nil leaves it.
	alter func(call int, token string) string

	mu      sync.Mutex
	results map[string]result
	// attempts are all results that came, taken or not.
	attempts []string
	calls    int
	tokens   []string
}

// result is PutJobSuccessResult's or PutJobFailureResult's body.
type result struct {
	JobID             string
	ContinuationToken *string
	ExecutionDetails  *struct {
		Summary, ExternalExecutionID *string
		PercentComplete              *int
	}
	OutputVariables map[string]string
	FailureDetails  *struct{ Type, Message, ExternalExecutionID string }
}

func newCodePipeline(t *testing.T) *codePipeline {
	t.Helper()
	p := &codePipeline{results: map[string]result{}}
	server := httptest.NewServer(wire.Handler(func(_ context.Context, c wire.Call) wire.Answer {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.attempts = append(p.attempts, string(c.Raw))
		take := func() wire.Answer { return p.take(c) }
		if len(p.faults) > 0 {
			fault := p.faults[0]
			p.faults = p.faults[1:]
			if fault != nil {
				return fault(take)
			}
		}
		return take()
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

var variableName = regexp.MustCompile(`^[A-Za-z0-9@\-_]+$`)

// take takes a result as CodePipeline does.
func (p *codePipeline) take(c wire.Call) wire.Answer {
	var r result
	if err := c.Into(&r); err != nil {
		return wire.Fail(400, "SerializationException", err.Error())
	}
	known, open := p.results[r.JobID]
	switch {
	case !open:
		return wire.Fail(400, "JobNotFoundException", r.JobID)
	case known.JobID != "":
		return wire.Fail(400, "InvalidJobStateException", "the job has a result")
	}
	if problem := r.problem(c.Operation); problem != "" {
		return wire.Fail(400, "ValidationException", problem)
	}
	p.results[r.JobID] = r
	return wire.Answer{}
}

// problem is what the API's model does not allow; "" for nothing.
func (r result) problem(operation string) string {
	within := func(text *string, most int) bool {
		return text == nil || *text != "" && utf8.RuneCountInString(*text) <= most
	}
	switch operation {
	case "codepipeline:PutJobFailureResult":
		f := r.FailureDetails
		if f == nil || !within(&f.Message, 5000) || !slices.Contains([]string{"JobFailed", "ConfigurationError", "PermissionError", "RevisionOutOfSync", "RevisionUnavailable", "SystemUnavailable"}, f.Type) {
			return "failureDetails"
		}
		return ""
	case "codepipeline:PutJobSuccessResult":
	default:
		return operation
	}
	d := r.ExecutionDetails
	switch {
	case !within(r.ContinuationToken, 2048):
		return "continuationToken"
	case d != nil && (!within(d.Summary, 2048) || !within(d.ExternalExecutionID, 1500) || d.PercentComplete != nil && (*d.PercentComplete < 0 || *d.PercentComplete > 100)):
		return "executionDetails"
	case r.OutputVariables != nil && r.ContinuationToken != nil:
		return "outputVariables with a continuationToken"
	}
	for name := range r.OutputVariables {
		if !variableName.MatchString(name) {
			return name
		}
	}
	return ""
}

// event is a real event for a request, with live credentials in it.
func (p *codePipeline) event(t *testing.T, job, request, token string) []byte {
	t.Helper()
	raw, err := os.ReadFile("../../events/pipeline/deploy-encrypted.json")
	require.NoError(t, err)
	var event map[string]map[string]any
	require.NoError(t, json.Unmarshal(raw, &event))
	event["CodePipeline.job"]["id"] = job
	data := event["CodePipeline.job"]["data"].(map[string]any)
	data["actionConfiguration"].(map[string]any)["configuration"].(map[string]any)["UserParameters"] = request
	if token != "" {
		data["continuationToken"] = token
	}
	raw, err = json.Marshal(event)
	require.NoError(t, err)
	return raw
}

// action runs an action to its end. start gives a process of the function where there is none, or the last one is gone.
func (p *codePipeline) action(t *testing.T, start func() *runtimetest.Process, request string, between func(call int)) result {
	t.Helper()
	process := start()
	token := ""
	for {
		p.calls++
		require.Less(t, p.calls, 100)
		job := jobOf(p.calls)
		p.mu.Lock()
		p.results[job] = result{}
		p.mu.Unlock()
		payload := p.event(t, job, request, token)
		for attempt := range 3 { // Lambda makes a failed call again, twice
			// A call has 16 s, so it works for eight.
			invoked := process.Invoke(payload, 16*time.Second)
			logged := process.Log()
			for _, secret := range append(p.tokens, "wJalrXUtnFEMI", "AKIAIOSFODNN7EXAMPLE", "sessionToken", "arn:aws:kms", "example-bucket", job) {
				assert.NotContains(t, logged, secret)
			}
			if invoked.ErrorType == "" {
				break
			}
			t.Logf("call %d, attempt %d: %s %s", p.calls, attempt+1, invoked.ErrorType, invoked.ErrorMessage)
			if invoked.ErrorType == "Runtime.ExitError" || invoked.ErrorType == "Sandbox.Timedout" {
				process = start()
			}
		}
		p.mu.Lock()
		r := p.results[job]
		p.mu.Unlock()
		require.NotEmpty(t, r.JobID, "the job was never answered")
		if r.ContinuationToken == nil {
			return r
		}
		require.NotNil(t, r.ExecutionDetails.Summary)
		t.Logf("call %d goes on: %d %% %s", p.calls, *r.ExecutionDetails.PercentComplete, *r.ExecutionDetails.Summary)
		if token = *r.ContinuationToken; p.alter != nil {
			token = p.alter(p.calls, token)
		}
		p.tokens = append(p.tokens, *r.ContinuationToken)
		if between != nil {
			between(p.calls)
		}
	}
}
