// Package sim is the second world that a rollout can live in: an AWS account with functions, traffic, metrics, alarms,
// hooks and faults, in virtual time. Everything in it is determined by what it was told: the same world gives the same
// rollout, always. A World is used from one goroutine; what happens at once in it are processes, see World.Go.
package sim

import (
	"math/rand/v2"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Start is when a world begins that is not told.
func Start() time.Time { return time.Unix(1767603600, 0).UTC() } // 2026-01-05T09:00:00Z

// World is a virtual account and its time. Its exported fields may be changed at any time, also by what World.At does.
// Times are given as durations since the world's beginning.
type World struct {
	// Latency is how long a call to the account takes; the call takes effect halfway.
	Latency time.Duration
	// MetricsDelay is how long after the end of an invocation CloudWatch shows it.
	MetricsDelay time.Duration
	// MetricsGaps are times of which CloudWatch never shows the invocations.
	MetricsGaps []Span
	// StaleReads is how long GetAlias still shows an alias as it was before a write.
	StaleReads time.Duration
	// NoLogAlarms says that CloudWatch does not know log alarms yet, and refuses to be asked for them.
	NoLogAlarms bool
	// VersionsNamed says that calls through an alias without weights carry ExecutedVersion too.
	VersionsNamed bool
	// Dice makes traffic random; without them exactly the expected calls arrive and fail.
	Dice *rand.Rand
	// Faults go wrong with calls to the account; the first that hits a call decides.
	Faults []Fault
	// Scheduler is the account's EventBridge Scheduler.
	Scheduler Scheduler
	// OnWrite is told of every change of an alias, after it; may be nil.
	OnWrite func(Write)
	// Machine is the account's state machine.
	Machine Machine

	start       time.Time
	elapsed     time.Duration
	agenda      agenda
	current     *process
	ahead       time.Duration
	processes   int
	invocations uint64

	functions   map[string]*function
	alarms      map[string]*alarm
	hooks       map[string]*hook
	metrics     map[string]Curve
	written     map[string]*written
	deployments map[string]*Deployment
	executions  []*target.Execution
	writes      []Write
	heard       []Heard
	calls       map[Operation]int
	revisions   int
}

// Span is a time from a moment up to, not including, another.
type Span struct{ From, Until time.Duration }

func (s Span) contains(t time.Duration) bool { return t >= s.From && t < s.Until }

// New is an empty account at Start. A call takes 20 ms, CloudWatch is a minute behind, and calls through an alias without
// weights do not carry ExecutedVersion.
func New() *World { return NewAt(Start()) }

// NewAt is New at another time, which has to be a whole minute.
func NewAt(start time.Time) *World {
	return &World{
		start:        start,
		Latency:      20 * time.Millisecond,
		MetricsDelay: time.Minute,
		functions:    map[string]*function{},
		alarms:       map[string]*alarm{},
		hooks:        map[string]*hook{},
		metrics:      map[string]Curve{},
		calls:        map[Operation]int{},
	}
}

// Account is the account as the deployer sees it.
func (w *World) Account() target.Account {
	a := account{world: w}
	return target.Account{Aliases: a, Versions: a, Metrics: a, Invoker: a}
}

// Clock is the time as the deployer sees it: by the clock of the host that its invocation runs on, see Invocation.Skew.
func (w *World) Clock() target.Clock {
	return target.Clock{Now: w.hostNow, Sleep: w.sleep, Bound: w.bound}
}

// Now is the world's present time.
func (w *World) Now() time.Time { return w.start.Add(w.elapsed) }

// Elapsed is how long ago the world began.
func (w *World) Elapsed() time.Duration { return w.elapsed }

// since is a time as the duration since the world's beginning.
func (w *World) since(t time.Time) time.Duration { return t.Sub(w.start) }
