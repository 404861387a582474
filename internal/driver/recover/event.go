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
	// execution is the ARN of a workflow; "" of any other driver.
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
		return e.execution()
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

// execution is a workflow that has ended.
func (e event) execution() (lost, bool) {
	d := e.Detail
	l := lost{driver: rollout.DriverToken(nameOf(d.ExecutionARN)), how: howEnded(d.ExecutionARN, d.Status), execution: d.ExecutionARN}
	if d.InputDetails.Included {
		l.request = json.RawMessage(d.Input)
	}
	return l, isExecution(d.ExecutionARN) && slices.Contains([]string{"FAILED", "TIMED_OUT", "ABORTED"}, d.Status)
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
		return l, isExecution(in.Execution) && rollout.DriverToken(nameOf(in.Execution)) == in.Driver
	case rollout.EnginePipeline:
		l.how = "the pipeline had not called by " + in.End.UTC().Format(time.RFC3339)
	default:
		l.how = "its invocation was over at " + in.End.UTC().Format(time.RFC3339)
	}
	return l, in.Execution == "" && !in.End.IsZero()
}

// howEnded is how an execution ended.
func howEnded(arn, status string) string {
	return fmt.Sprintf("workflow %s was %s", nameOf(arn), printable.Text(status, longestName))
}

// longestARN is how long an ARN of Step Functions may be: API_DescribeExecution.
const longestARN = 256

// isExecution says that an ARN is that of a state machine's execution.
func isExecution(arn string) bool {
	parts := strings.Split(arn, ":")
	return len(arn) <= longestARN && len(parts) == 8 && parts[2] == "states" && parts[5] == "execution" && parts[7] != ""
}

// nameOf is the execution's name, fit to be shown.
func nameOf(arn string) string {
	return printable.Text(target.ExecutionName(arn), longestName)
}
