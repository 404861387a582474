// The post-traffic hook checks a version once it has all traffic.
package main

import (
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/deployments"
	"github.com/meta-deployer/meta-deployer/internal/cloud/functions"
	"github.com/meta-deployer/meta-deployer/internal/cloud/metrics"
	"github.com/meta-deployer/meta-deployer/internal/hook"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

func main() {
	config := cloud.Load(os.Getenv)
	lambda.Start(hook.PostTraffic{
		Aliases:      functions.New(config),
		Metrics:      metrics.New(config),
		Deployments:  deployments.New(config),
		MaxErrorRate: os.Getenv("MAX_ERROR_RATE"),
		Clock:        target.WallClock(),
		Log:          slog.New(lambdacontext.NewLogHandler()),
	})
}
