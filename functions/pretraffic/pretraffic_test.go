package main_test

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

const probes = `[{"name": "health", "function": "my-app-*", "payload": {"ping": 1}, "expect": {"ok": true}}]`

// These are what an invocation may take in real time, on a busy machine too: plenty, and where the time is to run out six
// seconds to report in.
const (
	plenty  = 5 * time.Minute
	runsOut = 24 * time.Second
)

// object is a body on the wire.
type object = map[string]any

// reported is what CodeDeploy answers to a status.
var reported = wiretest.Answer{Body: object{"lifecycleEventHookExecutionId": "eyJlbmNyeXB0ZWREYXRhIjoiT2x"}}

// account is AWS as the hook meets it, in a test's own words: what one operation answers, everything else being well.
type account struct {
	answers map[string]func(wiretest.Call) wiretest.Answer
	mu      sync.Mutex
	// reported is whether CodeDeploy has a status.
	reported bool
}

func (a *account) answer(call wiretest.Call) wiretest.Answer {
	if answer := a.answers[call.Operation]; answer != nil {
		return answer(call)
	}
	switch call.Operation {
	case "codedeploy:ListDeploymentTargets":
		return wiretest.Answer{Body: object{"targetIds": []any{"my-app-orders:live"}}}
	case "codedeploy:BatchGetDeploymentTargets":
		return wiretest.Answer{Body: object{"deploymentTargets": []any{target("my-app-orders", "8")}}}
	case "codedeploy:PutLifecycleEventHookExecutionStatus":
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.reported {
			return wiretest.Fail(400, "LifecycleEventAlreadyCompletedException", "twice")
		}
		a.reported = true
		return reported
	case "lambda:GetFunctionConfiguration":
		return wiretest.Answer{Body: object{"Version": "8", "State": "Active", "LastUpdateStatus": "Successful"}}
	case "lambda:Invoke":
		if call.Header.Get("X-Amz-Invocation-Type") == "DryRun" {
			return wiretest.Answer{Status: 204}
		}
		return wiretest.Answer{Body: []byte(`{"ok":true}`)}
	}
	return wiretest.Fail(403, "AccessDeniedException", "the role has no permission for "+call.Operation)
}

func target(function, version string) object {
	return object{"deploymentTargetType": "LambdaTarget", "lambdaTarget": object{
		"deploymentId": "d-7BTV8G2N3",
		"lambdaFunctionInfo": object{
			"functionName": function, "functionAlias": "live", "currentVersion": "7", "targetVersion": version, "targetVersionWeight": 0,
		},
	}}
}

func always(answer wiretest.Answer) func(wiretest.Call) wiretest.Answer {
	return func(wiretest.Call) wiretest.Answer { return answer }
}

// statuses are what CodeDeploy was told, call by call.
func statuses(server *wiretest.Server) []any {
	var all []any
	for _, call := range server.Calls("codedeploy:PutLifecycleEventHookExecutionStatus") {
		all = append(all, call.Body.(object)["status"])
	}
	return all
}

func event(t *testing.T, name string) []byte {
	t.Helper()
	payload, err := os.ReadFile(filepath.Join("..", "..", "events", "pretraffic", name))
	require.NoError(t, err)
	return payload
}

// start runs the hook in an account.
func start(t *testing.T, path, probes string, a *account) (*runtimetest.Process, *wiretest.Server) {
	t.Helper()
	server := wiretest.Start(t, a.answer)
	environment := server.Environment()
	environment["PROBES"] = probes
	return runtimetest.Start(t, path, environment), server
}

