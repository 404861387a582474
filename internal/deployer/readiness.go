package deployer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// checkHealth looks at what the rollout will be judged by.
func (r *run) checkHealth(ctx context.Context, alias *target.Alias, f *findings) error {
	if r.request.Plan.Health.NeedsMinutes() && alias != nil {
		if err := r.checkMetrics(ctx, alias.Routing.Primary, f); err != nil {
			return err
		}
	}
	if len(r.request.Plan.Alarms) == 0 {
		return nil
	}
	err := r.timed(func() error { _, err := r.account.Metrics.Alarms(ctx, r.request.Plan.Alarms); return err })
	switch {
	case errors.Is(err, target.ErrNotFound):
		f.add("alarms: %v: create them, or leave them out of the request", err)
	case target.Permanent(err):
		f.add("alarms cannot be read: %v; %s", err, remedyDenied)
	case err != nil:
		return fmt.Errorf("describe-alarms: %w", err)
	}
	return nil
}

// checkMetrics reads the last minute of everything that a look reads, so that CloudWatch refuses now what it would refuse
// then. A comparison of latency has no thresholds yet, hence one in their place.
func (r *run) checkMetrics(ctx context.Context, old string, f *findings) error {
	const anyMS = 1000
	health := r.request.Plan.Health
	q := target.MetricsQuery{
		Function: r.request.Function, Alias: r.request.Alias, OldVersion: old, NewVersion: r.request.NewVersion,
		Since: r.now().Add(-time.Minute), Until: r.now(), Throttles: health.Throttles, Metrics: health.Metrics,
	}
	q.Slow = health.Latency.Slow(nil)
	if health.Latency.Compare {
		q.Slow = append(q.Slow, anyMS)
	}
	_, err := r.minutes(ctx, q)
	switch {
	case errors.Is(err, target.ErrRefused) && len(health.Metrics) > 0:
		f.add("health-check.metrics are refused by CloudWatch: %v: mend the metric or expression that it names", err)
	case target.Permanent(err):
		f.add("the metrics of function %s cannot be read: %v; %s", r.request.Function, err, remedyDenied)
	case err != nil:
		return fmt.Errorf("get-metric-data: %w", err)
	}
	return nil
}

// checkHooks asks whether the functions of the request could be invoked, without invoking them.
func (r *run) checkHooks(ctx context.Context, f *findings) error {
	plan := r.request.Plan
	for _, hook := range []struct{ key, function, it string }{
		{"hooks.pre-traffic", plan.PreTraffic, "the hook"}, {"hooks.post-traffic", plan.PostTraffic, "the hook"}, {"health-check.function", plan.Health.Judge, "it"},
	} {
		if hook.function == "" {
			continue
		}
		err := r.timed(func() error { return r.account.Invoker.CanInvoke(ctx, hook.function) })
		switch {
		case errors.Is(err, target.ErrNotFound):
			f.add("%s: function %s does not exist: create it, or leave %s out", hook.key, hook.function, hook.it)
		case target.Permanent(err):
			f.add("%s: function %s cannot be invoked: %v; %s", hook.key, hook.function, err, remedyDenied)
		case err != nil:
			return fmt.Errorf("invoke (dry run) of %s: %w", hook.function, err)
		}
	}
	return nil
}

// checkProbes asks whether the versions could be invoked that probes are made of. A version that does not exist is a
// finding of its own.
func (r *run) checkProbes(ctx context.Context, alias *target.Alias, f *findings) error {
	probes := r.request.Plan.Probes
	var versions []string
	if len(probes) > 0 && r.request.NewVersion != "" && f.pending == "" {
		versions = append(versions, r.request.NewVersion)
	}
	if alias != nil && len(versions) > 0 && slices.ContainsFunc(probes, func(p rollout.Probe) bool { return p.Compare }) {
		versions = append(versions, alias.Routing.Primary)
	}
	for _, version := range versions {
		err := r.timed(func() error { return r.account.Invoker.CanInvoke(ctx, r.numbered(version)) })
		switch {
		case err == nil || errors.Is(err, target.ErrNotFound):
		case target.Permanent(err):
			f.add("health-check.probes: version %s of function %s cannot be invoked: %v; %s", version, r.request.Function, err, remedyDenied)
		default:
			return fmt.Errorf("invoke (dry run) of version %s: %w", version, err)
		}
	}
	return nil
}
