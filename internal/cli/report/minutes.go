package report

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Minutes are what both versions of an answer did, minute by minute or in longer periods.
type Minutes struct {
	// Read are the periods, the oldest first; nil where none were read, and then Why says why not.
	Read []analysis.Minute
	Why  string
	// Above are the durations in milliseconds that count as slow, and Period how long each period is.
	Above  []float64
	Period time.Duration
}

// mostPeriods is of how many periods the page tells.
const mostPeriods = 90

// Read reads the minutes of an answer's rollout, up to its end or now.
func Read(ctx context.Context, from target.Metrics, a answer.Answer, now time.Time) Minutes {
	q, ok := query(a, now)
	if !ok {
		return Minutes{Why: "it tells of no rollout of which minutes could be read"}
	}
	minutes, err := from.Minutes(ctx, q)
	switch {
	case err != nil:
		return Minutes{Why: "its minutes cannot be read: " + target.Explain(err)}
	case len(minutes) == 0:
		return Minutes{Why: "CloudWatch has no minutes of it"}
	}
	alone := aloneSince(a)
	for i := range minutes {
		m := &minutes[i]
		switch {
		case !alone.IsZero() && m.Start.Add(q.Period).After(alone):
			rest(m, &m.New, &m.NewTook)
		case len(a.Steps) > 0 && m.Start.Before(a.Steps[0].From):
			rest(m, &m.Old, &m.OldTook)
		}
	}
	return Minutes{Read: minutes, Above: q.Slow, Period: q.Period}
}

// rest gives a version the calls of which nobody says which version ran, because the alias had only this one.
func rest(m *analysis.Minute, counts *analysis.Counts, took *analysis.Durations) {
	counts.Invocations += max(m.Alias.Invocations-m.New.Invocations-m.Old.Invocations, 0)
	counts.Errors += max(m.Alias.Errors-m.New.Errors-m.Old.Errors, 0)
	took.Samples += max(m.AliasTook.Samples-m.NewTook.Samples-m.OldTook.Samples, 0)
	for i := range took.Slow {
		took.Slow[i] += max(m.AliasTook.Slow[i]-m.NewTook.Slow[i]-m.OldTook.Slow[i], 0)
	}
}

// aloneSince is from when on the new version had all calls; zero where it did not, or has not any more.
func aloneSince(a answer.Answer) time.Time {
	if n := len(a.Steps); n > 0 && a.Steps[n-1].Weight == rollout.Full && a.Weight == rollout.Full {
		return a.Steps[n-1].From
	}
	return time.Time{}
}

// query is what to read; false for an answer that tells of no rollout.
func query(a answer.Answer, now time.Time) (target.MetricsQuery, bool) {
	if a.StartedAt == nil || a.OldVersion == "" || a.NewVersion == "" || a.OldVersion == a.NewVersion {
		return target.MetricsQuery{}, false
	}
	q := target.MetricsQuery{Function: a.Function, Alias: a.Alias, OldVersion: a.OldVersion, NewVersion: a.NewVersion, Since: *a.StartedAt, Until: now, Slow: thresholds(a)}
	if a.EndedAt != nil {
		q.Until = *a.EndedAt
	}
	unit := analysis.ShortestPeriod(q.Since, now)
	for q.Period = unit; q.Until.Sub(q.Since) > mostPeriods*q.Period; {
		q.Period += unit
	}
	return q, q.Since.Before(q.Until)
}

// thresholds are the durations above which the answer counted calls as slow.
func thresholds(a answer.Answer) (above []float64) {
	for i := len(a.Steps) - 1; i >= 0 && len(above) == 0; i-- {
		for _, check := range a.Steps[i].Checks {
			for _, slow := range check.Slow {
				if len(above) < analysis.MaxThresholds {
					above = append(above, slow.AboveMS)
				}
			}
		}
	}
	return above
}

// plot is how often both versions failed, or were slow, in each period.
type plot struct {
	What, Words string
	// Top is the share at the upper end, and Begin and End the times at both.
	Top, Begin, End string
	New, Old        []mark
	Rows            []period
}

// mark is a share of calls with its bounds, in the units of the picture.
type mark struct{ X, Y, Low, High float64 }

