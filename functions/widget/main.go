// The widget function answers CloudWatch's custom widgets: what rollouts there are, how one stands, with buttons.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/account"
	"github.com/meta-deployer/meta-deployer/internal/cloud/rollouts"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/widget"
)

func main() {
	config, clock := cloud.Load(os.Getenv), target.WallClock()
	// No value with methods that call AWS is in an interface here: see account.Reading.
	seen := rollouts.New(config, clock)
	lambda.Start(widget.Widget{
		Account: account.Reading(config), Rollouts: rollouts.Func(seen.Seen), Clock: clock, Log: slog.New(lambdacontext.NewLogHandler()),
		Caller: cloud.Caller(config, request.Home{}), Deployer: os.Getenv("DEPLOYER_ARN"), Own: ownARN,
	})
}

// ownARN is what this function is invoked as.
func ownARN(ctx context.Context) string {
	invocation, ok := lambdacontext.FromContext(ctx)
	if !ok {
		return ""
	}
	return invocation.InvokedFunctionArn
}
