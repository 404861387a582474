package rehearsal

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMostByChance(t *testing.T) {
	for _, tt := range []struct {
		rollouts int
		rate     float64
		want     int
	}{
		{0, .01, 0},
		{100, 0, 0},
		{1, .009, 0},
		{2, .01, 1},
		{100, 1, 100},
		{100, .01, 4}, // 5 or more: 0.34 %; 4 or more: 1.8 %
		{100, .001, 1},
		{1000, .01, 18},
		{100, .5, 62},
	} {
		assert.Equal(t, tt.want, MostByChance(tt.rollouts, tt.rate), "%d rollouts at %g", tt.rollouts, tt.rate)
	}
}
