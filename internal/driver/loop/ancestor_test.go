package loop_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// The defects of aws-lambda-deploy by their numbers: 55 of them, each one tested here, or with a line that says where
// else it is held or why it cannot occur.

// elsewhere are the defects that are held by something other than a rollout's behaviour.
func elsewhere() map[int]string {
	return map[int]string{
		11: "tools/check_template.py: the role allows exactly the operations that the binary links",
		21: "golangci-lint's unused",
		26: "of the workflow: it waits for the workflow",
		27: "of the workflow: it waits for the workflow",
		32: "tools/check_template.py: MaximumRetryAttempts is 0; and a version sent back by health is a KnownBadVersion",
		39: "README: the three traps of aws lambda invoke; every failure is a function error with a type",
		40: "README: --cli-binary-format raw-in-base64-out",
		42: "of the workflow: it waits for the workflow; here the message has cause and numbers (test 43)",
		44: "template.yaml: log groups with retention; metrics and events of our own are not in this version",
		47: "template.yaml: provided.al2023, no managed policy",
		48: "tools/check_template.py: least privilege per function",
		49: "template.yaml: NamePrefix",
		50: "there is no install script: sam deploy",
		51: "docs/decisions/0001: one function decides, whoever drives",
		53: "these tests, make ci, LICENSE",
		55: "template.yaml: FunctionNamePattern has no default and refuses *",
	}
}

// withKeys is quick with more keys in its request.
func withKeys(keys map[string]any) game {
	g := quick()
	maps.Copy(g.request, keys)
	return g
}

// failingFrom is a version that fails every call from a time on.
func failingFrom(from time.Duration) sim.Version {
	return sim.Version{Errors: sim.Curve{{From: from, Value: 1}}}
}

func ancestorTests() map[int]func(*testing.T) {
	tests := map[int]func(*testing.T){}
	maps.Copy(tests, healthDefects())
	maps.Copy(tests, weightDefects())
	maps.Copy(tests, safetyDefects())
	maps.Copy(tests, interfaceDefects())
	return tests
}

func TestDefectsOfTheAncestor(t *testing.T) {
	tests := ancestorTests()
	for _, n := range slices.Sorted(maps.Keys(tests)) {
		t.Run(fmt.Sprintf("defect %d", n), tests[n])
	}
	for n := 1; n <= 55; n++ {
		_, tested := tests[n]
		_, held := elsewhere()[n]
		assert.NotEqual(t, tested, held, "defect %d is either tested here or held elsewhere", n)
	}
}

func weightDefects() map[int]func(*testing.T) {
	return map[int]func(*testing.T){
		14: refuses(map[string]any{"steps": -1}, "steps is -1"),
		15: func(t *testing.T) { // more than 100 steps never end
			for _, steps := range []int{101, 110, 150, 201, 400, 1000} {
				s := withKeys(map[string]any{"steps": steps, "interval": 0, "bake": 0}).play()
				assert.True(t, strings.HasPrefix(s.endings(), "succeeded"), s.endings())
				assert.Len(t, s.routings(), steps+1)
			}
		},
		16: func(t *testing.T) { // three steps are exact here
			s := quick().play()
			assert.Equal(t, rollout.Weight(33_33), s.routings()[1].Weight)
			assert.Equal(t, rollout.Weight(66_67), s.routings()[2].Weight)
		},
		17: func(t *testing.T) { // 100 % as an additional weight
			for _, w := range quick().play().writes {
				assert.Less(t, w.Routing.Weight, rollout.Full)
			}
		},
		18: func(t *testing.T) { // raw Python messages for numbers of another kind
			refuses(map[string]any{"steps": 0}, "steps is 0: give a whole number from 1 to 1000")(t)
			refuses(map[string]any{"steps": "3"}, "without quotes")(t)
			requireEnded(t, withKeys(map[string]any{"steps": 3.0}).play(), "succeeded")
		},
		19: func(t *testing.T) { // the type is ignored, or linear
			assert.Len(t, withKeys(map[string]any{"type": "canary"}).play().routings(), 3)
			assert.Len(t, withKeys(map[string]any{"type": "all-at-once"}).play().routings(), 2)
		},
		20: func(t *testing.T) { // the step is found by looking for a float
			for _, s := range withKeys(map[string]any{"steps": 7}).play().writes {
				if j := journalOf(s.Description, s.Routing); j != nil {
					assert.Equal(t, rollout.Weight((10000*j.Step+3)/7), j.Weight)
				}
			}
		},
	}
}

