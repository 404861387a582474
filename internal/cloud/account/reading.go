package account

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/cloud/functions"
	"github.com/meta-deployer/meta-deployer/internal/cloud/metrics"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Reading is the own account for who only looks: its aliases and metrics. A program that uses it links no call that changes
// anything, also where it calls methods by their names, as html/template does: what is behind it are functions, and no value
// with methods.
func Reading(cfg aws.Config) target.Account {
	f, m := functions.New(cfg), metrics.New(cfg)
	return target.Account{Aliases: aliases{f.Alias}, Metrics: reading{m.Minutes, m.Quantiles, m.Alarms}}
}

type aliases struct {
	read func(ctx context.Context, function, alias string) (target.Alias, error)
}

func (a aliases) Alias(ctx context.Context, function, alias string) (target.Alias, error) {
	return a.read(ctx, function, alias)
}

// UpdateAlias refuses.
func (a aliases) UpdateAlias(context.Context, string, string, rollout.Alias) (target.Alias, error) {
	return target.Alias{}, fmt.Errorf("%w: this account is for looking at", target.ErrRefused)
}

type reading struct {
	minutes   func(context.Context, target.MetricsQuery) ([]analysis.Minute, error)
	quantiles func(context.Context, target.MetricsQuery) ([]analysis.Quantiles, error)
	alarms    func(context.Context, []string) ([]analysis.Alarm, error)
}

func (r reading) Minutes(ctx context.Context, q target.MetricsQuery) ([]analysis.Minute, error) {
	return r.minutes(ctx, q)
}

func (r reading) Quantiles(ctx context.Context, q target.MetricsQuery) ([]analysis.Quantiles, error) {
	return r.quantiles(ctx, q)
}

func (r reading) Alarms(ctx context.Context, names []string) ([]analysis.Alarm, error) {
	return r.alarms(ctx, names)
}
