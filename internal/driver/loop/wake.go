package loop

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// wakeTime is for how long it is tried to wake an engine: it looks by itself when it is due.
const wakeTime = 5 * time.Second

// isChange says that an event is a write that was made.
func isChange(event rollout.Event) bool {
	_, is := event.(rollout.Changed)
	return is
}

// wake wakes the engine of a rollout that a person has changed, and warns where that did not work.
func (d Deployer) wake(ctx context.Context, driver string, log *slog.Logger) (warnings []string) {
	if d.Wake == nil || driver == "" {
		return nil
	}
	ctx, cancel := d.Clock.Bound(ctx, d.Clock.Now().Add(wakeTime))
	defer cancel()
	err := errors.New("an internal error of the deployer, whose log has the stack")
	notify.Guarded(ctx, log, d.Fatal, func() { err = d.Wake(ctx, driver) })
	if err == nil {
		return nil
	}
	log.WarnContext(ctx, "not woken", "error", err.Error())
	return []string{"the change stands, but its durable execution was not woken and looks when it is due: " + target.Explain(err)}
}
