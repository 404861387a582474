package main

import (
	"math"
	"math/rand/v2"
)

// tick is how many seconds are simulated at a time.
const tick = 10

const (
	ticksPerMinute = 60 / tick
	// historyMinutes is how much of the old version's past the test learns from.
	historyMinutes = 180
	// spareMinutes is how much longer than its plan a rollout can take: as often as Flagger halts.
	spareMinutes = 5
)

// noise is why failures are not independent of each other.
type noise uint8

const (
	// independent failures, in any world at a constant rate.
	independent noise = iota
	// incidents of about a minute come every ten minutes or so: 20 % more fail, on both versions.
	incidents
	// diurnal traffic and rates swing by 70 % within 20 minutes.
	diurnal
	// drift takes traffic to twice and rates to three times what they were, during the rollout.
	drift
	// poisonRetries are all failures of the old version: bad requests, attempted five times a minute apart, and each
	// attempt routed afresh.
	poisonRetries
	// clumps of failures hit one version at once, as many as the kind says.
	clumps
	// geometricClumps have a random number of failures, the kind's on the mean and without a limit.
	geometricClumps
	// versionMinutes multiplies the rate of each version in each minute by a gamma factor of its own, of the kind's shape.
	versionMinutes
	// retryStorms are incidents of a minute, 20 minutes apart, in which a third fails and callers try again: three times the
	// traffic, and twice in the minute after.
	retryStorms
	// ramps are outages 30 minutes apart, in which within three minutes up to 40 % fail, and within another none more.
	ramps
	// followsLoad lets traffic vary by the minute, and the failure rate with its square.
	followsLoad
	// lateOnset keeps the defect from showing until half of the plan is over.
	lateOnset
	// slowDrift lets the rates of both versions wander, each on its own.
	slowDrift
	// coldStarts make 2 % of the new version's requests fail for 30 s after each shift.
	coldStarts
)

// moment is what one tick of a world is like.
type moment struct {
	// requests is how many are expected, poison aside.
	requests float64
	// poison is how many attempts of bad requests there are, which fail on any version; poisoned is the part of all
	// requests that they are on the mean.
	poison, poisoned float64
	// old and new are the rates at which the versions fail, but for the defect.
	old, new float64
	// usual is the rate that a defect multiplies.
	usual float64
	// incident is the part of what would succeed that fails on both versions.
	incident float64
}

// during adds the incident, if any, to a failure rate.
func (m moment) during(rate float64) float64 { return either(rate, m.incident) }

// known is the failure rate that an oracle knows of a version that fails at the rate: with bad requests as often as they
// are on the mean, since which ones they are is chance.
func (m moment) known(rate float64) float64 { return either(rate, m.poisoned) }

// defective is the new version's failure rate with the defect.
func (m moment) defective(d defect) float64 {
	return m.during(either(min(1, m.new+(d.factor-1)*m.usual), d.share))
}

// either is the probability that at least one of two independent causes makes a request fail.
func either(a, b float64) float64 { return 1 - (1-a)*(1-b) }

// sky is all the ticks of a rollout and of the time before, of which it begins at start: at a random point of a minute.
type sky struct {
	moments []moment
	start   int
}

func newSky(w world, random *rand.Rand) sky {
	s := sky{start: historyMinutes*ticksPerMinute + random.IntN(ticksPerMinute)}
	s.moments = make([]moment, s.start+w.plan.length()/tick+spareMinutes*ticksPerMinute)
	for i := range s.moments {
		s.moments[i] = moment{requests: w.rps * tick, old: w.rate, new: w.rate}
	}
	s.load(w.kind.traffic, random)
	s.disturb(w, random)
	for i := range s.moments {
		m := &s.moments[i]
		m.old, m.new = min(1, m.old), min(1, m.new)
		if w.kind.noise != poisonRetries {
			m.usual = m.new
		}
	}
	return s
}

// disturb makes the world's noise.
func (s sky) disturb(w world, random *rand.Rand) {
	switch w.kind.noise {
	case incidents:
		s.strike(random)
	case diurnal:
		s.swing(random)
	case drift:
		s.rise(float64(w.plan.length() / tick))
	case poisonRetries:
		s.poison(w.rate, random)
	case versionMinutes:
		s.eachMinute(func() (old, new float64) { return gamma(random, w.kind.shape), gamma(random, w.kind.shape) })
	case slowDrift:
		var older, newer walk
		s.eachMinute(func() (old, new float64) { return older.next(random), newer.next(random) })
	case retryStorms:
		s.storm(random)
	case ramps:
		s.ramp(random)
	case followsLoad:
		s.follow(random)
	default:
	}
}

// strike makes incidents: of 30 to 90 s, 10 minutes apart on average.
func (s sky) strike(random *rand.Rand) {
	gap := func() int { return 1 + int(random.ExpFloat64()*10*ticksPerMinute) }
	for begin := gap(); begin < len(s.moments); begin += gap() {
		end := min(begin+3+random.IntN(7), len(s.moments))
		for ; begin < end; begin++ {
			s.moments[begin].incident = 0.2
		}
	}
}

// swing makes waves of 20 minutes.
func (s sky) swing(random *rand.Rand) {
	phase := random.Float64()
	for i := range s.moments {
		wave := 1 + 0.7*math.Sin(2*math.Pi*(phase+float64(i)/(20*ticksPerMinute)))
		s.moments[i].requests *= wave
		s.moments[i].scale(wave, wave)
	}
}

// rise lets traffic and rates grow over so many ticks from the start.
func (s sky) rise(ticks float64) {
	for i := s.start; i < len(s.moments); i++ {
		done := min(1, float64(i-s.start)/ticks)
		s.moments[i].requests *= 1 + done
		s.moments[i].scale(1+2*done, 1+2*done)
	}
}

// poison makes bad requests, so many that the old version fails at the rate.
func (s sky) poison(rate float64, random *rand.Rand) {
	const attempts = 5
	for i := range s.moments {
		m := &s.moments[i]
		*m = moment{requests: m.requests * (1 - rate), usual: rate, poisoned: rate}
	}
	each := s.moments[0].requests / (1 - rate) * rate / attempts
	for first := -(attempts - 1) * ticksPerMinute; first < len(s.moments); first++ {
		bad := poisson(random, each)
		for try := range attempts {
			if i := first + try*ticksPerMinute; 0 <= i && i < len(s.moments) {
				s.moments[i].poison += bad
			}
		}
	}
}

// eachMinute multiplies the rates of every minute by two factors.
func (s sky) eachMinute(factors func() (old, new float64)) {
	var oldFactor, newFactor float64
	for i := range s.moments {
		if i%ticksPerMinute == 0 {
			oldFactor, newFactor = factors()
		}
		s.moments[i].scale(oldFactor, newFactor)
	}
}

func (m *moment) scale(old, new float64) {
	m.old *= old
	m.new *= new
}

// walk is a factor that wanders by about 30 % around 1 and forgets where it was within 20 minutes.
type walk struct {
	log   float64
	begun bool
}

func (w *walk) next(random *rand.Rand) float64 {
	const deviation, minutes = 0.3, 20
	keep := math.Exp(-1.0 / minutes)
	if !w.begun {
		keep, w.begun = 0, true
	}
	w.log = keep*w.log + math.Sqrt(1-keep*keep)*deviation*random.NormFloat64()
	return math.Exp(w.log - deviation*deviation/2)
}
