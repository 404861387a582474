package sim_test

import (
	"testing"

	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/accounttest"
)

func TestTheSimulatedAccountIsAnAccount(t *testing.T) {
	accounttest.Run(t, func(*testing.T) accounttest.Fixture {
		w, f := accounttest.World(sim.Start())
		f.Account = w.Account()
		return f
	})
}
