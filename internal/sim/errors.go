package sim

import (
	"errors"
	"fmt"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Error is how AWS says no. It wraps what the deployer makes of it.
type Error struct {
	// Code is AWS's name of it, such as ResourceNotFoundException.
	Code, Message string
	kind          error
}

// Error is as internal/cloud words it.
func (e *Error) Error() string { return fmt.Sprintf("%v: %s: %s", e.kind, e.Code, e.Message) }

// Unwrap is one of the deployer's sentinels.
func (e *Error) Unwrap() error { return e.kind }

// ErrReplyLost is a call that was done and whose answer nobody hears.
var ErrReplyLost = errors.New("the connection was closed before the answer came")

func notFound(text string) error {
	return &Error{"ResourceNotFoundException", text, target.ErrNotFound}
}

func refused(code, text string) error { return &Error{code, text, target.ErrRefused} }

func throttled() error {
	return &Error{"TooManyRequestsException", "Rate exceeded", target.ErrUnavailable}
}

// OfEntry says that it is said of one event that was put, in an answer whose status is 200.
func (e *Error) OfEntry() bool {
	return e.Code == "InternalFailure" || e.Code == "MalformedDetail" || e.Code == "InvalidArgument"
}
