package notify

import (
	"encoding/json"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Detail is what an event says of a transition: docs/event.schema.json. Every key is there; what does not exist is empty or 0.
type Detail struct {
	Version    int            `json:"version"`
	State      rollout.State  `json:"state"`
	Rollout    string         `json:"rollout-id"`
	Function   string         `json:"function-name"`
	Alias      string         `json:"alias"`
	OldVersion string         `json:"old-version"`
	NewVersion string         `json:"new-version"`
	Weight     rollout.Weight `json:"weight"`
	Step       int            `json:"step"`
	Steps      int            `json:"steps"`
	Verdict    string         `json:"verdict"`
	Reason     string         `json:"reason"`
	Message    string         `json:"message"`
	Driver     string         `json:"driver"`
	Engine     string         `json:"engine"`
	Execution  string         `json:"execution"`
	At         time.Time      `json:"at"`
}

// detailVersion is raised when a key changes its meaning or goes; a new key raises nothing.
const detailVersion = 1

// DetailOf is what an event says of a transition.
func DetailOf(t rollout.Transition) Detail {
	return Detail{
		Version: detailVersion, State: t.State, Rollout: t.Rollout, Function: t.Function, Alias: t.Alias, OldVersion: t.Old, NewVersion: t.New,
		Weight: t.Weight, Step: t.Step, Steps: t.Steps, Verdict: t.Verdict, Reason: t.Reason, Message: t.Message,
		Driver: t.Driver.ID, Engine: t.Driver.Engine, Execution: t.Driver.Execution, At: t.At.UTC(),
	}
}

// encode is the detail as JSON.
func (d Detail) encode() []byte {
	raw, err := json.Marshal(d)
	if err != nil { // there is nothing in it that JSON has no form for
		panic(err)
	}
	return raw
}
