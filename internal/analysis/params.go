package analysis

// Expert bets that the new version fails Ratio times as often as the hypothesis tolerates, with Prior of the stake.
type Expert struct {
	Ratio float64
	Prior float64
}

// Params are the constants of a Test, fixed before its first block. A grid has at most 16 experts whose priors sum to 1.
type Params struct {
	// Alpha is the probability of ever saying Fail of a tolerable version (docs/statistics.md, section 2.5).
	Alpha float64
	// Beta is the probability of ever saying Pass of an unacceptable version (section 2.9).
	Beta float64

	// Rho and Delta are the tolerance: up to Rho times the old version's rate, plus Delta (section 2.2). Rho is at least
	// 1, Delta at least 0.
	Rho, Delta float64
	// Experts are the grid of the concurrent comparison E (section 2.4).
	Experts []Expert
	// Share is the part of the stake dealt out again by the priors at each new minute, in E and G (section 2.4); 0 for
	// none.
	Share float64

	// HealthyRho and HealthyDelta are the margin that Pass rules out, no smaller than Rho and Delta (section 2.9).
	HealthyRho, HealthyDelta float64
	// HealthyExperts are the grid of the non-inferiority test E_H, all of Ratio below 1 (section 2.9).
	HealthyExperts []Expert

	// FilterWeight is the part of the stake on the environment filter H; 0 leaves it out (section 2.16.3).
	FilterWeight float64
	// MinKept is how many kept minutes of history E needs: with fewer all of the stake is on H (section 2.16.3).
	MinKept int

	// GuardWeight is the part of the stake on the history guard G; 0 leaves it out (section 2.7).
	GuardWeight float64
	// GuardFollow is how many times the old version's rate of the same block G tolerates at least (section 2.7).
	GuardFollow float64
	// GuardExperts are the grid of G (section 2.7).
	GuardExperts []Expert
	// GuardAlone has G bet only where the new version has all traffic, and only with a history.
	GuardAlone bool
	// JudgedAlone says that the plan has judged time with all traffic on the new version: G, where it has a weight, then
	// takes part even without a history (section 2.7).
	JudgedAlone bool
}

// DefaultParams are the parameters for failed invocations (docs/statistics.md, sections 2.4, 2.9 and 2.16.3; 5, item 3).
func DefaultParams() Params {
	return Params{
		Alpha: 0.01,
		Beta:  0.05,
		Rho:   1.1,
		Delta: 0,
		Experts: []Expert{
			{1, 0.10},
			{1.1, 0.04},
			{1.25, 0.06},
			{1.5, 0.10},
			{2, 0.10},
			{3, 0.10},
			{5, 0.10},
			{10, 0.10},
			{30, 0.10},
			{100, 0.10},
			{1000, 0.10},
		},
		Share:        0.02,
		HealthyRho:   1.5,
		HealthyDelta: 0.005,
		HealthyExperts: []Expert{
			{0.9, 0.10},
			{0.8, 0.10},
			{0.65, 0.15},
			{0.5, 0.15},
			{0.3, 0.20},
			{0.1, 0.15},
			{0.01, 0.15},
		},
		FilterWeight: 0.6,
		MinKept:      30,
		GuardFollow:  1.5,
		GuardExperts: []Expert{
			{1, 0.10},
			{2, 0.15},
			{5, 0.15},
			{20, 0.20},
			{100, 0.20},
			{1000, 0.20},
		},
	}
}

// LatencyParams are the parameters for slow invocations, those above a threshold fixed before the start (the
// specification, section 2.12). They have neither filter nor guard: the old version's latency an hour ago says little about
// now.
func LatencyParams() Params {
	p := DefaultParams()
	p.Rho, p.Delta = 1.5, 0.005
	p.FilterWeight = 0
	return p
}

// judgedAlone has the old version's time before the start stand in where there is nothing beside the new version to compare
// with, by the rule that errors have for it (section 2.7): only a share far above the usual one is too much.
func (p Params) judgedAlone() Params {
	p.GuardWeight, p.GuardAlone = 0.2, true
	return p
}
