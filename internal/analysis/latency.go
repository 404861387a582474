package analysis

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// LatencyRule says which slow invocations of the new version are too many. The zero LatencyRule looks at none.
type LatencyRule struct {
	// Compare fails when the new version is slow more often than the old one in the same minutes. Slow is what took
	// longer than the old version's own p90, or p99, before the start.
	Compare bool
	// MaxMS fails when more than 1 - Quantile of the new version's invocations took longer than that many milliseconds;
	// 0 is no limit.
	MaxMS, Quantile float64
}

// on says whether durations are looked at.
func (r LatencyRule) on() bool { return r.Compare || r.MaxMS > 0 }

// Slow are the thresholds to count slow invocations by, in milliseconds: those of the comparison, then MaxMS.
func (r LatencyRule) Slow(compared []Threshold) []float64 {
	var slow []float64
	if r.Compare {
		for _, t := range compared {
			slow = append(slow, t.MS)
		}
	}
	if r.MaxMS > 0 {
		slow = append(slow, r.MaxMS)
	}
	return slow
}

// MaxThresholds is the most thresholds that a reading counts by: two that are compared, and MaxMS.
const MaxThresholds = 3

// Durations are how long the calls of one version took: how many were measured, and how many of these took longer than
// each threshold. CloudWatch interpolates, so that these may be fractional.
type Durations struct {
	Samples float64
	Slow    [MaxThresholds]float64
}

// counts are the slow calls by one threshold, in the place of errors. None is more than were measured.
func (d Durations) counts(i int) Counts {
	return Counts{Invocations: d.Samples, Errors: min(d.Slow[i], d.Samples)}
}

// Threshold is a duration above which a call is slow to a comparison.
type Threshold struct {
	// Name is the quantile of the old version that it was before the start, as "p90".
	Name string
	// MS is the duration in milliseconds.
	MS float64
	// History is the old version's time before the rollout, by minute: its slow calls in the place of errors.
	History []Counts
}

// Quantiles are how long the calls of an alias took in some minutes, in milliseconds.
type Quantiles struct {
	Start    time.Time
	P90, P99 float64
}

// QuantilePeriod is how many minutes each Quantiles is of.
const QuantilePeriod = 5 * time.Minute

// QuantilesSpan is the time that thresholds are taken from: whole periods before the start that no longer grow at the
// start, so that every driver reads the same and nothing of the new version.
func QuantilesSpan(start time.Time) (since, until time.Time) {
	const settled = 3 * time.Minute
	until = start.UTC().Add(-settled).Truncate(QuantilePeriod)
	return until.Add(-historyMinutes * time.Minute), until
}

// Thresholds are the old version's usual p90 and p99: the lower median over the periods, which an incident does not move.
// It is none where there were no calls, and fails where a quantile cannot be a duration.
func Thresholds(periods []Quantiles) ([]Threshold, error) {
	if len(periods) == 0 {
		return nil, nil
	}
	var p90, p99 []float64
	for _, q := range periods {
		if !isCount(q.P90) || !isCount(q.P99) {
			return nil, fmt.Errorf("the durations at %s cannot be read: p90 %g, p99 %g", clock(q.Start), q.P90, q.P99)
		}
		p90, p99 = append(p90, q.P90), append(p99, q.P99)
	}
	const exact = 1000 // a microsecond is the finest that the wire's statistic is asked for
	return []Threshold{
		{Name: "p90", MS: math.Round(lowerMedian(p90)*exact) / exact},
		{Name: "p99", MS: math.Round(lowerMedian(p99)*exact) / exact},
	}, nil
}

// SlowBefore is HistoryBefore for slow calls: minutes were read with the thresholds' Slow.
func SlowBefore(start time.Time, period time.Duration, minutes []Minute, thresholds []Threshold) []Threshold {
	known := slices.Clone(thresholds)
	for i := range known {
		known[i].History = countsBefore(start, period, minutes, func(m Minute) Counts { return m.OldTook.counts(i).atLeast(m.AliasTook.counts(i)) })
	}
	return known
}

// took is how long the new version's calls of a minute took, by one threshold.
func (r Reading) took(m Minute, i int) Counts {
	if r.aloneIn(m) {
		return m.NewTook.counts(i).atLeast(m.AliasTook.counts(i))
	}
	return m.NewTook.counts(i)
}

// slow sums the calls of both versions that took longer than a threshold, since the rollout began.
func (r Reading) slow(i int) (fresh, old Counts) {
	for _, m := range r.Minutes {
		fresh, old = fresh.Plus(r.took(m, i)), old.Plus(m.OldTook.counts(i))
	}
	return fresh, old
}

// incomparable says why latency cannot be compared; "" where it can.
func (e Measurements) incomparable() string {
	switch {
	case len(e.Thresholds) == 0:
		return "the old version has no durations before the start to take its p90 and p99 from"
	case NewHistory(e.History).Usual > most:
		return "most calls of the old version failed before the start, and how long failures take says nothing"
	}
	return ""
}

