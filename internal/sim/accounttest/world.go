package accounttest

import (
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// World is a simulated account that has what a fixture needs, at a time. The fixture is without an Account.
func World(now time.Time) (*sim.World, Fixture) {
	f := Fixture{
		Now: now, Function: "shop", Old: "1", New: "2", OtherRole: "3", Alias: "live", Description: "ours",
		Busy: "busy", TrafficSince: now.UTC().Truncate(time.Minute).Add(-5 * time.Minute),
		Alarm: "calm", RedAlarm: "red", Hook: "fine", BrokenHook: "broken", LargeHook: "large",
	}
	w := sim.NewAt(f.TrafficSince)
	w.Publish(f.Function, f.Old, sim.Version{})
	w.Publish(f.Function, f.New, sim.Version{Errors: sim.Constant(0.5)})
	w.Publish(f.Function, f.OtherRole, sim.Version{Version: target.Version{Role: "another"}})
	for name, alias := range map[string]target.Alias{
		f.Alias: {Routing: rollout.Routing{Primary: f.Old}, Description: f.Description},
		f.Busy:  {Routing: rollout.Routing{Primary: f.Old, Secondary: f.New, Weight: 10_00}},
	} {
		if err := w.CreateAlias(f.Function, name, alias); err != nil {
			panic(err)
		}
	}
	w.SetTraffic(f.Function, f.Busy, sim.Curve{{Value: 10}, {From: 2 * time.Minute}})
	w.SetHook(f.Hook, sim.Hook{Answer: `{"status": "Succeeded"}`})
	w.SetHook(f.BrokenHook, sim.Hook{Failure: "Unhandled"})
	w.SetHook(f.LargeHook, sim.Hook{Answer: strings.Repeat(" ", target.LongestReply) + "{}"})
	w.Advance(now.Sub(w.Now()))
	w.SetAlarm(f.Alarm, analysis.AlarmOK)
	w.SetAlarm(f.RedAlarm, analysis.AlarmRed)
	return w, f
}
