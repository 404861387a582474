// Package target has the ports: what the rest of the code asks of the account that it works in, in its own words, with the
// errors that it may get. internal/cloud answers for AWS, internal/sim for the simulated account.
package target

import (
	"context"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
)

// Account is the account that a request works in. Every method may fail with an error that wraps one of the sentinels
// of this package; any other error counts as ErrUnavailable.
type Account struct {
	// Role is the ARN of the role that it is reached by, which tells accounts apart; "" is the driver's own.
	Role     string
	Aliases  Aliases
	Versions Versions
	Metrics  Metrics
	Invoker  Invoker
}

// Aliases reads and moves aliases.
type Aliases interface {
	// Alias fails with ErrNotFound where there is no such function or alias. For a moment it may show the alias as it was
	// before the last write, and what is there as not found.
	Alias(ctx context.Context, function, alias string) (Alias, error)
	// UpdateAlias writes routing and description together if the alias still has to.Revision, else it fails with
	// ErrMoved. It returns the alias as it is after the write, with its new revision: a read may show an older one for a
	// while. After any error but ErrDenied and ErrRefused it may have been done all the same; after ErrMoved too, because
	// a write whose answer was lost is repeated on the way.
	UpdateAlias(ctx context.Context, function, alias string, to Alias) (Alias, error)
}

// Alias is an alias as Lambda states it.
type Alias = rollout.Alias

// Versions tells about a function's versions.
type Versions interface {
	// Version fails with ErrNotFound where there is no such function or version; "" is the unpublished one.
	Version(ctx context.Context, function, version string) (Version, error)
	// ProvisionedConcurrency fails with ErrNotFound where the alias has none.
	ProvisionedConcurrency(ctx context.Context, function, alias string) (ProvisionedConcurrency, error)
}

// Version is what pre-flight has to know of a version.
type Version struct {
	// State is Lambda's, such as Active, Pending, Inactive or Failed, and Reason why.
	State, Reason string
	// UpdateStatus is Lambda's LastUpdateStatus, such as Successful, InProgress or Failed.
	UpdateStatus string
	// SnapStart says that calls wait for a snapshot, and Optimized that there is one.
	SnapStart, Optimized bool
	Role                 string
	// DeadLetter is the ARN of the dead-letter target; "" for none.
	DeadLetter string
}

// ProvisionedConcurrency is an alias's setting.
type ProvisionedConcurrency struct {
	Requested, Available int
	// Status is Lambda's IN_PROGRESS, READY or FAILED.
	Status string
}

// Metrics reads measurements.
type Metrics interface {
	// Minutes reads every minute from that of q.Since to that of q.Until, or every such period of q.Period, oldest first. It
	// fails rather than leave out what it could not read.
	Minutes(ctx context.Context, q MetricsQuery) ([]analysis.Minute, error)
	// Quantiles reads how long the alias's calls took, in periods of analysis.QuantilePeriod. One without calls is left out.
	Quantiles(ctx context.Context, q MetricsQuery) ([]analysis.Quantiles, error)
	// Alarms reads alarms by name, in any order. It fails with ErrNotFound, naming them, where some do not exist.
	Alarms(ctx context.Context, names []string) ([]analysis.Alarm, error)
}

// MetricsQuery says whose invocations to read, and from when to when.
type MetricsQuery struct {
	Function, Alias        string
	OldVersion, NewVersion string
	Since, Until           time.Time
	// Period is how long each datapoint of Minutes is, a whole number of minutes; 0 is a minute.
	Period time.Duration
	// Slow are the durations in milliseconds above which calls are counted as slow, at most analysis.MaxThresholds. Without
	// any no durations are read.
	Slow []float64
	// Throttles asks for the alias's throttled calls.
	Throttles bool
	// Metrics are the request's own. Their limits are of minutes, so that a longer Period has none.
	Metrics []analysis.Metric
}

// Granularity is the Period, or a minute.
func (q MetricsQuery) Granularity() time.Duration { return max(q.Period, time.Minute) }

// Invoker invokes functions.
type Invoker interface {
	// Invoke waits for the answer. An error says that no answer came: a function that failed is a Reply. One that Lambda has
	// put to sleep is ErrUnavailable until it is awake, for up to two minutes from its first invocation on, and one that
	// wants a tenant, or wants none, ErrRefused.
	Invoke(ctx context.Context, i Invocation) (Reply, error)
	// CanInvoke says whether an invocation would be let through, without making one: ErrNotFound, ErrDenied.
	CanInvoke(ctx context.Context, function string) error
}

// Invocation is what a function is invoked with.
type Invocation struct {
	// Function is a name or an ARN, with an optional version or alias behind it.
	Function string
	Payload  []byte
	// TenantID is whom the invocation is for. A function with tenant isolation refuses one without it; "" for any other.
	TenantID string
}

// LongestReply is how many bytes of a function's answer are read: its memory is the caller's.
const LongestReply = 256 << 10

// TooLarge is the failure of a function whose answer is longer than LongestReply.
const TooLarge = "its answer is larger than 256 KB, which is not read"

// Reply is how a function ended.
type Reply struct {
	// Body is what it answered, of at most LongestReply; nil where it failed.
	Body []byte
	// Failure is what it failed with, in a text that is shown to people; "" where it answered.
	Failure string
}

// Clock is the time that the code lives in.
type Clock struct {
	Now func() time.Time
	// Sleep returns early, with the context's error, when the context ends.
	Sleep func(ctx context.Context, d time.Duration) error
	// Bound is a context that ends at a time.
	Bound func(ctx context.Context, end time.Time) (context.Context, context.CancelFunc)
}

// WallClock is the real time.
func WallClock() Clock {
	return Clock{Now: time.Now, Sleep: sleep, Bound: context.WithDeadline}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
