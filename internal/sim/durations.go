package sim

import (
	"math"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// usualMS is how long the middle call of a version takes that says nothing of it, in milliseconds.
const usualMS = 100

// spell is calls with the same median duration.
type spell struct{ ms, calls float64 }

// spells are calls by minute since the world began and by median duration.
type spells [][]spell

func (s *spells) add(at time.Duration, ms, calls float64) {
	for i := int(at / time.Minute); len(*s) <= i; {
		*s = append(*s, nil)
	}
	minute := &(*s)[at/time.Minute]
	if last := len(*minute) - 1; last >= 0 && (*minute)[last].ms == ms {
		(*minute)[last].calls += calls
		return
	}
	*minute = append(*minute, spell{ms, calls})
}

// between are the calls of some minutes.
func (s spells) between(from, until int) []spell {
	var all []spell
	for i := max(0, from); i < min(until, len(s)); i++ {
		all = append(all, s[i]...)
	}
	return all
}

// exceeding is how many of the calls take longer than so many milliseconds: none takes less than half of the median, and
// what is beyond that is exponential. A tenth takes 2.2 times the median, a hundredth 3.8 times.
func exceeding(all []spell, ms float64) float64 {
	slow := 0.0
	for _, s := range all {
		slow += s.calls * math.Exp2(-max(0, 2*ms/s.ms-1))
	}
	return slow
}

func measured(all []spell) float64 {
	sum := 0.0
	for _, s := range all {
		sum += s.calls
	}
	return sum
}

// total is how long the calls take together.
func total(all []spell) float64 {
	const mean = 0.5 + 0.5/math.Ln2 // times the median
	sum := 0.0
	for _, s := range all {
		sum += s.calls * s.ms * mean
	}
	return sum
}

// quantile is the duration that a share of the calls does not exceed, by halving.
func quantile(all []spell, share float64) float64 {
	low, high := 0.0, 1e9
	for range 60 {
		if middle := (low + high) / 2; exceeding(all, middle) > (1-share)*measured(all) {
			low = middle
		} else {
			high = middle
		}
	}
	return math.Round(high*1000) / 1000
}

// durations are those of a minute, by the thresholds asked for.
func (s spells) durations(minute int, slow []float64) analysis.Durations {
	var d analysis.Durations
	if len(slow) == 0 {
		return d
	}
	all := s.between(minute, minute+1)
	d.Samples = measured(all)
	for i, ms := range slow {
		d.Slow[i] = exceeding(all, ms)
	}
	return d
}

// quantiles are how long the alias's calls took that CloudWatch shows by now.
func (w *World) quantiles(q target.MetricsQuery) []analysis.Quantiles {
	f := w.functions[q.Function]
	if f == nil || f.aliases[q.Alias] == nil {
		return nil
	}
	a := f.aliases[q.Alias]
	w.show(f, a)
	const period = int(analysis.QuantilePeriod / time.Minute)
	var shown []analysis.Quantiles
	for at := q.Since.Truncate(analysis.QuantilePeriod); at.Before(q.Until); at = at.Add(analysis.QuantilePeriod) {
		first := int(math.Floor(w.since(at).Minutes()))
		if all := a.took.between(first, first+period); measured(all) > 0 && w.kept(w.since(at), analysis.QuantilePeriod) {
			shown = append(shown, analysis.Quantiles{Start: at, P90: quantile(all, 0.9), P99: quantile(all, 0.99)})
		}
	}
	return shown
}
