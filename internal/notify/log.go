// Package notify tells others what happens: each sink takes the events of a rollout and makes something of them.
package notify

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Log writes a line for every event.
type Log struct{ *slog.Logger }

// Tell writes the events.
func (l Log) Tell(ctx context.Context, events ...rollout.Event) {
	for _, event := range events {
		switch e := event.(type) {
		case rollout.Turned:
			l.InfoContext(ctx, "turn", turned(e)...)
		case rollout.Changed:
			l.InfoContext(ctx, "changed", changed(e)...)
		case rollout.CallFailed:
			l.WarnContext(ctx, "failed", "call", e.Call, "error", e.Err.Text)
		case rollout.HookAnswered:
			l.InfoContext(ctx, "hook", "stage", e.Stage, "function", e.Function, "passed", e.Passed, "answer-bytes", e.Size)
		case rollout.Probed:
			l.InfoContext(ctx, "probe", "name", e.Check.Name, "weight", e.Weight, "verdict", e.Check.Verdict.String(), "reason", e.Check.Reason)
		case rollout.HandedOver:
			l.InfoContext(ctx, "handed over", "engine", e.Engine, "execution", e.Execution, "rollout", e.Rollout)
		case rollout.Checked:
			l.InfoContext(ctx, "pre-flight passed", "warnings", e.Warnings)
		case rollout.ScheduleChosen:
			l.InfoContext(ctx, "schedule", "per-second", e.Traffic.PerSecond, "first", e.Steps[0].Weight, "steps", len(e.Steps))
		case rollout.HistoryRead:
			l.InfoContext(ctx, "history", "rollout", e.Rollout, "failed/called", analysis.FormatHistory(e.Minutes))
		case rollout.Panicked:
			l.ErrorContext(ctx, "panic", "value", e.Value, "stack", e.Stack)
		}
	}
}

// turned is what a turn has seen and decided.
func turned(e rollout.Turned) []any {
	attributes := []any{"routing", e.Routing.String()}
	if j := e.Journal; j != nil {
		attributes = append(attributes, "rollout", j.ID, "weight", j.Weight, "step", j.Step, "steps", j.Steps)
	}
	if a := e.Assessment; a != nil {
		attributes = append(attributes, "verdict", a.Verdict.String(), "no-data", a.NoData, "why", a.Reason)
	}
	if e.Unread != nil {
		attributes = append(attributes, "error", e.Unread.Text)
	}
	return append(attributes, "then", Describe(e.Action))
}

// changed is what a write has made of the alias.
func changed(e rollout.Changed) []any {
	attributes := []any{"routing", e.Write.Routing.String(), "kind", string(e.Write.Kind), "why", e.Write.Why}
	if j := e.Journal; j != nil {
		attributes = append(attributes, "rollout", j.ID, "weight", j.Weight, "step", j.Step, "steps", j.Steps)
	}
	return attributes
}

// Describe is an action in a few words for people.
func Describe(action rollout.Action) string {
	switch a := action.(type) {
	case rollout.Write:
		return a.Why
	case rollout.RunHook:
		return "run " + a.String()
	case rollout.RunProbe:
		return fmt.Sprintf("make probe %s of version %s", a.Probe.Name, a.NewVersion)
	case rollout.HandOver:
		return "hand over to the long engine"
	case rollout.Wait:
		return "wait until " + a.Until.Format(time.RFC3339)
	case rollout.Finish:
		return "finish " + string(a.Outcome)
	}
	return ""
}
