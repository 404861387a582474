package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"testing" //nolint:depguard // it measures as tests do
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// turns are what the deployer takes by itself: in an account that takes nothing, with a log that goes nowhere.
type turns struct {
	// rollout is a whole rollout of so many turns, turn one more turn, and floor the calls of one turn alone.
	rollout, turn, floor cost
	count                int
}

type cost struct{ ns, allocations, bytes float64 }

// timeTurns compares two rollouts that differ in nothing but in how often they look.
func timeTurns() (turns, error) {
	few, fewTurns, err := timeRollout(20 * time.Second)
	if err != nil {
		return turns{}, err
	}
	many, manyTurns, err := timeRollout(2 * time.Second)
	if err != nil {
		return turns{}, err
	}
	more := float64(manyTurns - fewTurns)
	return turns{
		rollout: few, count: fewTurns, floor: timeCalls(),
		turn: cost{(many.ns - few.ns) / more, (many.allocations - few.allocations) / more, (many.bytes - few.bytes) / more},
	}, nil
}

func timeRollout(poll time.Duration) (c cost, count int, err error) {
	request := fmt.Appendf(nil, `{"function-name": %q, "alias": %q, "new-version": "2", "steps": 10, "interval": 60, "poll-interval": %q}`,
		functionName, aliasName, poll)
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			a := newIdle()
			var answer answer.Answer
			if answer, err = a.deployer().Handle(context.Background(), json.RawMessage(request)); err != nil {
				return
			}
			if count = a.turns; answer.Status != "succeeded" {
				err = fmt.Errorf("the rollout ended %s: %s", answer.Status, answer.Reason)
				return
			}
		}
	})
	return costOf(result), count, err
}

func timeCalls() cost {
	a := newIdle()
	return costOf(testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = a.Alias(context.Background(), functionName, aliasName)
			_, _ = a.Minutes(context.Background(), target.MetricsQuery{Since: a.now.Add(-10 * time.Minute), Until: a.now})
		}
	}))
}

func costOf(r testing.BenchmarkResult) cost {
	return cost{float64(r.NsPerOp()), float64(r.AllocsPerOp()), float64(r.AllocedBytesPerOp())}
}

// idle is an account that answers at once, where time passes as soon as somebody waits.
type idle struct {
	target.Metrics
	target.Invoker

	start, now time.Time
	alias      target.Alias
	minutes    []analysis.Minute
	turns      int
}

func newIdle() *idle {
	a := &idle{start: sim.Start().Add(-time.Hour), now: sim.Start(), alias: target.Alias{Routing: rollout.Routing{Primary: "1"}, Description: "ours"}}
	for i := range 120 {
		each := analysis.Counts{Invocations: 600}
		a.minutes = append(a.minutes, analysis.Minute{
			Start: a.start.Add(time.Duration(i) * time.Minute), Old: each, New: each, Alias: analysis.Counts{Invocations: 1200},
		})
	}
	return a
}

func (a *idle) deployer() loop.Deployer {
	return loop.Deployer{
		Accounts: func(string, string, string) target.Account {
			return target.Account{Aliases: a, Versions: a, Metrics: a, Invoker: a}
		},
		Clock: target.Clock{
			Now: func() time.Time { return a.now },
			Sleep: func(_ context.Context, d time.Duration) error {
				a.now = a.now.Add(d)
				return nil
			},
			Bound: func(ctx context.Context, _ time.Time) (context.Context, context.CancelFunc) {
				return context.WithCancel(ctx)
			},
		},
		Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), //nolint:sloglint // to write the lines is part of a turn
		Caller: func(context.Context) (request.Home, string) {
			return sim.Home(), "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
		},
	}
}

// Alias counts the turns: each begins with it.
func (a *idle) Alias(context.Context, string, string) (target.Alias, error) {
	a.turns++
	return a.alias, nil
}

func (a *idle) UpdateAlias(_ context.Context, _, _ string, to target.Alias) (target.Alias, error) {
	a.alias = to
	return to, nil
}

func (a *idle) Version(context.Context, string, string) (target.Version, error) {
	return target.Version{State: "Active", UpdateStatus: "Successful"}, nil
}

func (a *idle) ProvisionedConcurrency(context.Context, string, string) (target.ProvisionedConcurrency, error) {
	return target.ProvisionedConcurrency{}, target.ErrNotFound
}

// Minutes are whole ones; the newest is the one before the last.
func (a *idle) Minutes(_ context.Context, q target.MetricsQuery) ([]analysis.Minute, error) {
	from, until := int(q.Since.Sub(a.start)/time.Minute), int(q.Until.Sub(a.start)/time.Minute)
	until = min(max(until-1, 0), len(a.minutes))
	return a.minutes[min(max(from, 0), until):until], nil
}
