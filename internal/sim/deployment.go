package sim

import (
	"context"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Deployment is a CodeDeploy deployment of a function: the alias it moves, and how far it is.
type Deployment struct {
	Function, Alias, OldVersion, NewVersion string
	// Created is when it was.
	Created time.Duration
	// Shifted is when all traffic had been shifted; 0 is not yet.
	Shifted time.Duration
	// Execution is the id of the hook execution that waits for a status.
	Execution string
	// Status is what it was told, once; "" until then.
	Status string
}

// SetDeployment creates a deployment, or changes it.
func (w *World) SetDeployment(id string, d Deployment) {
	if w.deployments == nil {
		w.deployments = map[string]*Deployment{}
	}
	w.deployments[id] = &d
}

// Deployment is a deployment as CodeDeploy states it.
func (w *World) Deployment(id string) (Deployment, error) {
	d := w.deployments[id]
	if d == nil {
		return Deployment{}, &Error{"DeploymentDoesNotExistException", "The deployment " + id + " could not be found", target.ErrNotFound}
	}
	return *d, nil
}

// Deployment is one of the calls that tell of a deployment.
func (c Control) Deployment(ctx context.Context, op Operation, id string) (d Deployment, err error) {
	err = c.world.call(ctx, op, func() error {
		d, err = c.world.Deployment(id)
		return err
	})
	return d, err
}

// ReportHook is PutLifecycleEventHookExecutionStatus: a hook execution has one status, for ever.
func (c Control) ReportHook(ctx context.Context, id, execution, status string) error {
	return c.world.call(ctx, "PutLifecycleEventHookExecutionStatus", func() error {
		d, err := c.world.Deployment(id)
		switch {
		case err != nil:
			return err
		case status != "Succeeded" && status != "Failed":
			return refused("InvalidLifecycleEventHookExecutionStatusException", "The status "+status+" is not Succeeded or Failed")
		case execution != d.Execution:
			return refused("InvalidLifecycleEventHookExecutionIdException", "The lifecycle event hook execution ID is not of this deployment")
		case d.Status != "":
			return refused("LifecycleEventAlreadyCompletedException", "The lifecycle event has a status already: "+d.Status)
		}
		c.world.deployments[id].Status = status
		return nil
	})
}
