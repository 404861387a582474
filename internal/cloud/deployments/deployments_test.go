package deployments_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/deployments"
	"github.com/meta-deployer/meta-deployer/internal/hook"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

func connect(t *testing.T, answer func(wiretest.Call) wiretest.Answer) (deployments.Deployments, *wiretest.Server) {
	t.Helper()
	server := wiretest.Start(t, answer)
	return deployments.New(cloud.Load(server.Getenv)), server
}

// object is a body on the wire.
type object = map[string]any

var (
	began = time.Date(2026, 11, 21, 16, 44, 54, 0, time.UTC)
	info  = object{"functionName": "my-app-orders", "functionAlias": "live", "currentVersion": "7", "targetVersion": "8", "targetVersionWeight": 1.0}
)

// lambdaTarget is a target with the events that have happened at AfterAllowTraffic.
func lambdaTarget(events ...any) object {
	return object{"deploymentTargetType": "LambdaTarget", "lambdaTarget": object{
		"deploymentId": "d-7BTV8G2N3", "targetId": "my-app-orders:live", "lambdaFunctionInfo": info, "lifecycleEvents": events,
	}}
}

func lifecycle(name, status string, start, end time.Duration) object {
	event := object{"lifecycleEventName": name, "status": status}
	if start >= 0 {
		event["startTime"] = began.Add(start)
	}
	if end >= 0 {
		event["endTime"] = began.Add(end)
	}
	return event
}

// deployment answers with one target.
func deployment(targets ...any) func(wiretest.Call) wiretest.Answer {
	return func(call wiretest.Call) wiretest.Answer {
		switch call.Operation {
		case "codedeploy:ListDeploymentTargets":
			return wiretest.Answer{Body: object{"targetIds": []any{"my-app-orders:live"}}}
		case "codedeploy:BatchGetDeploymentTargets":
			return wiretest.Answer{Body: object{"deploymentTargets": targets}}
		}
		return wiretest.Fail(400, "UnknownOperationException", call.Operation)
	}
}

func TestTarget(t *testing.T) {
	target := hook.Target{Function: "my-app-orders", Alias: "live", OldVersion: "7", NewVersion: "8"}
	after := func(since, alone time.Time) hook.Target {
		timed := target
		timed.Since, timed.Alone = since, alone
		return timed
	}
	const none = time.Duration(-1)
	tests := map[string]struct {
		events []any
		want   hook.Target
	}{
		"before traffic": {
			[]any{
				lifecycle("Start", "Succeeded", 0, time.Second), lifecycle("BeforeAllowTraffic", "InProgress", 2*time.Second, none),
				lifecycle("AllowTraffic", "Pending", none, none),
			},
			after(began, time.Time{}),
		},
		"after traffic, in any order": {
			[]any{
				lifecycle("AfterAllowTraffic", "InProgress", time.Hour, none),
				lifecycle("AllowTraffic", "Succeeded", 5*time.Second, 10*time.Minute), lifecycle("Start", "Succeeded", 0, time.Second),
			},
			after(began, began.Add(10*time.Minute)),
		},
		"while traffic is moved": {
			[]any{lifecycle("AllowTraffic", "InProgress", 0, time.Minute)}, after(began, time.Time{}),
		},
		"without events": {nil, target},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d, server := connect(t, deployment(lambdaTarget(test.events...)))
			got, err := d.Target(t.Context(), "d-7BTV8G2N3")
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
			assert.JSONEq(t, `{"deploymentId":"d-7BTV8G2N3"}`, string(server.Calls("codedeploy:ListDeploymentTargets")[0].Raw))
			assert.JSONEq(t, `{"deploymentId":"d-7BTV8G2N3","targetIds":["my-app-orders:live"]}`,
				string(server.Calls("codedeploy:BatchGetDeploymentTargets")[0].Raw))
		})
	}
}

func TestTargetFollowsPages(t *testing.T) {
	d, server := connect(t, func(call wiretest.Call) wiretest.Answer {
		if call.Operation == "codedeploy:ListDeploymentTargets" && call.Body.(object)["nextToken"] == nil {
			return wiretest.Answer{Body: object{"targetIds": []any{}, "nextToken": "more"}}
		}
		return deployment(lambdaTarget())(call)
	})
	_, err := d.Target(t.Context(), "d-1")
	require.NoError(t, err)
	assert.Len(t, server.Calls("codedeploy:ListDeploymentTargets"), 2)
}

