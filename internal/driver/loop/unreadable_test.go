package loop_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// spoiled is a CloudWatch some of whose values are no numbers.
type spoiled struct{ target.Metrics }

func (s spoiled) Minutes(ctx context.Context, q target.MetricsQuery) ([]analysis.Minute, error) {
	minutes, err := s.Metrics.Minutes(ctx, q)
	for i := range minutes {
		minutes[i].Alias.Invocations = math.NaN()
	}
	return minutes, err
}

// spoiledQuantiles is a CloudWatch whose percentiles are no numbers.
type spoiledQuantiles struct{ target.Metrics }

func (s spoiledQuantiles) Quantiles(ctx context.Context, q target.MetricsQuery) ([]analysis.Quantiles, error) {
	periods, err := s.Metrics.Quantiles(ctx, q)
	for i := range periods {
		periods[i].P99 = math.NaN()
	}
	return periods, err
}

// spoiledAt is a CloudWatch some of whose answers are spoiled, by their number.
type spoiledAt struct {
	target.Metrics
	asked *int
	spoil func(answer int) bool
}

func (s spoiledAt) Minutes(ctx context.Context, q target.MetricsQuery) ([]analysis.Minute, error) {
	if *s.asked++; s.spoil(*s.asked) {
		return spoiled{s.Metrics}.Minutes(ctx, q)
	}
	return s.Metrics.Minutes(ctx, q)
}

func TestAHistoryThatCannotBeReadIsReadAgain(t *testing.T) {
	asked := 0
	j := judged{health: map[string]any{}, instead: func(m target.Metrics) target.Metrics {
		return spoiledAt{m, &asked, func(answer int) bool { return answer == 1 }}
	}}.deploy(t)
	require.NoError(t, j.err)
	assert.Equal(t, "succeeded", j.answer.Status)
}

func TestValuesThatAreNoNumbersAreAFailedRead(t *testing.T) {
	asked := 0
	wrapped := func(m target.Metrics) target.Metrics {
		asked = 0
		return spoiledAt{m, &asked, func(answer int) bool { return answer > 1 }}
	}
	durations := func(m target.Metrics) target.Metrics { return spoiledQuantiles{m} }
	judged{health: map[string]any{"latency": "compare"}, instead: durations}.deploy(t).rolledBack(t, "the time ran out", "the durations at", "p99 NaN")
	judged{health: map[string]any{"errors": "any"}, instead: wrapped}.deploy(t).rolledBack(t, "the time ran out", "the calls at", "of NaN invocations of the alias failed")

	w := sim.New()
	w.Publish("f", "1", sim.Version{})
	w.Publish("f", "2", sim.Version{})
	must(w.CreateAlias("f", "live", target.Alias{Routing: rollout.Routing{Primary: "1"}}))
	w.SetTraffic("f", "live", sim.Constant(20))
	w.Advance(4 * time.Hour)
	d := scenario.Deployer(w, discard())
	d.Accounts = func(string, string, string) target.Account {
		a := w.Account()
		a.Metrics = wrapped(a.Metrics)
		return a
	}
	ctx, _, cancel := w.Begin(sim.Invocation{})
	defer cancel()
	answer, err := d.Handle(ctx, []byte(`{"action": "plan", "function-name": "f", "alias": "live", "new-version": "2"}`))
	require.NoError(t, err)
	assert.Nil(t, answer.BlastRadius)
	assert.Contains(t, fmt.Sprint(answer.Warnings), "cannot be read: 0 of NaN invocations of the alias failed")
}
