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
			if c.named {
				s.shown.add(c.at, c.counts)
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
		m := analysis.Minute{
			Start: w.start.Add(time.Duration(i) * time.Minute),
			New:   a.stream(q.NewVersion).shown.at(i), Old: a.stream(q.OldVersion).shown.at(i), Alias: a.shown.at(i),
		}
		if m.Alias != (analysis.Counts{}) {
			shown = append(shown, m)
		}
	}
	return shown
}
