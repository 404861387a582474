// Package ending is how a command at a terminal ends: with an answer, or with a failure by its type, and the exit code of each.
package ending

import (
	"encoding/json"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/request"
)

// Ending is an answer, or a Failure.
type Ending struct {
	Answer answer.Answer
	// Raw is the answer as it came.
	Raw json.RawMessage
	// Failure is why there is no answer; nil where there is one.
	Failure *Failure
}

// Failure is what a function ends with, as Lambda writes it.
type Failure struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

// JSON is the failure as Lambda writes it.
func (f Failure) JSON() string {
	raw, err := json.Marshal(f)
	if err != nil {
		return `{"errorType": "CallFailed"}`
	}
	return string(raw)
}

// Types of failures that are not the deployer's own.
const (
	// CallFailed is a deployer that could not be asked.
	CallFailed = "CallFailed"
	// NotBegun is a rollout that was asked for and never seen.
	NotBegun = "NotBegun"
	// TimedOut is a rollout that went on for longer than it was to be followed.
	TimedOut = "TimedOut"
)

// Failed is a failure.
func Failed(kind, message string) Ending {
	return Ending{Failure: &Failure{Type: kind, Message: message}}
}

// Of reads a reply of the deployer. failed says that it is a function error.
func Of(reply []byte, failed bool) Ending {
	if failed {
		var f Failure
		if json.Unmarshal(reply, &f) != nil || f.Type == "" {
			return Failed(CallFailed, "the deployer failed without saying why; its log has it")
		}
		return Ending{Failure: &f}
	}
	var a answer.Answer
	if json.Unmarshal(reply, &a) != nil || a.Status == "" {
		return Failed(CallFailed, "the deployer's answer has no status: is the function that was invoked a meta-deployer")
	}
	return Ending{Answer: a, Raw: reply}
}

// Read is what a file has: an answer or a failure; false for anything else.
func Read(raw []byte) (Ending, bool) {
	for _, failed := range []bool{false, true} {
		if e := Of(raw, failed); e.Failure == nil || e.Failure.Type != CallFailed {
			return e, true
		}
	}
	return Ending{}, false
}

// With is an answer that was not sent as one.
func With(a answer.Answer) Ending {
	raw, err := json.Marshal(a)
	if err != nil {
		return Failed(CallFailed, "the answer cannot be written: "+err.Error())
	}
	return Ending{Answer: a, Raw: raw}
}

// The exit codes of the contract.
const (
	Success     = 0
	Other       = 1
	Usage       = 2
	Interrupted = 130

	refused    = 3
	inProgress = 4
	knownBad   = 5
	rolledBack = 6
	held       = 7
	superseded = 8
	lost       = 9
)

// Code is the exit code of a command. runs says that it was to bring a rollout to its end.
func (e Ending) Code(action request.Action, runs bool) int {
	if e.Failure != nil {
		return e.Failure.code()
	}
	switch {
	case action == request.Plan && len(e.Answer.Findings) > 0:
		return refused
	case !runs:
		return Success
	}
	switch e.Answer.Status {
	case "succeeded", "succeeded-unverified", "no-op", "idle":
		return Success
	case "awaiting-approval", "held":
		return held
	}
	return inProgress
}

func (f Failure) code() int {
	switch f.Type {
	case "InvalidRequest":
		return Usage
	case "PreflightFailed", "DoesNotFit":
		return refused
	case "RolloutInProgress":
		return inProgress
	case "KnownBadVersion":
		return knownBad
	case "RolledBack":
		return rolledBack
	case "Held":
		return held
	case "Superseded":
		return superseded
	case "RollbackFailed", "StateUnknown":
		return lost
	}
	return Other
}
