package analysis

import (
	"fmt"
	"math"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/analysis/sequential"
)

// Learnt is how the old version usually fails, as the environment filter has learnt it from the time before the start
// (docs/statistics.md, section 2.16.5).
type Learnt struct {
	// Minutes are how many minutes of that time had calls; with 0 the rest is what is assumed of any function.
	Minutes int `json:"minutes"`
	// Usual is the share of calls that fails.
	Usual float64 `json:"usual"`
	// Together is how many failures come at once; 1 are single failures.
	Together float64 `json:"together"`
	// Wanders is by what part of itself the share differs from minute to minute.
	Wanders float64 `json:"wanders"`
	// Incidents is the share of minutes in which both versions fail more often together.
	Incidents float64 `json:"incidents"`
}

func newLearnt(history []Counts, e sequential.Environment) *Learnt {
	l := &Learnt{Usual: finite(e.Rate), Together: finite(e.Clump), Wanders: finite(math.Sqrt(e.Noise)), Incidents: finite(e.Incident)}
	for _, c := range history {
		if c.Invocations > 0 {
			l.Minutes++
		}
	}
	return l
}

// finite is a number that can be shown; zero for none.
func finite(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return x
}

// String is one clause for people.
func (l Learnt) String() string {
	if l.Minutes == 0 {
		return "nothing is known of the old version before the start"
	}
	bunches := "one at a time"
	if l.Together >= 1.5 {
		bunches = fmt.Sprintf("in bunches of about %s", figure(l.Together))
	}
	text := fmt.Sprintf("in %d minutes before the start, which the log lists, the old version usually failed %s %% of its calls, %s, %s more or less from minute to minute",
		l.Minutes, figure(100*l.Usual), bunches, percent(hundredths(l.Wanders)))
	if l.Incidents > 0 {
		text += fmt.Sprintf(", in one of %.0f minutes for a reason that both versions share", 1/l.Incidents)
	}
	return text
}

// FormatHistory lists the old version's minutes before a rollout as failed/called, the oldest first. With it and the message
// of a rollback the decision can be repeated (docs/statistics.md, section 2.16.5): what judges logs it once, at the start.
func FormatHistory(history []Counts) string {
	minutes := make([]string, len(history))
	for i, c := range history {
		minutes[i] = fmt.Sprintf("%s/%.0f", amount(c.Errors), c.Invocations)
	}
	return strings.Join(minutes, " ")
}
