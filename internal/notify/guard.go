package notify

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// Guarded tells somebody of what has happened: whatever goes wrong with that must not stop the rollout. fatal says that a panic
// is the end of the process and goes on; nil is none.
func Guarded(ctx context.Context, log *slog.Logger, fatal func(value any) bool, tell func()) {
	defer func() {
		if value := recover(); value != nil {
			Panic(ctx, log, fatal, value)
		}
	}()
	tell()
}

// Panic logs a panic that was caught; one that is fatal goes on.
func Panic(ctx context.Context, log *slog.Logger, fatal func(value any) bool, value any) {
	if fatal != nil && fatal(value) {
		panic(value)
	}
	log.ErrorContext(ctx, "panic", "value", fmt.Sprint(value), "stack", string(debug.Stack()))
}