func TestPretrafficFunction(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/pretraffic")
	type operations = map[string]func(wiretest.Call) wiretest.Answer
	tests := map[string]struct {
		probes  string
		answers operations
		timeout time.Duration
		status  string
		reason  string
	}{
		"a probe that is met":     {probes: probes, status: "Succeeded", reason: "version 8 of function my-app-orders passed 1 of 1 probes: health"},
		"a probe that is not met": {probes: strings.Replace(probes, "true", "false", 1), status: "Failed", reason: "probe health of version 8 of function my-app-orders: expected ok false, got true"},
		"a function error": {
			probes: probes, status: "Failed", reason: "got a function error: Unhandled: boom",
			answers: operations{"lambda:Invoke": always(wiretest.Answer{Body: []byte("boom"), Header: map[string]string{"X-Amz-Function-Error": "Unhandled"}})},
		},
		"a probe that hangs": {
			probes: probes, status: "Failed", reason: "probe health of version 8 of function my-app-orders: no answer", timeout: runsOut,
			answers: operations{"lambda:Invoke": always(wiretest.Answer{Delay: time.Minute})},
		},
		"no probe that matches": {probes: `[{"name": "a", "function": "others-*"}]`, status: "Succeeded", reason: "nothing was probed"},
		"no probes":             {status: "Succeeded", reason: "nothing was probed"},
		"PROBES that is wrong":  {probes: `[{"nmae": "a"}]`, status: "Failed", reason: "PROBES[0].nmae is not a key"},
		"a version that failed": {
			probes: probes, status: "Failed", reason: "cannot serve: its state is Failed",
			answers: operations{"lambda:GetFunctionConfiguration": always(wiretest.Answer{Body: object{"Version": "8", "State": "Failed", "StateReasonCode": "ImageDeleted"}})},
		},
		"a version that is asleep, and nothing to wake it": {
			status: "Failed", reason: "version 8 of function my-app-orders is Inactive, asleep for want of calls, and no probe matches",
			answers: operations{"lambda:GetFunctionConfiguration": always(wiretest.Answer{Body: object{"Version": "8", "State": "Inactive"}})},
		},
		"a version without a state, as of old": {
			probes: probes, status: "Succeeded", reason: "passed 1 of 1 probes",
			answers: operations{"lambda:GetFunctionConfiguration": always(wiretest.Answer{Body: object{"Version": "8"}})},
		},
		"a version that wants a tenant": {
			probes: probes, status: "Failed", reason: "the function has tenant isolation: give a tenant-id; change what AWS objects to",
			answers: operations{"lambda:Invoke": always(wiretest.Fail(400, "InvalidParameterValueException", "Tenant ID configuration not specified"))},
		},
		"an answer that nests too deeply": {
			probes: probes, status: "Failed", reason: "expected an object",
			answers: operations{"lambda:Invoke": always(wiretest.Answer{Body: []byte(`{"ok":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}`)})},
		},
		"a connection that is cut": {
			probes: probes, status: "Failed", reason: "no answer: unavailable", timeout: runsOut,
			answers: operations{"lambda:Invoke": always(wiretest.Answer{Cut: true})},
		},
	}
	asked := map[string]*invocation{}
	for name, test := range tests {
		timeout := cmp.Or(test.timeout, plenty)
		asked[name+" own"] = send(t, path, test.probes, &account{answers: test.answers}, event(t, "rollout.json"), timeout)
		asked[name] = send(t, path, test.probes, &account{answers: test.answers}, event(t, "codedeploy.json"), timeout)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			own, deployed := asked[name+" own"], asked[name]
			checkAnswer(t, <-own.result, test.status, test.reason)
			assert.Empty(t, statuses(own.server), "CodeDeploy has nothing to do with a rollout")
			checkAnswer(t, <-deployed.result, test.status, test.reason)
			assert.Equal(t, []any{test.status}, statuses(deployed.server), "CodeDeploy is told exactly once")
			for _, secret := range []string{"test-secret-key", "test-session-token"} {
				assert.NotContains(t, own.process.Log()+deployed.process.Log(), secret)
			}
		})
	}
}

// invocation is one that is under way.
type invocation struct {
	process *runtimetest.Process
	server  *wiretest.Server
	result  chan runtimetest.Result
}

// send invokes the hook in an account without waiting for it: most of what these tests take is time that has to run out,
// and runs out for all at once.
func send(t *testing.T, path, probes string, a *account, payload []byte, timeout time.Duration) *invocation {
	t.Helper()
	i := &invocation{result: make(chan runtimetest.Result, 1)}
	i.process, i.server = start(t, path, probes, a)
	go func() { i.result <- i.process.Invoke(payload, timeout) }()
	return i
}

func checkAnswer(t *testing.T, result runtimetest.Result, status, reason string) {
	t.Helper()
	require.Empty(t, result.ErrorType, result.ErrorMessage)
	var answer struct{ Status, Reason string }
	require.NoError(t, json.Unmarshal(result.Answer, &answer))
	assert.Equal(t, status, answer.Status, answer.Reason)
	assert.Contains(t, answer.Reason, reason)
}

