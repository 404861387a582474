package report_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/cli/ending"
	"github.com/meta-deployer/meta-deployer/internal/cli/report"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

var update = flag.Bool("update", false, "write the golden files")

// rolledOut is an account in which a rollout has succeeded, and what it was answered.
func rolledOut(t *testing.T) (*sim.World, answer.Answer) {
	t.Helper()
	w := sim.New()
	w.Publish("checkout", "1", sim.Version{Errors: sim.Constant(0.02)})
	w.Publish("checkout", "2", sim.Version{Errors: sim.Constant(0.01)})
	require.NoError(t, w.CreateAlias("checkout", "live", target.Alias{Routing: rollout.Routing{Primary: "1"}}))
	w.SetTraffic("checkout", "live", sim.Constant(20))
	w.Advance(4 * time.Hour)
	var a answer.Answer
	w.Go(w.Elapsed(), func() {
		ctx, _, cancel := w.Begin(sim.Invocation{})
		defer cancel()
		var err error
		a, err = scenario.Deployer(w, slog.New(slog.DiscardHandler)).Handle(ctx, []byte(
			`{"function-name": "checkout", "alias": "live", "new-version": "2", "steps": 2, "interval": "3m", "health-check": {"latency": {"max-ms": 1000}}}`))
		assert.NoError(t, err)
	})
	w.Advance(15 * time.Minute)
	require.Equal(t, "succeeded", a.Status)
	return w, a
}

func html(t *testing.T, a answer.Answer, m report.Minutes) string {
	t.Helper()
	raw, err := report.HTML(ending.With(a), m)
	require.NoError(t, err)
	return checked(t, raw)
}

// Both versions' calls stand in the minutes in which they were made, as picture and as numbers.
func TestTheMinutesOfARollout(t *testing.T) {
	w, a := rolledOut(t)
	m := report.Read(t.Context(), w.Account().Metrics, a, w.Now())
	require.NotEmpty(t, m.Read)
	assert.Equal(t, time.Minute, m.Period)
	fresh, old := 0.0, 0.0
	for _, minute := range m.Read {
		fresh, old = fresh+minute.New.Invocations, old+minute.Old.Invocations
		assert.InDelta(t, minute.Alias.Invocations, minute.New.Invocations+minute.Old.Invocations, 3, "every call is one version's, at 100 %% too")
	}
	page := html(t, a, m)
	assert.Contains(t, page, "<h2>Failed calls by minute</h2>")
	assert.Contains(t, page, "<h2>Calls above 1000 ms by minute</h2>")
	assert.Contains(t, page, fmt.Sprintf("of %.0f of the new version", fresh))
	assert.Contains(t, page, `text-anchor="end">3.5 %</text>`, "a minute with two calls does not make the picture flat")
	first := m.Read[1]
	assert.Contains(t, page, fmt.Sprintf(`<tr><td>%s</td><td class="number">%.0f</td><td class="number">%.0f</td><td class="number">%.0f</td><td class="number">%.0f</td></tr>`,
		first.Start.Format(time.TimeOnly), first.New.Errors, first.New.Invocations, first.Old.Errors, first.Old.Invocations))
	assert.NotContains(t, page, "an answer has no minutes")
	golden := filepath.Join("testdata", "succeeded.html")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(page), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), page, "make screenshots shows it in a browser")
	assert.NotContains(t, page, "NaN")
	assert.Equal(t, strings.Count(page, `<rect class="new"`), strings.Count(page, `<line class="new"`)+2, "each share has its bounds; two are of the legends")
}

// The bounds hold the share, and are narrower with more calls.
func TestBoundsOfAShare(t *testing.T) {
	at := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	wide := 0.0
	for _, n := range []float64{5, 50, 500} {
		m := report.Minutes{Period: time.Minute, Read: []analysis.Minute{{Start: at, New: analysis.Counts{Invocations: n, Errors: n / 5}, Old: analysis.Counts{Invocations: 10, Errors: 10}}}}
		page := html(t, answer.Answer{Status: "in-progress"}, m)
		_, line, found := strings.Cut(page, `<line class="new" x1=`)
		require.True(t, found)
		var x, high, low, y float64
		_, err := fmt.Sscanf(line, `"%f" y1="%f" x2="%f" y2="%f"`, &x, &high, &x, &low)
		require.NoError(t, err)
		_, square, _ := strings.Cut(line, `<rect class="new" x=`)
		_, err = fmt.Sscanf(square, `"%f" y="%f"`, &x, &y)
		require.NoError(t, err)
		assert.InDelta(t, 160-140*0.2, y+3, 0.1, "a fifth of the way up: the old version fails always")
		assert.Less(t, high, y+3)
		assert.Greater(t, low, y+3)
		assert.True(t, wide == 0 || low-high < wide)
		wide = low - high
	}
}

// reader answers one reading.
type reader struct {
	target.Metrics
	minutes []analysis.Minute
	err     error
	asked   *target.MetricsQuery
}

func (r reader) Minutes(_ context.Context, q target.MetricsQuery) ([]analysis.Minute, error) {
	*r.asked = q
	return r.minutes, r.err
}

// What keeps the minutes out is said, and a long rollout is read in few periods that CloudWatch still has.
func TestMinutesThatAreNotThere(t *testing.T) {
	var a answer.Answer
	require.NoError(t, json.Unmarshal([]byte(succeeded), &a))
	now := a.EndedAt.Add(time.Hour)
	var q target.MetricsQuery
	assert.Contains(t, html(t, a, report.Read(t.Context(), reader{err: fmt.Errorf("%w: <no>", target.ErrDenied), asked: &q}, a, now)), "its minutes cannot be read: access denied: &lt;no&gt;; give the role")
	assert.Equal(t, target.MetricsQuery{
		Function: "checkout", Alias: "live", OldVersion: "1", NewVersion: "2", Since: *a.StartedAt, Until: *a.EndedAt, Slow: []float64{250}, Period: time.Minute,
	}, q)
	assert.Contains(t, html(t, a, report.Read(t.Context(), reader{asked: &q}, a, now)), "CloudWatch has no minutes of it")
	for after, want := range map[time.Duration]time.Duration{16 * 24 * time.Hour: 260 * time.Minute, 10 * 24 * time.Hour: 160 * time.Minute, 30 * 24 * time.Hour: 480 * time.Minute} {
		long := a
		end := a.StartedAt.Add(after)
		long.EndedAt = &end
		report.Read(t.Context(), reader{asked: &q, err: errors.New("x")}, long, end.Add(time.Minute))
		assert.Equal(t, want, q.Period)
	}
	a.StartedAt = nil
	assert.Contains(t, html(t, a, report.Read(t.Context(), reader{asked: &q}, a, now)), "it tells of no rollout of which minutes could be read")
}
