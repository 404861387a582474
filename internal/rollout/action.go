package rollout

import "time"

// NextAction is what follows: exactly one of Preflight, Write, RunHook, RunProbe, Wait and Finish.
type NextAction interface{ action() }

// Preflight asks whether the account is ready. Nothing was written before it passed.
type Preflight struct{}

// Write is one conditional UpdateAlias: routing and description together.
type Write struct {
	Routing     Routing
	Description string
	// Rollout is the id of the rollout that the alias belongs to once this is written; the driver has joined it then.
	// Whether a write that failed was done all the same, the alias tells at the next turn.
	Rollout string
	// Why says what the write is for, for the log.
	Why string
}

// RunHook invokes the hook of a stage.
type RunHook struct {
	Stage HookStage
	// Function is the hook's name.
	Function string
	// Event tells the hook about the rollout.
	Event HookEvent
	// Until is when the way back must begin; zero is never.
	Until time.Time
}

// RunProbe invokes the new version by number with the next probe, before it has traffic or at a new weight. Where the
// version stands it, the driver raises Progress.Probed; the next turn reads alias and health before the next probe.
type RunProbe struct {
	Probe Probe
	// OldVersion answers too where the probe compares.
	OldVersion, NewVersion string
	// Weight is where the rollout stands. Above 0 a call may keep the turn for MaxProbe only.
	Weight Weight
	// Until is when the way back must begin; zero is never.
	Until time.Time
}

// Wait leaves everything as it is until a time.
type Wait struct{ Until time.Time }

// Finish ends the driver's work.
type Finish struct {
	Outcome Outcome
	// Reason is a sentence for people, with the numbers.
	Reason string
}

func (Preflight) action() {}
func (Write) action()     {}
func (RunHook) action()   {}
func (RunProbe) action()  {}
func (Wait) action()      {}
func (Finish) action()    {}

// Outcome is how a driver's work ended.
type Outcome string

// The outcomes. Those that begin with a capital letter are failures, by the name that callers match on.
const (
	Succeeded           Outcome = "succeeded"
	SucceededUnverified Outcome = "succeeded-unverified"
	NoOp                Outcome = "no-op"
	// GoesOn leaves the rest to the rollout's driver: a newer one than this, or the one that a person has told something.
	GoesOn Outcome = "in-progress"
	// SentBack and IsPaused are the answers to the actions rollback and pause.
	SentBack          Outcome = "rolled-back"
	IsPaused          Outcome = "paused"
	NotReady          Outcome = "PreflightFailed"
	RolloutInProgress Outcome = "RolloutInProgress"
	KnownBadVersion   Outcome = "KnownBadVersion"
	DoesNotFit        Outcome = "DoesNotFit"
	RolledBack        Outcome = "RolledBack"
	Held              Outcome = "Held"
	Superseded        Outcome = "Superseded"
	RollbackFailed    Outcome = "RollbackFailed"
)

// Patience is how long a driver waits for what Lambda does by itself: a version that becomes active, provisioned
// concurrency that moves.
const Patience = 5 * time.Minute

// HookStage is a hook's place in the rollout.
type HookStage string

// The stages.
const (
	PreTraffic  HookStage = "pre-traffic"
	PostTraffic HookStage = "post-traffic"
	// HealthCheck is what a health check's function is told at every look.
	HealthCheck HookStage = "health-check"
)

// HookEvent is what a hook is told about the rollout.
type HookEvent struct {
	Stage      HookStage `json:"lifecycle-event"`
	RolloutID  string    `json:"rollout-id"`
	Function   string    `json:"function-name"`
	Alias      string    `json:"alias"`
	OldVersion string    `json:"old-version"`
	NewVersion string    `json:"new-version"`
	StartedAt  time.Time `json:"started-at"`
}

// NewHookEvent is what a function is told of the rollout that stands at the journal.
func NewHookEvent(stage HookStage, t Target, j Journal) HookEvent {
	return HookEvent{
		Stage: stage, RolloutID: j.ID, Function: t.Function, Alias: t.Alias, OldVersion: j.Old, NewVersion: j.New, StartedAt: j.Start,
	}
}
