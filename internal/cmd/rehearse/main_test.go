package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rehearsal"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

func TestRehearseTheShippedRecord(t *testing.T) {
	var out, problems strings.Builder
	assert.Zero(t, run([]string{"-plan", `"steps": 3, "interval": 60`}, &out, &problems), problems.String())
	assert.Contains(t, out.String(), "checkout: 51h0m0s of recorded minutes")
	for _, added := range []string{"0 %", "1 %", "10 %", "100 %"} {
		assert.Regexp(t, ` `+added+` +100 +\d+ `, out.String(), "a hundred rollouts of each case")
	}
}

// What README and false-alarm-rate promise of a health check that is right for its function: hardly any rollout of the old
// version against itself goes back, and make rehearse says how many may.
func TestTheOldVersionAgainstItselfKeepsTheRate(t *testing.T) {
	const keys = `"steps": 10, "interval": 60`
	minutes, err := sim.Recorded("checkout")
	require.NoError(t, err)
	r, err := request.Parse([]byte(`{"action": "rehearse", "function-name": "f", "alias": "live", `+keys+`}`), request.Home{})
	require.NoError(t, err)
	rollouts, back := 0, 0
	for later := range 2 { // other starts, and other chances
		minutes := minutes[later*7:]
		record := rehearsal.NewRecord(minutes[0].Start, minutes[len(minutes)-1].Start.Add(time.Minute), minutes)
		c := record.Rehearse(r.Plan, nil)[0]
		rollouts, back = rollouts+c.Rollouts, back+c.RolledBack
	}
	assert.GreaterOrEqual(t, rollouts, 190)
	assert.LessOrEqual(t, back, rehearsal.MostByChance(rollouts, .01))

	var out, problems strings.Builder
	assert.Zero(t, run([]string{"-plan", keys}, &out, &problems), problems.String())
	assert.Contains(t, out.String(), "up to 4 may by chance")
	out.Reset()
	assert.Zero(t, run([]string{"-plan", `"steps": 3, "health-check": {"errors": "any"}`}, &out, &problems), problems.String())
	assert.Contains(t, out.String(), "each of them is a rollback for nothing")
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
