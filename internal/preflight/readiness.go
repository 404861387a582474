package preflight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

const remedyDenied = "give the deployer's role the missing permission, the README lists them"

// health looks at what the rollout will be judged by.
func (c *check) health(ctx context.Context) error {
	if c.plan.Health.NeedsMinutes() && c.alias != nil {
		if err := c.metrics(ctx, c.alias.Routing.Primary); err != nil {
			return err
		}
	}
	if len(c.plan.Alarms) == 0 {
		return nil
	}
	alarms, err := c.Metrics.Alarms(ctx, c.plan.Alarms)
	switch {
	case errors.Is(err, target.ErrNotFound):
		c.findOf(err, "alarms: %v: create them, or leave them out of the request", err)
	case target.Permanent(err):
		c.findOf(err, "alarms cannot be read: %v; %s", err, remedyDenied)
	case err != nil:
		return fmt.Errorf("describe-alarms: %w", err)
	}
	for _, alarm := range alarms {
		if alarm.State == "ALARM" {
			c.warn("alarm %s is red already: it cannot veto until it has been seen not red", alarm.Name)
		}
	}
	return nil
}

// metrics reads the last minute of everything that a look reads, so that CloudWatch refuses now what it would refuse then. A
// comparison of latency has no thresholds yet, hence one in their place.
func (c *check) metrics(ctx context.Context, old string) error {
	const anyMS = 1000
	health := c.plan.Health
	q := target.MetricsQuery{
		Function: c.plan.Function, Alias: c.plan.Alias, OldVersion: old, NewVersion: c.plan.NewVersion,
		Since: c.now.Add(-time.Minute), Until: c.now, Throttles: health.Throttles, Metrics: health.Metrics,
	}
	q.Slow = health.Latency.Slow(nil)
	if health.Latency.Compare {
		q.Slow = append(q.Slow, anyMS)
	}
	_, err := c.Metrics.Minutes(ctx, q)
	switch {
	case errors.Is(err, target.ErrRefused) && len(health.Metrics) > 0:
		c.find("health-check.metrics are refused by CloudWatch: %v: mend the metric or expression that it names", err)
	case target.Permanent(err):
		c.findOf(err, "the metrics of function %s cannot be read: %v; %s", c.plan.Function, err, remedyDenied)
	case err != nil:
		return fmt.Errorf("get-metric-data: %w", err)
	}
	return nil
}

// hooks asks whether the functions of the request could be invoked, without invoking them.
func (c *check) hooks(ctx context.Context) error {
	for _, hook := range []struct{ key, function, it string }{
		{"hooks.pre-traffic", c.plan.PreTraffic, "the hook"}, {"hooks.post-traffic", c.plan.PostTraffic, "the hook"}, {"health-check.function", c.plan.Health.Judge, "it"},
	} {
		if hook.function == "" {
			continue
		}
		err := c.Invoker.CanInvoke(ctx, hook.function)
		switch {
		case errors.Is(err, target.ErrNotFound):
			c.findOf(err, "%s: function %s does not exist: create it, or leave %s out", hook.key, hook.function, hook.it)
		case target.Permanent(err):
			c.findOf(err, "%s: function %s cannot be invoked: %v; %s", hook.key, hook.function, err, remedyDenied)
		case err != nil:
			return fmt.Errorf("invoke (dry run) of %s: %w", hook.function, err)
		}
	}
	return nil
}

// probes asks whether the versions could be invoked that probes are made of. A version that does not exist is a finding of
// its own.
func (c *check) probes(ctx context.Context) error {
	probes := c.plan.Probes
	var versions []string
	if len(probes) > 0 && c.plan.NewVersion != "" && c.ready.Pending == "" {
		versions = append(versions, c.plan.NewVersion)
	}
	if c.alias != nil && len(versions) > 0 && slices.ContainsFunc(probes, func(p rollout.Probe) bool { return p.Compare }) {
		versions = append(versions, c.alias.Routing.Primary)
	}
	for _, version := range versions {
		err := c.Invoker.CanInvoke(ctx, c.plan.Function+":"+version)
		switch {
		case err == nil || errors.Is(err, target.ErrNotFound):
		case target.Permanent(err):
			c.findOf(err, "health-check.probes: version %s of function %s cannot be invoked: %v; %s", version, c.plan.Function, err, remedyDenied)
		default:
			return fmt.Errorf("invoke (dry run) of version %s: %w", version, err)
		}
	}
	return nil
}
