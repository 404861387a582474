// The pre-traffic hook checks a version before it gets traffic.
package main

import (
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/deployments"
	"github.com/meta-deployer/meta-deployer/internal/cloud/functions"
	"github.com/meta-deployer/meta-deployer/internal/hook"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

func main() {
	config := cloud.Load(os.Getenv)
	lambda.Start(hook.PreTraffic{
		Functions:   functions.New(config),
		Deployments: deployments.New(config),
		Probes:      os.Getenv("PROBES"),
		Clock:       target.WallClock(),
		Log:         slog.New(lambdacontext.NewLogHandler()),
	})
}
