package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

// object is a body on the wire.
type object = map[string]any

// operations are what an account answers otherwise than a healthy one.
type operations = map[string]func(wiretest.Call) wiretest.Answer

// answer is a healthy account: the alias is where it should be, and of a hundred calls none failed.
func answer(call wiretest.Call) wiretest.Answer {
	switch call.Operation {
	case "codedeploy:ListDeploymentTargets":
		return wiretest.Answer{Body: object{"targetIds": []any{"my-app-orders:live"}}}
	case "codedeploy:BatchGetDeploymentTargets":
		began := time.Now().Add(-10 * time.Minute)
		return wiretest.Answer{Body: object{"deploymentTargets": []any{object{
			"deploymentTargetType": "LambdaTarget", "lambdaTarget": object{
				"lambdaFunctionInfo": object{
					"functionName": "my-app-orders", "functionAlias": "live", "currentVersion": "7", "targetVersion": "8", "targetVersionWeight": 1,
				},
				"lifecycleEvents": []any{
					object{"lifecycleEventName": "Start", "status": "Succeeded", "startTime": began, "endTime": began.Add(time.Second)},
					object{"lifecycleEventName": "AllowTraffic", "status": "Succeeded", "startTime": began.Add(time.Second), "endTime": began.Add(5 * time.Minute)},
				},
			},
		}}}}
	case "codedeploy:PutLifecycleEventHookExecutionStatus":
		return wiretest.Answer{Body: object{"lifecycleEventHookExecutionId": "eyJlbmNyeXB0ZWREYXRhIjoiT2x"}}
	case "lambda:GetAlias":
		return wiretest.Answer{Body: object{"FunctionVersion": "8", "Description": "", "RevisionId": "r1"}}
	case "cloudwatch:GetMetricData":
		return metrics(map[string]float64{"new_invocations": 100, "new_errors": 0})(call)
	}
	return wiretest.Fail(403, "AccessDeniedException", "the role has no permission for "+call.Operation)
}

// metrics answers every series that is asked for, some with one value of two minutes ago.
func metrics(values map[string]float64) func(wiretest.Call) wiretest.Answer {
	return func(call wiretest.Call) wiretest.Answer {
		at := time.Now().Truncate(time.Minute).Add(-2 * time.Minute)
		results := []any{}
		for _, query := range call.Body.(object)["MetricDataQueries"].([]any) {
			result := object{"Id": query.(object)["Id"], "StatusCode": "Complete", "Timestamps": []any{}, "Values": []any{}}
			if value, ok := values[query.(object)["Id"].(string)]; ok {
				result["Timestamps"], result["Values"] = []any{at}, []any{value}
			}
			results = append(results, result)
		}
		return wiretest.Answer{Body: object{"MetricDataResults": results}}
	}
}

func always(a wiretest.Answer) func(wiretest.Call) wiretest.Answer {
	return func(wiretest.Call) wiretest.Answer { return a }
}

// start runs the hook in an account.
func start(t *testing.T, path, rate string, different operations) (*runtimetest.Process, *wiretest.Server) {
	t.Helper()
	server := wiretest.Start(t, func(call wiretest.Call) wiretest.Answer {
		if a := different[call.Operation]; a != nil {
			return a(call)
		}
		return answer(call)
	})
	environment := server.Environment()
	environment["MAX_ERROR_RATE"] = rate
	return runtimetest.Start(t, path, environment), server
}

