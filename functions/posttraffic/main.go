// The post-traffic hook checks a version once it has all traffic.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/deployments"
	"github.com/meta-deployer/meta-deployer/internal/cloud/functions"
	"github.com/meta-deployer/meta-deployer/internal/cloud/metrics"
	"github.com/meta-deployer/meta-deployer/internal/deployer"
	"github.com/meta-deployer/meta-deployer/internal/hook"
)

func main() {
	log := slog.New(lambdacontext.NewLogHandler())
	config, err := cloud.Load(context.Background())
	if err != nil {
		log.Error("the SDK cannot be configured", "error", err)
		os.Exit(1)
	}
	f, m, d := functions.New(config), metrics.New(config), deployments.New(config)
	lambda.Start(hook.PostTraffic{
		Aliases: f, Meter: m, Deployments: d, MaxErrorRate: os.Getenv("MAX_ERROR_RATE"), Clock: deployer.WallClock(), Log: log})
}
