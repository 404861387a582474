package main

import "slices"

// kinds are all kinds of world: those of today's traffic, with those that break an assumption last, then those of low traffic.
func kinds() []kind { return slices.Concat(usualKinds(), lowKinds()) }

func usualKinds() []kind {
	return []kind{
		{name: "independent failures", noise: independent, plans: gradual(), spotless: true},
		{name: "shared incidents", noise: incidents, plans: gradual(), spotless: true},
		{name: "diurnal", noise: diurnal, plans: gradual()},
		{name: "drift", noise: drift, plans: gradual()},
		{name: "poison retries", noise: poisonRetries, plans: gradual()},
		{name: "clumps of 5", noise: clumps, clump: 5, plans: gradual()},
		{name: "version-and-minute noise", noise: versionMinutes, shape: 4, plans: gradual()},
		{name: "late onset", noise: lateOnset, plans: gradual(), spotless: true, onlyBad: true},
		{name: "alone, watched", noise: independent, plans: watched(), spotless: true},
		{name: "slow version drift", noise: slowDrift, plans: gradual(), broken: "the versions' rates wander apart for reasons other than the code"},
		{name: "cold starts", noise: coldStarts, plans: gradual(), broken: "the new version fails more often after each shift, but for no fault of its code"},
		{name: "alone, incidents", noise: incidents, plans: watched(), spotless: true, broken: "an incident comes while there is no other version to compare with"},
	}
}

// lowKinds are what small functions have: little traffic, at some times and not at others, and failures of every kind.
func lowKinds() []kind {
	all := []kind{
		{name: "low traffic", noise: independent},
		{name: "clumps of 4 on the mean", noise: geometricClumps, clump: 4},
		{name: "clumps of 12 on the mean", noise: geometricClumps, clump: 12},
		{name: "version-and-minute noise of CV 1", noise: versionMinutes, shape: 1},
		{name: "retry storms", noise: retryStorms},
		{name: "outages that ramp", noise: ramps},
		{name: "rate follows load", noise: followsLoad},
		{name: "failures seen late", noise: independent, late: 60},
		{name: "sessions", noise: independent, traffic: sessions},
		{name: "sessions, clumps of 4", noise: geometricClumps, clump: 4, traffic: sessions},
		{name: "sessions, noise of CV 1", noise: versionMinutes, shape: 1, traffic: sessions},
		{name: "sessions, incidents", noise: incidents, traffic: sessions},
		{name: "bursts", noise: independent, traffic: bursts},
		{name: "bursts, clumps of 4", noise: geometricClumps, clump: 4, traffic: bursts},
		{name: "gamma minutes", noise: independent, traffic: gammaMinutes},
		{name: "gamma minutes, clumps of 4", noise: geometricClumps, clump: 4, traffic: gammaMinutes},
	}
	for i := range all {
		all[i].low, all[i].plans = true, []plan{gradual()[0], gradual()[2]}
	}
	return all
}
