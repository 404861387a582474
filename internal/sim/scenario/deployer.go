package scenario

import (
	"log/slog"

	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/driver/recover"
	"github.com/meta-deployer/meta-deployer/internal/driver/workflow"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Deployer is the deployer of a simulated account, as Lambda runs it.
func Deployer(w *sim.World, log *slog.Logger) loop.Deployer {
	return loop.Deployer{
		Accounts: func(string, string, string) target.Account { return w.Account() },
		Clock:    w.Clock(), Log: log, Caller: sim.Caller, Fatal: sim.IsKill, Engines: w.Engines(),
	}
}

// Worker is the worker of a state machine in a simulated account.
func Worker(w *sim.World, log *slog.Logger) workflow.Worker {
	return workflow.Worker{
		Accounts: func(string, string, string) target.Account { return w.Account() },
		Clock:    w.Clock(), Log: log, Caller: sim.Caller, Deployer: "meta-deployer", Fatal: sim.IsKill, Engines: w.Engines(),
	}
}

// Recoverer is what is called when a driver may be dead, in a simulated account.
func Recoverer(w *sim.World, log *slog.Logger) recover.Recoverer {
	return recover.Recoverer{
		Accounts:  func(string, string, string) target.Account { return w.Account() },
		Workflows: w.LongEngine(), Durables: w.Durables(), Switches: w.Schedules(),
		Clock: w.Clock(), Log: log, Caller: sim.Caller, Fatal: sim.IsKill,
	}
}
