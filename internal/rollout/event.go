package rollout

import (
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
)

// Event is something that a turn tells: exactly one of the types below. Logs, answers, transcripts and notifications are made
// of events, and nothing reads the wording of a log line.
type Event interface{ event() }

// Turned is what a turn has seen and decided; every turn tells it once.
type Turned struct {
	At time.Time
	// Routing is the alias's as it was last known.
	Routing Routing
	// Journal is that of the rollout that the driver runs or was asked about; nil without one.
	Journal *Journal
	// Assessment is how the rollout does; nil where nobody looked.
	Assessment *analysis.Assessment
	// Action is what was decided.
	Action Action
	// Unread is why the alias could not be read; nil where it was.
	Unread *CallError
}

// Changed is a write of the driver that was answered.
type Changed struct {
	At    time.Time
	Write Write
	// Journal is what stands on the alias after it; nil for none.
	Journal *Journal
}

// CallFailed is a call that was made to change something, or to invoke something, and failed.
type CallFailed struct {
	At   time.Time
	Call string
	Err  CallError
}

// HookAnswered is what a hook made of its call.
type HookAnswered struct {
	At       time.Time
	Stage    HookStage
	Function string
	Passed   bool
	// Size is how long the answer is, in bytes; what it says beyond its status stays out of events.
	Size int
}

// Probed is what a probe has shown.
type Probed struct {
	At     time.Time
	Weight Weight
	Check  analysis.Check
}

// HandedOver is an execution of the long engine that was started to go on with a rollout.
type HandedOver struct {
	At                time.Time
	Engine, Execution string
	// Rollout is the rollout's id; "" for one that has not begun.
	Rollout string
}

// Checked is a pre-flight that has passed, with what should be known.
type Checked struct {
	At       time.Time
	Warnings []string
}

// ScheduleChosen is the schedule of type auto.
type ScheduleChosen struct {
	At      time.Time
	Traffic Traffic
	Steps   []Step
	// Warning is what should be known of how it was chosen; "" for nothing.
	Warning string
}

// HistoryRead is what the old version's minutes before the rollout were, the oldest first; told once while a process lives.
type HistoryRead struct {
	At      time.Time
	Rollout string
	Minutes []analysis.Counts
}

// Panicked is a turn that ended in an internal error.
type Panicked struct {
	At           time.Time
	Value, Stack string
}

func (Turned) event()         {}
func (Changed) event()        {}
func (CallFailed) event()     {}
func (HookAnswered) event()   {}
func (Probed) event()         {}
func (HandedOver) event()     {}
func (Checked) event()        {}
func (ScheduleChosen) event() {}
func (HistoryRead) event()    {}
func (Panicked) event()       {}
