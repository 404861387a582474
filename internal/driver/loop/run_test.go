package loop_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// quick is a rollout of three steps of ten seconds in a world where all is well.
func quick() game {
	return game{rps: 20, owner: "front door", request: map[string]any{
		"function-name": "f", "alias": "live", "new-version": "2", "steps": 3, "interval": 10, "poll-interval": 2,
	}}
}

func requireEnded(t *testing.T, s story, endings ...string) {
	t.Helper()
	require.Equal(t, strings.Join(endings, ", "), s.endings(), s.transcript())
}

func TestWritesThatComeTooLateAreReadAgain(t *testing.T) {
	for name, tt := range map[string]struct{ action, ending string }{
		"only the words changed: it carries on": {"stranger words", "succeeded"},
		"the traffic moved: it is theirs":       {"stranger moves", "Superseded"},
		"the journal is gone: it is theirs":     {"stranger wipes", "Superseded"},
	} {
		t.Run(name, func(t *testing.T) {
			g := quick()
			g.others = []other{{beforeWrite: 3, action: tt.action}}
			requireEnded(t, g.play(), tt.ending)
		})
	}
}

func TestLostRepliesAreNoConflict(t *testing.T) {
	for write := 1; write <= 5; write++ {
		g := quick()
		g.faults = []sim.Fault{{On: sim.UpdateAlias, Call: write, Effect: sim.ReplyLost}}
		s := g.play()
		requireEnded(t, s, "succeeded")
		assert.Len(t, s.ours(), 5, "claim, three steps, the owner's text: nothing is written twice")
		assert.Equal(t, "front door", s.writes[len(s.writes)-1].Description)
	}
}

func TestTheSecondCallOfAnImpatientClientTakesOver(t *testing.T) {
	g := quick()
	g.request["interval"] = 60
	g.others = []other{{at: time.Minute, action: "deploy"}}
	s := g.play()
	requireEnded(t, s, "in-progress", "succeeded")
	assert.Equal(t, []rollout.Routing{
		{Primary: "1"},
		{Primary: "1", Secondary: "2", Weight: 33_33},
		{Primary: "1", Secondary: "2", Weight: 66_67},
		{Primary: "2"},
	}, s.routings(), "traffic never steps back or jumps")
	assert.Less(t, s.ends[0].at, time.Minute+5*time.Second, "the first one ends as soon as it looks")
}

func TestTwinsEvictEachOtherOnce(t *testing.T) {
	g := quick()
	g.others = []other{{action: "deploy"}}
	s := g.play()
	requireEnded(t, s, "in-progress", "succeeded")
	assert.Len(t, s.ours(), 6, "one claim more than one driver alone")
}

func TestARollbackThatCannotBeWrittenIsTriedUntilTheEnd(t *testing.T) {
	failing := quick()
	failing.newVersion.Errors, failing.request["interval"] = sim.Constant(1), 30

	passing := failing
	passing.faults = []sim.Fault{{On: sim.UpdateAlias, Call: 3, Times: 20, Effect: sim.Throttled}}
	requireEnded(t, passing.play(), "RolledBack")

	lasting := failing
	lasting.faults = []sim.Fault{{On: sim.UpdateAlias, Call: 3, Times: 100_000, Effect: sim.Denied}}
	s := lasting.play()
	requireEnded(t, s, "RollbackFailed")
	assert.Greater(t, s.ends[0].at, 14*time.Minute)
	assert.Contains(t, s.log.String(), "aws lambda update-alias --function-name f --name live --function-version 1 --routing-config AdditionalVersionWeights={}")
}

func TestAWriteThatIsRefusedForGoodGoesBack(t *testing.T) {
	g := quick()
	g.faults = []sim.Fault{{On: sim.UpdateAlias, Call: 3, Effect: sim.Denied}}
	requireEnded(t, g.play(), "succeeded")

	g.faults = []sim.Fault{{On: sim.UpdateAlias, Call: 3, Times: 8, Effect: sim.Denied}}
	s := g.play()
	requireEnded(t, s, "RolledBack")
	assert.NotContains(t, s.writes[len(s.writes)-1].Description, "bad 2", "that is not the version's fault")

	g.faults = []sim.Fault{{On: sim.UpdateAlias, Effect: sim.Denied}}
	s = g.play()
	requireEnded(t, s, "PreflightFailed")
	assert.Empty(t, s.ours())
}

func TestADeletedAliasIsSomebodyElses(t *testing.T) {
	g := quick()
	w, d := g.world()
	w.At(15*time.Second, func() { must(w.DeleteAlias("stranger", "f", "live")) })
	w.Go(0, func() {
		ctx, _, cancel := w.Begin(sim.Invocation{})
		defer cancel()
		_, err := d.Handle(ctx, g.raw())
		assert.ErrorAs(t, err, new(answer.Superseded))
	})
	w.Drain()
}

func TestAnAliasThatCannotBeReadIsTriedForAMinute(t *testing.T) {
	g := quick()
	g.faults = []sim.Fault{{On: sim.GetAlias, Effect: sim.ServerError}}
	s := g.play()
	requireEnded(t, s, "PreflightFailed")
	assert.Greater(t, s.ends[0].at, time.Minute)
	assert.Less(t, s.ends[0].at, 2*time.Minute)
	assert.Empty(t, s.ours())
}

func TestAStartIsNotWorthWaitingForLong(t *testing.T) {
	g := quick()
	g.faults = []sim.Fault{{On: sim.GetVersion, Effect: sim.ServerError}}
	s := g.play()
	requireEnded(t, s, "PreflightFailed")
	assert.Less(t, s.ends[0].at, 2*time.Minute)
	assert.Empty(t, s.ours())
}

// hanging answers no question about a rollout after a few.
type hanging struct {
	target.Metrics
	clock target.Clock
	left  *int
}

func (h hanging) Minutes(ctx context.Context, q target.MetricsQuery) ([]analysis.Minute, error) {
	if *h.left--; *h.left >= 0 {
		return h.Metrics.Minutes(ctx, q)
	}
	return nil, h.clock.Sleep(ctx, 10*time.Minute)
}

// A read that hangs must not cost the way back its time, whichever end comes first.
func TestAReadEndsBeforeThePlansOwnEnd(t *testing.T) {
	g := withKeys(map[string]any{"max-duration": 120})
	w, d := g.world()
	left := 4
	d.Accounts = func(string, string, string) target.Account {
		a := w.Account()
		a.Metrics = hanging{a.Metrics, w.Clock(), &left}
		return a
	}
	requireError[answer.RolledBack](t, w, d, g)
	assert.Negative(t, left)
	assert.Less(t, w.Elapsed(), 2*time.Minute)
}
