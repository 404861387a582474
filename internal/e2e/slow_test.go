//go:build e2e && slow

package e2e

import "testing"

// The ancestor's example in real time, to its end: twenty minutes.
func TestSlowTheAncestorsTwentyMinutes(t *testing.T) {
	t.Parallel()
	ancestor(t, func(*stack) {})
}