func TestTargetThatIsNone(t *testing.T) {
	listed := func(ids ...any) func(wiretest.Call) wiretest.Answer {
		return func(wiretest.Call) wiretest.Answer { return wiretest.Answer{Body: object{"targetIds": ids}} }
	}
	tests := map[string]struct {
		answer  func(wiretest.Call) wiretest.Answer
		want    error
		message string
	}{
		"no target":            {listed(), target.ErrUnavailable, "has no target"},
		"two targets":          {listed("a", "b"), target.ErrRefused, "it has more than one target"},
		"a target that is not": {deployment(), target.ErrUnavailable, "is not told"},
		"a target of no type":  {deployment(object{}), target.ErrUnavailable, "is not told"},
		"a target of ECS":      {deployment(object{"deploymentTargetType": "ECSTarget", "ecsTarget": object{}}), target.ErrRefused, "not an alias"},
		"a target about nothing": {
			deployment(object{"deploymentTargetType": "LambdaTarget", "lambdaTarget": object{"targetId": "x"}}), target.ErrUnavailable, "has no function",
		},
		"a target without a version": {
			deployment(object{"deploymentTargetType": "LambdaTarget", "lambdaTarget": object{"lambdaFunctionInfo": object{"functionName": "f", "functionAlias": "live"}}}),
			target.ErrUnavailable, `is version "" of function "f"`,
		},
		"targets without end": {
			func(wiretest.Call) wiretest.Answer {
				return wiretest.Answer{Body: object{"targetIds": []any{"a"}, "nextToken": "again"}}
			},
			target.ErrRefused, "it has more than one target",
		},
		"pages without end": {
			func(wiretest.Call) wiretest.Answer {
				return wiretest.Answer{Body: object{"targetIds": []any{}, "nextToken": "again"}}
			},
			target.ErrUnavailable, "that of a page before, again",
		},
		"a deployment that does not exist": {
			func(wiretest.Call) wiretest.Answer {
				return wiretest.Fail(400, "DeploymentDoesNotExistException", "d-1")
			},
			target.ErrRefused, "DeploymentDoesNotExistException",
		},
		"no permission": {
			func(wiretest.Call) wiretest.Answer { return wiretest.Fail(400, "AccessDeniedException", "no") },
			target.ErrDenied, "AccessDeniedException",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d, _ := connect(t, test.answer)
			_, err := d.Target(t.Context(), "d-1")
			require.ErrorIs(t, err, test.want)
			require.ErrorContains(t, err, test.message)
		})
	}
}

func TestReport(t *testing.T) {
	d, server := connect(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Answer{Body: object{"lifecycleEventHookExecutionId": "e-1"}}
	})
	require.NoError(t, d.Report(t.Context(), "d-1", "e-1", hook.Failed))
	calls := server.Calls("codedeploy:PutLifecycleEventHookExecutionStatus")
	require.Len(t, calls, 1)
	assert.JSONEq(t, `{"deploymentId":"d-1","lifecycleEventHookExecutionId":"e-1","status":"Failed"}`, string(calls[0].Raw))
}

func TestReportThatCameBefore(t *testing.T) {
	d, server := connect(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Fail(400, "LifecycleEventAlreadyCompletedException", "An attempt was made to complete it twice")
	})
	err := d.Report(t.Context(), "d-1", "e-1", hook.Succeeded)
	require.ErrorIs(t, err, hook.ErrAlreadyReported)
	require.ErrorContains(t, err, "An attempt was made to complete it twice")
	assert.Len(t, server.Calls("codedeploy:PutLifecycleEventHookExecutionStatus"), 1)
}

// What does not name the execution is nobody's answer to it: it is told again, which CodeDeploy takes or calls done.
func TestReportWithoutAnAnswer(t *testing.T) {
	d, _ := connect(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{Body: object{}} })
	require.ErrorIs(t, d.Report(t.Context(), "d-1", "e-1", hook.Succeeded), target.ErrUnavailable)
}
