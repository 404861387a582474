package loop_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/driver/pipeline"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// otherDoors are what is called beside the deployer: each makes one call with a request, and says how that ended, with the reason.
var otherDoors = map[string]func(d *doors, raw string) (status, reason string){
	"workflow": func(d *doors, raw string) (string, string) { return d.work(raw, false) },
	"durable":  func(d *doors, raw string) (string, string) { return d.work(raw, true) },
	"pipeline": func(d *doors, raw string) (status, reason string) {
		job, err := pipeline.ParseJob(fmt.Appendf(nil, `{"CodePipeline.job": {"id": "11111111-abcd-1111-abcd-111111abcdef", "data": {
			"actionConfiguration": {"configuration": {"FunctionName": "p", "UserParameters": %q}}}}}`, raw))
		require.NoError(d.t, err)
		d.process(func() {
			ctx, _, cancel := d.Begin(sim.Invocation{})
			defer cancel()
			deployer := scenario.Deployer(d.World, discard())
			driver := pipeline.Driver{
				Accounts: deployer.Accounts, Clock: deployer.Clock, Log: deployer.Log, Caller: deployer.Caller, Fatal: deployer.Fatal, Engines: deployer.Engines,
			}
			reply := driver.Call(ctx, job, d.Clock().Now().Add(10*time.Minute), func(pipeline.Reply) {})
			status, reason, _ = strings.Cut(reply.Message, ": ")
		})
		return status, reason
	},
}

// process runs something as a process of the world, to its end.
func (d *doors) process(do func()) {
	d.t.Helper()
	done := false
	d.Go(d.Elapsed(), func() { do(); done = true })
	for began := d.Elapsed(); !done; d.Advance(100 * time.Millisecond) {
		require.Less(d.t, d.Elapsed()-began, time.Hour, "it never ends")
	}
}

// work calls the worker first, for an execution of another name than any that runs.
func (d *doors) work(raw string, durable bool) (status, reason string) {
	d.process(func() {
		ctx, _, cancel := d.Begin(sim.Invocation{})
		defer cancel()
		worker := scenario.Worker(d.World, discard())
		worker.Durable = durable
		out, err := worker.Invoke(ctx, fmt.Appendf(nil, `{"execution": %q, "started": %q, "request": %s, "last": %s}`,
			sim.ExecutionARN("second"), d.Now().Format(time.RFC3339Nano), raw, raw))
		if err != nil {
			status, reason = answer.ErrorType(err), err.Error()
			return
		}
		var said struct{ Status, Reason string }
		require.NoError(d.t, json.Unmarshal(out, &said))
		status, reason = said.Status, said.Reason
	})
	return status, reason
}

// At every door a living engine keeps its rollout from the same request, and from no other; an execution never keeps it from itself.
func TestALivingEngineKeepsItsRolloutAtEveryDoor(t *testing.T) {
	kept := map[string]string{"workflow": "TakenOver", "durable": "in-progress", "pipeline": "in-progress"}
	for door, call := range otherDoors {
		for name, tt := range map[string]struct {
			raw   string
			keeps bool
		}{
			"the same":         {long, true},
			"by force":         {strings.Replace(long, "}", `, "force": {"reason": "now"}}`, 1), false},
			"another schedule": {strings.Replace(long, "600", "10", 1), false},
		} {
			t.Run(door+", "+name, func(t *testing.T) {
				d := newDoors(t, nil)
				first := d.ask(long)
				require.NotEmpty(t, first.Execution)
				d.Advance(5 * time.Minute)
				before := rollout.ParseDescription(d.alias().Description).Journal.Driver
				status, reason := call(d, tt.raw)
				if !tt.keeps {
					if journal := rollout.ParseDescription(d.alias().Description).Journal; journal != nil {
						assert.NotEqual(t, before, journal.Driver)
					}
					return
				}
				assert.Equal(t, kept[door], status)
				assert.Regexp(t, "workflow f-live-2-[0-9a-f]{8} runs rollout .* by this request", reason)
				assert.Equal(t, before, rollout.ParseDescription(d.alias().Description).Journal.Driver)
				d.Drain()
				assert.Equal(t, upwards, d.routings())
			})
		}
	}
}

// An engine that cannot be asked keeps nobody for long; the others that can are asked all the same.
func TestEnginesThatCannotBeAsked(t *testing.T) {
	d := newDoors(t, nil)
	first := d.ask(long)
	d.Advance(5 * time.Minute)
	broken := d.Engines()[0]
	broken.Observer = silent{broken.Observer}
	d.engines = append(d.Engines(), broken)
	assert.Equal(t, first.Execution, d.ask(long).Execution)
	d.engines = append(d.engines[1:], d.Engines()...)
	assert.Equal(t, first.Execution, d.ask(long).Execution)
}

// silent is an engine that tells nothing.
type silent struct{ target.Observer }

func (silent) Running(context.Context) ([]string, error) { return nil, errors.New("no answer") }
