package target

import (
	"errors"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// What the ports fail with. Anything else is ErrUnavailable.
var (
	// ErrNotFound is a resource that does not exist.
	ErrNotFound = errors.New("not found")
	// ErrMoved is a write that came too late: the alias has another revision.
	ErrMoved = errors.New("the alias was changed meanwhile")
	// ErrDenied is a call that the caller's role may not make.
	ErrDenied = errors.New("access denied")
	// ErrRefused is a call that AWS will never accept.
	ErrRefused = errors.New("refused")
	// ErrUnavailable is a call without a usable answer: throttled, failed or lost. What it asked for may have been done.
	ErrUnavailable = errors.New("unavailable")
)

// Permanent says that trying a call again is of no use, unless what it names is only a moment old.
func Permanent(err error) bool {
	return errors.Is(err, ErrNotFound) || errors.Is(err, ErrDenied) || errors.Is(err, ErrRefused)
}

// CallError is an error of a port as rollout understands it.
func CallError(err error) *rollout.CallError {
	kind := rollout.Unavailable
	for sentinel, k := range map[error]rollout.ErrorKind{
		ErrNotFound: rollout.NotFound, ErrDenied: rollout.Denied, ErrRefused: rollout.Refused, ErrMoved: rollout.Moved,
	} {
		if errors.Is(err, sentinel) {
			kind = k
		}
	}
	return &rollout.CallError{Kind: kind, Text: err.Error()}
}
