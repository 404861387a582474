package request

import (
	"slices"
	"strings"
)

// shortList is how many known keys are listed where none is near.
const shortList = 10

// unknown reports a key that is none of the known: with the nearest of them, or else with all of them, or where they are.
func (f fields) unknown(key string, known []string) {
	if f.problems.full() {
		return
	}
	name := f.name(showKey(key))
	switch near := nearest(key, known); {
	case near != "":
		f.problems.say("%s is not a key: the nearest is %s", name, f.name(near))
	case len(known) <= shortList:
		f.problems.say("%s is not a key: here it may be %s", name, strings.Join(slices.Sorted(slices.Values(known)), ", "))
	default:
		f.problems.say(`%s is not a key: docs/reference/request.md has all keys`, name)
	}
}

// nearest is the known key that was meant, whatever the case; "" where none is within a third of the key's length.
func nearest(key string, known []string) string {
	key = strings.ToLower(key)
	limit := max(1, len(key)/3)
	best, least := "", limit+1
	for _, k := range known {
		if max(len(k)-len(key), len(key)-len(k)) > limit {
			continue // it is at least as far as their lengths are, so that a long key costs nothing
		}
		if d := editDistance(key, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// editDistance is how many bytes are to be put in, left out, replaced or swapped with their neighbour (optimal string
// alignment).
func editDistance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(next[j]+1, row[j+1]+1, row[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
