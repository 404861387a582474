package sequential

import "math"

// The grids of the filter's hidden states (docs/statistics.md, section 2.16.2).
const (
	rates = 25
	laws  = 6
	// perLaw is how many models have the same law: two frequencies of incidents, two walks.
	perLaw  = 4
	models  = perLaw * laws
	experts = 6
	// firstIncident is the first rate that an incident can have, of 1 %.
	firstIncident = 16
	incidentRates = rates - firstIncident
)

const (
	// highestRate is the highest in a likelihood.
	highestRate = 0.995
	// tolerance is how many times the old version's rate the new one's may be (section 2.2).
	tolerance = 1.1
	// leastWalk is the least of a walk during a rollout.
	leastWalk = 0.01
	// eitherWay is the least probability of an incident where one may go on unseen.
	eitherWay = 0.5
	// dealt is the part of the stakes that is dealt out again at each new minute.
	dealt = 0.06
	// largestLeast is the largest of the smallest clump that a history may show.
	largestLeast = 8
)

// choice is a value of a grid with its prior probability.
type choice struct{ value, prior float64 }

func clumps() [3]choice    { return [3]choice{{1, 0.7}, {3, 0.2}, {8, 0.1}} }
func noises() [2]choice    { return [2]choice{{0.2, 0.7}, {0.8, 0.3}} }
func incidents() [2]choice { return [2]choice{{0.002, 0.6}, {0.15, 0.4}} }
func walks() [2]choice     { return [2]choice{{0.005, 0.6}, {0.13, 0.4}} }

// grid is p_g, of 0.0001 % to 100 %, a quarter of a power of ten apart.
func grid() (p belief) {
	for g := range p {
		p[g] = math.Pow(10, float64(g)/4-6)
	}
	return p
}

// model is one explanation of how the old version fails.
type model struct {
	// law numbers the law of a minute.
	law int
	// incident is the probability that a minute is one in which both versions fail, at a rate of its own.
	incident float64
	// walk is the probability that the usual rate moves one step up before a minute, and that it moves down.
	walk float64
}

// explanations are all models with their priors, and their laws: with a history that shows clumps, of no smaller ones.
func explanations(least float64) (all [models]model, priors [models]float64, scatter [laws]law) {
	number, j := 0, 0
	for _, clump := range clumps() {
		for _, noise := range noises() {
			scatter[number] = law{max(clump.value, least), noise.value}
			for _, incident := range incidents() {
				for _, walk := range walks() {
					all[j] = model{number, incident.value, walk.value}
					priors[j] = clump.prior * noise.prior * incident.prior * walk.prior
					j++
				}
			}
			number++
		}
	}
	return all, priors, scatter
}

// expert bets that the new version's rate is some steps above the tolerated one, and at least a rate.
type expert struct {
	up, least int
	prior     float64
}

// bettors are all experts. The first abstains.
func bettors() [experts]expert {
	return [experts]expert{{0, 0, 0.03}, {2, 0, 0.24}, {5, 0, 0.25}, {8, 0, 0.14}, {0, 23, 0.20}, {0, 24, 0.14}}
}

// at is t_k(g), the rate that the expert bets on where the old version has a rate.
func (e expert) at(g int) int { return max(min(g+e.up, rates-1), e.least) }
