//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// runsOut is what an invocation may take in real time where its time is to run out, with five seconds to report in.
const runsOut = 20 * time.Second

const (
	probes = `[{"name": "ping", "function": "check*", "payload": {"ping": true}, "expect": {"ok": true}}]`
	event  = `{"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "execution-1"}`
)

// deploy has CodeDeploy move the alias live to version 2, and wait for a hook.
func (l *lab) deploy(t *testing.T, to rollout.Routing) {
	t.Helper()
	l.touch(func(w *sim.World) {
		w.SetDeployment("d-1", sim.Deployment{Function: "checkout", Alias: "live", OldVersion: "1", NewVersion: "2", Created: w.Elapsed(), Execution: "execution-1"})
		require.NoError(t, w.ChangeAlias("codedeploy", "checkout", "live", func(a *target.Alias) { a.Routing = to }))
	})
}

// reported is what CodeDeploy was told.
func (l *lab) reported(t *testing.T) (status string) {
	t.Helper()
	l.touch(func(w *sim.World) {
		d, err := w.Deployment("d-1")
		require.NoError(t, err)
		status = d.Status
	})
	return status
}

func TestPretraffic(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/pretraffic")
	for name, test := range map[string]struct {
		// targets is what CodeDeploy answers instead of the truth; "" is nothing.
		targets string
		// without a field is the version told; "" is whole.
		without string
		want    string
	}{
		"a healthy version":   {want: "Succeeded"},
		"no state":            {without: "State", want: "Succeeded"},
		"no targets":          {targets: `{"deploymentTargets": null}`, want: "Failed"},
		"an empty target":     {targets: `{"deploymentTargets": [{"lambdaTarget": {"lambdaFunctionInfo": {}}}]}`, want: "Failed"},
		"a target of ECS":     {targets: `{"deploymentTargets": [{"deploymentTargetType": "ECSTarget", "ecsTarget": {}}]}`, want: "Failed"},
		"a name that is none": {targets: `{"deploymentTargets": [{"lambdaTarget": {"lambdaFunctionInfo": {"functionName": ["checkout"], "targetVersion": -1}}}]}`, want: "Failed"},
		"not JSON":            {targets: `<html>`, want: "Failed"},
		"a deep answer":       {targets: strings.Repeat(`{"deploymentTargets":[`, 20000), want: "Failed"},
		"an answer of lists":  {targets: `[[]]`, want: "Failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.deploy(t, old)
			if test.targets != "" {
				l.replies["BatchGetDeploymentTargets"] = test.targets
			}
			if test.without != "" {
				l.attack("GetFunctionConfiguration", nil, without(test.without))
			}
			within := timeout
			if test.want == "Failed" {
				within = runsOut
			}
			p := l.start(t, "pretraffic", path, map[string]string{"PROBES": probes})
			result := p.Invoke([]byte(event), within)
			assert.Empty(t, result.ErrorType, result.ErrorMessage)
			assert.Contains(t, string(result.Answer), test.want)
			assert.Equal(t, test.want, l.reported(t))
			result = p.Invoke([]byte(event), within)
			assert.Empty(t, result.ErrorType, "told twice is no error: %s", result.ErrorMessage)
		})
	}
}

func TestAPanicIsReportedAsFailed(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.deploy(t, old)
	p := l.start(t, "pretraffic", runtimetest.Build(t, "./internal/e2e/panicking/pretraffic"), nil)
	result := p.Invoke([]byte(event), timeout)
	assert.Empty(t, result.ErrorType, result.ErrorMessage)
	assert.Contains(t, string(result.Answer), "a bug nobody has found yet")
	assert.Equal(t, "Failed", l.reported(t))
}

func TestPosttraffic(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/posttraffic")
	for name, test := range map[string]struct {
		routing rollout.Routing
		want    string
	}{
		"all traffic on the new version": {rollout.Routing{Primary: "2"}, "Succeeded"},
		"a split":                        {rollout.Routing{Primary: "1", Secondary: "2", Weight: 50_00}, "Failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.deploy(t, test.routing)
			within := timeout
			if test.want == "Failed" {
				within = runsOut // it looks again for as long as it has
			}
			result := l.start(t, "posttraffic", path, nil).Invoke([]byte(event), within)
			assert.Empty(t, result.ErrorType, result.ErrorMessage)
			assert.Equal(t, test.want, l.reported(t), string(result.Answer))
		})
	}
}

// All three functions, each a process, in one rollout.
func TestRolloutWithHooks(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.start(t, "pretraffic", runtimetest.Build(t, "./functions/pretraffic"), map[string]string{"PROBES": probes})
	l.start(t, "posttraffic", runtimetest.Build(t, "./functions/posttraffic"), nil)
	p := l.start(t, "meta-deployer", runtimetest.Build(t, "./functions/deployer"), nil)
	hooked := strings.Replace(request, "{", `{"hooks": {"pre-traffic": "pretraffic", "post-traffic": "posttraffic"}, `, 1)
	l.answered(t, p.Invoke([]byte(hooked), timeout), "succeeded")
	assert.Equal(t, steps, l.routings("live"))

	l.touch(func(w *sim.World) {
		w.SetHook("checkout", sim.Hook{Answer: `{"ok": false}`})
		require.NoError(t, w.ChangeAlias("people", "checkout", "live", func(a *target.Alias) { a.Routing = old }))
	})
	result := p.Invoke([]byte(hooked), timeout)
	assert.Equal(t, "RolledBack", result.ErrorType)
	assert.Contains(t, result.ErrorMessage, "expected ok true, got false")
	assert.Equal(t, old, l.alias(t, "live").Routing)
}
