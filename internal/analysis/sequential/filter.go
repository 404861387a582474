package sequential

import "math"

// Filter is the environment filter H: it learns from the minutes before a rollout how the old version fails (how often, in
// clumps or not, how much that wanders, how often both versions fail together), and then compares two explanations of the
// rollout's minutes: that the new version fails as the old one does, and that it fails more. Their ratio is evidence against
// the new version (docs/statistics.md, section 2.16). It is a value of 35 KB: a copy goes its own way. Use NewFilter.
//
// Within a model, beliefs are probabilities that sum to 1, and the model's own weight is a logarithm: models never mix, so
// one of them may become as improbable as it likes.
type Filter struct {
	rates   belief
	models  [models]model
	scatter [laws]law
	experts [experts]expert

	// null is A(j,g) and bet is B(k,j,g), each divided by what its model weighs, exp(nullWeight[j]) and exp(betWeight[j]).
	null       [models]belief
	bet        [models][experts]belief
	nullWeight [models]float64
	betWeight  [models]float64

	logH float64
	// minute is the latest minute with a block, meaningless before the first.
	minute int64
	begun  bool
}

// belief is a probability of each rate.
type belief [rates]float64

// NewFilter learns from the old version's counts before the start, one for each minute in order: those without calls too,
// since its rate may wander while nobody calls. least is D_0, the clump size that these minutes show at least; below 1 counts
// as 1.
func NewFilter(history []Counts, least float64) *Filter {
	f := &Filter{rates: grid(), experts: bettors()}
	var priors [models]float64
	f.models, priors, f.scatter = explanations(min(max(1, least), largestLeast))
	for j, prior := range priors {
		f.nullWeight[j] = math.Log(prior)
		for g := range rates {
			f.null[j][g] = 1.0 / rates
		}
	}
	for i, c := range history {
		if i > 0 {
			for j := range f.null {
				f.null[j].walk(f.models[j].walk)
			}
		}
		if c.Invocations > 0 && c.consistent() {
			f.learn(c)
		}
	}
	f.betWeight = f.nullWeight
	for j := range f.bet {
		for k, expert := range f.experts {
			for g, p := range f.null[j] {
				f.bet[j][k][g] = expert.prior * p
			}
		}
	}
	return f
}

// learn takes a minute of the history.
func (f *Filter) learn(c Counts) {
	for number, law := range f.scatter {
		l := f.likelihoods(law, Block{Old: c})
		null, scale := l.tolerable()
		for j := number * perLaw; j < (number+1)*perLaw; j++ {
			f.nullWeight[j] += scale + f.null[j].update(&null, f.models[j].incident)
		}
	}
	normalise(&f.nullWeight)
}

// Add takes the next block. A block that grows is added as one more block of the same minute, or replaced by starting
// over. Blocks without calls of the new version, and those with more errors than invocations, are skipped (section 2.1).
func (f *Filter) Add(b Block) {
	if !b.countable() {
		return
	}
	if !f.begun || b.Minute > f.minute {
		f.enter()
		f.begun, f.minute = true, b.Minute
	}
	for number, law := range f.scatter {
		l := f.likelihoods(law, b)
		null, nullScale := l.tolerable()
		bet, betScale := l.regressions(&f.experts)
		for j := number * perLaw; j < (number+1)*perLaw; j++ {
			incident := f.models[j].incident
			if b.Incident > 0 {
				incident = max(incident, eitherWay)
			}
			f.nullWeight[j] += nullScale + f.null[j].update(&null, incident)
			f.betWeight[j] += betScale + update(&f.bet[j], &bet, incident)
		}
	}
	f.logH += normalise(&f.betWeight) - normalise(&f.nullWeight)
}

// enter moves the beliefs on to a new minute: rates walk, and a part of the stakes is dealt out again.
func (f *Filter) enter() {
	for j, m := range f.models {
		walk := max(m.walk, leastWalk)
		f.null[j].walk(walk)
		for k := range f.bet[j] {
			f.bet[j][k].walk(walk)
		}
		if f.begun {
			share(&f.bet[j], &f.experts)
		}
	}
}

// LogH is log H, the evidence against the new version so far.
func (f *Filter) LogH() float64 { return f.logH }

// walk moves the rate one step up or down, each with a probability; at the ends it stays.
func (b *belief) walk(probability float64) {
	before := b[0]
	for g := range rates - 1 {
		here := b[g]
		b[g] = here + probability*(before-2*here+b[g+1])
		before = here
	}
	b[rates-1] += probability * (before - b[rates-1])
}

// least is what every rate keeps of a belief, so that none is ever impossible.
const least = 1e-300

// update multiplies the belief by what a minute says, with this probability of an incident, makes it sum to 1 again, and
// returns the logarithm of what it summed to.
func (b *belief) update(m *minute, incident float64) float64 {
	sum := b.multiply(m, incident)
	b.divide(sum)
	return math.Log(sum)
}

// update does the same with the beliefs of all experts together.
func update(bets *[experts]belief, m *[experts]minute, incident float64) float64 {
	sum := 0.0
	for k := range bets {
		sum += bets[k].multiply(&m[k], incident)
	}
	for k := range bets {
		bets[k].divide(sum)
	}
	return math.Log(sum)
}

func (b *belief) multiply(m *minute, incident float64) (sum float64) {
	usual := 1 - incident
	for g := range b {
		p := b[g] * (usual*m.usual[g] + incident*m.incident[g])
		b[g] = p
		sum += p
	}
	return sum
}

func (b *belief) divide(sum float64) {
	inverse := 1 / sum
	for g := range b {
		b[g] = max(b[g]*inverse, least)
	}
}

// share deals a part of all stakes on each rate out again by the experts' priors: fixed share (section 2.4).
func share(bets *[experts]belief, by *[experts]expert) {
	var all belief
	for k := range bets {
		for g, p := range bets[k] {
			all[g] += p
		}
	}
	for k := range bets {
		part := dealt * by[k].prior
		for g, p := range bets[k] {
			bets[k][g] = (1-dealt)*p + part*all[g]
		}
	}
}

// normalise makes weights sum to 1, and returns the logarithm of what they summed to.
func normalise(weights *[models]float64) float64 {
	all := LogSumExp(weights[:])
	for j := range weights {
		weights[j] -= all
	}
	return all
}
