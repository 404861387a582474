// Package analysis turns measurements into a verdict. It is pure: it reads no clock, never blocks and logs nothing, so
// that every driver of a rollout that sees the same measurements reaches the same verdict. What it calls the specification
// is docs/statistics.md.
package analysis

import "fmt"

// Verdict is what a check says of the new version. Verdicts are ordered, Pass < Inconclusive < Fail, and the worst
// check decides. The zero Verdict is none of them: a verdict nobody gave is never healthy.
type Verdict uint8

// The verdicts, in their order.
const (
	Pass Verdict = iota + 1
	Inconclusive
	Fail
)

// String is the verdict's name in answers and logs: "pass", "inconclusive" or "fail".
func (v Verdict) String() string {
	switch v {
	case Pass:
		return "pass"
	case Inconclusive:
		return "inconclusive"
	case Fail:
		return "fail"
	default:
		return fmt.Sprintf("verdict(%d)", uint8(v))
	}
}

// MarshalText writes the verdict's name.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (v *Verdict) UnmarshalText(text []byte) error {
	for _, known := range []Verdict{Pass, Inconclusive, Fail} {
		if known.String() == string(text) {
			*v = known
			return nil
		}
	}
	return fmt.Errorf("verdict %q is not pass, inconclusive or fail", text)
}

// Check is one criterion's verdict with the numbers it rests on.
type Check struct {
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	// New and Old are the counts of both versions; nil for a check that counts nothing, as an alarm.
	New *Counts `json:"new,omitempty"`
	Old *Counts `json:"old,omitempty"`
	// Slow are the slow calls by each threshold; of a check of latency.
	Slow []Slow `json:"slow,omitempty"`
	// ReportOnly says that the check decides nothing, whatever its verdict.
	ReportOnly bool `json:"report-only,omitempty"`
	// Evidence is what a comparison rests on; nil for a check that compares nothing.
	Evidence *Evidence `json:"evidence,omitempty"`
	// Reason is one clause for people, with the numbers.
	Reason string `json:"reason,omitempty"`

	// waiting says that an Inconclusive is not for want of data: it passes by itself.
	waiting bool
	// warning is what there is to say beside the verdict; "" for nothing.
	warning string
	// doubtful says that more speaks against the new version than for it.
	doubtful bool
}

// Evidence is what a comparison rests on.
type Evidence struct {
	// Against is the evidence against the new version, as odds to 1, at its highest so far; it fails at Needed.
	Against float64 `json:"against"`
	Needed  float64 `json:"needed"`
	// RatioAtLeast and RatioAtMost bound how many times the old version's rate the new one's is; 0 for no bound.
	RatioAtLeast float64 `json:"ratio-at-least,omitempty"`
	RatioAtMost  float64 `json:"ratio-at-most,omitempty"`
	// ExcessAtLeast and ExcessAtMost bound by how much its rate exceeds the old one's, as a share of its calls; 0 for no
	// bound.
	ExcessAtLeast float64 `json:"excess-at-least,omitempty"`
	ExcessAtMost  float64 `json:"excess-at-most,omitempty"`
	// Dispersion is how many errors count as one, D; Reference the error rate that the history makes normal, 0 for none.
	Dispersion float64 `json:"dispersion"`
	Reference  float64 `json:"reference,omitempty"`
	// Learnt is how the old version usually fails; nil of latency.
	Learnt *Learnt `json:"learnt,omitempty"`
}

// Some says that there is evidence: more than what a version without a call has.
func (e Evidence) Some() bool { return e.Against > 1 }

// Clause is the evidence as the reasons of checks have it.
func (e Evidence) Clause() string {
	return fmt.Sprintf("evidence against it %s:1 of %s:1 needed", figure(e.Against), figure(e.Needed))
}

// Assessment is the verdict of all checks together.
type Assessment struct {
	Verdict Verdict
	// NoData says that an Inconclusive is for want of data, which the request's on-no-data policy may forgive. An
	// Inconclusive without it, such as a failed read, is waited out.
	NoData bool
	Checks []Check
	// Unseen are the names of the checks that could not decide for want of data, in their order.
	Unseen []string
	// Reason names the check that decided, with its numbers or, with NoData, every check of Unseen.
	Reason string
	// Warnings are what there is to say beside the verdict.
	Warnings []string
	// Step are the new version's calls of the present step alone, as far as they are visible: those of the minutes that
	// began in it and, in the first step, of the minute in which it began.
	Step Counts
	// Doubtful says that there is more evidence against the new version than for it, though not enough to Fail, and no
	// proof that it is good enough (docs/statistics.md, section 2.9). It is for those who would go on early.
	Doubtful bool
	// Seen says that something of what the shift Measurements.Awaited brought is visible; Quiet that the alias had no call in the
	// three hours before the rollout, so that nothing can be expected to be.
	Seen, Quiet bool
	// TooFew says that fewer calls than Health.MinInvocations are visible in this step, and HoldSeen that something after the
	// end of its hold is.
	TooFew, HoldSeen bool

	// waiting says that an Inconclusive is not for want of data; unseen are the checks of Unseen.
	waiting bool
	unseen  []Check
}
