package target

import (
	"context"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Rollouts tells which aliases had rollouts, by what their drivers measured.
type Rollouts interface {
	// Seen are the aliases whose rollouts were looked at from since on, up to until: those with the latest look first. more says
	// that there are too many to be told of all. Errors are as of Account.
	Seen(ctx context.Context, since, until time.Time) (seen []Seen, more bool, err error)
}

// Seen is an alias that had a rollout.
type Seen struct {
	Target rollout.Target
	// Percent is the new version's share at the last look, and At the period of that look.
	Percent float64
	At      time.Time
	// Endings are how its rollouts ended meanwhile, in the order of how good that is; nil where none did.
	Endings []Ending
}

// Ending is one way to end, by the name of its metric, and how many rollouts did so.
type Ending struct {
	Name  string
	Count int
}
