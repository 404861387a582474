package main_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

func TestPretrafficFunctionReports(t *testing.T) {
	t.Parallel()
	const put = "codedeploy:PutLifecycleEventHookExecutionStatus"
	path := runtimetest.Build(t, "./functions/pretraffic")
	tests := map[string]struct {
		// first is how the first report is answered; always says that all are.
		first     wiretest.Answer
		always    bool
		errorType string
	}{
		"again after a failure":               {first: wiretest.Fail(500, "InternalFailure", "down")},
		"again after a throttle":              {first: wiretest.Fail(400, "ThrottlingException", "slow down")},
		"again after a lost reply":            {first: wiretest.Answer{Cut: true}},
		"again after a reply that never came": {first: wiretest.Answer{Delay: time.Minute}},
		"once what was reported before":       {first: wiretest.Fail(400, "LifecycleEventAlreadyCompletedException", "twice"), always: true},
		"an error where it may not":           {first: wiretest.Fail(400, "AccessDeniedException", "no"), always: true, errorType: "NotReported"},
		"an error where CodeDeploy is down":   {first: wiretest.Fail(500, "InternalFailure", "down"), always: true, errorType: "NotReported"},
	}
	asked := map[string]*invocation{}
	for name, test := range tests {
		var reports atomic.Int32
		a := &account{answers: map[string]func(wiretest.Call) wiretest.Answer{put: func(wiretest.Call) wiretest.Answer {
			if reports.Add(1) > 1 && !test.always {
				return reported
			}
			return test.first
		}}}
		asked[name] = send(t, path, probes, a, event(t, "codedeploy.json"), runsOut)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			result := <-asked[name].result
			require.Equal(t, test.errorType, result.ErrorType, result.ErrorMessage)
			if test.errorType == "" {
				checkAnswer(t, result, "Succeeded", "passed 1 of 1 probes")
			} else {
				assert.Contains(t, result.ErrorMessage, "aws deploy stop-deployment --deployment-id d-7BTV8G2N3")
			}
			for _, status := range statuses(asked[name].server) {
				assert.Equal(t, "Succeeded", status, "a repeated report is the same report")
			}
		})
	}
}
