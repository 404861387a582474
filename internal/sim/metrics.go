package sim

import (
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/target"
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

// kept says whether CloudWatch still has by now what happened at a moment in periods of that length: in multiples of a
// minute for 15 days, of five minutes for 63 and of an hour for 455.
func (w *World) kept(at time.Duration, period time.Duration) bool {
	const day = 24 * time.Hour
	switch age := w.elapsed - at; {
	case period%time.Hour == 0:
		return age <= 455*day
	case period%(5*time.Minute) == 0:
		return age <= 63*day
	default:
		return age <= 15*day
	}
}

// minutes are what CloudWatch shows by now of the minutes, or longer periods, that are asked for. One without any call has
// no data.
func (w *World) minutes(q target.MetricsQuery) []analysis.Minute {
	f := w.functions[q.Function]
	if f == nil || f.aliases[q.Alias] == nil {
		return nil
	}
	a, period := f.aliases[q.Alias], q.Granularity()
	w.show(f, a)
	var shown []analysis.Minute
	until := w.since(q.Until.Truncate(period).Add(period))
	for i := max(0, int(w.since(q.Since.Truncate(period))/time.Minute)); time.Duration(i)*time.Minute < min(until, w.elapsed+time.Minute); i++ {
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
		at := m.Start.Truncate(period)
		switch last := len(shown) - 1; {
		case m.Alias == (analysis.Counts{}) && m.Throttles == 0 && m.Values == nil || !w.kept(w.since(at), period):
		case last >= 0 && shown[last].Start.Equal(at):
			shown[last] = together(shown[last], m)
		default:
			m.Start = at
			shown = append(shown, m)
		}
	}
	return shown
}

// together is a period and one more minute of it.
func together(p, m analysis.Minute) analysis.Minute {
	p.New, p.Old, p.Alias = p.New.Plus(m.New), p.Old.Plus(m.Old), p.Alias.Plus(m.Alias)
	for _, d := range []struct {
		sum  *analysis.Durations
		more analysis.Durations
	}{{&p.NewTook, m.NewTook}, {&p.OldTook, m.OldTook}, {&p.AliasTook, m.AliasTook}} {
		d.sum.Samples += d.more.Samples
		for i, slow := range d.more.Slow {
			d.sum.Slow[i] += slow
		}
	}
	p.Throttles += m.Throttles
	return p
}
