package scenario

import (
	"context"
	"encoding/json"
	"reflect"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/driver/workflow"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// mostLooks is how many looks fit into the 25,000 events that an execution's history may have.
const mostLooks = 25_000 / 9

// RunExecution is an execution as statemachine/rollout.asl.json runs it: it calls the worker, waits, and calls again, until the
// worker has told an end. It runs as a process of the account.
func RunExecution(w *sim.World, s sim.Started, worker workflow.Worker) {
	last := json.RawMessage(s.Input)
	for range mostLooks {
		event, err := json.Marshal(map[string]any{"execution": s.ARN, "started": s.At, "request": json.RawMessage(s.Input), "last": last})
		if err != nil { // the input is no JSON
			w.EndExecution(s.ARN, target.ExecutionFailed, nil, "States.Runtime", err.Error())
			return
		}
		out, err, alive := work(w, event, worker)
		if !alive {
			_ = w.Clock().Sleep(context.Background(), 2*time.Second) // as Turn's Retry
			continue
		}
		var said struct {
			Status string
			Wait   int
		}
		switch {
		case err != nil:
			name := reflect.TypeOf(err).Name() // as aws-lambda-go has it
			cause, _ := json.Marshal(map[string]string{"errorMessage": err.Error(), "errorType": name})
			w.EndExecution(s.ARN, target.ExecutionFailed, nil, name, string(cause))
			return
		case json.Unmarshal(out, &said) != nil || said.Status != "in-progress":
			w.EndExecution(s.ARN, target.ExecutionSucceeded, out, "", "")
			return
		}
		last = out
		_ = w.Clock().Sleep(context.Background(), time.Duration(said.Wait)*time.Second)
	}
	w.EndExecution(s.ARN, target.ExecutionFailed, nil, "States.Runtime", "the execution reached the maximum number of history events (25000)")
}

// work calls the worker once. It is false where the call was killed.
func work(w *sim.World, event []byte, worker workflow.Worker) (out []byte, err error, alive bool) {
	ctx, _, cancel := w.Begin(sim.Invocation{})
	defer cancel()
	defer func() {
		if value := recover(); value != nil && !sim.IsKill(value) {
			panic(value)
		}
	}()
	out, err = worker.Invoke(ctx, event)
	return out, err, true
}
