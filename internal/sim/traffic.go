package sim

import (
	"math"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// cellLength is how finely calls are counted in time: CloudWatch gets them in such portions. It divides a minute.
const cellLength = 5 * time.Second

// traffic is what reaches an alias.
type traffic struct {
	rps Curve
	// throttles are calls a second that are throttled, beside those.
	throttles Curve
	// served is until when calls are counted.
	served  time.Duration
	streams []*stream
	// own is what is left over of shares of calls that are somebody's own.
	own shares
	// turnedAway are calls that met a version that was asleep.
	turnedAway float64
	// shown and took are the minutes of the alias's own series in CloudWatch, from the first minute of the world on.
	shown minutes
	took  spells
}

// stream is the calls that one version gets through an alias.
type stream struct {
	version string
	total   analysis.Counts
	// calls and errors are the fractions of a call that are still to come.
	calls, errors float64
	// hidden are the cells that CloudWatch does not show yet.
	hidden []cell
	// shown and took are the minutes of the version's series in CloudWatch.
	shown minutes
	took  spells
}

// cell is a portion of calls.
type cell struct {
	at     time.Duration
	counts analysis.Counts
	// ms is the median of how long they take.
	ms float64
	// named says that they carry ExecutedVersion.
	named bool
}

// minutes are counts by minute since Start.
type minutes []analysis.Counts

func (m *minutes) add(at time.Duration, c analysis.Counts) {
	for i := int(at / time.Minute); len(*m) <= i; {
		*m = append(*m, analysis.Counts{})
	}
	(*m)[at/time.Minute] = (*m)[at/time.Minute].Plus(c)
}

func (m minutes) at(minute int) analysis.Counts {
	if minute < len(m) {
		return m[minute]
	}
	return analysis.Counts{}
}

// SetTraffic sets how many calls per second an alias gets. The alias must exist.
func (w *World) SetTraffic(name, aliasName string, rps Curve) {
	f := w.functions[name]
	w.serve(f, f.aliases[aliasName])
	f.aliases[aliasName].rps = rps
}

// Record has CloudWatch show calls that a version got through an alias in a minute that is over, beside those of the
// traffic. The alias must exist, and the world must have begun before the minute.
func (w *World) Record(name, aliasName, version string, minute time.Time, c analysis.Counts) {
	a := w.functions[name].aliases[aliasName]
	a.shown.add(w.since(minute), c)
	a.stream(version).shown.add(w.since(minute), c)
}

// stream is the alias's stream to a version.
func (t *traffic) stream(version string) *stream {
	for _, s := range t.streams {
		if s.version == version {
			return s
		}
	}
	s := &stream{version: version}
	t.streams = append(t.streams, s)
	return s
}

// serve counts the alias's calls until now, in stretches in which nothing changes.
func (w *World) serve(f *function, a *alias) {
	for a.served < w.elapsed {
		from, r := a.served, a.Routing
		rps := a.rps.at(from)
		a.served = min(w.elapsed, a.rps.next(from))
		if rps == 0 || a.deleted {
			continue
		}
		a.served = min(a.served, from.Truncate(cellLength)+cellLength, f.incident.next(from), f.wakes(r.Primary, from), f.wakes(r.Secondary, from),
			f.versions[r.Primary].Errors.next(from), f.versions[r.Secondary].Errors.next(from))
		calls := rps * (a.served - from).Seconds()
		w.send(f, a, r.Primary, from, calls*(1-r.Weight.Share()))
		if r.Split() {
			w.send(f, a, r.Secondary, from, calls*r.Weight.Share())
		}
	}
}

// send has a version get so many calls from a moment on, as long as nothing changes.
func (w *World) send(f *function, a *alias, version string, from time.Duration, calls float64) {
	s := a.stream(version)
	failing := 1 - (1-f.versions[version].Errors.at(from))*(1-f.incident.at(from))
	counts := s.expect(calls, failing)
	if w.Dice != nil {
		counts = w.roll(calls, failing)
	}
	if _, awake := f.sleeperOf(version).at(from); !awake {
		if a.turnedAway += counts.Invocations; counts.Invocations > 0 {
			_ = f.sleeperOf(version).call(from, f.versions[version].WakesIn)
		}
		return
	}
	s.total = s.total.Plus(counts)
	if counts.Invocations > 0 {
		s.hidden = append(s.hidden, cell{at: from.Truncate(cellLength), counts: counts, ms: f.versions[version].medianAt(from), named: a.Routing.Split() || w.VersionsNamed})
	}
}

// expect turns expected calls into whole ones; what is left over comes later.
func (s *stream) expect(calls, failing float64) analysis.Counts {
	s.calls += calls
	whole := math.Floor(s.calls + 1e-9)
	s.calls -= whole
	s.errors += whole * failing
	failed := math.Floor(s.errors + 1e-9)
	s.errors -= failed
	return analysis.Counts{Invocations: whole, Errors: failed}
}

// roll throws dice for every call: a Poisson process, each call of which fails by itself.
func (w *World) roll(calls, failing float64) analysis.Counts {
	var c analysis.Counts
	for t := w.Dice.ExpFloat64(); t < calls; t += w.Dice.ExpFloat64() {
		c.Invocations++
		if w.Dice.Float64() < failing {
			c.Errors++
		}
	}
	return c
}
