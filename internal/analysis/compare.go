package analysis

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// historyMinutes is how much of the old version's time before the start a comparison learns from (docs/statistics.md,
// section 2.6).
const historyMinutes = 180

// HistorySince is when the history of a rollout begins that started at start.
func HistorySince(start time.Time) time.Time {
	return start.Truncate(time.Minute).Add(-historyMinutes * time.Minute)
}

// HistoryBefore is the old version's calls in each whole period before the rollout's start, the oldest first, from its first
// call on and zeros where there were none. A period is a minute, or the longer one in which minutes were read. Before the
// start the alias stood at the old version, so its own series is taken for the version's.
func HistoryBefore(start time.Time, period time.Duration, minutes []Minute) []Counts {
	return countsBefore(start, period, minutes, func(m Minute) Counts { return m.Old.atLeast(m.Alias) })
}

func countsBefore(start time.Time, period time.Duration, minutes []Minute, countsOf func(Minute) Counts) []Counts {
	since := HistorySince(start).Truncate(period)
	history := make([]Counts, historyMinutes*time.Minute/period)
	for _, m := range minutes {
		if i := int(m.Start.Sub(since) / period); !m.Start.Before(since) && i < len(history) {
			history[i] = countsOf(m)
		}
	}
	begun := slices.IndexFunc(history, func(c Counts) bool { return c != Counts{} })
	return history[max(0, begun):]
}

// table is every minute in which either version had calls, raw, so that a Test can hold back a minute whose errors show
// before its invocations.
func (r Reading) table() []Block {
	var table []Block
	for _, m := range r.Minutes {
		b := Block{Minute: m.Start.Unix() / 60, New: r.newIn(m), Old: m.Old}
		if b.New.calls()+b.Old.calls() > 0 {
			table = append(table, b)
		}
	}
	return table
}

// params are the constants of the comparison.
func (h Health) params() Params {
	p := DefaultParams()
	if h.FalseAlarmRate > 0 {
		p.Alpha = h.FalseAlarmRate
	}
	return p
}

// compareErrors judges by the sequential test over every minute so far. The new version is not blamed for what hits both: while
// the old one fails far more than it used to, nothing goes forward but a fix.
func (t *trial) compareErrors(c *Check, e Measurements) {
	own := t.compared[0]
	c.Evidence = own.evidence(e.NoBounds)
	c.doubtful = own.standing.Verdict != Pass && own.standing.Unhealthy > 0
	c.Reason += "; " + c.Evidence.Clause()
	if c.Evidence.RatioAtLeast > 1 {
		c.Reason += fmt.Sprintf(", its rate is at least %s times the old one's", figure(c.Evidence.RatioAtLeast))
	}
	if c.Evidence.ExcessAtLeast > 0 {
		c.Reason += fmt.Sprintf(" and %s percentage points above it", figure(100*c.Evidence.ExcessAtLeast))
	}
	if t.decides(0) {
		c.Verdict = Fail
		c.Reason += alone(own.blocks) + "; " + strings.TrimPrefix(t.together()+"; ", "; ") + own.auditTrail("failed")
		return
	}
	if why := own.unheardOf(); why != "" {
		c.Verdict = Fail
		c.Reason += why + "; " + own.auditTrail("failed")
		return
	}
	switch says, waits := environment(own.history, t.minutes); {
	case waits:
		c.Verdict, c.Reason, c.waiting = Inconclusive, says, true
	case says != "":
		c.Reason += "; " + says
	}
}

// evidenceOf states where a test stands in numbers for people, noBounds without bounds.
func evidenceOf(p Params, history History, blocks []Block, s Standing, noBounds bool) *Evidence {
	o := &Evidence{
		Against: rounded(oddsOf(s.Peak)), Needed: rounded(1 / p.Alpha),
		Dispersion: rounded(history.dispersion()), Reference: rounded(history.Reference),
	}
	if !noBounds && slices.ContainsFunc(blocks, func(b Block) bool { return b.New.Errors+b.Old.Errors > 0 }) {
		bounds := NewBounds(p, history, blocks)
		o.RatioAtLeast, o.RatioAtMost = rounded(bounds.RatioLower), rounded(bounds.RatioUpper)
		o.ExcessAtLeast, o.ExcessAtMost = rounded(bounds.ExcessLower), rounded(bounds.ExcessUpper)
	}
	return o
}

// oddsOf is evidence as odds to 1, at most a billion.
func oddsOf(log float64) float64 { return math.Exp(min(log, math.Log(1e9))) }

// rounded keeps three significant digits; of what is no number or beyond all bounds, 0.
func rounded(x float64) float64 {
	if x == 0 || !isFinite(x) {
		return 0
	}
	scale := math.Pow(10, 2-math.Floor(math.Log10(math.Abs(x))))
	if short := math.Round(x*scale) / scale; isFinite(short) {
		return short
	}
	return x // as large or as small as numbers are
}

// hundredths rounds to two decimals.
func hundredths(x float64) float64 { return math.Round(x*100) / 100 }

// amount writes a number with at most two decimals, and a small or a huge one with three significant digits.
func amount(x float64) string {
	const huge = 1e15
	if math.Abs(x) < 0.1 || math.Abs(x) >= huge {
		return figure(x)
	}
	return strconv.FormatFloat(hundredths(x), 'f', -1, 64)
}

// figure writes a number with at most three significant digits.
func figure(x float64) string { return fmt.Sprintf("%.15g", rounded(x)) }
