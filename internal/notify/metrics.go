package notify

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// embedded is the part of a log line that makes metrics of its other keys: CloudWatch's embedded metric format.
type embedded struct {
	Timestamp int64       `json:"Timestamp"`
	Metrics   []directive `json:"CloudWatchMetrics"`
}

type directive struct {
	Namespace  string       `json:"Namespace"`
	Dimensions [][]string   `json:"Dimensions"`
	Metrics    []definition `json:"Metrics"`
}

type definition struct {
	Name string `json:"Name"`
	Unit string `json:"Unit"`
}

// Namespace is that of our metrics. They are of an alias, with the dimensions FunctionName and Alias; how rollouts end is also of
// a whole installation, for its alarm.
const Namespace = "MetaDeployer"

// Endings are the metrics of how rollouts end, in the order of how good that is: at the end one of them is 1, the others are 0.
func Endings() []string {
	var names []string
	for _, e := range endings() {
		names = append(names, e.name)
	}
	return names
}

// ending is a metric, and the states that it counts.
type ending struct {
	name   string
	states []rollout.State
}

func endings() []ending {
	return []ending{
		{"Succeeded", []rollout.State{rollout.StateSucceeded, rollout.StateSucceededUnverified}},
		{"RolledBack", []rollout.State{rollout.StateRolledBack}},
		{"Held", []rollout.State{rollout.StateHeld}},
		{"Superseded", []rollout.State{rollout.StateSuperseded}},
		{"RollbackFailed", []rollout.State{rollout.StateRollbackFailed}},
		{"StateUnknown", []rollout.State{rollout.StateNotKnown}},
	}
}

// measure writes the metrics of an event.
func (o Others) measure(ctx context.Context, log *slog.Logger, event rollout.Event) {
	ofAlias := []string{"FunctionName", "Alias"}
	switch e := event.(type) {
	case rollout.Turned:
		if e.Journal != nil && e.Assessment != nil {
			o.write(ctx, log, e.At, e.Target, e.Journal.ID, look(e), ofAlias)
		}
	case rollout.Transition:
		// What a person's call has sent back the rollout's driver finds, and counts.
		if e.State.Ends() && (e.Command == "" || e.State != rollout.StateRolledBack) {
			o.write(ctx, log, e.At, e.Target, e.Rollout, end(e), ofAlias, []string{"Installation"})
		}
	}
}

// value is a metric with its value.
type value struct {
	name, unit string
	value      float64
}

// look is how the rollout does. What was counted is since the first shift.
func look(e rollout.Turned) []value {
	evidence, fresh, old := 0.0, analysis.Counts{}, analysis.Counts{}
	for _, check := range e.Assessment.Checks {
		if check.Evidence != nil && !check.ReportOnly && check.Evidence.Against > 0 {
			evidence = max(evidence, math.Log10(check.Evidence.Against))
		}
		if check.Name == "errors" && check.New != nil {
			fresh = *check.New
		}
		if check.Name == "errors" && check.Old != nil {
			old = *check.Old
		}
	}
	return []value{
		{"Weight", "Percent", e.Journal.Weight.Percent()},
		{"Evidence", "None", evidence},
		{"NewInvocations", "Count", fresh.Invocations},
		{"NewErrors", "Count", fresh.Errors},
		{"OldInvocations", "Count", old.Invocations},
		{"OldErrors", "Count", old.Errors},
	}
}

// end is how the rollout has ended, and after how long.
func end(e rollout.Transition) []value {
	values := []value{{"Seconds", "Seconds", 0}}
	if start, ok := rollout.StartOf(e.Rollout); ok {
		values[0].value = e.At.Sub(start).Seconds()
	}
	for _, m := range endings() {
		v := value{m.name, "Count", 0}
		if slices.Contains(m.states, e.State) {
			v.value = 1
		}
		values = append(values, v)
	}
	return values
}

// write writes one line, from which CloudWatch takes the metrics.
func (o Others) write(ctx context.Context, log *slog.Logger, at time.Time, t rollout.Target, id string, values []value, dimensions ...[]string) {
	d := directive{Namespace: Namespace, Dimensions: dimensions}
	attributes := []any{"FunctionName", t.Function, "Alias", t.Alias, "Installation", o.Installation, "rollout", id}
	for _, v := range values {
		d.Metrics = append(d.Metrics, definition{v.name, v.unit})
		attributes = append(attributes, v.name, min(max(v.value, -math.MaxFloat32), math.MaxFloat32))
	}
	log.InfoContext(ctx, "metrics", append(attributes, "_aws", embedded{Timestamp: at.UnixMilli(), Metrics: []directive{d}})...)
}
