// Package answer is what callers get back: an answer, or the failure that they match on, made of how the work ended and of
// the events on the way.
package answer

import (
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rehearsal"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Answer is what a caller gets for a request that did not fail.
type Answer struct {
	Status     string         `json:"status"`
	RolloutID  string         `json:"rollout-id,omitempty"`
	Function   string         `json:"function-name"`
	Alias      string         `json:"alias"`
	OldVersion string         `json:"old-version,omitempty"`
	NewVersion string         `json:"new-version,omitempty"`
	Weight     rollout.Weight `json:"weight"`
	Reason     string         `json:"reason"`
	StartedAt  *time.Time     `json:"started-at,omitempty"`
	EndedAt    *time.Time     `json:"ended-at,omitempty"`
	// Duration is how long the plan takes, of action plan.
	Duration string `json:"duration,omitempty"`
	// Driver is the kind of driver that the plan fits, of action plan, or that runs the rollout; and Execution the ARN of the
	// execution that does.
	Driver    string `json:"driver,omitempty"`
	Execution string `json:"execution,omitempty"`
	// EndsAt is when the driver that runs the rollout, or would, has to be done; nil where that is not known.
	EndsAt *time.Time `json:"ends-at,omitempty"`
	Steps  []Step     `json:"steps,omitempty"`
	// History are the old version's minutes before the rollout as failed/called, the oldest first; of action status. With them
	// a decision can be repeated.
	History string `json:"history,omitempty"`
	// DeployerVersion is the semantic version of the deployer that answers; of action status.
	DeployerVersion string `json:"deployer-version,omitempty"`
	// BlastRadius is what bad versions are expected to cost, of action plan; nil where nothing is known of the traffic.
	BlastRadius []rehearsal.Radius `json:"blast-radius,omitempty"`
	// Cases are how the plan did over recorded traffic, of action rehearse.
	Cases    []rehearsal.Case `json:"cases,omitempty"`
	Findings []string         `json:"findings,omitzero"`
	// Refusal is the errorType that a deploy would end with now, of action plan; "" where nothing is found.
	Refusal  string   `json:"refusal,omitempty"`
	Warnings []string `json:"warnings"`
}

// Step is one weight of an answer: how long it was, or is to be held, and how it was judged.
type Step struct {
	Weight  rollout.Weight   `json:"weight"`
	From    time.Time        `json:"from"`
	Until   *time.Time       `json:"until,omitempty"`
	Verdict string           `json:"verdict,omitempty"`
	Checks  []analysis.Check `json:"checks,omitempty"`
}

// At is a time as an answer has it; nil for the zero time.
func At(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}

// New is an answer about a target with what every answer has.
func New(t rollout.Target, status, reason string, warnings ...string) Answer {
	return Answer{Status: status, Reason: reason, Function: t.Function, Alias: t.Alias, Warnings: append([]string{}, warnings...)}
}
