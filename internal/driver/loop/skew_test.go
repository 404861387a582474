package loop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// A rollout goes on with whoever takes it over, also where that one's clock has not reached the rollout's start yet.
func TestARolloutIsTakenOverByAHostWithAnotherClock(t *testing.T) {
	for name, skews := range map[string][]time.Duration{
		"a host ahead of AWS":                            {0, 20 * time.Second},
		"a host behind AWS":                              {0, -20 * time.Second},
		"a host behind the one before":                   {20 * time.Second, -20 * time.Second},
		"a host ahead of the one before":                 {-20 * time.Second, 20 * time.Second},
		"hosts as far apart as a journal is believed of": {29 * time.Second, -29 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			for call := 3; call <= 20; call++ {
				g := quick()
				g.skews, g.restart = skews, time.Second
				g.faults = []sim.Fault{{Call: call, Effect: sim.KilledAfter}}
				s := g.play()
				requireEnded(t, s, "succeeded")
				assert.Equal(t, 1, s.kills)
			}
		})
	}
}