func TestPosttrafficFunction(t *testing.T) {
	path := runtimetest.Build(t, "./functions/posttraffic")
	codedeploy, err := os.ReadFile(filepath.Join("..", "..", "events", "posttraffic", "codedeploy.json"))
	require.NoError(t, err)
	rollout := fmt.Sprintf(`{"lifecycle-event":"post-traffic","rollout-id":"r","function-name":"my-app-orders","alias":"live","old-version":"7","new-version":"8","started-at":%q}`,
		time.Now().Add(-10*time.Minute).UTC().Format(time.RFC3339))
	tests := map[string]struct {
		rate      string
		different operations
		status    string
		reason    string
	}{
		"a healthy version": {status: "Succeeded", reason: "0 of 100 invocations"},
		"a failing version": {
			different: operations{"cloudwatch:GetMetricData": metrics(map[string]float64{"new_invocations": 100, "new_errors": 3})},
			status:    "Failed", reason: "3 of 100 invocations",
		},
		"failures that are allowed": {
			rate: "0.05", different: operations{"cloudwatch:GetMetricData": metrics(map[string]float64{"new_invocations": 100, "new_errors": 3})},
			status: "Succeeded", reason: "3 of 100 invocations",
		},
		"an idle function": {
			different: operations{"cloudwatch:GetMetricData": metrics(nil)}, status: "Succeeded", reason: "nothing was measured",
		},
		"an alias that is split": {
			different: operations{"lambda:GetAlias": always(wiretest.Answer{Body: object{
				"FunctionVersion": "7", "RevisionId": "r1", "RoutingConfig": object{"AdditionalVersionWeights": object{"8": 0.9}},
			}})},
			status: "Failed", reason: "version 7 with 90 % on version 8",
		},
		"metrics that CloudWatch cannot give": {
			different: operations{"cloudwatch:GetMetricData": always(wiretest.Answer{Body: object{}})}, status: "Failed", reason: "cannot be read",
		},
		"metrics that may not be read": {
			different: operations{"cloudwatch:GetMetricData": always(wiretest.Fail(403, "AccessDenied", "no"))}, status: "Failed", reason: "access denied",
		},
		"metrics that never come": {
			different: operations{"cloudwatch:GetMetricData": always(wiretest.Answer{Delay: time.Minute})}, status: "Failed", reason: "cannot be read",
		},
		"a rate that is wrong": {rate: "much", status: "Failed", reason: "MAX_ERROR_RATE"},
	}
	// On a busy machine too that leaves six seconds to report in where metrics are asked for until the time runs out. It runs
	// out for all at once.
	const timeout = 24 * time.Second
	asked := map[string]*invocation{}
	for name, test := range tests {
		asked[name+" own"] = send(t, path, test.rate, test.different, []byte(rollout), timeout)
		asked[name] = send(t, path, test.rate, test.different, codedeploy, timeout)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			const put = "codedeploy:PutLifecycleEventHookExecutionStatus"
			checkAnswer(t, <-asked[name+" own"].result, test.status, test.reason)
			assert.Empty(t, asked[name+" own"].server.Calls(put))
			checkAnswer(t, <-asked[name].result, test.status, test.reason)
			reports := asked[name].server.Calls(put)
			require.Len(t, reports, 1, "CodeDeploy is told exactly once")
			assert.Equal(t, test.status, reports[0].Body.(object)["status"])
		})
	}
}

// invocation is one that is under way.
type invocation struct {
	server *wiretest.Server
	result chan runtimetest.Result
}

// send invokes the hook in an account without waiting for it.
func send(t *testing.T, path, rate string, different operations, payload []byte, timeout time.Duration) *invocation {
	t.Helper()
	process, server := start(t, path, rate, different)
	i := &invocation{server: server, result: make(chan runtimetest.Result, 1)}
	go func() { i.result <- process.Invoke(payload, timeout) }()
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

// While Lambda prepares provisioned concurrency it leaves the traffic on the old version, by a weight of its own.
func TestPosttrafficFunctionWaitsForProvisionedConcurrency(t *testing.T) {
	path := runtimetest.Build(t, "./functions/posttraffic")
	codedeploy, err := os.ReadFile(filepath.Join("..", "..", "events", "posttraffic", "codedeploy.json"))
	require.NoError(t, err)
	var reads atomic.Int32
	process, server := start(t, path, "", operations{"lambda:GetAlias": func(wiretest.Call) wiretest.Answer {
		alias := object{"FunctionVersion": "8", "RevisionId": "r1"}
		if reads.Add(1) < 4 {
			alias["RoutingConfig"] = object{"AdditionalVersionWeights": object{"7": 1.0}}
		}
		return wiretest.Answer{Body: alias}
	}})
	checkAnswer(t, process.Invoke(codedeploy, 5*time.Minute), "Succeeded", "alias live points at version 8 of function my-app-orders alone")
	assert.EqualValues(t, 4, reads.Load())
	assert.Equal(t, "Succeeded", server.Calls("codedeploy:PutLifecycleEventHookExecutionStatus")[0].Body.(object)["status"])
}
