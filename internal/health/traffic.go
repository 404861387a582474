package health

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// AliasMinutes reads what went through an alias, whichever version ran, by the minute or as CloudWatch still has it.
func (r Reader) AliasMinutes(ctx context.Context, t rollout.Target, since, until time.Time) ([]analysis.Minute, error) {
	minutes, err := r.Account.Metrics.Minutes(ctx, target.MetricsQuery{
		Function: t.Function, Alias: t.Alias, Since: since, Until: until, Period: analysis.ShortestPeriod(since, r.Clock.Now()),
	})
	return minutes, cmp.Or(err, analysis.CheckMinutes(minutes))
}

// Traffic is how busy an alias was before a rollout that starts, or started, at start.
func (r Reader) Traffic(ctx context.Context, t rollout.Target, start time.Time) (rollout.Traffic, error) {
	since, until := rollout.TrafficSpan(start)
	if traffic, ok := r.Memory.recallTraffic(r.place(t), until); ok {
		return traffic, nil
	}
	minutes, err := r.AliasMinutes(ctx, t, since, until)
	if err != nil {
		return rollout.Traffic{}, fmt.Errorf("the traffic of the last hour, which type auto chooses its schedule by: %w", err)
	}
	traffic := rollout.TrafficBefore(start, minutes)
	r.Memory.keepTraffic(r.place(t), until, traffic)
	return traffic, nil
}

// KnowsTraffic says that Traffic has nothing to read for a rollout that starts at start.
func (r Reader) KnowsTraffic(t rollout.Target, start time.Time) bool {
	_, until := rollout.TrafficSpan(start)
	_, known := r.Memory.recallTraffic(r.place(t), until)
	return known
}

// place is where an alias of the account is.
func (r Reader) place(t rollout.Target) place { return place{role: r.Account.Role, Target: t} }