// Whatever CodeDeploy says, it is told a status.
func TestPretrafficFunctionWithAnOddCodeDeploy(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/pretraffic")
	targets := func(all ...any) wiretest.Answer { return wiretest.Answer{Body: object{"deploymentTargets": all}} }
	tests := map[string]struct {
		operation string
		answer    wiretest.Answer
		reason    string
	}{
		"no targets":                {"codedeploy:ListDeploymentTargets", wiretest.Answer{Body: object{}}, "has no target"},
		"targets of the wrong type": {"codedeploy:ListDeploymentTargets", wiretest.Answer{Body: object{"targetIds": object{"a": 1}}}, "cannot be told"},
		"an unknown deployment":     {"codedeploy:ListDeploymentTargets", wiretest.Fail(400, "DeploymentDoesNotExistException", "none"), "DeploymentDoesNotExistException"},
		"no permission":             {"codedeploy:ListDeploymentTargets", wiretest.Fail(400, "AccessDeniedException", "no"), "access denied"},
		"an HTML page":              {"codedeploy:ListDeploymentTargets", wiretest.Answer{Body: []byte("<html>")}, "time ran out"},
		"a service that is down":    {"codedeploy:BatchGetDeploymentTargets", wiretest.Fail(500, "InternalFailure", "down"), "time ran out"},
		"an empty target":           {"codedeploy:BatchGetDeploymentTargets", targets(object{}), "is not told"},
		"null targets":              {"codedeploy:BatchGetDeploymentTargets", targets(nil, nil), "is not told"},
		"a function without name":   {"codedeploy:BatchGetDeploymentTargets", targets(target("", "8")), `version "8" of function ""`},
		"no version":                {"codedeploy:BatchGetDeploymentTargets", targets(target("my-app-orders", "")), `version "" of function`},
		"$LATEST":                   {"codedeploy:BatchGetDeploymentTargets", targets(target("my-app-orders", "$LATEST")), "targetVersion is"},
		"a function by ARN":         {"codedeploy:BatchGetDeploymentTargets", targets(target("arn:aws:lambda:eu-central-1:123456789012:function:my-app-orders", "8")), ""},
	}
	asked := map[string]*invocation{}
	for name, test := range tests {
		a := &account{answers: map[string]func(wiretest.Call) wiretest.Answer{test.operation: always(test.answer)}}
		asked[name] = send(t, path, probes, a, event(t, "codedeploy.json"), runsOut)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			status := "Failed"
			if test.reason == "" {
				status = "Succeeded"
			}
			checkAnswer(t, <-asked[name].result, status, test.reason)
			assert.Equal(t, []any{status}, statuses(asked[name].server))
		})
	}
}

// One process serves one event after the other, whatever the last one was, as Lambda's execution environments do.
func TestPretrafficFunctionGoesOn(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/pretraffic")
	var invocations atomic.Int32
	a := &account{answers: map[string]func(wiretest.Call) wiretest.Answer{"lambda:Invoke": func(wiretest.Call) wiretest.Answer {
		answer := wiretest.Answer{Body: []byte(`{"ok":true}`)}
		if invocations.Add(1) == 1 {
			answer.Delay = time.Minute
		}
		return answer
	}}}
	process, server := start(t, path, probes, a)
	checkAnswer(t, process.Invoke(event(t, "codedeploy.json"), runsOut), "Failed", "no answer")
	for _, garbage := range []string{"", "null", "[]", `"x"`, "{}", `{"DeploymentId":1}`, string(event(t, "rollout.json")[:40])} {
		assert.NotEmpty(t, process.Invoke([]byte(garbage), plenty).ErrorType, garbage)
	}
	checkAnswer(t, process.Invoke(event(t, "rollout.json"), plenty), "Succeeded", "passed 1 of 1 probes")
	checkAnswer(t, process.Invoke(event(t, "codedeploy.json"), plenty), "Succeeded", "passed 1 of 1 probes")
	assert.Equal(t, []any{"Failed", "Succeeded"}, statuses(server), "the repeated event is reported again, and CodeDeploy keeps the first")
	assert.Contains(t, process.Log(), `"requestId":"8476a536-`)
}
