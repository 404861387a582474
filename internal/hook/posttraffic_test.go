package hook

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// minute is the n-th minute of the rollout.
func minute(n int, fresh, alias analysis.Counts) analysis.Minute {
	return analysis.Minute{Start: rolling.Add(time.Duration(n) * time.Minute), New: fresh, Alias: alias}
}

func TestPostTraffic(t *testing.T) {
	calls := func(invocations, failed float64) analysis.Counts {
		return analysis.Counts{Invocations: invocations, Errors: failed}
	}
	healthy := []analysis.Minute{minute(0, calls(40, 0), calls(400, 3)), minute(1, calls(60, 0), calls(60, 0))}
	tests := map[string]struct {
		rate   string
		change func(*world)
		status Status
		reason []string
	}{
		"a healthy version succeeds, with the numbers": {
			change: func(w *world) { w.minutes = healthy },
			status: Succeeded, reason: []string{"points at version 2 of function f alone", "healthy", "0 of 100 invocations"},
		},
		"one failed invocation is too many by default": {
			change: func(w *world) { w.minutes = append(healthy, minute(2, calls(1, 1), calls(1, 1))) },
			status: Failed, reason: []string{"not healthy", "1 of 101 invocations", "allowed 0 %"},
		},
		"as many as allowed succeed": {
			rate: "0.01", change: func(w *world) { w.minutes = []analysis.Minute{minute(1, calls(100, 1), calls(100, 1))} },
			status: Succeeded, reason: []string{"1 of 100 invocations"},
		},
		"one more fails": {
			rate: "0.01", change: func(w *world) { w.minutes = []analysis.Minute{minute(1, calls(100, 2), calls(100, 2))} },
			status: Failed, reason: []string{"2 of 100 invocations", "allowed 1 %"},
		},
		"the old version's failures are not the new one's": {
			change: func(w *world) {
				w.minutes = []analysis.Minute{{Start: rolling, New: calls(10, 0), Old: calls(90, 90), Alias: calls(100, 90)}}
			},
			status: Succeeded,
		},
		"nothing measured succeeds and says so": {
			status: Succeeded, reason: []string{"nothing was measured since 2000-01-01T00:00:00Z"},
		},
		"an alias that is still split fails": {
			change: func(w *world) { w.alias.Routing = rollout.Routing{Primary: "1", Secondary: "2", Weight: 90_00} },
			status: Failed, reason: []string{"version 1 with 90 % on version 2", "not to version 2 alone"},
		},
		"an alias at the new version with weights beside it fails": {
			change: func(w *world) { w.alias.Routing = rollout.Routing{Primary: "2", Secondary: "1", Weight: 1} },
			status: Failed, reason: []string{"not to version 2 alone"},
		},
		"an alias that somebody moved back fails": {
			change: func(w *world) { w.alias.Routing = rollout.Routing{Primary: "1"} },
			status: Failed, reason: []string{"sends traffic to version 1"},
		},
		"an alias that cannot be read for a moment is read again": {
			change: func(w *world) {
				w.minutes, w.faults["Alias"] = healthy, []error{errors.New("timeout"), errors.New("timeout")}
			},
			status: Succeeded,
		},
		"an alias that is gone for a moment is read again": {
			change: func(w *world) { w.minutes, w.faults["Alias"] = healthy, repeat(target.ErrNotFound, 4) },
			status: Succeeded,
		},
		"an alias that is gone fails": {
			change: func(w *world) { w.faults["Alias"] = repeat(target.ErrNotFound, 100) },
			status: Failed, reason: []string{"alias live of function f cannot be read", "not found; create what is missing"},
		},
		"metrics that cannot be read for a moment are read again": {
			change: func(w *world) {
				w.minutes, w.faults["Minutes"] = healthy, []error{target.ErrUnavailable, target.ErrUnavailable}
			},
			status: Succeeded,
		},
		"metrics that cannot be read fail": {
			change: func(w *world) { w.minutes, w.faults["Minutes"] = healthy, repeat(target.ErrUnavailable, 100) },
			status: Failed, reason: []string{"the metrics of function f cannot be read", "unavailable", "time ran out"},
		},
		"metrics that may not be read fail": {
			change: func(w *world) { w.minutes, w.faults["Minutes"] = healthy, repeat(target.ErrDenied, 100) },
			status: Failed, reason: []string{"access denied; give the role"},
		},
		"a rate that is a percentage fails": {
			rate: "5", change: func(w *world) { w.minutes = healthy },
			status: Failed, reason: []string{`MAX_ERROR_RATE is "5": give a share from 0 to 1`},
		},
		"a rate that is no number fails": {
			rate: "NaN", change: func(w *world) { w.minutes = healthy }, status: Failed, reason: []string{"MAX_ERROR_RATE"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, answer := askBoth(t, func() (*world, invoker) {
					w := newWorld()
					if test.change != nil {
						test.change(w)
					}
					return w, w.postTraffic(test.rate)
				})
				assert.Equal(t, test.status, answer.Status, answer.Reason)
				for _, part := range test.reason {
					assert.Contains(t, answer.Reason, part)
				}
			})
		})
	}
}

