package health

import (
	"cmp"
	"context"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Before reads the three hours before now of everything that a look will read, so that CloudWatch refuses now what it would
// refuse then. A comparison of latency has no thresholds yet, hence one in their place. What it says of the old version is
// kept for a rollout that begins within the same minute.
func (r Reader) Before(ctx context.Context, p rollout.Plan, old string) ([]analysis.Minute, error) {
	const anyMS = 1000
	now := r.Clock.Now()
	q := target.MetricsQuery{
		Function: p.Function, Alias: p.Alias, OldVersion: old, NewVersion: p.NewVersion,
		Since: analysis.HistorySince(now), Until: now, Slow: p.Health.Latency.Slow(nil), Throttles: p.Health.Throttles, Metrics: p.Health.Metrics,
	}
	if p.Health.Latency.Compare {
		q.Slow = append(q.Slow, anyMS)
	}
	minutes, err := r.Account.Metrics.Minutes(ctx, q)
	if err = cmp.Or(err, analysis.CheckMinutes(minutes)); err == nil && !p.Health.Latency.Compare {
		r.Memory.keepBefore(r.place(p.Target), q.Since, analysis.HistoryBefore(now, time.Minute, minutes))
	}
	return minutes, err
}
