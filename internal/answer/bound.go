package answer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// maxAnswer is how large an answer is at the most, in bytes: Step Functions takes 256 KB, with what is around it.
const maxAnswer = 200_000

// bounded leaves out checks of steps where the answer would be too large, and says so. The last step's come first, then those
// that did not pass, then the newest.
func (a Answer) bounded() Answer {
	if size(a) <= maxAnswer {
		return a
	}
	type place struct{ step, check int }
	var order []place
	for i, step := range a.Steps {
		for j := range step.Checks {
			order = append(order, place{i, j})
		}
	}
	last := len(a.Steps) - 1
	rank := func(p place) int {
		passed := a.Steps[p.step].Checks[p.check].Verdict == analysis.Pass
		switch {
		case p.step == last && !passed:
			return 0
		case p.step == last:
			return 1
		case !passed:
			return 2
		}
		return 3
	}
	slices.SortStableFunc(order, func(x, y place) int { return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(y.step, x.step)) })
	bare := slices.Clone(a.Steps)
	for i := range bare {
		bare[i].Checks = nil
	}
	full := a.Steps
	a.Steps = bare
	a.Warnings = append(slices.Clone(a.Warnings), "")
	const note = "the answer would be larger than 200 KB: %d of %d checks of its steps are left out"
	room, kept := maxAnswer-size(a)-len(note)-40, map[place]bool{}
	for _, p := range order {
		if room -= size(full[p.step].Checks[p.check]) + 20; room < 0 {
			break
		}
		kept[p] = true
	}
	for i, step := range full {
		for j, check := range step.Checks {
			if kept[place{i, j}] {
				a.Steps[i].Checks = append(a.Steps[i].Checks, check)
			}
		}
	}
	a.Warnings[len(a.Warnings)-1] = fmt.Sprintf(note, len(order)-len(kept), len(order))
	return a
}

// size is how many bytes a value takes.
func size(value any) int {
	raw, _ := json.Marshal(value)
	return len(raw)
}
