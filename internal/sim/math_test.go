package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/sim"
)

func TestMetricMath(t *testing.T) {
	one, two := sim.Start(), sim.Start().Add(time.Minute)
	known := map[string]sim.Values{"errors": {one: 2, two: 3}, "calls": {one: 8, two: 0}, "late": {two: 5}}
	for expression, want := range map[string]sim.Values{
		"errors + 1": {one: 3, two: 4}, "100 * (errors / calls)": {one: 25}, "-errors": {one: -2, two: -3}, "errors - late * 2": {two: -7},
		"errors + FILL(late, 0)": {one: 2, two: 8}, "FILL(late, -1)": {one: -1, two: 5}, "calls": {one: 8, two: 0},
	} {
		got, err := sim.Math(expression, known)
		require.NoError(t, err, expression)
		assert.Equal(t, want, got, expression)
	}
	for expression, says := range map[string]string{
		"": "no expression", "1 + 2": "is a number", "nothing * 2": "no metric of the id nothing", "SUM(errors)": "no function but FILL", "errors % 2": "no operation %",
		"SEARCH('{A,B}', 'Sum')": "no expression", "FILL(2, errors)": "takes a metric and a number", `errors + "a"`: "is no number", "errors[0]": "+, -, *, / and FILL only",
	} {
		_, err := sim.Math(expression, known)
		require.ErrorContains(t, err, says, expression)
	}
}
