package loop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// guard is what an account has against rollouts that are left behind.
type guard struct {
	// scheduler is how well EventBridge Scheduler keeps its word.
	scheduler sim.Scheduler
	// told says that EventBridge tells of an execution that was aborted.
	told bool
	// stopped is the call at which somebody stops the execution, while its worker goes on with it; 0 is never.
	stopped int
	// leftAlone says that nobody starts a driver again that was killed.
	leftAlone bool
	// outlasts is how long the world goes on when the drivers have ended.
	outlasts time.Duration
}

// install puts recover into the account.
func (s *story) install(w *sim.World, d *loop.Deployer) {
	if s.guard == nil {
		return
	}
	d.Switches = w.Schedules()
	if s.guard.stopped > 0 {
		w.Faults = append(w.Faults, sim.Fault{Call: s.guard.stopped, Before: func() { s.abort(w, s.executionARN(), s.raw()) }})
	}
	w.Scheduler = s.guard.scheduler
	w.OnWrite = func(write sim.Write) {
		if before := s.written; strings.HasPrefix(write.By, "recover") && before != nil && s.living[before.Driver] {
			s.touched = append(s.touched, before.Driver)
		}
		s.written = journalOf(write.Description, write.Routing)
	}
	w.Scheduler.OnFire = func(_ string, input []byte) { s.recover(w, input) }
}

// movable are the switches of a pipeline; nil where the account has none.
func (s *story) movable(w *sim.World) target.MovableSwitches {
	if s.guard == nil {
		return nil
	}
	return w.Schedules()
}

func (s *story) leftAlone() bool { return s.guard != nil && s.guard.leftAlone }

// outlast lets the time pass in which the switches of drivers that are dead call.
func (s *story) outlast(w *sim.World) {
	if s.guard != nil {
		w.Advance(max(s.guard.outlasts, 2*time.Hour))
		w.Drain()
	}
}

// alive notes a driver as living until what it returns is called.
func (s *story) alive(id string) (ends func()) {
	token := rollout.DriverToken(id)
	if s.living == nil {
		s.living = map[string]bool{}
	}
	s.living[token] = true
	return func() { delete(s.living, token) }
}

// executionARN is the ARN of the execution that runs the rollout.
func (s *story) executionARN() string {
	if s.durable != nil {
		return sim.DurableARN("first")
	}
	return sim.ExecutionARN("first")
}

// abort is an execution that somebody stops.
func (s *story) abort(w *sim.World, arn string, raw []byte) {
	status := target.ExecutionAborted
	told := map[string]any{
		"source": "aws.states", "detail-type": "Step Functions Execution Status Change",
		"detail": map[string]any{"executionArn": arn, "status": status, "input": string(raw), "inputDetails": map[string]any{"included": true}},
	}
	if s.durable != nil {
		status = "STOPPED"
		told = map[string]any{
			"source": "aws.lambda", "detail-type": "Durable Execution Status Change",
			"detail": map[string]any{"durableExecutionArn": arn, "status": status},
		}
		s.stop()
	}
	w.SetExecution(target.Execution{ARN: arn, Status: status, Input: raw})
	s.aborted = true
	if !s.guard.told {
		return
	}
	event, err := json.Marshal(told)
	must(err)
	w.Go(w.Elapsed(), func() { s.recover(w, event) })
}

// recover calls recover as an event, as Lambda does: a call that failed is made again after a minute, and once more after two.
func (s *story) recover(w *sim.World, payload []byte) {
	for attempt := range 3 {
		if s.recoverOnce(w, payload, attempt) {
			return
		}
		_ = w.Clock().Sleep(context.Background(), time.Duration(attempt+1)*time.Minute)
	}
}

// recoverOnce is false where the call failed or was killed.
func (s *story) recoverOnce(w *sim.World, payload []byte, attempt int) (done bool) {
	id := fmt.Sprintf("recover-%d", attempt)
	ctx, _, cancel := w.Begin(sim.Invocation{ID: id})
	defer cancel()
	defer func() {
		if value := recover(); value != nil {
			killed, ok := value.(sim.Killed)
			if !ok {
				panic(value)
			}
			fmt.Fprintf(s.log, "%9s %s killed: %s\n", w.Elapsed(), id, killed.Why)
		}
	}()
	r := scenario.Recoverer(w, discard())
	r.Watch = s.watch(w)
	answer, err := r.Handle(ctx, payload)
	outcome := answer.Status
	if err != nil {
		outcome = strings.TrimPrefix(fmt.Sprintf("%T", err), "answer.")
	}
	fmt.Fprintf(s.log, "%9s %s ended: %s %v %s\n", w.Elapsed(), id, outcome, err, answer.Reason)
	s.recovered = append(s.recovered, ending{at: w.Elapsed(), by: id, outcome: outcome})
	return err == nil
}
