package workflow

import (
	"bytes"
	"cmp"
	"encoding/json"
	"log/slog"
	"reflect"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// event is what the machine calls the worker with: the execution's ARN and start, the request that it was started with, and
// what the worker answered last. At the first call that is the request. name and woken are a durable function's: the execution's
// name, which is not the last part of its ARN, and that somebody has news.
type event struct {
	Execution string          `json:"execution"`
	Name      string          `json:"name"`
	Started   time.Time       `json:"started"`
	Request   json.RawMessage `json:"request"`
	Last      json.RawMessage `json:"last"`
	Woken     bool            `json:"woken"`
}

// waiting is what the worker answers while the rollout goes on. The machine reads status and wait; until and reason are for
// people, and carried is for the worker alone.
type waiting struct {
	Status string `json:"status"`
	// Wait is in whole seconds.
	Wait    int64     `json:"wait"`
	Until   time.Time `json:"until"`
	Reason  string    `json:"reason"`
	Carried carried   `json:"carried"`
}

// Waits reads what the worker answered: for how long its caller has to wait before the next call; false where there is none.
func Waits(answer []byte) (wait time.Duration, goesOn bool) {
	var w waiting
	goesOn = json.Unmarshal(answer, &w) == nil && w.Wait > 0
	return time.Duration(w.Wait) * time.Second, goesOn
}

// inProgress is the status of what is waiting.
const inProgress = "in-progress"

// carried is what one call leaves for the next. It may be lost, or be that of an earlier call.
type carried struct {
	// Calls is how many calls have taken turns.
	Calls int `json:"calls,omitempty"`
	// Unbegun says that none has yet.
	Unbegun bool `json:"unbegun,omitempty"`
	// Panics counts the calls in a row that panicked.
	Panics int             `json:"panics,omitempty"`
	Token  json.RawMessage `json:"token,omitempty"`
	Record answer.Memory   `json:"record,omitzero"`
}

// maxWaiting is how large an answer is while the rollout goes on, in bytes, and frame what of it is neither token nor record.
const maxWaiting, frame = 16_000, 1_500

// call is one call.
type call struct {
	Worker
	event
	log     *slog.Logger
	carried carried
	token   rollout.Token
	// continues says that the call is not the first.
	continues bool
}

// read takes a call apart. What was carried and cannot be read is lost.
func (c *call) read(payload []byte) error {
	if err := json.Unmarshal(payload, &c.event); err != nil || c.Execution == "" || c.Started.IsZero() || len(c.Request) == 0 {
		return answer.Invalid(`a worker is called by its state machine, with execution, started, request and last: start an execution with the request instead, aws stepfunctions start-execution`)
	}
	c.log = c.log.With("execution", c.name())
	if c.continues = !c.isFirst(); !c.continues {
		return nil
	}
	var last waiting
	if json.Unmarshal(c.Last, &last) == nil {
		c.carried, c.continues = last.Carried, !last.Carried.Unbegun
		c.token, _ = rollout.ParseToken(c.carried.Token)
		if c.Woken {
			c.token = c.token.Woken()
		}
	}
	return nil
}

// isFirst says that the machine has nothing to carry yet.
func (c *call) isFirst() bool {
	if last := bytes.TrimSpace(c.Last); len(last) == 0 || string(last) == "null" {
		return true
	}
	var last, sent any
	return json.Unmarshal(c.Last, &last) == nil && json.Unmarshal(c.Request, &sent) == nil && reflect.DeepEqual(last, sent)
}

// callerName is who calls, for people.
func (c *call) callerName() string {
	if c.Durable {
		return "a durable function"
	}
	return "a workflow"
}

// engine is the kind of the driver, for those who are told of its rollouts.
func (c *call) engine() string {
	if c.Durable {
		return rollout.EngineDurable
	}
	return rollout.EngineWorkflow
}

// name is the execution's.
func (c *call) name() string { return cmp.Or(c.Name, target.ExecutionName(c.Execution)) }

// carry keeps what the next call has to be given.
func (c *call) carry(t rollout.Token, r *answer.Recorder) {
	token, err := json.Marshal(t)
	if err != nil {
		token = nil
	}
	c.carried = carried{Calls: c.carried.Calls + 1, Token: token, Record: r.Memory(maxWaiting - frame - len(token))}
}

// pause is the answer while the rollout goes on. The clock runs on since the wait was reckoned, so it is rounded up again.
func (c *call) pause(wait time.Duration, reason string) waiting {
	wait = max(time.Second, (wait + time.Second - 1).Truncate(time.Second))
	c.carried.Unbegun = c.carried.Calls == 0 && !c.continues
	return waiting{Status: inProgress, Wait: int64(wait / time.Second), Until: c.Clock.Now().Add(wait).UTC().Truncate(time.Second), Reason: reason, Carried: c.carried}
}
