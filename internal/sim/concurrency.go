package sim

import (
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// provisioned is the provisioned concurrency of an alias.
type provisioned struct {
	requested int
	// moves is how long Lambda takes to prepare another version, and ready when it has.
	moves, ready time.Duration
}

// SetConcurrency gives an alias provisioned concurrency, ready at once. When the alias moves to another version, Lambda
// takes some time to prepare it. Meanwhile all traffic stays on the version before by a weight that Lambda itself puts
// on the alias and takes away again, as Terraform has met it (terraform-provider-aws PR 48116: weights {"1": 1} after
// the move to version 2).
func (w *World) SetConcurrency(name, aliasName string, requested int, moves time.Duration) {
	w.functions[name].aliases[aliasName].provisioned = &provisioned{requested: requested, moves: moves}
}

// moveConcurrency is what Lambda does after a write.
func (w *World) moveConcurrency(f *function, a *alias, before rollout.Routing) {
	p := a.provisioned
	if p == nil || p.moves == 0 || a.Routing.Split() || a.Routing.Primary == before.Primary {
		return
	}
	p.ready = w.elapsed + p.moves
	w.reweigh(f, a, rollout.Routing{Primary: a.Routing.Primary, Secondary: before.Primary, Weight: rollout.Full})
	own := a.Revision
	w.At(p.ready, func() {
		if a.Revision == own && !a.deleted {
			w.reweigh(f, a, rollout.Routing{Primary: a.Routing.Primary})
		}
	})
}

// reweigh is a change of weights by Lambda itself.
func (w *World) reweigh(f *function, a *alias, to rollout.Routing) {
	w.serve(f, a)
	a.Routing, a.Revision = to, w.nextRevision()
	w.changed(Write{At: w.elapsed, By: Lambda, Function: f.name, Name: a.name, Alias: a.Alias})
}

// concurrency is an alias's provisioned concurrency as Lambda states it now.
func (w *World) concurrency(name, aliasName string) (target.ProvisionedConcurrency, error) {
	_, a, err := w.find(name, aliasName)
	if err != nil {
		return target.ProvisionedConcurrency{}, err
	}
	if a.provisioned == nil {
		return target.ProvisionedConcurrency{}, &Error{"ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function", target.ErrNotFound}
	}
	stated := target.ProvisionedConcurrency{Requested: a.provisioned.requested, Available: a.provisioned.requested, Status: "READY"}
	if a.provisioned.ready > w.elapsed {
		stated.Available, stated.Status = 0, "IN_PROGRESS"
	}
	return stated, nil
}
