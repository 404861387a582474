package main

import "math/rand/v2"

// traffic is when requests come.
type traffic uint8

const (
	// even traffic comes at all times alike, by chance.
	even traffic = iota
	// sessions of five minutes on the mean come fifteen minutes apart, with nothing between.
	sessions
	// bursts of 20 s come two minutes apart, with nothing between.
	bursts
	// gammaMinutes multiplies the traffic of each minute by a gamma factor of CV 1.
	gammaMinutes
)

// load gives the moments the traffic: the same on the mean.
func (s sky) load(t traffic, random *rand.Rand) {
	switch t {
	case even:
	case sessions:
		s.sessions(random)
	case bursts:
		const ticks, every = 2, 12
		phase := random.IntN(every)
		s.each(func(i int) float64 {
			if (i+phase)%every < ticks {
				return every / ticks
			}
			return 0
		})
	case gammaMinutes:
		factor := 0.0
		s.each(func(i int) float64 {
			if i%ticksPerMinute == 0 {
				factor = gamma(random, 1)
			}
			return factor
		})
	}
}

// each multiplies the traffic of every tick by a factor.
func (s sky) each(factor func(i int) float64) {
	for i := range s.moments {
		s.moments[i].requests *= factor(i)
	}
}

func (s sky) sessions(random *rand.Rand) {
	const on, off = 5 * ticksPerMinute, 10 * ticksPerMinute
	open := random.IntN(3) == 0
	left := 0.0
	s.each(func(int) float64 {
		for left < 1 {
			if open = !open; open {
				left += random.ExpFloat64() * on
			} else {
				left += random.ExpFloat64() * off
			}
		}
		left--
		if open {
			return (on + off) / on
		}
		return 0
	})
}

// outages calls visit for each moment of outages of so many ticks, about so many minutes apart.
func (s sky) outages(random *rand.Rand, ticks int, minutes float64, visit func(m *moment, since int)) {
	gap := func() int { return 1 + int(random.ExpFloat64()*minutes*ticksPerMinute) }
	for begin := gap(); begin < len(s.moments); begin += ticks + gap() {
		for i := range min(ticks, len(s.moments)-begin) {
			visit(&s.moments[begin+i], i)
		}
	}
}

// storm makes retry storms.
func (s sky) storm(random *rand.Rand) {
	s.outages(random, 2*ticksPerMinute, 20, func(m *moment, since int) {
		if since < ticksPerMinute {
			m.incident = 1.0 / 3
			m.requests *= 3
		} else {
			m.requests *= 2
		}
	})
}

// ramp makes outages that come slowly and go quickly.
func (s sky) ramp(random *rand.Rand) {
	const worst, up, down = 0.4, 3 * ticksPerMinute, ticksPerMinute
	s.outages(random, up+down, 30, func(m *moment, since int) {
		m.incident = worst * min(float64(since+1)/up, float64(up+down-since)/down)
	})
}

// follow makes traffic that wanders within minutes, and rates that follow its square.
func (s sky) follow(random *rand.Rand) {
	var w walk
	factor := 1.0
	for i := range s.moments {
		if i%ticksPerMinute == 0 {
			factor = w.next(random)
		}
		m := &s.moments[i]
		m.requests *= factor
		m.scale(factor*factor, factor*factor)
	}
}
