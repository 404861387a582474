package notify

import (
	"context"
	"log/slog"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Audience is everybody who hears of what a driver does, beside its own record. Whatever goes wrong with telling must not stop
// the rollout.
type Audience struct {
	Log    *slog.Logger
	Others Others
	// Watch is told of every event; nil is nobody.
	Watch func(ctx context.Context, events ...rollout.Event)
	// Fatal is turn.Engine's.
	Fatal func(value any) bool
}

// Tell tells the record, the log, the others and who watches, in this order. The record is told too what could not be sent.
func (a Audience) Tell(ctx context.Context, record func(...rollout.Event), events ...rollout.Event) {
	Guarded(ctx, a.Log, a.Fatal, func() { record(events...) })
	Guarded(ctx, a.Log, a.Fatal, func() { Log{a.Log}.Tell(ctx, events...) })
	Guarded(ctx, a.Log, a.Fatal, func() { record(a.Others.Tell(ctx, a.Log, events...)...) })
	if a.Watch != nil {
		Guarded(ctx, a.Log, a.Fatal, func() { a.Watch(ctx, events...) })
	}
}
