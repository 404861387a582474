package loop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/driver/pipeline"
	"github.com/meta-deployer/meta-deployer/internal/sim"
)

// jobs is how CodePipeline calls.
type jobs struct {
	// late is how long after an answer the next call comes, in turn.
	late []time.Duration
	// aged is how many calls old the token is that each is given, in turn; lost is one that cannot be read.
	aged []int
	// dropped says, in turn, that an answer does not arrive: Lambda makes the same call again.
	dropped []bool
	// renamed says that every call has a job id of its own.
	renamed bool
}

// pipeline calls until a job has ended. A call that is killed is made again, as it was.
func (s *story) pipeline(w *sim.World, d loop.Deployer, raw []byte) {
	defer s.alive("first")()
	tokens, answered, driver, event := []string{""}, 0, "", s.event(raw, "", 0)
	for call := range 4000 {
		reply, alive := s.job(w, d, event)
		if !alive && s.leftAlone() {
			return
		}
		if !alive || pick(s.jobs.dropped, call) { // Lambda makes the same call again
			_ = w.Clock().Sleep(context.Background(), s.restart)
			continue
		}
		if reply.Token == "" {
			outcome, _, _ := strings.Cut(reply.Message, ":")
			s.ends = append(s.ends, ending{at: w.Elapsed(), by: "first", outcome: outcome})
			fmt.Fprintf(s.log, "%9s ended: %s\n", w.Elapsed(), reply.Message)
			return
		}
		if len(reply.Token) > 2048 || reply.Message == "" {
			panic("not what CodePipeline takes")
		}
		fmt.Fprintf(s.log, "%9s goes on: %d %% %s\n", w.Elapsed(), reply.Percent, reply.Message)
		if another := driverOf(reply.Token); s.jobs.renamed && another != driver { // which of two is the newer nobody knows
			tokens, driver = nil, another
		}
		tokens = append(tokens, reply.Token)
		answered++
		age := pick(s.jobs.aged, answered)
		token := tokens[max(0, len(tokens)-1-max(0, age))]
		if age == lost {
			token = "garbage"
		}
		event = s.event(raw, token, answered)
		_ = w.Clock().Sleep(context.Background(), pick(s.jobs.late, call))
	}
	panic("a rollout never ended")
}

// driverOf is the id of the driver that a continuation token names.
func driverOf(token string) string {
	var carried struct{ Driver string }
	must(json.Unmarshal([]byte(token), &carried))
	return carried.Driver
}

// event is what CodePipeline sends.
func (s *story) event(raw []byte, token string, answered int) []byte {
	id := "first"
	if s.jobs.renamed {
		id = fmt.Sprintf("first-%d", answered)
	}
	data := map[string]any{"actionConfiguration": map[string]any{"configuration": map[string]any{"UserParameters": string(raw)}}}
	if token != "" {
		data["continuationToken"] = token
	}
	event, err := json.Marshal(map[string]any{"CodePipeline.job": map[string]any{"id": id, "data": data}})
	must(err)
	return event
}

// job makes one call. It is false where the call was killed.
func (s *story) job(w *sim.World, d loop.Deployer, event []byte) (reply pipeline.Reply, alive bool) {
	ctx, _, cancel := w.Begin(s.hosted(sim.Invocation{ID: "first"}))
	defer cancel()
	defer s.outlive(w)
	job, err := pipeline.ParseJob(event)
	must(err)
	driver := pipeline.Driver{
		Switches: s.movable(w), Accounts: d.Accounts, Clock: d.Clock, Log: d.Log, Caller: d.Caller, Watch: d.Watch, Others: d.Others, Fatal: d.Fatal, Engines: d.Engines,
	}
	return driver.Call(ctx, job, w.Clock().Now().Add(sim.DefaultTimeout-20*time.Second), func(pipeline.Reply) {}), true
}

func drawJobs(t *rapid.T) *jobs {
	seconds := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(0, 20_000).Draw(t, "ms")) * time.Millisecond
	})
	return &jobs{
		late:    rapid.SliceOfN(seconds, 0, 5).Draw(t, "late"),
		aged:    rapid.SliceOfN(rapid.SampledFrom([]int{0, 0, 1, 2, 5, lost}), 0, 7).Draw(t, "aged"),
		dropped: rapid.SliceOfN(rapid.SampledFrom([]bool{false, false, true}), 0, 5).Draw(t, "dropped"),
		renamed: rapid.Bool().Draw(t, "renamed"),
	}
}

func TestE1APipelineGivesTheSameRoutings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawCertain(t)
		loop := g.play()
		again := g.atAnotherCadence(t)
		again.jobs = drawJobs(t)
		if again.skews = drawSkews(t); again.clocksApart() > 0 {
			again.jobs.aged, again.jobs.dropped = nil, nil // with an old token it knows by the time alone whether an end can be its own
		}
		again.jobs.dropped = append(again.jobs.dropped, false)
		piped := again.play()
		piped.sameAs(t, fmt.Sprintf("E1, by a pipeline, %+v", *again.jobs), loop)
	})
}

// Every boundary of some whole rollouts.
func TestL2APipelinesCallKilledAnywhere(t *testing.T) {
	for name, g := range wholeRollouts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g.restart = 2 * time.Second
			for _, how := range []*jobs{{}, {aged: []int{lost}}, {aged: []int{lost}, renamed: true}, {aged: []int{1}, late: []time.Duration{10 * time.Second}}} {
				g := g
				g.jobs = how
				want := g.play()
				for call := 1; call <= want.calls; call++ {
					for _, effect := range []sim.Effect{sim.KilledBefore, sim.KilledAfter} {
						g.faults = []sim.Fault{{Call: call, Effect: effect}}
						got := g.play()
						got.sameAs(t, fmt.Sprintf("%+v, %s call %d", *how, effect, call), want)
					}
				}
			}
		})
	}
}

// A pipeline's driver ends before CodePipeline does, and takes the rollout back.
func TestAPipelineThatIsNeverApprovedGoesBackWithinItsDay(t *testing.T) {
	t.Parallel()
	g := withKeys(map[string]any{"type": "stages", "stages": []any{map[string]any{"weight": 20, "hold": 5, "approve": true}}, "bake": 5, "poll-interval": 60})
	g.jobs = &jobs{late: []time.Duration{10 * time.Minute}}
	s := g.play()
	requireEnded(t, s, "RolledBack")
	require.Greater(t, s.ends[0].at, 23*time.Hour+30*time.Minute)
	require.Less(t, s.ends[0].at, 24*time.Hour)
}

// What cannot be put back for a day ends as a call for help, in the day too.
func TestAPipelineThatCannotPutTheAliasBackSaysSoWithinItsDay(t *testing.T) {
	g := withKeys(map[string]any{"interval": 60})
	g.newVersion.Errors = sim.Constant(1)
	g.faults = []sim.Fault{{On: sim.UpdateAlias, Call: 3, Times: 1_000_000, Effect: sim.Denied}}
	g.jobs = &jobs{late: []time.Duration{time.Hour}}
	s := g.play()
	requireEnded(t, s, "RollbackFailed")
	require.Greater(t, s.ends[0].at, 23*time.Hour)
	require.Less(t, s.ends[0].at, 25*time.Hour)
}
