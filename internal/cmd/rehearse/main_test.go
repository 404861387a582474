package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRehearseTheShippedRecord(t *testing.T) {
	var out, problems strings.Builder
	assert.Zero(t, run([]string{"-plan", `"steps": 3, "interval": 60`}, &out, &problems), problems.String())
	assert.Contains(t, out.String(), "checkout: 51h0m0s of recorded minutes")
	for _, added := range []string{"0 %", "1 %", "10 %", "100 %"} {
		assert.Regexp(t, ` `+added+` +100 +\d+ `, out.String(), "a hundred rollouts of each case")
	}
}

func TestRehearseSaysWhatIsWrong(t *testing.T) {
	for want, arguments := range map[string][]string{
		"neither a shipped one nor a file": {"nowhere.csv"},
		"steps is 0":                       {"-plan", `"steps": 0`},
	} {
		var out, problems strings.Builder
		assert.Equal(t, 1, run(arguments, &out, &problems))
		assert.Contains(t, problems.String(), want)
	}
	var out, problems strings.Builder
	assert.Equal(t, 2, run([]string{"-nonsense"}, &out, &problems))
	assert.Zero(t, run([]string{"-h"}, &out, &problems))
}
