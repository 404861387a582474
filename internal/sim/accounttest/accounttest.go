// Package accounttest says what every deployer.Account has to do, whichever world it is in: the simulated account passes
// it, and AWS's wire protocols have to.
package accounttest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/deployer"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Fixture is an account with a function in it. What a test needs and the account cannot have is "", and skips it.
type Fixture struct {
	Account deployer.Account
	// Now is the account's time.
	Now time.Time
	// Function has the published and active versions Old and New, of one execution role and without dead letters.
	Function, Old, New string
	// Alias points at Old alone, with the description Description. It has no provisioned concurrency and no traffic.
	Alias, Description string
	// OtherRole is a version of another execution role.
	OtherRole string
	// Alarm is an alarm in the state OK.
	Alarm string
	// Hook is a function that answers {"status": "Succeeded"}; BrokenHook one that ends with a function error.
	Hook, BrokenHook string
}

// absent is the name of what no fixture has.
const absent = "absent-from-the-account"

// Run checks the contract. fixture makes a fresh account for each test.
func Run(t *testing.T, fixture func(t *testing.T) Fixture) {
	for name, test := range map[string]func(*testing.T, Fixture){
		"an alias is read as it is":                 readsAlias,
		"what is written is read":                   writesAlias,
		"all traffic clears the weights":            clearsWeights,
		"every write changes the revision":          changesRevision,
		"a stale write moves nothing":               refusesStaleWrite,
		"what Lambda refuses is refused for good":   refusesForGood,
		"what is not there is not found":            findsNothing,
		"versions are told":                         tellsVersions,
		"an alias without traffic has no minutes":   readsMinutes,
		"alarms are told, and missing ones by name": tellsAlarms,
		"functions answer, fail or are missing":     invokes,
	} {
		t.Run(name, func(t *testing.T) { test(t, fixture(t)) })
	}
}

func (f Fixture) read(t *testing.T) deployer.Alias {
	t.Helper()
	a, err := f.Account.Aliases.Alias(t.Context(), f.Function, f.Alias)
	require.NoError(t, err)
	return a
}

// write writes on the condition of what is there now.
func (f Fixture) write(t *testing.T, to rollout.Routing, description string) error {
	t.Helper()
	a := deployer.Alias{Routing: to, Description: description, Revision: f.read(t).Revision}
	return f.Account.Aliases.UpdateAlias(t.Context(), f.Function, f.Alias, a)
}

func (f Fixture) split(w rollout.Weight) rollout.Routing {
	return rollout.Routing{Primary: f.Old, Secondary: f.New, Weight: w}
}

func readsAlias(t *testing.T, f Fixture) {
	a := f.read(t)
	assert.Equal(t, rollout.Routing{Primary: f.Old}, a.Routing)
	assert.Equal(t, f.Description, a.Description)
	assert.NotEmpty(t, a.Revision)
	assert.Equal(t, a, f.read(t))
}

func writesAlias(t *testing.T, f Fixture) {
	for _, weight := range []rollout.Weight{1, 33_33, 66_67, 99_99} {
		description := strings.Repeat("é", 100) + weight.String()
		require.NoError(t, f.write(t, f.split(weight), description))
		a := f.read(t)
		assert.Equal(t, f.split(weight), a.Routing)
		assert.Equal(t, description, a.Description)
	}
}

func clearsWeights(t *testing.T, f Fixture) {
	for _, version := range []string{f.New, f.Old} {
		require.NoError(t, f.write(t, f.split(10_00), "x"))
		require.NoError(t, f.write(t, rollout.Routing{Primary: version}, ""))
		a := f.read(t)
		assert.Equal(t, rollout.Routing{Primary: version}, a.Routing)
		assert.Empty(t, a.Description)
	}
}

func changesRevision(t *testing.T, f Fixture) {
	before := f.read(t)
	require.NoError(t, f.write(t, before.Routing, before.Description))
	assert.NotEqual(t, before.Revision, f.read(t).Revision)
}

func refusesStaleWrite(t *testing.T, f Fixture) {
	stale := f.read(t)
	require.NoError(t, f.write(t, f.split(10_00), "theirs"))
	theirs := f.read(t)
	stale.Routing = rollout.Routing{Primary: f.New}
	err := f.Account.Aliases.UpdateAlias(t.Context(), f.Function, f.Alias, stale)
	require.ErrorIs(t, err, deployer.ErrMoved)
	assert.Equal(t, theirs, f.read(t))
}

