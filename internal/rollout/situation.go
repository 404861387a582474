package rollout

import (
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// Target is what a rollout moves: the alias of a function, to a version.
type Target struct{ Function, Alias, NewVersion string }

// Situation is what a turn has found: the alias, the measurements, the clock.
type Situation struct {
	// Now is read after everything else was.
	Now time.Time
	// Routing and Description are the alias's.
	Routing     Routing
	Description Description
	// Assessment judges the running rollout; nil where the turn had nothing to judge.
	Assessment *analysis.Assessment
	// Unscheduled says that the schedule of type auto is not known yet, for want of measurements: nothing goes forward.
	Unscheduled bool
	// Moving says that Lambda itself is moving provisioned concurrency, for which it sets weights of its own for a while.
	Moving bool
	// Driver is the token of the driver that takes this turn.
	Driver string
	// End is when the driver itself ends; zero is never.
	End time.Time
	// Reserve is the time that the way back needs before End, or before the plan's MaxDuration.
	Reserve time.Duration
}

// Progress is what a driver carries from turn to turn. Losing it costs at most a repeated pre-flight or hook: whatever
// matters stands on the alias. The zero Progress is a driver's first turn.
type Progress struct {
	// Rollout is the id of the rollout that this driver runs; "" until it has claimed one.
	Rollout string
	// Owner is the owner's text as last seen.
	Owner string
	// Checked says that pre-flight has passed.
	Checked bool
	// PreTraffic and PostTraffic say that the hook has passed.
	PreTraffic, PostTraffic bool
	// Probed is how many of the probes that are made at ProbedAt the new version has stood. Unprobed is since when the next
	// one could not be made; zero while it could.
	Probed   int
	ProbedAt Weight
	Unprobed time.Time
	// Failure is why the rollout goes back; nil while it goes forward. It is latched.
	Failure *Failure
	// Finishing says that the last write, which brings the owner's text back, was tried.
	Finishing bool
	// Moving is since when Lambda has been seen moving provisioned concurrency; zero while it is not. A bake begins when
	// that is over.
	Moving time.Time
	// Due is when the rollout could be over at the earliest, by what was last seen of it: before that nobody can have
	// finished it.
	Due time.Time
	// Shifted is the Since of the step that the driver has just written; Late is by how much that write took effect late,
	// zero for as good as at once.
	Shifted time.Time
	Late    time.Duration
	// Doubt is why the latest verdict was inconclusive; "" where it was not.
	Doubt string
	// Unverified says that the last forward step was allowed without data.
	Unverified bool
}

// Failure is why a rollout goes back, or is held.
type Failure struct {
	Why string
	// Bad says that the version itself is to blame, and is remembered.
	Bad bool
}
