package loop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/goldentest"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// payloads are those that people copy.
const payloads = "../../../events/deployer/*.json"

// shop is the account that the payloads under events are meant for. A rollout of version 2 is running where a person
// acts on one, and the functions have tenants where the payload names one.
func shop(running, tenants bool) *sim.World {
	w := sim.New()
	for _, function := range []string{"checkout", "MyFunction"} {
		for _, version := range []string{"1", "2", "3", "7"} {
			w.Publish(function, version, sim.Version{Isolated: tenants})
		}
	}
	live := target.Alias{Routing: rollout.Routing{Primary: "1"}, Description: "front door"}
	if running {
		live.Routing = rollout.Routing{Primary: "1", Secondary: "2", Weight: 30_00}
		live.Description += " [meta-deployer 1>2 at 30% step 3/10 +6m0s by 3f2c81d2-9a1c id 20260105-085000000-3a88]"
	}
	must(w.CreateAlias("checkout", "live", live))
	must(w.CreateAlias("checkout", "candidate", target.Alias{Routing: rollout.Routing{Primary: "2"}}))
	must(w.CreateAlias("MyFunction", "MyAlias", target.Alias{Routing: rollout.Routing{Primary: "1"}}))
	w.SetTraffic("checkout", "live", sim.Constant(20))
	for _, alarm := range []string{"checkout-errors", "checkout-latency", "checkout-5xx"} {
		w.SetAlarm(alarm, analysis.AlarmOK)
	}
	for _, hook := range []string{"pretraffic", "posttraffic"} {
		w.SetHook("CodeDeployHook_meta-deployer-"+hook, sim.Hook{Answer: `{"status": "Succeeded"}`})
	}
	w.SetHook("CodeDeployHook_checkout-orders", sim.Hook{Answer: `{"status": "pass", "reason": "38 orders a minute, usually 40"}`})
	w.SetMetric("Orders", sim.Constant(40))
	w.SetMetric("orders / alias_invocations", sim.Constant(0.033))
	for version, date := range map[string]string{"1": "Mon", "2": "Tue"} {
		answer := fmt.Sprintf(`{"statusCode": 200, "headers": {"date": %q}, "body": "{\"sum\": 12, \"requestId\": %s}"}`, date, version)
		w.SetHook("checkout:"+version, sim.Hook{Answer: answer})
	}
	return w
}

// handle answers a payload in the shop: an answer, or the error that callers see.
func handle(raw []byte) []byte {
	var request struct {
		Action, Type string
		Days         int
	}
	_ = json.Unmarshal(raw, &request)
	w := shop(slices.Contains([]string{"status", "rollback", "promote", "pause", "resume"}, request.Action), bytes.Contains(raw, []byte("tenant-id")))
	if request.Action == "plan" || request.Type == "auto" || bytes.Contains(raw, []byte(`"latency"`)) {
		w.Advance(4*time.Hour + time.Duration(request.Days)*24*time.Hour)
	}
	w.Machine.Run = func(s sim.Started) {
		w.Go(w.Elapsed(), func() { scenario.RunExecution(w, s, scenario.Worker(w, discard())) })
	}
	d := scenario.Deployer(w, discard())
	d.Long, d.HandOff = w.LongEngine(), true
	ctx, _, cancel := w.Begin(sim.Invocation{})
	defer cancel()
	answer, err := d.Invoke(ctx, raw)
	if err != nil {
		answer, _ = json.Marshal(map[string]string{"errorType": strings.TrimPrefix(fmt.Sprintf("%T", err), "answer."), "errorMessage": err.Error()})
	}
	var pretty bytes.Buffer
	must(json.Indent(&pretty, answer, "", "  "))
	return append(pretty.Bytes(), '\n')
}

func TestEveryEventHasItsAnswer(t *testing.T) {
	for name, raw := range goldentest.Payloads(t, payloads) {
		t.Run(name, func(t *testing.T) {
			goldentest.Compare(t, filepath.Join("testdata", "events", name+".golden"), string(handle(raw)))
		})
	}
}

// TestEveryStrategyAndActionHasAnEvent keeps the folder complete.
func TestEveryStrategyAndActionHasAnEvent(t *testing.T) {
	seen := map[string]bool{}
	for _, raw := range goldentest.Payloads(t, payloads) {
		var request struct{ Action, Type string }
		require.NoError(t, json.Unmarshal(raw, &request))
		seen[request.Action], seen[request.Type] = true, true
	}
	for _, want := range []string{
		"plan", "status", "rollback", "promote", "pause", "resume", "linear", "canary", "exponential", "all-at-once", "stages",
		"auto", "rehearse",
	} {
		assert.True(t, seen[want], want)
	}
}

func TestMangledEventsAreRefusedBeforeAnything(t *testing.T) {
	for name, raw := range goldentest.Payloads(t, payloads) {
		t.Run(name, func(t *testing.T) {
			var request map[string]any
			require.NoError(t, json.Unmarshal(raw, &request))
			mangled := map[string][]byte{"cut off": raw[:len(raw)/2], "something behind it": append(slices.Clone(raw), '1')}
			for _, key := range slices.Sorted(maps.Keys(request)) {
				wrong := maps.Clone(request)
				wrong[key] = []any{true}
				mangled[key+" of a wrong type"], _ = json.Marshal(wrong)
				delete(wrong, key)
				wrong[key+"x"] = request[key]
				mangled[key+" misspelt"], _ = json.Marshal(wrong)
			}
			for how, raw := range mangled {
				w := shop(false, false)
				d := scenario.Deployer(w, discard())
				_, err := d.Invoke(context.Background(), raw)
				assert.ErrorAs(t, err, new(answer.InvalidRequest), how)
				assert.Zero(t, w.Calls(""), "%s: nothing is read or written", how)
			}
		})
	}
}
