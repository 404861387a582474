package rollout

import "time"

// HookStage is a hook's place in the rollout.
type HookStage string

// The stages.
const (
	PreTraffic  HookStage = "pre-traffic"
	PostTraffic HookStage = "post-traffic"
	// HealthCheck is what a health check's function is told at every look.
	HealthCheck HookStage = "health-check"
)

// HookEvent is what a hook is told about the rollout.
type HookEvent struct {
	Stage      HookStage `json:"lifecycle-event"`
	RolloutID  string    `json:"rollout-id"`
	Function   string    `json:"function-name"`
	Alias      string    `json:"alias"`
	OldVersion string    `json:"old-version"`
	NewVersion string    `json:"new-version"`
	StartedAt  time.Time `json:"started-at"`
}

// NewHookEvent is what a function is told of the rollout of an alias that stands at the journal.
func NewHookEvent(stage HookStage, t Target, j Journal) HookEvent {
	return HookEvent{
		Stage: stage, RolloutID: j.ID, Function: t.Function, Alias: t.Alias, OldVersion: j.Old, NewVersion: j.New, StartedAt: j.Start,
	}
}