// Calls through an alias that stands at one version may lack that version's own series: from the time on that it stood
// there alone, the alias's series counts, and not a minute earlier.
func TestPostTrafficReadsTheAliasOnceItStoodAlone(t *testing.T) {
	bad := analysis.Counts{Invocations: 50, Errors: 50}
	shifted := rolling.Add(5*time.Minute + 20*time.Second)
	journal := rollout.Journal{ID: rollout.NewID(rollout.Target{Function: "f", Alias: "live"}, "1", "2", rolling), Start: rolling, Old: "1", New: "2", Weight: rollout.Full, Step: 2, Steps: 2, Since: shifted, First: rolling, Driver: "test"}
	description, ok := rollout.Description{Owner: "mine", Journal: &journal}.Encode()
	assert.True(t, ok)
	tests := map[string]struct {
		change func(*world)
		minute int
		status Status
	}{
		"our journal: the minute of the shift was the old version's too": {func(w *world) { w.alias.Description = description }, 5, Succeeded},
		"our journal: the minute after it was not":                       {func(w *world) { w.alias.Description = description }, 6, Failed},
		"CodeDeploy: before all traffic had moved":                       {func(w *world) { w.target.Alone = shifted }, 5, Succeeded},
		"CodeDeploy: after it":                                           {func(w *world) { w.target.Alone = shifted }, 6, Failed},
		"nobody knows when: the alias's series proves nothing":           {func(*world) {}, 6, Succeeded},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.minutes = []analysis.Minute{minute(test.minute, analysis.Counts{}, bad)}
				test.change(w)
				answer := ask(t, w.postTraffic(""), codeEvent, time.Minute)
				assert.Equal(t, test.status, answer.Status, answer.Reason)
			})
		})
	}
}

func TestPostTrafficAsksForTheRightMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(72 * time.Hour)
		now := time.Now()
		began := now.Add(-7 * time.Minute).UTC()

		w := newWorld()
		w.target.Function, w.target.Since = "arn:aws:lambda:eu-central-1:123456789012:function:f", began
		ask(t, w.postTraffic(""), codeEvent, time.Minute)
		assert.Equal(t, target.MetricsQuery{Function: "f", Alias: "live", OldVersion: "1", NewVersion: "2", Since: began, Until: now}, w.query,
			"metrics know the bare name")

		w = newWorld()
		w.target.Since = time.Time{}
		ask(t, w.postTraffic(""), codeEvent, time.Minute)
		assert.Equal(t, now.Add(-50*time.Hour), w.query.Since, "a deployment that says no time is looked at whole")

		w = newWorld()
		event := fmt.Sprintf(`{"lifecycle-event":"post-traffic","function-name":"f","alias":"live","new-version":"2","started-at":%q}`, began.Format(time.RFC3339))
		ask(t, w.postTraffic(""), event, time.Minute)
		assert.Equal(t, began, w.query.Since)

		answer := ask(t, newWorld().postTraffic(""), `{"lifecycle-event":"post-traffic","function-name":"f","alias":"live","new-version":"2"}`, time.Minute)
		assert.Equal(t, Failed, answer.Status)
		assert.Contains(t, answer.Reason, "started-at is missing")
	})
}

func repeat(err error, times int) []error {
	var list []error
	for range times {
		list = append(list, err)
	}
	return list
}
