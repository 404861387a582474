package notify_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// line is what a function of ours writes for an event, with JSON logs; nil for nothing.
func line(t *testing.T, event rollout.Event) map[string]any {
	t.Helper()
	var log bytes.Buffer
	o := notify.Others{Clock: sim.New().Clock(), Installation: "meta-deployer"}
	o.Tell(t.Context(), slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{ReplaceAttr: lambdacontext.ReplaceAttr})).With("function", "checkout", "alias", "live"), event)
	if log.Len() == 0 {
		return nil
	}
	var written map[string]any
	require.NoError(t, json.Unmarshal(log.Bytes(), &written), "one line is one object")
	return written
}

// extracted are the metrics that CloudWatch takes from a line, by their dimensions and names, as the rules of the format have
// it.
func extracted(t *testing.T, written map[string]any) map[string]float64 {
	t.Helper()
	require.NoError(t, compile(t, "testdata/embedded-metric-format.schema.json").Validate(written))
	metrics := map[string]float64{}
	for _, d := range written["_aws"].(map[string]any)["CloudWatchMetrics"].([]any) {
		directive := d.(map[string]any)
		for _, set := range directive["Dimensions"].([]any) {
			key := directive["Namespace"].(string)
			for _, name := range set.([]any) {
				value, is := written[name.(string)].(string)
				require.True(t, is && value != "", "the value of dimension %s is a text at the root", name)
				key += " " + value
			}
			for _, m := range directive["Metrics"].([]any) {
				name := m.(map[string]any)["Name"].(string)
				value, is := written[name].(float64)
				require.True(t, is, "the value of metric %s is a number at the root", name)
				metrics[key+": "+name] = value
			}
		}
	}
	return metrics
}

func looked(checks ...analysis.Check) rollout.Turned {
	return rollout.Turned{
		At: time.Date(2026, 11, 30, 22, 0, 0, 0, time.UTC), Target: rollout.Target{Function: "checkout", Alias: "live"},
		Journal: &rollout.Journal{ID: "20261130-214500000-3a88", Weight: 30_00}, Assessment: &analysis.Assessment{Checks: checks},
	}
}

func TestWhatALookMeasures(t *testing.T) {
	counted := looked(
		analysis.Check{Name: "errors", New: &analysis.Counts{Invocations: 120, Errors: 3}, Old: &analysis.Counts{Invocations: 1080, Errors: 9}, Evidence: &analysis.Evidence{Against: 10}},
		analysis.Check{Name: "latency", Evidence: &analysis.Evidence{Against: 1000}},
		analysis.Check{Name: "metric orders", ReportOnly: true, Evidence: &analysis.Evidence{Against: 1e9}},
	)
	assert.Equal(t, map[string]float64{
		"MetaDeployer checkout live: Weight": 30, "MetaDeployer checkout live: Evidence": 3,
		"MetaDeployer checkout live: NewInvocations": 120, "MetaDeployer checkout live: NewErrors": 3,
		"MetaDeployer checkout live: OldInvocations": 1080, "MetaDeployer checkout live: OldErrors": 9,
	}, extracted(t, line(t, counted)))

	for name, event := range map[string]rollout.Event{
		"nothing is compared":  looked(analysis.Check{Name: "alarm x"}),
		"no evidence":          looked(analysis.Check{Name: "errors", Evidence: &analysis.Evidence{}}),
		"less than none":       looked(analysis.Check{Name: "errors", Evidence: &analysis.Evidence{Against: 1e-300}}),
		"more than a number":   looked(analysis.Check{Name: "errors", Evidence: &analysis.Evidence{Against: math.Inf(1)}}),
		"a count out of range": looked(analysis.Check{Name: "errors", New: &analysis.Counts{Invocations: math.MaxFloat64}}),
	} {
		assert.Len(t, extracted(t, line(t, event)), 6, name)
	}
	assert.Nil(t, line(t, rollout.Turned{}), "nobody looked")
	assert.Nil(t, line(t, rollout.Turned{Assessment: &analysis.Assessment{}}), "no rollout is on")
}

func TestWhatAnEndMeasures(t *testing.T) {
	for state, one := range map[rollout.State]string{
		rollout.StateSucceeded: "Succeeded", rollout.StateSucceededUnverified: "Succeeded", rollout.StateRolledBack: "RolledBack", rollout.StateHeld: "Held",
		rollout.StateSuperseded: "Superseded", rollout.StateRollbackFailed: "RollbackFailed", rollout.StateNotKnown: "StateUnknown",
	} {
		want := map[string]float64{}
		for _, of := range []string{"MetaDeployer checkout live: ", "MetaDeployer meta-deployer: "} {
			for _, name := range []string{"Succeeded", "RolledBack", "Held", "Superseded", "RollbackFailed", "StateUnknown"} {
				want[of+name] = 0
			}
			want[of+one], want[of+"Seconds"] = 1, 900.005
		}
		assert.Equal(t, want, extracted(t, line(t, transition(state))), state)
	}
	for _, state := range []rollout.State{rollout.StateStarted, rollout.StateShifted, rollout.StatePaused, rollout.StateRefused, rollout.StateTakenOver} {
		assert.Nil(t, line(t, transition(state)), state)
	}
	byPerson := transition(rollout.StateRolledBack)
	byPerson.Command = rollout.Rollback
	assert.Nil(t, line(t, byPerson), "the rollout's driver counts it")
	without := transition(rollout.StateSuperseded)
	without.Rollout = "x"
	assert.Zero(t, extracted(t, line(t, without))["MetaDeployer checkout live: Seconds"])
}
