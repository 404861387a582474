package rollout

import (
	"slices"
	"time"

	"github.com/stretchr/testify/require"
)

// paths are plans in worlds, each with its own way through the rules.
func paths(t require.TestingT) map[string]func() *world {
	plan := Plan{Target: target, NewVersion: "8", Steps: Linear(4, time.Minute), Poll: 20 * time.Second}
	of := func(change func(*world)) func() *world {
		return func() *world {
			p := plan
			p.Steps = slices.Clone(plan.Steps)
			w := newWorld(t, p)
			change(w)
			return w
		}
	}
	return map[string]func() *world{
		"healthy":             of(func(*world) {}),
		"every ten seconds":   of(func(w *world) { w.cadence = 10 * time.Second }),
		"every seven seconds": of(func(w *world) { w.cadence = 7 * time.Second }),
		"bad at the first":    of(func(w *world) { w.bad = 25_00 }),
		"bad at the third":    of(func(w *world) { w.bad = 75_00 }),
		"bad in the bake":     of(func(w *world) { w.bad = Full }),
		"held":                of(func(w *world) { w.bad, w.plan.HoldOnFailure = 50_00, true }),
		"hooks and probes": of(func(w *world) {
			w.plan.PreTraffic, w.plan.PostTraffic = "smoke", "verify"
			w.plan.Probes = []Probe{{Name: "ping"}, {Name: "each", EveryStep: true}}
		}),
		"a hook that fails":    of(func(w *world) { w.plan.PreTraffic, w.hooks = "smoke", `{"status": "Failed"}` }),
		"no data, advance":     of(func(w *world) { w.blind = true }),
		"no data, rollback":    of(func(w *world) { w.blind, w.plan.OnNoData = true, RollbackOnNoData }),
		"no data till the end": of(func(w *world) { w.blind, w.plan.OnNoData, w.plan.MaxDuration = true, HoldOnNoData, 10*time.Minute }),
		"the driver's end": of(func(w *world) {
			w.blind, w.plan.OnNoData, w.deadline.Rollout = true, HoldOnNoData, began.Add(14*time.Minute)
		}),
		"a candidate": of(func(w *world) { w.plan.NewVersion, w.plan.Candidate = "", "next" }),
		"of type auto": of(func(w *world) {
			w.plan.Auto, w.plan.Health.MaxFailed = new(plainAuto), 10
			w.plan = w.plan.For(Traffic{})
		}),
		"an emergency":           of(func(w *world) { w.plan.Emergency, w.plan.Steps = true, w.plan.Steps[3:] }),
		"without health check":   of(func(w *world) { w.plan.Health.Off = true }),
		"holds of 0":             of(func(w *world) { w.plan.Steps[0].Hold, w.plan.Steps[2].Hold = 0, 0 }),
		"concurrency that moves": of(func(w *world) { w.moves = 2 * time.Minute }),
		"an approval": of(func(w *world) {
			w.plan.Steps[1].Approve = true
			w.at, w.after, w.person = 50_00, 8*time.Minute, func(j *Journal) { j.Approval = Granted }
		}),
		"a pause without end": of(func(w *world) {
			w.plan.MaxDuration = 20 * time.Minute
			w.at, w.after, w.person = 75_00, 20*time.Second, func(j *Journal) { j.Paused = true }
		}),
	}
}
