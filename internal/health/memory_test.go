package health

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// Functions of the same name in two accounts, deployed in the same minute by one process: a rollout is judged by its own account's
// past, and its schedule chosen by that.
func TestTheMemoryKeepsAccountsApart(t *testing.T) {
	memory := new(Memory)
	idle, busy := &recorded{}, &recorded{minute: analysis.Minute{
		Alias: analysis.Counts{Invocations: 6000}, Old: analysis.Counts{Invocations: 6000, Errors: 60},
	}}
	_, own, plan, journal := rolling(idle, memory)
	_, other, _, _ := rolling(busy, memory)
	other.Account.Role = "arn:aws:iam::210987654321:role/deployed"

	quiet, err := own.Traffic(t.Context(), plan.Target, began())
	require.NoError(t, err)
	loud, err := other.Traffic(t.Context(), plan.Target, began())
	require.NoError(t, err)
	assert.Zero(t, quiet.PerSecond)
	assert.InDelta(t, 100, loud.PerSecond, .1)
	assert.False(t, own.KnowsTraffic(plan.Target, began()), "the last one is kept")
	assert.True(t, other.KnowsTraffic(plan.Target, began()))

	for _, reader := range []Reader{own, other} { // both pre-flights, then both first looks
		_, err = reader.Before(t.Context(), plan, "7")
		require.NoError(t, err)
	}
	for name, reader := range map[string]Reader{"own": own, "other": other} {
		var learnt []analysis.Counts
		reader.Learn = func(history []analysis.Counts) { learnt = history }
		reader.Assess(t.Context(), plan, journal, false)
		calls := 0.0
		for _, minute := range learnt {
			calls += minute.Invocations
		}
		assert.Equal(t, name == "other", calls > 0, name)
	}
}