func refusesForGood(t *testing.T, f Fixture) {
	before := f.read(t)
	require.ErrorIs(t, f.write(t, before.Routing, strings.Repeat("x", 257)), deployer.ErrRefused)
	require.ErrorIs(t, f.write(t, rollout.Routing{Primary: f.Old, Secondary: f.Old, Weight: 10_00}, ""), deployer.ErrRefused)
	if f.OtherRole != "" {
		require.ErrorIs(t, f.write(t, rollout.Routing{Primary: f.Old, Secondary: f.OtherRole, Weight: 10_00}, ""), deployer.ErrRefused)
	}
	assert.Equal(t, before, f.read(t))
}

func findsNothing(t *testing.T, f Fixture) {
	aliases, versions := f.Account.Aliases, f.Account.Versions
	_, err := aliases.Alias(t.Context(), f.Function, absent)
	require.ErrorIs(t, err, deployer.ErrNotFound)
	_, err = aliases.Alias(t.Context(), absent, f.Alias)
	require.ErrorIs(t, err, deployer.ErrNotFound)
	err = aliases.UpdateAlias(t.Context(), f.Function, absent, deployer.Alias{Routing: rollout.Routing{Primary: f.Old}, Revision: "any"})
	require.ErrorIs(t, err, deployer.ErrNotFound)
	require.ErrorIs(t, f.write(t, rollout.Routing{Primary: "999999"}, ""), deployer.ErrNotFound)
	_, err = versions.Version(t.Context(), f.Function, "999999")
	require.ErrorIs(t, err, deployer.ErrNotFound)
	_, err = versions.Version(t.Context(), absent, "")
	require.ErrorIs(t, err, deployer.ErrNotFound)
	_, err = versions.ProvisionedConcurrency(t.Context(), f.Function, f.Alias)
	require.ErrorIs(t, err, deployer.ErrNotFound)
}

func tellsVersions(t *testing.T, f Fixture) {
	for _, version := range []string{f.Old, f.New, ""} {
		v, err := f.Account.Versions.Version(t.Context(), f.Function, version)
		require.NoError(t, err)
		assert.Equal(t, "Active", v.State)
		assert.Empty(t, v.DeadLetter)
	}
}

func readsMinutes(t *testing.T, f Fixture) {
	shown, err := f.Account.Meter.Minutes(t.Context(), deployer.MeterQuery{
		Function: f.Function, Alias: f.Alias, OldVersion: f.Old, NewVersion: f.New, Since: f.Now.Add(-10 * time.Minute), Until: f.Now,
	})
	require.NoError(t, err)
	assert.Empty(t, shown)
}

func tellsAlarms(t *testing.T, f Fixture) {
	if f.Alarm == "" {
		t.Skip("the account has no alarms")
	}
	alarms, err := f.Account.Meter.Alarms(t.Context(), []string{f.Alarm})
	require.NoError(t, err)
	require.Len(t, alarms, 1)
	assert.Equal(t, f.Alarm, alarms[0].Name)
	assert.Equal(t, analysis.AlarmOK, alarms[0].State)
	_, err = f.Account.Meter.Alarms(t.Context(), []string{f.Alarm, absent})
	require.ErrorIs(t, err, deployer.ErrNotFound)
	require.ErrorContains(t, err, absent)
	assert.NotContains(t, err.Error(), f.Alarm)
}

func invokes(t *testing.T, f Fixture) {
	hooks := f.Account.Hooks
	_, _, err := hooks.Invoke(t.Context(), absent, []byte(`{}`))
	require.ErrorIs(t, err, deployer.ErrNotFound)
	require.ErrorIs(t, hooks.CanInvoke(t.Context(), absent), deployer.ErrNotFound)
	if f.Hook == "" {
		t.Skip("the account runs no functions")
	}
	require.NoError(t, hooks.CanInvoke(t.Context(), f.Hook))
	answer, failure, err := hooks.Invoke(t.Context(), f.Hook, []byte(`{}`))
	require.NoError(t, err)
	assert.Empty(t, failure)
	assert.JSONEq(t, `{"status": "Succeeded"}`, string(answer))
	answer, failure, err = hooks.Invoke(t.Context(), f.BrokenHook, []byte(`{}`))
	require.NoError(t, err)
	assert.NotEmpty(t, failure)
	assert.Empty(t, answer)
}
