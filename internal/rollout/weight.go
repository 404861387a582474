// Package rollout is what a gradual deployment is and what follows from where it stands: weights, plans, the journal
// that the alias carries, and Decide. It is pure: no clock, no waiting, no network, no log.
package rollout

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Weight is a share of traffic, exact to 0.01 %. Zero is no traffic, Full all of it.
type Weight int

// Full is all traffic.
const Full Weight = 100_00

// WeightOf is the weight of so many percent. It is false where percent is not a multiple of 0.01 from 0 to 100.
func WeightOf(percent float64) (Weight, bool) {
	hundredths := math.Round(percent * 100)
	exact := math.Abs(percent*100-hundredths) < 1e-6
	if !exact || hundredths < 0 || hundredths > float64(Full) {
		return 0, false
	}
	return Weight(hundredths), true
}

// WeightFrom is the weight of a share from 0 to 1 as Lambda states it, rounded to 0.01 %; a share that rounds to none
// or all of the traffic without being it stays a split.
func WeightFrom(share float64) Weight {
	w := Weight(math.Round(share * float64(Full)))
	switch {
	case w <= 0 && share > 0:
		return 1
	case w >= Full && share < 1:
		return Full - 1
	}
	return w
}

// Share is the weight as Lambda wants it, from 0 to 1.
func (w Weight) Share() float64 { return float64(w) / float64(Full) }

// Percent is the weight from 0 to 100.
func (w Weight) Percent() float64 { return float64(w) / 100 }

// String is the weight in percent without its sign, such as "33.33".
func (w Weight) String() string { return strconv.FormatFloat(w.Percent(), 'f', -1, 64) }

// MarshalJSON writes the percentage as a number.
func (w Weight) MarshalJSON() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalJSON reads what MarshalJSON wrote.
func (w *Weight) UnmarshalJSON(raw []byte) error {
	read, err := parseWeight(string(raw))
	if err == nil {
		*w = read
	}
	return err
}

// parseWeight reads what String writes.
func parseWeight(text string) (Weight, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	if len(fraction) > 2 {
		return 0, fmt.Errorf("weight %q has more than two decimals", text)
	}
	percent, err := strconv.ParseFloat(text, 64)
	if err != nil || whole == "" {
		return 0, fmt.Errorf("weight %q is not a percentage", text)
	}
	w, ok := WeightOf(percent)
	if !ok {
		return 0, fmt.Errorf("weight %q is not from 0 to 100", text)
	}
	return w, nil
}

// Routing is where an alias sends its traffic: all of it to Primary, but Weight of it to Secondary. Without a
// secondary version Secondary is "" and Weight 0, so that routings compare with ==.
type Routing struct {
	Primary   string `json:"primary"`
	Secondary string `json:"secondary,omitempty"`
	Weight    Weight `json:"weight,omitzero"`
}

// Split says whether two versions get traffic.
func (r Routing) Split() bool { return r.Secondary != "" }

// Share is how much of the traffic a version gets.
func (r Routing) Share(version string) Weight {
	switch version {
	case r.Primary:
		return Full - r.Weight
	case r.Secondary:
		return r.Weight
	default:
		return 0
	}
}

// String is the routing for people: "version 1", or "version 1 with 10 % on version 2".
func (r Routing) String() string {
	if !r.Split() {
		return "version " + r.Primary
	}
	return fmt.Sprintf("version %s with %s %% on version %s", r.Primary, r.Weight, r.Secondary)
}

// routingAt is the routing that gives weight to the new version. All traffic is never an additional weight: the new
// version is the primary then.
func routingAt(old, candidate string, w Weight) Routing {
	switch w {
	case 0:
		return Routing{Primary: old}
	case Full:
		return Routing{Primary: candidate}
	default:
		return Routing{Primary: old, Secondary: candidate, Weight: w}
	}
}
