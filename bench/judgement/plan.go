package main

// plan is a schedule: which share of the traffic the new version gets, and how long.
type plan struct {
	name  string
	steps []step
}

// step is one weight and how many seconds it is held.
type step struct {
	weight float64
	hold   int
}

// gradual are the plans whose time at 100 % is over before any of it can be seen.
func gradual() []plan {
	return []plan{
		{"10 x 60 s", linear(60, 60)},
		{"10 % for 300 s", []step{{0.1, 300}, {1, 60}}},
		{"10 x 120 s", linear(120, 0)},
		{"10, 50, 90 % x 120 s", []step{{0.1, 120}, {0.5, 120}, {0.9, 120}, {1, 0}}},
	}
}

// watched are the plans that judge minutes in which nothing but the new version runs.
func watched() []plan {
	return []plan{
		{"all at once, bake 300 s", []step{{1, 300}}},
		{"10 x 60 s, bake 300 s", linear(60, 300)},
	}
}

// linear is 10 % more at a time, and then everything for as long as the bake.
func linear(hold, bake int) []step {
	var steps []step
	for tenths := 1; tenths < 10; tenths++ {
		steps = append(steps, step{float64(tenths) / 10, hold})
	}
	return append(steps, step{1, bake})
}

// length is how many seconds the plan takes.
func (p plan) length() int {
	sum := 0
	for _, s := range p.steps {
		sum += s.hold
	}
	return sum
}

// weight is the new version's share so many seconds into the plan, and for how many seconds it has been that; none
// before the plan begins.
func (p plan) weight(at int) (weight float64, since int) {
	if at < 0 {
		return 0, 0
	}
	for _, s := range p.steps {
		if at < s.hold {
			return s.weight, at
		}
		at -= s.hold
	}
	return 1, at
}

// stepEnds says whether a step ends so many seconds into the plan.
func (p plan) stepEnds(at int) bool {
	for _, s := range p.steps {
		if at -= s.hold; at == 0 {
			return true
		}
	}
	return false
}

// bake is how many seconds the plan stays at 100 %.
func (p plan) bake() int { return p.steps[len(p.steps)-1].hold }