// refuses asserts that a request is refused before anything, naming a text.
func refuses(keys map[string]any, says string) func(*testing.T) {
	return func(t *testing.T) {
		g := withKeys(keys)
		w, d := g.world()
		_, err := d.Invoke(context.Background(), g.raw())
		require.ErrorAs(t, err, new(answer.InvalidRequest))
		assert.Contains(t, err.Error(), says)
		assert.Equal(t, w.Calls(sim.PutEvents), w.Calls(""), "others hear that it was refused, and nothing else is called")
	}
}

// requireError runs a game's request in a world of the test's own.
func requireError[E error](t *testing.T, w *sim.World, d loop.Deployer, g game) {
	t.Helper()
	var err error
	w.Go(0, func() {
		ctx, _, cancel := w.Begin(sim.Invocation{})
		defer cancel()
		_, err = d.Invoke(ctx, g.raw())
	})
	w.Drain()
	require.ErrorAs(t, err, new(E))
}

func safetyDefects() map[int]func(*testing.T) {
	return map[int]func(*testing.T){
		22: func(t *testing.T) { // an exception leaves the alias split
			for call := 1; call < 25; call++ {
				g := quick()
				g.faults = []sim.Fault{{Call: call, Times: 3, Effect: sim.ServerError}}
				s := g.play()
				assert.False(t, s.finalRouting().Split(), s.transcript())
			}
		},
		23: refuses(map[string]any{"interval": "120"}, "interval"),
		24: func(t *testing.T) { // killed at its timeout, half-way
			requireEnded(t, withKeys(map[string]any{"steps": 10, "interval": 120}).play(), "DoesNotFit")
			requireEnded(t, withKeys(map[string]any{
				"type": "stages", "stages": []any{map[string]any{"weight": 10, "hold": 5, "approve": true}},
			}).play(), "RolledBack")
		},
		25: func(t *testing.T) { // a failed rollback is not retried and hides why
			g := withKeys(map[string]any{"interval": 60})
			g.newVersion.Errors = sim.Constant(1)
			g.faults = []sim.Fault{{On: sim.UpdateAlias, Call: 3, Times: 5, Effect: sim.ServerError}}
			s := g.play()
			requireEnded(t, s, "RolledBack")
			assert.Contains(t, s.log.String(), "invocations of the new version failed")
		},
		28: meddledWith("stranger moves"),
		29: func(t *testing.T) { // a split that was there before is overwritten
			g := quick()
			w, d := g.world()
			must(w.ChangeAlias("stranger", "f", "live", func(a *target.Alias) {
				a.Routing = rollout.Routing{Primary: "1", Secondary: "2", Weight: 5_00}
			}))
			requireError[answer.RolloutInProgress](t, w, d, g)
			assert.Len(t, w.Writes(), 2)
		},
		30: meddledWith("stranger wipes"),
		31: func(t *testing.T) { TestTheSecondCallOfAnImpatientClientTakesOver(t) },
		33: func(t *testing.T) { // versions that cannot serve, or cannot share traffic
			pending := quick()
			pending.newVersion.ReadyAt = time.Minute
			requireEnded(t, pending.play(), "succeeded")
			failed := quick()
			failed.newVersion.State = "Failed"
			requireEnded(t, failed.play(), "PreflightFailed")
			other := quick()
			other.newVersion.Role = "another"
			requireEnded(t, other.play(), "PreflightFailed")
		},
		34: func(t *testing.T) { // provisioned concurrency moves, with weights of Lambda's own
			g := quick()
			w, d := g.world()
			w.SetConcurrency("f", "live", 5, 20*time.Second)
			ctx, _, cancel := w.Begin(sim.Invocation{})
			defer cancel()
			answer, err := d.Handle(ctx, g.raw())
			require.NoError(t, err)
			assert.Contains(t, strings.Join(answer.Warnings, " "), "provisioned concurrency 5")
		},
		35: func(t *testing.T) { TestS6TheEndingIsTheTruth(t) },
		36: func(t *testing.T) { // no abort
			g := withKeys(map[string]any{"interval": 60})
			g.others = []other{{at: 30 * time.Second, action: "rollback"}}
			requireEnded(t, g.play(), "rolled-back", "RolledBack")
		},
		37: func(t *testing.T) { // nothing remembers that a version failed
			g := withKeys(map[string]any{"interval": 60})
			g.newVersion.Errors = sim.Constant(1)
			g.others = []other{{at: 5 * time.Minute, action: "deploy"}}
			requireEnded(t, g.play(), "RolledBack", "KnownBadVersion")
		},
		38: func(t *testing.T) { // no overall deadline
			g := withKeys(map[string]any{"max-duration": 60, "health-check": map[string]any{"min-invocations": 1_000_000, "on-no-data": "hold"}})
			s := g.play()
			requireEnded(t, s, "RolledBack")
			assert.Less(t, s.ends[0].at, time.Minute+time.Second)
		},
	}
}

