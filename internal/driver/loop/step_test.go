package loop_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/driver/step"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/turn"
)

// stepping is how a driver of many short calls is called.
type stepping struct {
	// late is by how much each call comes too late, in turn.
	late []time.Duration
	// aged is how many calls old the token is that each is given, in turn; lost is without any.
	aged []int
	// workflow makes the calls through the worker of a state machine.
	workflow bool
}

// lost is a token that a call is not given.
const lost = -1

// longestCall is how long a call may take.
const longestCall = time.Minute

// step calls until the rollout has ended. A call that is killed is made again with the token it had.
func (s *story) step(w *sim.World, d loop.Deployer, raw []byte) {
	if s.stepping.workflow {
		s.execute(w, d, raw)
		return
	}
	r, err := request.Parse(raw, sim.Home())
	must(err)
	tokens := [][]byte{nil}
	end := w.Now().Add(cmp.Or(s.timeout, sim.DefaultTimeout))
	for call := range 4000 {
		result, wait, alive := s.call(w, d, r, pick(s.stepping.aged, call), tokens, end)
		if !alive {
			_ = w.Clock().Sleep(context.Background(), s.restart)
			continue
		}
		if result.End != nil {
			s.ends = append(s.ends, ending{at: w.Elapsed(), by: "first", outcome: string(result.End.Outcome)})
			fmt.Fprintf(s.log, "%9s ended: %s %s\n", w.Elapsed(), result.End.Outcome, result.End.Reason)
			return
		}
		token, err := json.Marshal(result.Token)
		must(err)
		tokens = append(tokens, token)
		_ = w.Clock().Sleep(context.Background(), wait+pick(s.stepping.late, call))
	}
	panic("a rollout never ended")
}

// outlive is deferred by one call of a driver that is called many times: that the call was killed is counted.
func (s *story) outlive(w *sim.World) {
	value := recover()
	if value == nil {
		return
	}
	killed, ok := value.(sim.Killed)
	if !ok {
		panic(value)
	}
	s.kills++
	fmt.Fprintf(s.log, "%9s killed: %s\n", w.Elapsed(), killed.Why)
}

// pick is the element of a list whose turn it is; zero of an empty one.
func pick[T any](list []T, turn int) (value T) {
	if len(list) > 0 {
		value = list[turn%len(list)]
	}
	return value
}

// call makes one call, and says how long to wait until the next. It is false where the call was killed.
func (s *story) call(w *sim.World, d loop.Deployer, r request.Request, age int, tokens [][]byte, end time.Time) (result turn.Result, wait time.Duration, alive bool) {
	ctx, i, cancel := w.Begin(s.hosted(sim.Invocation{ID: "first", Timeout: longestCall}))
	defer cancel()
	defer s.outlive(w)
	var token rollout.Token
	if age != lost {
		token, _ = rollout.ParseToken(tokens[max(0, len(tokens)-1-age)])
	}
	engine := turn.Engine{Account: w.Account(), Clock: w.Clock(), Fatal: sim.IsKill}
	process := w.Clock().Now().Add(longestCall - 10*time.Second)
	if end.Before(process) {
		process = end
	}
	tell := func(events ...rollout.Event) { d.Watch(ctx, events...) }
	result = step.Call(ctx, engine, r, rollout.Driver{ID: i.ID}, rollout.Deadline{Process: process, Rollout: end}, token, tell)
	return result, result.Next.Sub(w.Clock().Now()), true
}
