package accounttest

import (
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

func lambdaTests() map[string]func(T, Fixture) {
	return map[string]func(T, Fixture){
		"an alias is read as it is":                 readsAlias,
		"what is written is read":                   writesAlias,
		"all traffic clears the weights":            clearsWeights,
		"every write changes the revision":          changesRevision,
		"a stale write moves nothing":               refusesStaleWrite,
		"a long description is refused":             refusesLongDescription,
		"a version beside itself is refused":        refusesSameVersion,
		"versions of two roles are refused":         refusesOtherRole,
		"a missing alias is not found":              missesAlias,
		"a missing function is not found":           missesFunction,
		"a missing version is not found":            missesVersion,
		"a missing additional version is not found": missesAdditionalVersion,
		"no provisioned concurrency is none":        missesConcurrency,
		"versions are told":                         tellsVersions,
		"a missing function is not invoked":         missesHook,
		"a dry run is let through":                  dryRuns,
		"a function answers":                        invokes,
		"a function that fails says so":             tellsFailure,
		"an answer that is too large is not read":   leavesLargeAnswer,
		"a weight is a hundredth of a per cent":     keepsWeights,
	}
}

func readsAlias(t T, f Fixture) {
	a := f.read(t)
	assert.Equal(t, rollout.Routing{Primary: f.Old}, a.Routing)
	assert.Equal(t, f.Description, a.Description)
	assert.NotEmpty(t, a.Revision)
	assert.Equal(t, a, f.read(t))
}

func writesAlias(t T, f Fixture) {
	description := strings.Repeat("é", 256)
	require.NoError(t, f.write(t, f.split(10_00), description))
	a := f.read(t)
	assert.Equal(t, f.split(10_00), a.Routing)
	assert.Equal(t, description, a.Description)
}

func keepsWeights(t T, f Fixture) {
	for _, weight := range []rollout.Weight{1, 33_33, 66_67, 99_99} {
		require.NoError(t, f.write(t, f.split(weight), ""))
		assert.Equal(t, f.split(weight), f.read(t).Routing)
	}
}

func clearsWeights(t T, f Fixture) {
	for _, version := range []string{f.New, f.Old} {
		require.NoError(t, f.write(t, f.split(10_00), "x"))
		require.NoError(t, f.write(t, rollout.Routing{Primary: version}, ""))
		a := f.read(t)
		assert.Equal(t, rollout.Routing{Primary: version}, a.Routing)
		assert.Empty(t, a.Description)
	}
}

func changesRevision(t T, f Fixture) {
	before := f.read(t)
	require.NoError(t, f.write(t, before.Routing, before.Description))
	assert.NotEqual(t, before.Revision, f.read(t).Revision)
}

func refusesStaleWrite(t T, f Fixture) {
	stale := f.read(t)
	require.NoError(t, f.write(t, f.split(10_00), "theirs"))
	theirs := f.read(t)
	stale.Routing = rollout.Routing{Primary: f.New}
	_, err := f.Account.Aliases.UpdateAlias(t.Context(), f.Function, f.Alias, stale)
	require.ErrorIs(t, err, target.ErrMoved)
	assert.Equal(t, theirs, f.read(t))
}

func refusesLongDescription(t T, f Fixture) {
	f.refuses(t, rollout.Routing{Primary: f.Old}, strings.Repeat("x", 257), target.ErrRefused)
}

func refusesSameVersion(t T, f Fixture) {
	f.refuses(t, rollout.Routing{Primary: f.Old, Secondary: f.Old, Weight: 10_00}, "", target.ErrRefused)
}

func refusesOtherRole(t T, f Fixture) {
	f.refuses(t, rollout.Routing{Primary: f.Old, Secondary: f.OtherRole, Weight: 10_00}, "", target.ErrRefused)
}

func missesAlias(t T, f Fixture) {
	_, err := f.Account.Aliases.Alias(t.Context(), f.Function, absent)
	require.ErrorIs(t, err, target.ErrNotFound)
	_, err = f.Account.Aliases.UpdateAlias(t.Context(), f.Function, absent, target.Alias{Routing: rollout.Routing{Primary: f.Old}, Revision: "any"})
	require.ErrorIs(t, err, target.ErrNotFound)
}

func missesFunction(t T, f Fixture) {
	_, err := f.Account.Aliases.Alias(t.Context(), absent, f.Alias)
	require.ErrorIs(t, err, target.ErrNotFound)
	_, err = f.Account.Versions.Version(t.Context(), absent, "")
	require.ErrorIs(t, err, target.ErrNotFound)
}

func missesVersion(t T, f Fixture) {
	_, err := f.Account.Versions.Version(t.Context(), f.Function, "999999")
	require.ErrorIs(t, err, target.ErrNotFound)
	f.refuses(t, rollout.Routing{Primary: "999999"}, "", target.ErrNotFound)
}

func missesAdditionalVersion(t T, f Fixture) {
	f.refuses(t, rollout.Routing{Primary: f.Old, Secondary: "999999", Weight: 10_00}, "", target.ErrNotFound)
}

func missesConcurrency(t T, f Fixture) {
	_, err := f.Account.Versions.ProvisionedConcurrency(t.Context(), f.Function, f.Alias)
	require.ErrorIs(t, err, target.ErrNotFound)
}

func tellsVersions(t T, f Fixture) {
	for _, version := range []string{f.Old, f.New, ""} {
		v, err := f.Account.Versions.Version(t.Context(), f.Function, version)
		require.NoError(t, err)
		assert.Equal(t, "Active", v.State)
		assert.Empty(t, v.DeadLetter)
	}
}

func missesHook(t T, f Fixture) {
	_, err := f.Account.Invoker.Invoke(t.Context(), target.Invocation{Function: absent, Payload: []byte(`{}`)})
	require.ErrorIs(t, err, target.ErrNotFound)
	require.ErrorIs(t, f.Account.Invoker.CanInvoke(t.Context(), absent), target.ErrNotFound)
}

func dryRuns(t T, f Fixture) {
	require.NoError(t, f.Account.Invoker.CanInvoke(t.Context(), f.Hook))
}

func invokes(t T, f Fixture) {
	reply, err := f.Account.Invoker.Invoke(t.Context(), target.Invocation{Function: f.Hook, Payload: []byte(`{}`)})
	require.NoError(t, err)
	assert.Empty(t, reply.Failure)
	assert.JSONEq(t, `{"status": "Succeeded"}`, string(reply.Body))
}

func tellsFailure(t T, f Fixture) {
	reply, err := f.Account.Invoker.Invoke(t.Context(), target.Invocation{Function: f.BrokenHook, Payload: []byte(`{}`)})
	require.NoError(t, err)
	assert.NotEmpty(t, reply.Failure)
	assert.Empty(t, reply.Body)
}

func leavesLargeAnswer(t T, f Fixture) {
	reply, err := f.Account.Invoker.Invoke(t.Context(), target.Invocation{Function: f.LargeHook, Payload: []byte(`{}`)})
	require.NoError(t, err)
	assert.Contains(t, reply.Failure, target.TooLarge)
	assert.Empty(t, reply.Body)
}
