package loop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// execute runs a request as an execution of a state machine named first: it calls the worker, waits, and calls again. What it
// carries may be old or lost, and a worker that is killed is called again, as the machine's Retry does.
func (s *story) execute(w *sim.World, d loop.Deployer, raw []byte) {
	arn := sim.ExecutionARN("first")
	started, answers := w.Now(), []json.RawMessage{raw}
	w.SetExecution(target.Execution{ARN: arn, Status: target.ExecutionRunning, Input: raw})
	defer s.alive("first")()
	for call := range 4000 {
		last := answers[max(0, len(answers)-1-max(0, pick(s.stepping.aged, call)))]
		if len(answers) > 1 && pick(s.stepping.aged, call) == lost {
			last = json.RawMessage(`{"status": "in-progress", "wait": 1}`)
		}
		event, err := json.Marshal(map[string]any{
			"execution": arn, "started": started, "request": json.RawMessage(raw), "last": last,
		})
		must(err)
		out, err, alive := s.work(w, d, event)
		if s.aborted { // nobody waits for the answer
			return
		}
		if !alive && s.leftAlone() {
			s.abort(w, arn, raw)
			return
		}
		if !alive {
			_ = w.Clock().Sleep(context.Background(), s.restart)
			continue
		}
		var said struct {
			Status string
			Wait   int
		}
		if err != nil {
			said.Status = strings.TrimPrefix(fmt.Sprintf("%T", err), "answer.")
		} else {
			must(json.Unmarshal(out, &said))
		}
		if said.Status == "TakenOver" {
			said.Status = "in-progress" // as other drivers have it
		} else if said.Status == "in-progress" {
			answers = append(answers, out)
			_ = w.Clock().Sleep(context.Background(), time.Duration(said.Wait)*time.Second+pick(s.stepping.late, call))
			continue
		}
		w.SetExecution(target.Execution{ARN: arn, Status: target.ExecutionFailed, Input: raw})
		s.ends = append(s.ends, ending{at: w.Elapsed(), by: "first", outcome: said.Status})
		fmt.Fprintf(s.log, "%9s ended: %s %v\n", w.Elapsed(), said.Status, err)
		return
	}
	panic("an execution never ended")
}

// work calls the worker once. It is false where the call was killed.
func (s *story) work(w *sim.World, d loop.Deployer, event []byte) (out []byte, err error, alive bool) {
	ctx, _, cancel := w.Begin(s.hosted(sim.Invocation{ID: "first"}))
	defer cancel()
	defer s.outlive(w)
	worker := scenario.Worker(w, discard())
	worker.Accounts, worker.Switches, worker.Watch, worker.Others = d.Accounts, d.Switches, d.Watch, d.Others
	out, err = worker.Invoke(ctx, event)
	return out, err, true
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}