// leftOut says how many minutes a comparison of latency leaves out because the old version was broken; none where it never was.
func (e Measurements) leftOut() []string {
	usual, n := NewHistory(e.History), 0
	for _, m := range e.Reading.Minutes {
		if usual.broken(m.Old) {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d minutes are left out in which the old version failed: how long failures take says nothing", n)}
}

// slowBlocks are the minutes in which the new version had calls, by one threshold. A minute is left out in which the new
// version's share of the calls is more than three times that of every minute before: most of its calls may have met an
// environment that had just started, which tells nothing of the code (docs/statistics.md, section 2.12). So is one in which the
// old version was broken, by its history.
func (r Reading) slowBlocks(i int, h History) []Block {
	const sudden = 3
	var blocks []Block
	highest := 0.0
	for _, m := range r.Minutes {
		b := Block{Minute: m.Start.Unix() / 60, New: r.took(m, i), Old: m.OldTook.counts(i)}
		if b.New.Invocations == 0 {
			continue
		}
		share := b.New.Invocations / (b.New.Invocations + b.Old.Invocations)
		if share <= sudden*highest && !h.broken(m.Old) {
			blocks = append(blocks, b)
		}
		highest = max(highest, share)
	}
	return blocks
}

// Slow are the calls of both versions that took longer than a threshold.
type Slow struct {
	AboveMS float64   `json:"above-ms"`
	New     SlowCalls `json:"new"`
	Old     SlowCalls `json:"old"`
	// Evidence is what the comparison rests on; nil for MaxMS, which compares nothing.
	Evidence *Evidence `json:"evidence,omitempty"`
}

// SlowCalls are how many calls of a version were measured and how many of these were slow.
type SlowCalls struct {
	Invocations float64 `json:"invocations"`
	Slow        float64 `json:"slow"`
}

func newSlow(ms float64, fresh, old Counts) Slow {
	return Slow{AboveMS: ms, New: SlowCalls{fresh.Invocations, hundredths(fresh.Errors)}, Old: SlowCalls{old.Invocations, hundredths(old.Errors)}}
}

// String is "9 of 60 invocations of the new version (15 %) took longer than 216 ms, of the old version 54 of 540 (10 %)".
func (s Slow) String() string {
	share := func(c SlowCalls) string { return percent(Counts{c.Invocations, c.Slow}.rate()) }
	return fmt.Sprintf("%s of %.0f invocations of the new version (%s) took longer than %s ms, of the old version %s of %.0f (%s)",
		amount(s.New.Slow), s.New.Invocations, share(s.New), amount(s.AboveMS), amount(s.Old.Slow), s.Old.Invocations, share(s.Old))
}

// assessLatency judges how long the new version's calls take. decides is false where nothing could be judged.
func (h Health) assessLatency(e Measurements, t trial) (c Check, decides bool) {
	c = Check{Name: "latency", Verdict: Pass}
	var reasons []string
	say := func(reason string) {
		if c.Verdict == Fail && c.Reason == "" {
			c.Reason = reason
		}
		reasons = append(reasons, reason)
	}
	switch why := e.incomparable(); {
	case !h.Latency.Compare:
	case why != "":
		reasons = append(reasons, "the comparison is left out: "+why)
	default:
		reasons = append(reasons, e.leftOut()...)
	}
	for i, m := range t.compared {
		if m.name != "errors" {
			say(h.compareSlow(&c, e, t, i))
		}
	}
	if h.Latency.MaxMS > 0 {
		say(h.limitSlow(&c, e))
	}
	switch {
	case c.Verdict == Fail:
	case len(c.Slow) > 0 && c.Slow[0].New.Invocations == 0:
		c.Verdict, c.Reason = Inconclusive, "no duration of an invocation of the new version is visible yet"
	default:
		c.Reason = strings.Join(reasons, "; ")
	}
	if len(c.Slow) == 0 {
		c.Verdict = Inconclusive
	}
	return c, len(c.Slow) > 0
}

// compareSlow takes one threshold's comparison into the check.
func (h Health) compareSlow(c *Check, e Measurements, t trial, i int) string {
	at := slices.IndexFunc(e.Thresholds, func(threshold Threshold) bool { return threshold.Name == t.compared[i].name })
	fresh, old := e.Reading.slow(at)
	s := newSlow(e.Thresholds[at].MS, fresh, old)
	own := t.compared[i]
	s.Evidence = own.evidence(e.NoBounds)
	c.Slow = append(c.Slow, s)
	c.doubtful = c.doubtful || own.standing.Verdict != Pass && own.standing.Unhealthy > 0
	reason := fmt.Sprintf("%s, its %s before the start; evidence %s:1 of %s:1 needed", s, own.name, figure(s.Evidence.Against), figure(s.Evidence.Needed))
	if t.decides(i) {
		c.Verdict = Fail
		reason += "; " + strings.TrimPrefix(t.together()+"; ", "; ") + own.auditTrail("slow")
	}
	return reason
}

// limitSlow takes the limit into the check. Sums of fractions are not exact, hence the tolerance.
func (h Health) limitSlow(c *Check, e Measurements) string {
	rule := h.Latency
	fresh, old := e.Reading.slow(len(rule.Slow(e.Thresholds)) - 1)
	s := newSlow(rule.MaxMS, fresh, old)
	c.Slow = append(c.Slow, s)
	if allowed := (1 - rule.Quantile) * fresh.Invocations; fresh.Errors > allowed+1e-9*fresh.Invocations {
		c.Verdict = Fail
	}
	return fmt.Sprintf("%s, allowed %s", s, percent(1-rule.Quantile))
}
