package answer

import (
	"fmt"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// The failures on the wire. A Lambda function's errorType is the name of the Go type that it returns, so each failure
// has a type of its own; the names are API, Step Functions matches on them.
type (
	// InvalidRequest is a request that is wrong; nothing was touched.
	InvalidRequest struct{ failure }
	// PreflightFailed is an account that is not ready; nothing was touched.
	PreflightFailed struct{ failure }
	// RolloutInProgress is an alias that somebody else is shifting; it was not touched.
	RolloutInProgress struct{ failure }
	// KnownBadVersion is a version that was sent back here before; nothing was touched.
	KnownBadVersion struct{ failure }
	// DoesNotFit is a plan longer than this driver can run; nothing was touched.
	DoesNotFit struct{ failure }
	// RolledBack is a rollout that was sent back: all traffic is on the old version.
	RolledBack struct{ failure }
	// Held is a rollout that failed and stays where it is.
	Held struct{ failure }
	// Superseded is an alias that somebody else moved meanwhile; theirs stands.
	Superseded struct{ failure }
	// RollbackFailed is an alias that could not be put back; a person must look.
	RollbackFailed struct{ failure }
	// TakenOver is a rollout that a newer driver keeps, or has finished: what other drivers answer in-progress for, a workflow
	// fails with.
	TakenOver struct{ failure }
	// StateUnknown is an alias of which nobody knows what the last write has made; a person must look.
	StateUnknown struct{ failure }
)

// failure is the message of an error on the wire.
type failure struct{ message string }

func (f failure) Error() string { return f.message }

// Invalid is the failure of a request that is wrong.
func Invalid(problems string) error {
	return InvalidRequest{failure{limited("the request is refused, nothing was touched: " + problems)}}
}

// Relieved is the failure of a workflow whose rollout is a newer driver's.
func Relieved(reason string) error { return TakenOver{failure{limited(reason)}} }

// Failure is the error of an outcome; nil for one that is an answer.
func Failure(outcome rollout.Outcome, message string) error {
	f := failure{limited(message)}
	switch outcome {
	case rollout.PreflightFailed:
		return PreflightFailed{f}
	case rollout.RolloutInProgress:
		return RolloutInProgress{f}
	case rollout.KnownBadVersion:
		return KnownBadVersion{f}
	case rollout.DoesNotFit:
		return DoesNotFit{f}
	case rollout.RolledBack:
		return RolledBack{f}
	case rollout.Held:
		return Held{f}
	case rollout.Superseded:
		return Superseded{f}
	case rollout.RollbackFailed:
		return RollbackFailed{f}
	case rollout.StateUnknown:
		return StateUnknown{f}
	case rollout.Succeeded, rollout.SucceededUnverified, rollout.NoOp, rollout.InProgress, rollout.Paused:
		return nil
	}
	return StateUnknown{f}
}

// OfType is the failure of a name, as an engine tells of it; nil for a name that is none of these, and for TakenOver.
func OfType(errorType, message string) error {
	switch outcome := rollout.Outcome(errorType); outcome {
	case rollout.PreflightFailed, rollout.RolloutInProgress, rollout.KnownBadVersion, rollout.DoesNotFit, rollout.RolledBack,
		rollout.Held, rollout.Superseded, rollout.RollbackFailed, rollout.StateUnknown:
		return Failure(outcome, message)
	case "InvalidRequest":
		return InvalidRequest{failure{limited(message)}}
	case rollout.Succeeded, rollout.SucceededUnverified, rollout.NoOp, rollout.InProgress, rollout.Paused:
	}
	return nil
}

// ErrorType is the name that callers match on: the name of a failure's Go type.
func ErrorType(err error) string {
	name := fmt.Sprintf("%T", err)
	return name[strings.LastIndexByte(name, '.')+1:]
}
