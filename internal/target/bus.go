package target

import (
	"context"
	"time"
)

// Bus takes events for whoever listens.
type Bus interface {
	// Put sends one event, once. After any error but ErrDenied, ErrNotFound and ErrRefused it may have been taken all the same.
	Put(ctx context.Context, e BusEvent) error
}

// BusEvent is what listeners get.
type BusEvent struct {
	// Source is who tells, and Type what of, for listeners to choose by.
	Source, Type string
	// Detail is a JSON object.
	Detail []byte
	At     time.Time
}
