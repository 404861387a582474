package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// region is where the account is.
const region = "eu-west-1"

// history is how long the account has been living when it is first seen.
const history = 2 * time.Hour

// shop is the account, with what the requests of events/deployer name. out is told of every change and invocation.
func shop(now time.Time, out io.Writer) *sim.World {
	w := sim.NewAt(now.Truncate(time.Minute).Add(-history))
	w.Dice = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	for _, function := range []string{"checkout", "MyFunction"} {
		for version, failing := range map[string]float64{"1": 0.001, "2": 0.001, "3": 0.2} {
			w.Publish(function, version, sim.Version{Errors: sim.Constant(failing)})
		}
		w.SetHook(function, sim.Hook{Takes: 30 * time.Millisecond, Answer: `{"ok": true}`})
	}
	open(w, "checkout", "live", "1", 10)
	open(w, "checkout", "candidate", "2", 0)
	open(w, "MyFunction", "MyAlias", "1", 2)
	for _, alarm := range []string{"checkout-errors", "checkout-latency", "checkout-5xx"} {
		w.SetAlarm(alarm, analysis.AlarmOK)
	}
	for _, hook := range []string{"CodeDeployHook_meta-deployer-pretraffic", "CodeDeployHook_meta-deployer-posttraffic"} {
		w.SetHook(hook, sim.Hook{Takes: time.Second, Answer: `{"status": "Succeeded"}`})
	}
	w.SetHook("meta-deployer", sim.Hook{Run: func(payload []byte) ([]byte, string) { return invoke(w, out, payload) }})
	w.Machine.Run = func(s sim.Started) {
		w.Go(w.Elapsed(), func() { execute(w, out, s) })
	}
	w.OnWrite = func(c sim.Write) {
		line := fmt.Sprintf("%s:%s %s", c.Function, c.Name, c.Routing)
		if c.Deleted {
			line = fmt.Sprintf("%s:%s deleted", c.Function, c.Name)
		}
		tell(w, out, "%-56s %s", line, c.Description)
	}
	return w
}

// open creates an alias with traffic.
func open(w *sim.World, function, alias, version string, rps float64) {
	to := target.Alias{Routing: rollout.Routing{Primary: version}, Description: "the shop's " + alias}
	if err := w.CreateAlias(function, alias, to); err != nil {
		panic(err)
	}
	w.SetTraffic(function, alias, sim.Constant(rps))
}

// invoke runs the deployer as Lambda would, in the account's time.
func invoke(w *sim.World, out io.Writer, payload []byte) (answer []byte, failure string) {
	ctx, i, cancel := w.Begin(sim.Invocation{})
	defer cancel()
	tell(w, out, "meta-deployer %.8s invoked", i.ID)
	defer func() {
		dead := recover()
		if _, killed := dead.(sim.Killed); dead != nil && !killed {
			panic(dead)
		}
		if dead != nil {
			failure = failed("Sandbox.Timedout", fmt.Sprintf("Task timed out after %s", i.Timeout))
		}
		tell(w, out, "meta-deployer %.8s ended: %s%s", i.ID, summary(answer), failure)
	}()
	deployer := scenario.Deployer(w, w.Logs())
	deployer.Long, deployer.HandOff = w.LongEngine(), true
	deployer.Others = notify.Others{Installation: "meta-deployer"}
	answer, err := deployer.Invoke(ctx, payload)
	if err != nil {
		failure = failed(reflect.TypeOf(err).Name(), err.Error())
	}
	return answer, failure
}

// execute runs an execution of the rollouts' state machine.
func execute(w *sim.World, out io.Writer, s sim.Started) {
	tell(w, out, "execution %s started", s.Name)
	scenario.RunExecution(w, s, scenario.Worker(w, w.Logs()))
	e, err := w.LongEngine().Execution(context.Background(), s.ARN)
	if err != nil {
		panic(err)
	}
	tell(w, out, "execution %s ended: %s%s", s.Name, summary(e.Output), e.Cause)
}

// failed is a function error as aws-lambda-go writes it.
func failed(kind, message string) string {
	text, err := json.Marshal(map[string]string{"errorType": kind, "errorMessage": message})
	if err != nil {
		return message
	}
	return string(text)
}

// summary is an answer's status and reason; "" without an answer.
func summary(answer []byte) string {
	var a struct{ Status, Reason string }
	if json.Unmarshal(answer, &a) != nil {
		return ""
	}
	return a.Status + ": " + a.Reason
}

func tell(w *sim.World, out io.Writer, format string, values ...any) {
	fmt.Fprintf(out, "%s  %s\n", w.Now().Format(time.TimeOnly), fmt.Sprintf(format, values...))
}
