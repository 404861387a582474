// The pre-traffic hook checks a version before it gets traffic.
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
	f, d := functions.New(config), deployments.New(config)
	h := hook.PreTraffic{Functions: f, Deployments: d, Probes: os.Getenv("PROBES"), Clock: deployer.WallClock(), Log: log}
	lambda.Start(h)
}
