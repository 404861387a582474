package loop_test

import (
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// stride is how many calls apart a rollout is killed with -short.
const stride = 7

// each are the calls that something is killed at, in a rollout of its own each: all from the first to the last. With -short, as
// make test has it, they are every seventh; make ci kills at all of them. What fails names its call.
func each(first, last int) iter.Seq[int] {
	step := 1
	if testing.Short() {
		step = stride
	}
	return every(step, first, last)
}

func every(step, first, last int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for call := first; call <= last && yield(call); call += step {
		}
	}
}

func TestEveryCallIsOneToBeKilledAt(t *testing.T) {
	assert.Equal(t, []int{3, 4, 5}, slices.Collect(every(1, 3, 5)))
	assert.Equal(t, []int{1, 8, 15}, slices.Collect(every(stride, 1, 16)))
	if !testing.Short() {
		assert.Equal(t, []int{1, 2}, slices.Collect(each(1, 2)))
	}
}
