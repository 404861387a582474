package recover

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/driver/deadman"
	"github.com/meta-deployer/meta-deployer/internal/printable"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// lost is a driver that is said to be dead.
type lost struct {
	// driver is its token.
	driver string
	// how says how it ended, for people; "" where that has to be asked.
	how string
	// request is the rollout's; nil where it has to be asked.
	request json.RawMessage
	// execution is the ARN of a workflow or a durable execution; "" of any other driver.
	execution string
	// until is when a driver that nobody can be asked about has ended; zero where it has.
	until time.Time
	// bySwitch says that its dead man's switch called.
	bySwitch bool
}

// event is what recover is called with: an event of EventBridge, the record of Lambda's on-failure destination, or the input of
// a dead man's switch.
type event struct {
	Source     string `json:"source"`
	DetailType string `json:"detail-type"`
	Detail     struct {
		ExecutionARN string `json:"executionArn"`
		Status       string `json:"status"`
		Input        string `json:"input"`
		InputDetails struct {
			Included bool `json:"included"`
		} `json:"inputDetails"`
		DurableARN string `json:"durableExecutionArn"`
	} `json:"detail"`

	RequestContext struct {
		RequestID string `json:"requestId"`
		Condition string `json:"condition"`
	} `json:"requestContext"`
	RequestPayload  json.RawMessage `json:"requestPayload"`
	ResponsePayload json.RawMessage `json:"responsePayload"`

	deadman.Input
}

// parse reads what recover is called with. It is false for what it does not know, or what tells of no driver's end.
func parse(payload []byte) (l lost, known bool) {
	var e event
	if json.Unmarshal(payload, &e) != nil {
		return lost{}, false
	}
	switch {
	case e.Source == "aws.states" && e.DetailType == "Step Functions Execution Status Change":
		return e.workflow()
	case e.Source == "aws.lambda" && e.DetailType == "Durable Execution Status Change":
		return e.durable()
	case e.RequestContext.RequestID != "":
		how := fmt.Sprintf("deployer %s failed with %s", printable.Text(e.RequestContext.RequestID, longestName), printable.Text(e.failure(), longestName))
		return lost{driver: rollout.DriverToken(e.RequestContext.RequestID), how: how, request: e.RequestPayload}, len(e.RequestPayload) > 0
	case e.Driver != "":
		return e.bySwitch()
	}
	return lost{}, false
}

// longestName is how many characters of a name of AWS's are shown.
const longestName = 80

// failure is what an invocation failed with, as far as Lambda tells.
func (e event) failure() string {
	var response struct {
		ErrorType string `json:"errorType"`
	}
	if json.Unmarshal(e.ResponsePayload, &response) == nil && response.ErrorType != "" {
		return response.ErrorType
	}
	return e.RequestContext.Condition
}

// workflow is a workflow that has ended.
func (e event) workflow() (lost, bool) {
	d := e.Detail
	l := lost{driver: driverOf(d.ExecutionARN), how: howEnded(d.ExecutionARN, d.Status), execution: d.ExecutionARN}
	if d.InputDetails.Included {
		l.request = json.RawMessage(d.Input)
	}
	return l, isWorkflow(d.ExecutionARN) && slices.Contains([]string{"FAILED", "TIMED_OUT", "ABORTED"}, d.Status)
}

// durable is a durable execution that has ended. Its request has to be asked for.
func (e event) durable() (lost, bool) {
	d := e.Detail
	l := lost{driver: driverOf(d.DurableARN), how: howEnded(d.DurableARN, d.Status), execution: d.DurableARN}
	return l, isDurable(d.DurableARN) && slices.Contains([]string{"FAILED", "STOPPED", "TIMED_OUT"}, d.Status)
}

// bySwitch is a driver whose dead man's switch was not deleted.
func (e event) bySwitch() (lost, bool) {
	in := e.Input
	if rollout.DriverToken(in.Driver) != in.Driver {
		return lost{}, false
	}
	l := lost{driver: in.Driver, request: in.Request, execution: in.Execution, until: in.End, bySwitch: true}
	switch in.Engine {
	case rollout.EngineWorkflow:
		return l, isWorkflow(in.Execution) && driverOf(in.Execution) == in.Driver
	case rollout.EngineDurable:
		return l, isDurable(in.Execution) && driverOf(in.Execution) == in.Driver
	case rollout.EnginePipeline:
		l.how = "the pipeline had not called by " + in.End.UTC().Format(time.RFC3339)
	default:
		l.how = "its invocation was over at " + in.End.UTC().Format(time.RFC3339)
	}
	return l, in.Execution == "" && !in.End.IsZero()
}

// howEnded is how an execution ended.
func howEnded(arn, status string) string {
	kind := "workflow"
	if isDurable(arn) {
		kind = "durable execution"
	}
	return fmt.Sprintf("%s %s was %s", kind, nameOf(arn), printable.Text(status, longestName))
}

// longestARN and longestDurableARN are how long an execution's ARN may be: API_DescribeExecution of Step Functions, and
// API_GetDurableExecution of Lambda.
const (
	longestARN        = 256
	longestDurableARN = 1024
)

// isWorkflow says that an ARN is that of a state machine's execution.
func isWorkflow(arn string) bool {
	parts := strings.Split(arn, ":")
	return len(arn) <= longestARN && len(parts) == 8 && parts[2] == "states" && parts[5] == "execution" && parts[7] != ""
}

// isDurable says that an ARN is that of a durable execution, of a function's version: …:function:NAME:VERSION/durable-execution/NAME/ID.
func isDurable(arn string) bool {
	parts := strings.Split(arn, ":")
	if len(arn) > longestDurableARN || len(parts) != 8 || parts[2] != "lambda" || parts[5] != "function" {
		return false
	}
	below := strings.Split(parts[7], "/")
	return len(below) == 4 && below[1] == "durable-execution" && below[2] != "" && below[3] != ""
}

// driverOf is the token of the driver that an execution is.
func driverOf(arn string) string { return rollout.DriverToken(nameOf(arn)) }

// nameOf is the execution's name.
func nameOf(arn string) string { return printable.Text(target.ExecutionName(arn), longestName) }
