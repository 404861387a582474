package loop_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// A look right after a write can show nothing and is not made, and nothing is read twice. docs/decisions/0025 says why
// pre-flight's three calls stay.
func TestTheCallsOfTenStepsAtOnePollAStep(t *testing.T) {
	g := withKeys(map[string]any{"steps": 10, "interval": 60, "poll-interval": 60})
	w, d := g.world()
	s := &story{game: g, log: new(strings.Builder)}
	w.Go(0, func() { s.drive(w, d, g.raw(), "first") })
	w.Drain()
	requireEnded(t, *s, "succeeded")
	for operation, times := range map[sim.Operation]int{
		sim.GetAlias:       11, // once before anything is written, and at the end of each step
		sim.GetMetrics:     11, // the three hours before, and at the end of each step
		sim.UpdateAlias:    12, // the claim, ten steps, the owner's description
		sim.GetVersion:     2,  // pre-flight: both versions
		sim.GetConcurrency: 1,  // pre-flight
		sim.PutEvents:      12, // each write is told
		"":                 49, // and nothing else
	} {
		assert.Equal(t, times, w.Calls(operation), operation)
	}
}