// meddledWith asserts that what somebody else did in the middle of a rollout stands.
func meddledWith(action string) func(*testing.T) {
	return func(t *testing.T) {
		g := withKeys(map[string]any{"interval": 60})
		g.others = []other{{at: 30 * time.Second, action: action}}
		s := g.play()
		requireEnded(t, s, "Superseded")
		assert.Equal(t, "stranger", s.writes[len(s.writes)-1].By)
	}
}

func interfaceDefects() map[int]func(*testing.T) {
	return map[int]func(*testing.T){
		41: func(t *testing.T) { // its log lines vanish
			s := quick().play()
			assert.Contains(t, s.log.String(), "then=shift to 33.33 %")
		},
		43: func(t *testing.T) { // the answer is a raw response
			g := quick()
			w, d := g.world()
			ctx, _, cancel := w.Begin(sim.Invocation{})
			defer cancel()
			answer, err := d.Handle(ctx, g.raw())
			require.NoError(t, err)
			assert.Equal(t, "succeeded", answer.Status)
			assert.Len(t, answer.Steps, 3)
			assert.NotNil(t, answer.Steps[2].Checks[0].New)
		},
		45: func(t *testing.T) { // alias-name only
			requireEnded(t, quick().play(), "succeeded")
			g := quick()
			delete(g.request, "alias")
			g.request["alias-name"] = "live"
			requireEnded(t, g.play(), "succeeded")
		},
		46: refuses(map[string]any{"health_check": false}, "health-check"),
		52: func(t *testing.T) { // dumps of inputs and responses
			var log strings.Builder
			w, d := quick().world()
			d.Log = slog.New(slog.NewJSONHandler(&log, nil))
			ctx, _, cancel := w.Begin(sim.Invocation{})
			defer cancel()
			_, err := d.Handle(ctx, quick().raw())
			require.NoError(t, err)
			assert.NotContains(t, strings.ToLower(log.String()), "credential")
			assert.NotContains(t, log.String(), "RevisionId")
		},
		54: func(t *testing.T) { // one account only
			g := withKeys(map[string]any{"function-name": "arn:aws:lambda:eu-west-1:210987654321:function:f", "role-arn": "arn:aws:iam::210987654321:role/r"})
			requireEnded(t, g.play(), "succeeded")
		},
	}
}