// Left and Above are the corner of the square that is around it.
func (m mark) Left() float64  { return m.X - 3 }
func (m mark) Above() float64 { return m.Y - 3 }

// period is a row of numbers.
type period struct{ From, New, NewOf, Old, OldOf string }

// plots are those of the minutes that were read.
func plots(m Minutes) (all []plot) {
	if len(m.Read) == 0 {
		return nil
	}
	all = append(all, plotOf(m, "Failed calls", func(minute analysis.Minute) (fresh, old analysis.Counts) { return minute.New, minute.Old }))
	for i, above := range m.Above {
		all = append(all, plotOf(m, fmt.Sprintf("Calls above %g ms", above), func(minute analysis.Minute) (fresh, old analysis.Counts) {
			return analysis.Counts{Invocations: minute.NewTook.Samples, Errors: minute.NewTook.Slow[i]}, analysis.Counts{Invocations: minute.OldTook.Samples, Errors: minute.OldTook.Slow[i]}
		}))
	}
	return all
}

func plotOf(m Minutes, what string, counted func(analysis.Minute) (fresh, old analysis.Counts)) plot {
	ceiling := 0.01
	for _, minute := range m.Read {
		fresh, old := counted(minute)
		ceiling = max(ceiling, reach(fresh), reach(old))
	}
	begin, end := m.Read[0].Start, m.Read[len(m.Read)-1].Start.Add(m.Period)
	p := plot{What: what, Top: percent(ceiling), Begin: begin.UTC().Format(time.TimeOnly), End: end.UTC().Format(time.TimeOnly)}
	var sums [2]analysis.Counts
	for _, minute := range m.Read {
		fresh, old := counted(minute)
		sums[0], sums[1] = sums[0].Plus(fresh), sums[1].Plus(old)
		middle := left + (right-left)*float64(minute.Start.Add(m.Period/2).Sub(begin))/float64(end.Sub(begin))
		p.New = append(p.New, marks(fresh, middle-2, ceiling)...)
		p.Old = append(p.Old, marks(old, middle+2, ceiling)...)
		p.Rows = append(p.Rows, period{
			From: minute.Start.UTC().Format(time.TimeOnly), New: whole(fresh.Errors), NewOf: whole(fresh.Invocations), Old: whole(old.Errors), OldOf: whole(old.Invocations),
		})
	}
	p.Words = fmt.Sprintf("%s by %s: %.0f of %.0f of the new version, %.0f of %.0f of the old one", what, unit(m.Period), sums[0].Errors, sums[0].Invocations, sums[1].Errors, sums[1].Invocations)
	return p
}

// reach is how high a picture has to be for a period: up to the share, and to its upper bound where that is not just for want of
// calls.
func reach(c analysis.Counts) float64 {
	const enough = 30
	if _, high := bounds(c); c.Invocations >= enough {
		return high
	}
	return min(c.Errors/max(c.Invocations, 1), 1)
}

// marks is the mark of a period; none without a call.
func marks(c analysis.Counts, x, ceiling float64) []mark {
	if c.Invocations <= 0 {
		return nil
	}
	low, high := bounds(c)
	y := func(share float64) float64 { return bottom - (bottom-top)*min(share/ceiling, 1) }
	return []mark{{X: x, Y: y(c.Errors / c.Invocations), Low: y(low), High: y(high)}}
}

// bounds are those between which the share of a version that always does like this lies, in 95 of 100 such periods: Wilson's
// (en.wikipedia.org/wiki/Binomial_proportion_confidence_interval).
func bounds(c analysis.Counts) (low, high float64) {
	if c.Invocations <= 0 {
		return 0, 0
	}
	const z = 1.96
	n, share := c.Invocations, min(max(c.Errors/c.Invocations, 0), 1)
	middle := (share + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(share*(1-share)/n+z*z/(4*n*n))
	return max(middle-half, 0), min(middle+half, 1)
}

// unit is how long the periods are, in a word.
func unit(period time.Duration) string {
	if period = cmp.Or(period, time.Minute); period == time.Minute {
		return "minute"
	}
	return period.String()
}

func whole(n float64) string { return fmt.Sprintf("%.0f", n) }

func percent(share float64) string { return fmt.Sprintf("%.2g %%", 100*share) }
