package sim

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// shares are what is left over of a share of one's own calls, so that without dice just the expected ones are taken.
type shares map[string]float64

// takes says whether the next call is one of a share.
func (s shares) takes(of string, share float64) bool {
	if s[of] += share; s[of] < 1-1e-9 {
		return false
	}
	s[of]--
	return true
}

// hit says whether a call is one of a share: by the dice, or one in so many.
func (w *World) hit(own shares, of string, share float64) bool {
	if w.Dice != nil {
		return w.Dice.Float64() < share
	}
	return own.takes(of, share)
}

// route is a call of somebody's own through an alias: which version it runs on, by the alias's weights, and what it fails with;
// "" where it does not. It counts in the metrics as every other call. Without an alias of that name the version is "".
func (w *World) route(function string) (version, failure string) {
	name, qualifier, _ := strings.Cut(function, ":")
	f := w.functions[name]
	if f == nil || f.aliases[qualifier] == nil || f.aliases[qualifier].deleted {
		return "", ""
	}
	a := f.aliases[qualifier]
	w.serve(f, a)
	if a.own == nil {
		a.own = shares{}
	}
	if version = a.Routing.Primary; a.Routing.Split() && w.hit(a.own, "weight", a.Routing.Weight.Share()) {
		version = a.Routing.Secondary
	}
	counts := analysis.Counts{Invocations: 1}
	if failing := w.failing(f, version); w.hit(a.own, version, failing) {
		counts.Errors, failure = 1, ownError(name, version, failing)
	}
	s := a.stream(version)
	s.total = s.total.Plus(counts)
	s.hidden = append(s.hidden, cell{at: w.elapsed.Truncate(cellLength), counts: counts, ms: f.versions[version].medianAt(w.elapsed), named: a.Routing.Split() || w.VersionsNamed})
	return version, failure
}

// failing is the share of a version's calls that fail now.
func (w *World) failing(f *function, version string) float64 {
	return 1 - (1-f.versions[version].Errors.at(w.elapsed))*(1-f.incident.at(w.elapsed))
}

// ownError is what a version's own failure looks like to its caller.
func ownError(function, version string, failing float64) string {
	text, err := json.Marshal(map[string]string{
		"errorType": "Error", "errorMessage": fmt.Sprintf("version %s of %s fails %g %% of its calls, this one too", version, function, exact(100*failing)),
	})
	if err != nil {
		return "Error"
	}
	return string(text)
}
