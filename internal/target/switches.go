package target

import (
	"context"
	"time"
)

// Switch is a driver's dead man's switch: a schedule that calls recover unless the driver deletes it.
type Switch struct {
	// Driver is the driver's token, and the switch's name.
	Driver string
	// First is when recover is called first, and Every how often from there on: a whole number of minutes.
	First time.Time
	Every time.Duration
	// Input is what it is called with, as JSON.
	Input []byte
}

// Switches sets and deletes dead man's switches, in the account where the driver runs. Errors are as of Account.
type Switches interface {
	// SetSwitch sets a switch. One of that name that exists already counts as set.
	SetSwitch(ctx context.Context, s Switch) error
	// DeleteSwitch deletes a switch by the driver's token. One that does not exist counts as deleted.
	DeleteSwitch(ctx context.Context, driver string) error
}

// MovableSwitches can also give a switch another time.
type MovableSwitches interface {
	Switches
	// MoveSwitch puts a switch in the place of the one of its name. It fails with ErrNotFound where there is none.
	MoveSwitch(ctx context.Context, s Switch) error
}
