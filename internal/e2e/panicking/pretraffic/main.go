// The pre-traffic hook as it is shipped, but that looking at a version panics: no answer of AWS makes it do so.
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
	"github.com/meta-deployer/meta-deployer/internal/hook"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

type panicking struct{ functions.Functions }

// Version panics.
func (panicking) Version(context.Context, string, string) (target.Version, error) {
	panic("a bug nobody has found yet")
}

func main() {
	config := cloud.Load(os.Getenv)
	lambda.Start(hook.PreTraffic{
		Functions:   panicking{functions.New(config)},
		Deployments: deployments.New(config),
		Clock:       target.WallClock(),
		Log:         slog.New(lambdacontext.NewLogHandler()),
	})
}
