package rollout

import (
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// Target is the alias of a function.
type Target struct{ Function, Alias string }

// String is the target as people and AWS write it, "checkout:live".
func (t Target) String() string { return t.Function + ":" + t.Alias }

// Alias is an alias as Lambda states it.
type Alias struct {
	Routing     Routing `json:"routing"`
	Description string  `json:"description,omitempty"`
	// Revision changes with every write, by whomever.
	Revision string `json:"revision"`
}

// Snapshot is what a turn has found: the alias, what it looked for, the clock.
type Snapshot struct {
	// Now is read after everything else was.
	Now time.Time
	// Alias is as it was read or, where JustWritten says so, as the last write left it.
	Alias Alias
	// JustWritten says that our own write has been answered a moment ago: the alias was not read again, and nothing that
	// came of the write can be measured yet.
	JustWritten bool
	// Unread is why the alias could not be read; nil where it was. Then Alias is as Token last knew it.
	Unread *CallError

	// What looks have found; nil where nobody has looked.
	Candidate   *Candidate
	Traffic     *Traffic
	Readiness   *Readiness
	Concurrency *Concurrency
	Assessment  *analysis.Assessment
	Execution   *Execution
	Living      *Living
	Switch      *Switch
	// NoTraffic is why Traffic could not be read; nil where it was. Without a schedule nothing goes forward.
	NoTraffic *CallError
}

// Candidate is what another alias of the function points at.
type Candidate struct {
	// Version is a published version's number; "" where there is none.
	Version string
	// Finding says why there is none.
	Finding string
	// Err is why it could not be found out; nil where it could.
	Err *CallError
}

// Readiness is what pre-flight has found.
type Readiness struct {
	// Findings are what keeps the rollout from beginning, each with its remedy.
	Findings []string
	// Momentary says that every finding is of a kind that passes: something that is not there, or not allowed, and may have
	// been made a moment ago.
	Momentary bool
	// Warnings are what should be known and keeps nothing.
	Warnings []string
	// Pending names what Lambda is still preparing; "" for nothing.
	Pending string
	// Err is a read that failed and may succeed later; nil for none.
	Err *CallError
}

// Concurrency is what the alias's provisioned concurrency does.
type Concurrency struct {
	// Moving says that Lambda is moving it, for which it sets weights of its own for a while.
	Moving bool
	// Err is why that could not be found out; nil where it could.
	Err *CallError
}

// Switch is what became of setting the driver's dead man's switch.
type Switch struct {
	// Err is why it could not be set; nil where it is.
	Err *CallError
}

// CallError is a call to the account that failed.
type CallError struct {
	Kind ErrorKind `json:"kind,omitempty"`
	// Text is what AWS said, with the call.
	Text string `json:"text"`
}

// Error is what AWS said.
func (e *CallError) Error() string { return e.Text }

// ErrorKind is how a call failed.
type ErrorKind uint8

// The kinds of failure. They are those of target's errors.
const (
	// Unavailable is a call without a usable answer: throttled, failed or lost. What it asked for may have been done.
	Unavailable ErrorKind = iota
	// NotFound is something that does not exist.
	NotFound
	// Denied is a call that the role may not make.
	Denied
	// Refused is a call that AWS will never accept.
	Refused
	// Moved is a write that came too late: the alias has another revision.
	Moved
	// Exists is a name that something else has already.
	Exists
)

// momentary says that the failure may pass by itself within seconds: what was made a moment ago is not seen everywhere yet.
func (k ErrorKind) momentary() bool { return k == NotFound || k == Denied }

// The kinds of drivers, as the contract calls them.
const (
	EngineDeployer = "deployer"
	EngineWorkflow = "workflow"
	EngineDurable  = "durable"
	EnginePipeline = "pipeline"
	EngineRecover  = "recover"
)

// Driver is who takes turns.
type Driver struct {
	// ID is the driver's token, see DriverToken. It stands in the journal.
	ID string
	// Engine is the kind of the driver, such as EngineDeployer; "" where nobody is told.
	Engine string
	// Execution is the ARN of the workflow or durable execution that it is; "" for none.
	Execution string
	// Continues says that this call is known not to be the driver's first: it never begins a rollout, unless its token says that
	// the calls before have not come so far.
	Continues bool
	// Long says that the driver is an engine that lasts, as a workflow or a durable function: it looks less often at what takes
	// long, and at most MostLooks times.
	Long bool
	// HandOff is what it may give to the stack's long engine.
	HandOff HandOff
	// Switched says that the driver has a dead man's switch: it is set before the driver claims an alias.
	Switched bool
	// Ended says how the driver ended, of a dead one that Recover acts for, such as "workflow x was ABORTED".
	Ended string
}

// Deadline is when time is up. A zero time is never.
type Deadline struct {
	// Process is when this call has to have answered. Where another call follows, that is no reason to go back.
	Process time.Time
	// Began is when this call began, of one that takes turns for a while and that another call follows: a hook or a probe that
	// could not take its whole time any more is left to that one. A zero time leaves nothing to another call.
	Began time.Time
	// Rollout is when the driver itself ends for good.
	Rollout time.Time
}
