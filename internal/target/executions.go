package target

// Execution is an execution as its engine states it.
type Execution struct {
	ARN    string
	Status ExecutionStatus
	// Input is the request; nil where the engine leaves it out.
	Input []byte
}

// ExecutionStatus is how an execution stands, by Step Functions' name. One that is neither of these has ended by itself as little
// as one that was aborted.
type ExecutionStatus string

// The statuses that matter.
const (
	ExecutionRunning ExecutionStatus = "RUNNING"
	ExecutionFailed  ExecutionStatus = "FAILED"
	ExecutionAborted ExecutionStatus = "ABORTED"
)
