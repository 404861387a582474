package sim_test

import (
	"testing"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/accounttest"
)

func TestTheSimulatedAccountIsAnAccount(t *testing.T) {
	accounttest.Run(t, func(t *testing.T) accounttest.Fixture {
		w := shop(t)
		w.SetAlarm("calm", analysis.AlarmOK)
		w.SetHook("fine", sim.Hook{Answer: `{"status": "Succeeded"}`})
		w.SetHook("broken", sim.Hook{Failure: "Unhandled"})
		return accounttest.Fixture{
			Account: w.Account(), Now: w.Now(), Function: "shop", Old: "1", New: "2", Alias: "live", Description: "ours",
			OtherRole: "3", Alarm: "calm", Hook: "fine", BrokenHook: "broken",
		}
	})
}
