package main

import (
	"cmp"
	"slices"
)

// median is the middle one, the lower of two; zero of none.
func median[T cmp.Ordered](values []T) (middle T) {
	if len(values) == 0 {
		return middle
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

func least[T cmp.Ordered](values []T) T { return slices.Min(values) }

func most[T cmp.Ordered](values []T) T { return slices.Max(values) }
