package preflight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// alarms looks at the alarms that may veto.
func (c *check) alarms(ctx context.Context) error {
	if len(c.plan.Alarms) == 0 {
		return nil
	}
	alarms, err := c.Metrics.Alarms(ctx, c.plan.Alarms)
	switch {
	case errors.Is(err, target.ErrNotFound):
		c.findOf(err, "alarms: %v: create them, or leave them out of the request", err)
	case target.Permanent(err):
		c.findOf(err, "alarms cannot be read: %s", target.Explain(err))
	case err != nil:
		return fmt.Errorf("describe-alarms: %w", err)
	}
	for _, alarm := range alarms {
		if alarm.State == analysis.AlarmRed {
			c.warn("alarm %s is red already: it cannot veto until it has been seen not red", alarm.Name)
		}
		if slow := alarm.TooSlow(c.plan.Takes()); slow != "" {
			c.warn("%s", slow)
		}
	}
	return nil
}

// metrics reads the last three hours of everything that a look reads: what CloudWatch refuses now it would refuse then, and a
// metric that has no datapoint is perhaps misspelt.
func (c *check) metrics(ctx context.Context) error {
	if c.plan.Health.Off || c.alias == nil {
		return nil
	}
	own := c.plan.Health.Metrics
	minutes, err := c.reader.Before(ctx, c.plan, c.alias.Routing.Primary)
	switch {
	case errors.Is(err, target.ErrRefused) && len(own) > 0:
		c.find("health-check.metrics are refused by CloudWatch: %v: mend the metric or expression that it names", err)
	case target.Permanent(err):
		c.findOf(err, "the metrics of function %s cannot be read: %s", c.plan.Function, target.Explain(err))
	case err != nil:
		return fmt.Errorf("get-metric-data: %w", err)
	default:
		now := c.reader.Clock.Now()
		if failing := analysis.Failing(analysis.HistoryBefore(now, time.Minute, minutes)); failing != "" {
			c.warn("the old version, %s, is failing: %s; a fix goes through, a version that fails like it waits until that has passed", c.alias.Routing.Primary, failing)
		}
		for _, metric := range own {
			if !seen(minutes, metric.ID) {
				c.warn("health-check.metrics: %s has had no datapoint in the last three hours: check its namespace, name, dimensions and stat, or its expression", metric.ID)
			}
		}
	}
	return nil
}

// seen says that a metric has a datapoint in some minutes.
func seen(minutes []analysis.Minute, id string) bool {
	return slices.ContainsFunc(minutes, func(m analysis.Minute) bool { return len(m.Values[id]) > 0 })
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
			c.findOf(err, "%s: function %s cannot be invoked: %s", hook.key, hook.function, target.Explain(err))
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
			c.findOf(err, "health-check.probes: version %s of function %s cannot be invoked: %s", version, c.plan.Function, target.Explain(err))
		default:
			return fmt.Errorf("invoke (dry run) of version %s: %w", version, err)
		}
	}
	return nil
}
