// The deployer, but that it panics wherever it asks how the versions do once traffic has shifted: no answer of AWS makes it do so.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/account"
	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

type panicking struct {
	target.Metrics
	aliases target.Aliases
}

// Minutes panics where the alias is split.
func (p panicking) Minutes(ctx context.Context, q target.MetricsQuery) ([]analysis.Minute, error) {
	if alias, err := p.aliases.Alias(ctx, q.Function, q.Alias); err == nil && alias.Routing.Split() {
		panic("a bug nobody has found yet")
	}
	return p.Metrics.Minutes(ctx, q)
}

func main() {
	config := cloud.Load(os.Getenv)
	accounts := account.Of(config)
	lambda.Start(loop.Deployer{
		Accounts: func(roleARN, externalID, session string) target.Account {
			a := accounts(roleARN, externalID, session)
			a.Metrics = panicking{a.Metrics, a.Aliases}
			return a
		},
		Clock:  target.WallClock(),
		Log:    slog.New(lambdacontext.NewLogHandler()),
		Caller: cloud.Caller(config, request.Home{}),
	})
}
