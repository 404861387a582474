//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
		"a wake": func(t *testing.T, l *lab, b *bridge) {
			arn := b.execute("woken", slowly("2"), year)
			l.until(t, "live", split)
			require.Eventually(t, func() bool {
				return slices.ContainsFunc(b.history(arn), func(e types.Event) bool { return e.CallbackStartedDetails != nil })
			}, patience, 100*time.Millisecond)
			settings := map[string]string{"AWS_ENDPOINT_URL": b.url, "DURABLE_FUNCTION": functionName}
			result := l.start(t, "meta-deployer", deployer, settings).Invoke([]byte(`{"action": "rollback", "function-name": "checkout", "alias": "live"}`), timeout)
			require.Empty(t, result.ErrorType, result.ErrorMessage)
			assert.Contains(t, string(result.Answer), `"warnings":[]`)
			out := b.ends(arn)
			failed(t, out, "RolledBack")
			var kinds []types.EventType
			for _, e := range b.history(arn) {
				kinds = append(kinds, e.EventType)
				if e.CallbackStartedDetails != nil || e.CallbackSucceededDetails != nil {
					assert.Equal(t, "control", aws.ToString(e.Name))
				}
			}
			assert.Contains(t, kinds, types.EventTypeCallbackSucceeded)
			assert.Less(t, out.EndTimestamp.Sub(*out.StartTimestamp), 10*time.Minute, "long before the next look was due")
		},
		"a hand-over": func(t *testing.T, l *lab, b *bridge) {
			settings := map[string]string{"AWS_ENDPOINT_URL": b.url, "DURABLE_FUNCTION": functionName, "LONG_ENGINE_ARN": "arn:aws:lambda:eu-west-1:123456789012:function:" + functionName + ":live"}
			hands := l.start(t, "meta-deployer", deployer, settings)
			result := hands.Invoke([]byte(of("2", `, "hand-off": "always"`)), timeout)
			require.Empty(t, result.ErrorType, result.ErrorMessage)
			var answer struct{ Status, Driver, Execution string }
			require.NoError(t, json.Unmarshal(result.Answer, &answer))
			assert.Equal(t, []string{"in-progress", "durable"}, []string{answer.Status, answer.Driver})
			out := b.ends(answer.Execution)
			whole(t, l, out)
			assert.Regexp(t, "^checkout-live-2-[0-9a-f]{8}$", aws.ToString(out.DurableExecutionName))
		},
		"a wake that is not allowed": func(t *testing.T, l *lab, b *bridge) {
			arn := b.execute("checkout-live-2", of("2", ""), year)
			l.until(t, "live", split)
			settings := map[string]string{"AWS_ENDPOINT_URL": l.url, "DURABLE_FUNCTION": functionName} // whose Lambda knows no executions
			result := l.start(t, "meta-deployer", deployer, settings).Invoke([]byte(`{"action": "rollback", "function-name": "checkout", "alias": "live"}`), timeout)
			require.Empty(t, result.ErrorType, result.ErrorMessage)
			assert.Contains(t, string(result.Answer), "the change stands, but its durable execution was not woken")
			failed(t, b.ends(arn), "RolledBack") // a second later
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

// The recipe of docs/engines/durable.md, with AWS's own command line.
func TestDurableRecipe(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/engines/durable.md")
	require.NoError(t, err)
	recipe := regexp.MustCompile("(?s)```bash\n(.*?)```").FindSubmatch(page)
	require.NotNil(t, recipe)
	emulator := startEmulator(t)
	l := newLab(t)
	b := l.bridge(t, emulator, runtimetest.Build(t, "./functions/durable"))
	client := filepath.Dir(peer(t, ".venv-peers", "aws"))
	script := fmt.Sprintf("set -euo pipefail\nexport PATH=%s:$PATH AWS_ENDPOINT_URL=%s\n%s", client, b.url, recipe[1])
	ended := execute(t, t.TempDir(), "bash", "-c", script)
	require.Zero(t, ended.status, ended.problem)
	fields := strings.Fields(ended.out)
	require.GreaterOrEqual(t, len(fields), 2, ended.out)
	assert.Equal(t, "RUNNING", fields[len(fields)-2], ended.out)
	whole(t, l, b.ends(fields[len(fields)-1]))
}

// The process dies somewhere, and Lambda calls another: the alias ends as if nothing had been.
func TestDurableCrashes(t *testing.T) {
	t.Parallel()
	function, emulator := runtimetest.Build(t, "./functions/durable"), startEmulator(t)
	request := `{"function-name": "checkout", "alias": "live", "new-version": "2", "steps": 3, "interval": 2, "poll-interval": 1, "bake": 0}`
	type place struct {
		where string
		n     int
		after bool
	}
	places := []place{}
	for _, after := range []bool{false, true} {
		for n := 1; n <= 5; n++ {
			places = append(places, place{"checkpoint", n, after})
		}
		for _, n := range []int{1, 2, 5, 8, 9, 10, 13, 17} { // of the calls to the account, the first writes among them
			places = append(places, place{"call", n, after})
		}
	}
	for _, p := range places {
		t.Run(fmt.Sprintf("%s %d %t", p.where, p.n, p.after), func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			b := l.bridge(t, emulator, function)
			crashed := func(pass func()) {
				if p.after {
					pass()
				}
				b.kill()
				panic(http.ErrAbortHandler)
			}
			if p.where == "checkpoint" {
				b.around = func(n int, _ string, _ []byte, pass func()) {
					if n == p.n {
						crashed(pass)
					}
					pass()
				}
			} else {
				var calls atomic.Int32
				l.watch(func(serve func()) {
					if int(calls.Add(1)) == p.n {
						crashed(serve)
					}
					serve()
				})
			}
			whole(t, l, b.ends(b.execute("checkout-live-2", request, year)))
			b.mu.Lock()
			defer b.mu.Unlock()
			assert.Equal(t, 1, b.crashes, "it died there")
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
