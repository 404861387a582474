// Package deadman is the dead man's switch of a driver: a schedule that calls recover when the driver does not delete it.
package deadman

import (
	"context"
	"encoding/json"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Input is what a switch calls recover with.
type Input struct {
	// Driver is the driver's token.
	Driver string `json:"driver"`
	// Engine is the driver's kind, as of rollout.Driver.
	Engine string `json:"engine"`
	// Execution is the ARN of the workflow or durable execution that the driver is; "" for any other.
	Execution string `json:"execution,omitempty"`
	// End is when the driver has ended in any case.
	End time.Time `json:"end"`
	// Request is the rollout's, as it was sent.
	Request json.RawMessage `json:"request"`
}

const (
	// grace is how long after its end a deployer's switch calls first, and again how often from there on.
	grace, again = time.Minute, 10 * time.Minute
	// hour is how often the switch of a workflow or a durable execution asks, and how far ahead a pipeline's is.
	hour = time.Hour
	// releaseTime is how long the answer waits for a switch to be deleted.
	releaseTime = 5 * time.Second
)

// Switch is the one of a driver. A nil Switch is of a driver that has none.
type Switch struct {
	switches target.Switches
	clock    target.Clock
	input    Input
}

// New is the switch of a driver; nil where switches is, or the request is none.
func New(switches target.Switches, clock target.Clock, input Input) *Switch {
	if switches == nil {
		return nil
	}
	input.End = input.End.UTC().Truncate(time.Millisecond)
	return &Switch{switches, clock, input}
}

// Set is the way to set the switch, for turn.Engine.
func (s *Switch) Set() func(ctx context.Context) error {
	if s == nil {
		return nil
	}
	return func(ctx context.Context) error {
		made, err := s.made()
		if err != nil {
			return err
		}
		return s.switches.SetSwitch(ctx, made)
	}
}

// made is the switch as it is set now.
func (s *Switch) made() (target.Switch, error) {
	input, err := json.Marshal(s.input)
	made := target.Switch{Driver: s.input.Driver, Input: input, First: s.input.End.Add(grace), Every: again}
	switch s.input.Engine {
	case rollout.EngineWorkflow, rollout.EngineDurable:
		made.First, made.Every = s.clock.Now().Add(hour), hour
	case rollout.EnginePipeline:
		made.First = s.input.End
	}
	return made, err
}

// PipelineEnd is when a pipeline's driver has ended that calls no more.
func PipelineEnd(now time.Time) time.Time { return now.Add(hour) }

// Move sets the time of a switch that is set anew. One that is not set stays so.
func (s *Switch) Move(ctx context.Context, switches target.MovableSwitches) error {
	made, err := s.made()
	if err != nil {
		return err
	}
	return switches.MoveSwitch(ctx, made)
}

// Release deletes the switch of a driver that has ended, unless its rollout needs it still. It takes no longer than until over, the
// last moment to answer in; zero is without one. It answers a warning where that failed; "" where not.
func (s *Switch) Release(ctx context.Context, f rollout.Finish, t rollout.Token, d rollout.Driver, over time.Time) (warning string) {
	if s == nil || !f.ReleasesSwitch(t, d) {
		return ""
	}
	end := s.clock.Now().Add(releaseTime)
	if !over.IsZero() && over.Before(end) {
		end = over
	}
	ctx, cancel := s.clock.Bound(context.WithoutCancel(ctx), end)
	defer cancel()
	if err := s.switches.DeleteSwitch(ctx, s.input.Driver); err != nil {
		return "the dead man's switch " + s.input.Driver + " could not be deleted; it calls recover, which finds nothing to do and deletes it: " + err.Error()
	}
	return ""
}
