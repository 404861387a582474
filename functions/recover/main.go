// The recover function ends what a dead driver leaves behind. EventBridge, Lambda and dead man's switches call it.
package main

import (
	"log/slog"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/account"
	"github.com/meta-deployer/meta-deployer/internal/cloud/durables"
	"github.com/meta-deployer/meta-deployer/internal/cloud/events"
	"github.com/meta-deployer/meta-deployer/internal/cloud/executions"
	"github.com/meta-deployer/meta-deployer/internal/cloud/schedules"
	"github.com/meta-deployer/meta-deployer/internal/driver/recover"
	"github.com/meta-deployer/meta-deployer/internal/health"
	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

func main() {
	config := cloud.Load(os.Getenv)
	r := recover.Recoverer{
		Accounts: account.Of(config), Workflows: executions.Describe(config), Durables: durables.Describe(config),
		Clock: target.WallClock(), Log: slog.New(lambdacontext.NewLogHandler()), Memory: new(health.Memory),
		Others: notify.Others{Bus: events.New(config, os.Getenv("EVENT_BUS_NAME")), Installation: strings.TrimSuffix(lambdacontext.FunctionName, "-recover")},
		// What a dead driver was allowed to do is not asked again.
		Caller: cloud.Caller(config, request.Home{}),
	}
	if group := os.Getenv("SCHEDULE_GROUP"); group != "" {
		r.Switches = schedules.New(config, "", group, "")
	}
	lambda.Start(r)
}
