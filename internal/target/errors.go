package target

import (
	"errors"
	"fmt"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// What the ports fail with. Anything else is ErrUnavailable.
var (
	// ErrNotFound is a resource that does not exist.
	ErrNotFound = errors.New("not found")
	// ErrMoved is a write that came too late: the alias has another revision.
	ErrMoved = errors.New("the alias was changed meanwhile")
	// ErrExists is a name that something else has already.
	ErrExists = errors.New("exists already")
	// ErrDenied is a call that the caller's role may not make.
	ErrDenied = errors.New("access denied")
	// ErrCredentials is a call without credentials that are valid. It is an ErrDenied.
	ErrCredentials = fmt.Errorf("%w for want of valid credentials", ErrDenied)
	// ErrRefused is a call that AWS will never accept.
	ErrRefused = errors.New("refused")
	// ErrUnavailable is a call without a usable answer: throttled, failed or lost. What it asked for may have been done.
	ErrUnavailable = errors.New("unavailable")
)

// Error is a call that failed, with what AWS said of it.
type Error struct {
	// Kind is one of the errors above.
	Kind error
	// Action is what was called, as a policy names it, such as lambda:GetAlias.
	Action string
	// Message is for people, of a bounded length.
	Message string
	// Cause is the error that it was made of; may be nil.
	Cause error
}

// Error is the kind and the message.
func (e *Error) Error() string { return fmt.Sprintf("%v: %s", e.Kind, e.Message) }

// Unwrap is the kind and, where there is one, the cause.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// Permanent says that trying a call again is of no use, unless what it names is only a moment old.
func Permanent(err error) bool {
	return errors.Is(err, ErrNotFound) || errors.Is(err, ErrDenied) || errors.Is(err, ErrRefused)
}

// Remedy is what a person does about a permanent error, as a clause; "" for any other.
func Remedy(err error) string {
	switch {
	case errors.Is(err, ErrNotFound):
		return "create what is missing, or check its name, region and account"
	case errors.Is(err, ErrCredentials):
		return "renew the credentials"
	case errors.Is(err, ErrDenied):
		permission := "that AWS names there"
		if call, ok := errors.AsType[*Error](err); ok && call.Action != "" {
			permission = call.Action
		}
		return "give the role that calls the permission " + permission
	case errors.Is(err, ErrRefused):
		return "change what AWS objects to: the same call is refused again"
	}
	return ""
}

// Explain is an error with its remedy, for people.
func Explain(err error) string {
	if remedy := Remedy(err); remedy != "" {
		return err.Error() + "; " + remedy
	}
	return err.Error()
}

// CallError is an error of a port as rollout understands it.
func CallError(err error) *rollout.CallError {
	kind := rollout.Unavailable
	for sentinel, k := range map[error]rollout.ErrorKind{
		ErrNotFound: rollout.NotFound, ErrDenied: rollout.Denied, ErrRefused: rollout.Refused, ErrMoved: rollout.Moved, ErrExists: rollout.Exists,
	} {
		if errors.Is(err, sentinel) {
			kind = k
		}
	}
	return &rollout.CallError{Kind: kind, Text: Explain(err)}
}
