package request

import (
	"encoding/json"
	"strconv"

	"github.com/meta-deployer/meta-deployer/internal/lazyregexp"
)

// HandOff says which plans go to the long engine.
type HandOff string

// The values of hand-off, each called as its value but for the one of a request that has none.
const (
	// HandOffByStack leaves it to the setting of the stack.
	HandOffByStack HandOff = ""
	HandOffTrue    HandOff = "true"
	HandOffFalse   HandOff = "false"
	HandOffAlways  HandOff = "always"
)

// executionPattern are the executions of a state machine, and those of a durable function:
// docs.aws.amazon.com/lambda/latest/api/API_Execution.html.
var executionPattern = lazyregexp.New(`^arn:aws[a-zA-Z-]*:(?:states:[a-z0-9-]+:\d{12}:execution:[\w+=,.@-]{1,80}:[\w+=,.@-]{1,80}|lambda:[a-z0-9-]+:\d{12}:function:[\w-]{1,64}:\d{1,18}/durable-execution/[\w-]{1,64}/[\w-]{1,64})$`)

// parseEngine reads what is said of the driver: whether another takes over, which rollout it goes on with, which execution is
// asked for.
func (r *Request) parseEngine(f fields) {
	r.HandOff = parseHandOff(f)
	r.Plan.Only = f.text("rollout-id", "give a rollout's id, as answers, logs and events have it", func(s string) bool { return only(word+"-", 128, s) })
	execution := f.text("execution", "give the ARN of an execution of the stack's state machine or durable function", executionPattern.MatchString)
	if r.Action == Status {
		r.Execution = execution
	}
	r.warnUnless(Deploy, f, "hand-off")
	r.warnUnless(Deploy, f, "rollout-id")
	r.warnUnless(Status, f, "execution")
}

func parseHandOff(f fields) HandOff {
	var on bool
	switch raw := f.values["hand-off"]; {
	case len(raw) == 0:
		return HandOffByStack
	case json.Unmarshal(raw, &on) == nil:
		return HandOff(strconv.FormatBool(on))
	}
	return HandOff(f.text("hand-off", `give true, false or "always"`, func(s string) bool { return s == string(HandOffAlways) }))
}

// refuseUnbuilt refuses what the contract promises and this version does not do yet.
func refuseUnbuilt(f fields) {
	if f.has("targets") {
		f.refuse("targets", "not in this version: send one request per function, with function-name, alias and new-version")
	}
}
