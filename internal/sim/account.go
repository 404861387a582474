package sim

import (
	"context"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// account is the world as the deployer sees it: every question is a call, which takes time and may go wrong.
type account struct{ world *World }

var (
	_ target.Aliases  = account{}
	_ target.Versions = account{}
	_ target.Metrics  = account{}
	_ target.Invoker  = account{}
)

// Alias is GetAlias.
func (a account) Alias(ctx context.Context, function, name string) (found target.Alias, err error) {
	err = a.world.call(ctx, GetAlias, func() error {
		found, err = a.world.read(function, name)
		return err
	})
	return found, err
}

// UpdateAlias is UpdateAlias with everything given, and the condition of the revision.
func (a account) UpdateAlias(ctx context.Context, function, name string, to target.Alias) (made target.Alias, err error) {
	err = a.world.call(ctx, UpdateAlias, func() error {
		_, id := Caller(ctx)
		made, err = a.world.updateAlias(id, function, name, to)
		return err
	})
	if err != nil {
		return target.Alias{}, err
	}
	return made, nil
}

// Version is GetFunctionConfiguration.
func (a account) Version(ctx context.Context, function, version string) (v target.Version, err error) {
	err = a.world.call(ctx, GetVersion, func() error {
		v, err = a.world.version(function, version)
		return err
	})
	return v, err
}

// ProvisionedConcurrency is GetProvisionedConcurrencyConfig.
func (a account) ProvisionedConcurrency(ctx context.Context, function, name string) (c target.ProvisionedConcurrency, err error) {
	err = a.world.call(ctx, GetConcurrency, func() error {
		c, err = a.world.concurrency(function, name)
		return err
	})
	return c, err
}

// Minutes is GetMetricData.
func (a account) Minutes(ctx context.Context, q target.MetricsQuery) (minutes []analysis.Minute, err error) {
	err = a.world.call(ctx, GetMetrics, func() error {
		minutes = a.world.minutes(q)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return minutes, nil
}

// Quantiles is GetMetricData too.
func (a account) Quantiles(ctx context.Context, q target.MetricsQuery) (periods []analysis.Quantiles, err error) {
	err = a.world.call(ctx, GetMetrics, func() error {
		periods = a.world.quantiles(q)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return periods, nil
}

// Alarms is DescribeAlarms.
func (a account) Alarms(ctx context.Context, names []string) (alarms []analysis.Alarm, err error) {
	err = a.world.call(ctx, DescribeAlarms, func() error {
		alarms, err = a.world.describeAlarms(names)
		return err
	})
	return alarms, err
}

// Invoke is a synchronous Invoke.
func (a account) Invoke(ctx context.Context, i target.Invocation) (reply target.Reply, err error) {
	err = a.world.call(ctx, Invoke, func() error {
		reply, _, err = a.world.invoke(ctx, i)
		return err
	})
	switch {
	case err != nil:
		return target.Reply{}, err
	case len(reply.Body) > target.LongestReply:
		return target.Reply{Failure: target.TooLarge}, nil
	}
	return reply, nil
}

// CanInvoke is an Invoke that asks for a dry run.
func (a account) CanInvoke(ctx context.Context, function string) error {
	return a.world.call(ctx, DryRun, func() error {
		_, err := a.world.hook(function)
		return err
	})
}
