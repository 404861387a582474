package deployer

import (
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
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
	// Duration is how long the plan takes, and Driver which driver it fits; of action plan.
	Duration string   `json:"duration,omitempty"`
	Driver   string   `json:"driver,omitempty"`
	Steps    []Step   `json:"steps,omitempty"`
	Findings []string `json:"findings,omitzero"`
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

// history is the steps that one driver has seen.
type history []Step

// reach ends the present step and begins one at a weight.
func (h *history) reach(w rollout.Weight, now time.Time) {
	now = now.UTC().Truncate(time.Millisecond)
	if n := len(*h); n > 0 {
		if (*h)[n-1].Weight == w {
			return
		}
		(*h)[n-1].Until = &now
	}
	if w > 0 {
		*h = append(*h, Step{Weight: w, From: now})
	}
}

// judge notes the latest assessment of the present step.
func (h history) judge(a *analysis.Assessment) {
	if n := len(h); n > 0 && a != nil {
		h[n-1].Verdict, h[n-1].Checks = a.Verdict.String(), a.Checks
	}
}

// end ends the present step.
func (h history) end(now time.Time) {
	now = now.UTC().Truncate(time.Millisecond)
	if n := len(h); n > 0 && h[n-1].Until == nil {
		h[n-1].Until = &now
	}
}
