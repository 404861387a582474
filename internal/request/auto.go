package request

import (
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// parseAuto reads what type auto chooses its schedule by. limit is max-duration, 0 where the request has none.
func parseAuto(f fields, interval, limit time.Duration) *rollout.Auto {
	auto := rollout.Auto{Target: rollout.AutoTarget, Bake: rollout.AutoHold}
	if f.has("interval") {
		auto.Hold, auto.Bake = interval, interval
	}
	auto.Bake = f.duration("bake", 0, auto.Bake)
	if limit > 0 {
		auto.Target = max(0, limit-rollout.Overhead)
	}
	return &auto
}

// checkAuto refuses what leaves type auto no choice, and takes the schedule of an alias without traffic until the traffic
// is known.
func (r *Request) checkAuto(f fields) {
	auto, blind := *r.Plan.Auto, r.Plan.Blind()
	least := max(auto.Hold, blind) + auto.Bake
	switch {
	case r.Plan.Health.MaxFailed == 0:
		f.missing("health-check.max-failed-invocations", "type auto chooses its schedule by it: give how many calls a version that fails completely may cost")
		return
	case f.has("interval") && auto.Hold < blind:
		f.refuse("interval", fmt.Sprintf("type auto has to see a step before it goes on, give at least %s", blind))
	case auto.Target < least && r.Plan.MaxDuration > 0:
		f.refuse("max-duration", fmt.Sprintf("one step and the bake take %s, give at least %s", least, least+rollout.Overhead))
	}
	auto.Target = max(auto.Target, least)
	r.Plan.Auto = &auto
	r.Plan = r.Plan.For(rollout.Traffic{})
}
