package sim

import (
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/deployer"
)

// show moves to CloudWatch what it shows by now of an alias's calls.
func (w *World) show(f *function, a *alias) {
	w.serve(f, a)
	for _, s := range a.streams {
		takes := f.versions[s.version].Takes
		for len(s.hidden) > 0 && s.hidden[0].at+cellLength+takes+w.MetricsDelay <= w.elapsed {
			c := s.hidden[0]
			s.hidden = s.hidden[1:]
			if slices.ContainsFunc(w.MetricsGaps, func(gap Span) bool { return gap.contains(c.at) }) {
				continue
			}
			a.shown.add(c.at, c.counts)
			a.took.add(c.at, c.ms, c.counts.Invocations)
			if c.named {
				s.shown.add(c.at, c.counts)
				s.took.add(c.at, c.ms, c.counts.Invocations)
			}
		}
	}
}

// minutes are what CloudWatch shows by now of the minutes that are asked for. One without any call has no data.
func (w *World) minutes(q deployer.MeterQuery) []analysis.Minute {
	f := w.functions[q.Function]
	if f == nil || f.aliases[q.Alias] == nil {
		return nil
	}
	a := f.aliases[q.Alias]
	w.show(f, a)
	var shown []analysis.Minute
	for i := max(0, int(w.since(q.Since)/time.Minute)); i <= int(w.since(q.Until)/time.Minute); i++ {
		fresh, old := a.stream(q.NewVersion), a.stream(q.OldVersion)
		m := analysis.Minute{
			Start: w.start.Add(time.Duration(i) * time.Minute),
			New:   fresh.shown.at(i), Old: old.shown.at(i), Alias: a.shown.at(i),
			NewTook: fresh.took.durations(i, q.Slow), OldTook: old.took.durations(i, q.Slow), AliasTook: a.took.durations(i, q.Slow),
			Values: w.values(i, q.Metrics),
		}
		if q.Throttles {
			m.Throttles = w.throttled(a, i)
		}
		if m.Alias != (analysis.Counts{}) || m.Throttles > 0 || m.Values != nil {
			shown = append(shown, m)
		}
	}
	return shown
}
