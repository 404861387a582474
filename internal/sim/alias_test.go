package sim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// TestUpdateAliasFollowsLambdasRules has a row for each recorded rule (docs/fidelity.md says whose records).
func TestUpdateAliasFollowsLambdasRules(t *testing.T) {
	for name, c := range map[string]struct {
		routing     rollout.Routing
		description string
		says        string
		err         error
	}{
		"a split":                        {routing: rollout.Routing{Primary: "1", Secondary: "2", Weight: 1}},
		"another version":                {routing: rollout.Routing{Primary: "2"}},
		"a version of another role":      {routing: rollout.Routing{Primary: "3"}},
		"256 characters":                 {routing: rollout.Routing{Primary: "1"}, description: strings.Repeat("x", 256)},
		"257 characters":                 {routing: rollout.Routing{Primary: "1"}, description: strings.Repeat("x", 257), err: target.ErrRefused, says: "less than or equal to 256"},
		"a weight above 1":               {routing: rollout.Routing{Primary: "1", Secondary: "2", Weight: 200_00}, err: target.ErrRefused, says: "{2=2}"},
		"the same version twice":         {routing: rollout.Routing{Primary: "1", Secondary: "1", Weight: 10_00}, err: target.ErrRefused, says: "already included"},
		"$LATEST as additional":          {routing: rollout.Routing{Primary: "1", Secondary: "$LATEST", Weight: 10_00}, err: target.ErrRefused, says: "[0-9]+"},
		"$LATEST with weights":           {routing: rollout.Routing{Primary: "$LATEST", Secondary: "2", Weight: 10_00}, err: target.ErrRefused, says: "$LATEST is not supported"},
		"a missing version":              {routing: rollout.Routing{Primary: "9"}, err: target.ErrNotFound, says: "function:shop:9"},
		"a missing additional version":   {routing: rollout.Routing{Primary: "1", Secondary: "9", Weight: 10_00}, err: target.ErrNotFound, says: "function:shop:9"},
		"a split between roles":          {routing: rollout.Routing{Primary: "1", Secondary: "3", Weight: 10_00}, err: target.ErrRefused, says: "same execution role"},
		"a split between dead letters":   {routing: rollout.Routing{Primary: "1", Secondary: "4", Weight: 10_00}, err: target.ErrRefused, says: "dead-letter"},
		"a weight without a second name": {routing: rollout.Routing{Primary: "1", Weight: 10_00}, err: target.ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			w := shop(t)
			w.Publish("shop", "4", sim.Version{Version: target.Version{DeadLetter: "queue"}})
			before, err := w.Alias("shop", "live")
			require.NoError(t, err)
			to := target.Alias{Routing: c.routing, Description: c.description, Revision: before.Revision}
			_, err = w.Account().Aliases.UpdateAlias(t.Context(), "shop", "live", to)
			after, _ := w.Alias("shop", "live")
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
				assert.ErrorContains(t, err, c.says)
				assert.Equal(t, before, after)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.routing, after.Routing)
			assert.Equal(t, c.description, after.Description)
			assert.NotEqual(t, before.Revision, after.Revision)
		})
	}
}

func TestAWriteToAMissingAlias(t *testing.T) {
	w := shop(t)
	aliases := w.Account().Aliases
	_, err := aliases.UpdateAlias(t.Context(), "shop", "dead", target.Alias{})
	require.ErrorIs(t, err, target.ErrNotFound)
	require.NoError(t, w.DeleteAlias("console", "shop", "live"))
	_, err = aliases.Alias(t.Context(), "shop", "live")
	require.ErrorIs(t, err, target.ErrNotFound)
}

func TestEveryWriteIsRecorded(t *testing.T) {
	w := shop(t)
	var heard []sim.Write
	w.OnWrite = func(write sim.Write) { heard = append(heard, write) }
	w.Advance(time.Minute)
	require.NoError(t, w.ChangeAlias("console", "shop", "live", split))
	require.Error(t, w.ChangeAlias("console", "shop", "live", func(a *target.Alias) { a.Routing.Secondary = "9" }))
	ctx, invocation, cancel := w.Begin(sim.Invocation{})
	defer cancel()
	now, err := w.Account().Aliases.Alias(ctx, "shop", "live")
	require.NoError(t, err)
	now.Routing = rollout.Routing{Primary: "2"}
	_, err = w.Account().Aliases.UpdateAlias(ctx, "shop", "live", now)
	require.NoError(t, err)
	require.NoError(t, w.DeleteAlias("console", "shop", "live"))

	writes := w.Writes()
	require.Len(t, writes, 4)
	assert.Equal(t, heard, writes[1:])
	assert.Equal(t, []string{"", "console", invocation.ID, "console"}, []string{writes[0].By, writes[1].By, writes[2].By, writes[3].By})
	assert.Equal(t, "version 1 with 10 % on version 2", writes[1].Routing.String())
	assert.Equal(t, time.Minute, writes[1].At)
	assert.True(t, writes[3].Deleted)
}

func TestVersionBecomesReady(t *testing.T) {
	w := shop(t)
	w.Publish("shop", "5", sim.Version{ReadyAt: time.Minute, Version: target.Version{SnapStart: true}})
	v, err := w.Account().Versions.Version(t.Context(), "shop", "5")
	require.NoError(t, err)
	assert.Equal(t, "Pending", v.State)
	assert.False(t, v.Optimized)
	w.Advance(time.Minute)
	v, err = w.Account().Versions.Version(t.Context(), "shop", "5")
	require.NoError(t, err)
	assert.Equal(t, target.Version{State: "Active", UpdateStatus: "Successful", SnapStart: true, Optimized: true}, v)
}

func TestLambdaMovesProvisionedConcurrency(t *testing.T) {
	w := shop(t)
	w.SetConcurrency("shop", "live", 5, time.Minute)
	setting := func() string {
		s, err := w.Account().Versions.ProvisionedConcurrency(t.Context(), "shop", "live")
		require.NoError(t, err)
		return s.Status
	}
	assert.Equal(t, "READY", setting())
	require.NoError(t, w.ChangeAlias("console", "shop", "live", func(a *target.Alias) { a.Routing = rollout.Routing{Primary: "2"} }))
	during, err := w.Alias("shop", "live")
	require.NoError(t, err)
	assert.Equal(t, rollout.Routing{Primary: "2", Secondary: "1", Weight: rollout.Full}, during.Routing)
	assert.Equal(t, "IN_PROGRESS", setting())
	w.Advance(time.Minute)
	after, err := w.Alias("shop", "live")
	require.NoError(t, err)
	assert.Equal(t, rollout.Routing{Primary: "2"}, after.Routing)
	assert.NotEqual(t, during.Revision, after.Revision)
	assert.Equal(t, "READY", setting())
}
