// Package accounttest says what every target.Account has to do, whichever world it is in: the simulated account passes
// it, the same account over HTTP, and emulators of AWS that others wrote, as far as they go.
package accounttest

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Fixture is an account with a function in it.
type Fixture struct {
	Account target.Account
	// Now is the account's time.
	Now time.Time
	// Function has the published and active versions Old and New, of one execution role and without dead letters.
	Function, Old, New string
	// Alias points at Old alone, with the description Description. It has no provisioned concurrency and no traffic.
	Alias, Description string
	// OtherRole is a version of another execution role.
	OtherRole string
	// Busy is an alias that had the traffic of Traffic, two minutes from TrafficSince on.
	Busy         string
	TrafficSince time.Time
	// Alarm is an alarm in the state OK, and RedAlarm one that has been in the state ALARM for less than a minute.
	Alarm, RedAlarm string
	// Hook is a function that answers {"status": "Succeeded"}; BrokenHook one that ends with a function error; LargeHook one
	// whose answer has more than target.LongestReply.
	Hook, BrokenHook, LargeHook string
}

// Traffic is what a busy alias got from a minute on: of ten calls one to the new version, half of which failed.
func Traffic(since time.Time) []analysis.Minute {
	minute := analysis.Minute{
		New:   analysis.Counts{Invocations: 60, Errors: 30},
		Old:   analysis.Counts{Invocations: 540},
		Alias: analysis.Counts{Invocations: 600, Errors: 30},
	}
	first, second := minute, minute
	first.Start, second.Start = since, since.Add(time.Minute)
	return []analysis.Minute{first, second}
}

// T is what a test has to do with its testing.T.
type T interface {
	require.TestingT
	Helper()
	Context() context.Context
}

// absent is the name of what no fixture has.
const absent = "absent-from-the-account"

// Run checks the contract. fixture makes a fresh account for each test. lacks names the tests that this account is known
// not to pass, for what it does not model: they have to fail, or they are on the list for nothing.
func Run(t *testing.T, fixture func(t *testing.T) Fixture, lacks ...string) {
	tests := lambdaTests()
	maps.Copy(tests, meterTests())
	run(t, tests, fixture, lacks)
}

// RunMetrics checks the contract of target.Metrics alone.
func RunMetrics(t *testing.T, fixture func(t *testing.T) Fixture, lacks ...string) {
	run(t, meterTests(), fixture, lacks)
}

func run(t *testing.T, tests map[string]func(T, Fixture), fixture func(t *testing.T) Fixture, lacks []string) {
	for _, name := range lacks {
		require.Contains(t, tests, name, "there is no such test to lack")
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fixture(t)
			if !slices.Contains(lacks, name) {
				test(t, f)
				return
			}
			why := failure(t, func(t T) { test(t, f) })
			require.NotEmpty(t, why, "the account passes this: take it off the list of what it lacks")
			t.Logf("lacking, as known: %s", why)
		})
	}
}

// failure runs a test that should fail, and says with what it did; "" where it passed.
func failure(t *testing.T, test func(T)) string {
	r, done := &recorder{ctx: t.Context()}, make(chan struct{})
	go func() { // a test that gives up ends its goroutine
		defer close(done)
		test(r)
	}()
	<-done
	return r.why
}

// recorder is the T of a test that should fail.
type recorder struct {
	ctx context.Context
	why string
}

func (r *recorder) Errorf(format string, values ...any) { r.why += fmt.Sprintf(format, values...) }
func (r *recorder) FailNow()                            { runtime.Goexit() }
func (r *recorder) Helper()                             {}
func (r *recorder) Context() context.Context            { return r.ctx }

func (f Fixture) read(t T) target.Alias {
	t.Helper()
	a, err := f.Account.Aliases.Alias(t.Context(), f.Function, f.Alias)
	require.NoError(t, err)
	return a
}

// write writes on the condition of what is there now.
func (f Fixture) write(t T, to rollout.Routing, description string) error {
	t.Helper()
	a := target.Alias{Routing: to, Description: description, Revision: f.read(t).Revision}
	made, err := f.Account.Aliases.UpdateAlias(t.Context(), f.Function, f.Alias, a)
	if err == nil {
		assert.Equal(t, f.read(t), made, "what a write answers is what is read")
	}
	return err
}

func (f Fixture) split(w rollout.Weight) rollout.Routing {
	return rollout.Routing{Primary: f.Old, Secondary: f.New, Weight: w}
}

// refuses checks that a write is refused and moves nothing.
func (f Fixture) refuses(t T, to rollout.Routing, description string, want error) {
	t.Helper()
	before := f.read(t)
	require.ErrorIs(t, f.write(t, to, description), want)
	assert.Equal(t, before, f.read(t))
}
