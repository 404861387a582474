package scenario

import (
	"log/slog"

	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Deployer is the deployer of a simulated account, as Lambda runs it.
func Deployer(w *sim.World, log *slog.Logger) loop.Deployer {
	return loop.Deployer{
		Accounts: func(string, string, string) target.Account { return w.Account() },
		Clock:    w.Clock(), Log: log, Caller: sim.Caller, Fatal: sim.IsKill,
	}
}
