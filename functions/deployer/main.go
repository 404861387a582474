// The deployer shifts an alias step by step, within one invocation.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/account"
	"github.com/meta-deployer/meta-deployer/internal/deployer"
)

func main() {
	log := slog.New(lambdacontext.NewLogHandler())
	config, err := cloud.Load(context.Background())
	if err != nil {
		log.Error("the SDK cannot be configured", "error", err)
		os.Exit(1)
	}
	d := deployer.Deployer{Accounts: account.Of(config), Clock: deployer.WallClock(), Log: log, Caller: cloud.Caller(config)}
	lambda.Start(d)
}
