package analysis

import (
	"fmt"
	"math"

	"github.com/meta-deployer/meta-deployer/internal/analysis/sequential"
)

// unheardOf says in a clause that the new version fails most of its calls while it is alone, where nothing is known of the old
// one's time before the start: then there is nothing to compare with and hardly anything to learn from, but hardly any function
// fails like that. "" where not.
//
// It is a bet at the odds of a function that fails half of its calls, by three experts of one rate each; whoever fails no more
// is blamed with probability alpha at most, however often that is asked (docs/statistics.md, section 2.5).
func (c compared) unheardOf() string {
	if c.learnt.Minutes > 0 {
		return ""
	}
	var all Counts
	peak := 0.0
	for _, b := range c.blocks {
		if b.Old.Invocations == 0 && b.countable() {
			all = all.Plus(b.New)
			peak = max(peak, mostlyFails(all))
		}
	}
	if peak < -math.Log(c.params.Alpha) {
		return ""
	}
	return fmt.Sprintf("; there is no version beside it and nothing is known of the time before the start, but hardly any function fails most of its calls: evidence that this one does %s:1 of %s:1 needed",
		figure(oddsOf(peak)), figure(1/c.params.Alpha))
}

// mostlyFails is log evidence that more than half of all calls fail: the mean of the likelihood ratios of three rates.
func mostlyFails(c Counts) float64 {
	const half = 0.5
	rates := [...]float64{0.6, 0.75, 0.99}
	var logs [len(rates)]float64
	for i, rate := range rates {
		logs[i] = c.Errors*math.Log(rate/half) + (c.Invocations-c.Errors)*math.Log((1-rate)/half)
	}
	return sequential.LogSumExp(logs[:]) - math.Log(float64(len(rates)))
}
