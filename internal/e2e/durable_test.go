//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// year is the template's ExecutionTimeout.
const year = 365 * 24 * time.Hour

// whole is an execution that ended as it should.
func whole(t *testing.T, l *lab, out *awslambda.GetDurableExecutionOutput) {
	t.Helper()
	require.Equal(t, types.ExecutionStatusSucceeded, out.Status, "%+v", out.Error)
	var answer struct {
		Status string
		Steps  []json.RawMessage
	}
	require.NoError(t, json.Unmarshal([]byte(aws.ToString(out.Result)), &answer), aws.ToString(out.Result))
	assert.Equal(t, "succeeded", answer.Status, aws.ToString(out.Result))
	assert.Equal(t, steps, l.routings("live"))
}

func failed(t *testing.T, out *awslambda.GetDurableExecutionOutput, errorType string) {
	t.Helper()
	require.Equal(t, types.ExecutionStatusFailed, out.Status, aws.ToString(out.Result))
	assert.Equal(t, errorType, aws.ToString(out.Error.ErrorType), aws.ToString(out.Error.ErrorMessage))
}

// The compiled durable function in real time, under AWS's own emulator.
func TestDurable(t *testing.T) {
	t.Parallel()
	function, deployer, emulator := runtimetest.Build(t, "./functions/durable"), runtimetest.Build(t, "./functions/deployer"), startEmulator(t)
	of := func(version, more string) string {
		return fmt.Sprintf(`{"function-name": "checkout", "alias": "live", "new-version": %q, "steps": 3, "interval": 5, "poll-interval": 1%s}`, version, more)
	}
	slowly := func(version string) string {
		return fmt.Sprintf(`{"function-name": "checkout", "alias": "live", "new-version": %q, "steps": 3, "interval": 3600, "poll-interval": 600}`, version)
	}
	for name, test := range map[string]func(*testing.T, *lab, *bridge){
		"a rollout": func(t *testing.T, l *lab, b *bridge) {
			arn := b.execute("checkout-live-2", of("2", ""), year)
			out := b.ends(arn)
			whole(t, l, out)
			assert.Equal(t, "checkout-live-2", aws.ToString(out.DurableExecutionName))
			events := b.history(arn)
			for _, e := range events[1:] {
				if e.EventType == types.EventTypeStepStarted || e.EventType == types.EventTypeStepSucceeded {
					assert.Equal(t, []string{"poll", "poll", "WaitForCondition"}, []string{aws.ToString(e.Id), aws.ToString(e.Name), aws.ToString(e.SubType)})
				}
			}
			assert.NotContains(t, b.running().Log(), "CheckpointToken")
		},
		"a rollback": func(t *testing.T, l *lab, b *bridge) {
			out := b.ends(b.execute("checkout-live-3", strings.Replace(of("3", ""), `"interval": 5`, `"interval": 20`, 1), year))
			failed(t, out, "RolledBack")
			assert.Contains(t, aws.ToString(out.Error.ErrorMessage), "remembered as bad")
			assert.Equal(t, old, l.alias(t, "live").Routing)
			failed(t, b.ends(b.execute("checkout-live-3-again", of("3", ""), year)), "KnownBadVersion")
		},
		"what is refused": func(t *testing.T, l *lab, b *bridge) {
			for input, errorType := range map[string]string{
				of("9", ""): "PreflightFailed", `{"action": "pause", "function-name": "checkout", "alias": "live"}`: "InvalidRequest", `deploy!`: "InvalidRequest",
			} {
				failed(t, b.ends(b.execute("refused", input, year)), errorType)
			}
			result := b.running().Invoke([]byte(of("2", "")), timeout)
			assert.Equal(t, "InvalidRequest", result.ErrorType)
			assert.Contains(t, result.ErrorMessage, "--invocation-type Event")
			assert.Equal(t, []string{"version 1"}, l.routings("live"))
		},
		"a rollout that is taken over": func(t *testing.T, l *lab, b *bridge) {
			arn := b.execute("checkout-live-2", of("2", ""), year)
			l.until(t, "live", split)
			l.answered(t, l.start(t, "meta-deployer", deployer, nil).Invoke([]byte(of("2", "")), timeout), "succeeded")
			out := b.ends(arn)
			require.Equal(t, types.ExecutionStatusSucceeded, out.Status)
			assert.Contains(t, aws.ToString(out.Result), `"status":"in-progress"`)
		},
		"a token that is replaced": func(t *testing.T, l *lab, b *bridge) {
			var once atomic.Bool
			b.around = func(n int, path string, body []byte, pass func()) {
				if n == 3 && once.CompareAndSwap(false, true) {
					b.spend(path, body)
				}
				pass()
			}
			arn := b.execute("checkout-live-2", of("2", ""), year)
			whole(t, l, b.ends(arn))
			assert.Contains(t, b.running().Log(), "the execution goes on in another invocation")
		},
		"a stop, and another execution": func(t *testing.T, l *lab, b *bridge) {
			arn := b.execute("checkout-live-2", slowly("2"), year)
			l.until(t, "live", split)
			_, err := b.client.StopDurableExecution(t.Context(), &awslambda.StopDurableExecutionInput{DurableExecutionArn: &arn})
			require.NoError(t, err)
			assert.Equal(t, types.ExecutionStatusStopped, b.ends(arn).Status)
			assert.True(t, split(l.alias(t, "live")), "nobody drives it")
			whole(t, l, b.ends(b.execute("checkout-live-2-again", of("2", ""), year)))
		},
		"an execution whose time is over": func(t *testing.T, l *lab, b *bridge) {
			arn := b.execute("checkout-live-2", slowly("2"), 5*time.Second)
			assert.Equal(t, types.ExecutionStatusTimedOut, b.ends(arn).Status)
			assert.True(t, split(l.alias(t, "live")), "nobody drives it")
		},
		"superseded": func(t *testing.T, l *lab, b *bridge) {
			arn := b.execute("checkout-live-2", of("2", ""), year)
			l.until(t, "live", split)
			l.touch(func(w *sim.World) {
				require.NoError(t, w.ChangeAlias("terraform", "checkout", "live", func(a *target.Alias) { a.Routing, a.Description = old, "terraform's" }))
			})
			failed(t, b.ends(arn), "Superseded")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			test(t, l, l.bridge(t, emulator, function))
		})
	}
}

// bridge is a bridge to the durable function in the account.
func (l *lab) bridge(t *testing.T, emulator, function string) *bridge {
	return newBridge(t, emulator, l.url, func(url string) *runtimetest.Process {
		return l.start(t, functionName, function, map[string]string{"AWS_ENDPOINT_URL": url})
	})
}

// spend makes a checkpoint with a call's token before the call itself is made, as another invocation would.
func (b *bridge) spend(path string, body []byte) {
	var call map[string]any
	assert.NoError(b.t, json.Unmarshal(body, &call))
	call["Updates"], call["ClientToken"] = []any{}, "another"
	raw, _ := json.Marshal(call)
	response, err := http.Post(b.emulator+path, "application/json", bytes.NewReader(raw))
	if assert.NoError(b.t, err) {
		assert.Equal(b.t, http.StatusOK, response.StatusCode)
		_ = response.Body.Close()
	}
}
