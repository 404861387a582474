package main

import (
	"fmt"
	"slices"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// loss is a world in which a rival catches more than our default does, without more false rollbacks there than are
// allowed.
type loss struct {
	world world
	// ours and theirs are what is caught, by the oracle too; falsely is what the rival rolls back in the same world when
	// the version is harmless.
	ours, theirs, oracle, falsely share
}

// lossesPerRival is how many are worth a line.
const lossesPerRival = 3

// losses are the worst of them to one rival, worst first. A difference of less than three standard errors is none.
func losses(cells []cell, rival int) []loss {
	harmless := map[string]share{}
	for _, c := range cells {
		if c.world.harmless() {
			harmless[c.world.twin()] = c.tallies[rival].ended
		}
	}
	var found []loss
	for _, c := range where(cells, sound) {
		l := loss{c.world, c.tallies[ourRule].ended, c.tallies[rival].ended, c.tallies[oracleRule].ended, harmless[c.world.twin()]}
		if !c.world.harmless() && l.counts() {
			found = append(found, l)
		}
	}
	slices.SortStableFunc(found, func(a, b loss) int { return b.more() - a.more() })
	return found[:min(len(found), lossesPerRival)]
}

func (l loss) counts() bool {
	noise := 2 * l.ours.plus(l.theirs).deviation()
	return l.falsely.rate() <= analysis.DefaultParams().Alpha && l.theirs.rate()-l.ours.rate() > 3*noise
}

// more is how many more the rival catches.
func (l loss) more() int { return l.theirs.hits - l.ours.hits }

func (l loss) String() string {
	return fmt.Sprintf("%v: catches %.0f %%, we %.0f %%, the oracle %.0f %%", l.world, 100*l.theirs.rate(), 100*l.ours.rate(), 100*l.oracle.rate())
}

// twin names the worlds that differ only in the defect. Where it shows late, the harmless world is one of independent
// failures.
func (w world) twin() string {
	kind := w.kind.name
	if w.kind.onlyBad {
		kind = kinds()[0].name
	}
	return fmt.Sprint(kind, w.rps, w.rate, w.plan.name)
}
