package rollout

import "time"

// Action is what follows: exactly one of Look, Write, RunHook, RunProbe, HandOver, Wait and Finish.
type Action interface{ action() }

// Look asks for something that the decision hangs on. It changes nothing of the account that is deployed to: the same turn
// finds it out, puts it into the Snapshot and decides again.
type Look struct{ For Question }

// Question is what a Look is for.
type Question uint8

// The questions, and the field of Snapshot that answers each.
const (
	// TheCandidate asks which version Plan.Candidate points at: Snapshot.Candidate.
	TheCandidate Question = iota
	// TheTraffic asks how busy the alias was before the rollout: Snapshot.Traffic.
	TheTraffic
	// TheAccount asks whether the account is ready, pre-flight: Snapshot.Readiness.
	TheAccount
	// TheConcurrency asks whether Lambda is moving provisioned concurrency: Snapshot.Concurrency.
	TheConcurrency
	// TheHealth asks how the running rollout does: Snapshot.Assessment.
	TheHealth
	// TheExecution asks how the execution stands that the rollout was handed over to: Snapshot.Execution.
	TheExecution
	// TheEngine asks whether an execution of an engine of the stack runs the rollout on the alias: Snapshot.Living.
	TheEngine
	// TheSwitch asks for the driver's own dead man's switch to be set, and whether it is: Snapshot.Switch.
	TheSwitch
)

// Write is one conditional UpdateAlias: routing and description together.
type Write struct {
	Kind        WriteKind
	Routing     Routing
	Description string
	// Revision is the one that the alias has to have still.
	Revision string
	// Rollout is the id of the rollout that the alias belongs to once this is written.
	Rollout string
	// Why says what the write is for, with the cause, for the log.
	Why string
}

// WriteKind is what a write is for.
type WriteKind string

// The kinds of write.
const (
	Begin     WriteKind = "begin"
	TakeOver  WriteKind = "take over"
	ShiftStep WriteKind = "shift"
	Bake      WriteKind = "bake"
	Complete  WriteKind = "finish"
	SendBack  WriteKind = "roll back"
	Hold      WriteKind = "hold"
	ByPause   WriteKind = "pause"
	ByResume  WriteKind = "resume"
	ByPromote WriteKind = "promote"
)

// forward says that the write brings a running rollout on.
func (k WriteKind) forward() bool { return k == ShiftStep || k == Bake || k == Complete }

// RunHook invokes the hook of a stage, once.
type RunHook struct {
	Stage HookStage
	// Function is the hook's name.
	Function string
	// Event tells the hook about the rollout.
	Event HookEvent
	// Until is when it is not waited for any longer: the way back must begin, or Lambda would have ended it.
	Until time.Time
}

// RunProbe invokes the new version by number with the next probe, once, before it has traffic or at a new weight.
type RunProbe struct {
	Probe Probe
	// OldVersion answers too where the probe compares.
	OldVersion, NewVersion string
	// Weight is where the rollout stands. Above 0 a call may keep the turn for MaxProbe only.
	Weight Weight
	// Until is when it is not waited for any longer, because the way back must begin.
	Until time.Time
}

// Wait leaves everything as it is until a time.
type Wait struct {
	Until time.Time
	// Retry says that a call has failed, and is made again then.
	Retry bool
}

// Finish ends the driver's work.
type Finish struct {
	Outcome Outcome
	// Reason is a sentence for people, with the numbers.
	Reason string
	// Execution is the ARN of the execution that runs the rollout, and Engine the kind of its engine; "" for none that is known.
	Execution, Engine string
	// EndsAt is when that execution has to be done with it; zero where nobody can tell.
	EndsAt time.Time
	// Ended says that the execution has ended: how, is how the rollout has.
	Ended bool
}

func (Look) action()     {}
func (Write) action()    {}
func (RunHook) action()  {}
func (RunProbe) action() {}
func (Wait) action()     {}
func (Finish) action()   {}

// Outcome is how a driver's work ended. Those that begin with a capital letter are failures, by the name that callers
// match on.
type Outcome string

// The outcomes, each called as its value. RolledBack is the answer "rolled-back" to whoever asked for it.
const (
	Succeeded           Outcome = "succeeded"
	SucceededUnverified Outcome = "succeeded-unverified"
	NoOp                Outcome = "no-op"
	InProgress          Outcome = "in-progress"
	Paused              Outcome = "paused"
	PreflightFailed     Outcome = "PreflightFailed"
	RolloutInProgress   Outcome = "RolloutInProgress"
	KnownBadVersion     Outcome = "KnownBadVersion"
	DoesNotFit          Outcome = "DoesNotFit"
	RolledBack          Outcome = "RolledBack"
	Held                Outcome = "Held"
	Superseded          Outcome = "Superseded"
	RollbackFailed      Outcome = "RollbackFailed"
	StateUnknown        Outcome = "StateUnknown"
)
