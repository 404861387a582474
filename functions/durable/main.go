// The durable function runs a rollout that may take up to a year: Lambda keeps its place between two looks.
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
	"github.com/meta-deployer/meta-deployer/internal/driver/durable"
	"github.com/meta-deployer/meta-deployer/internal/driver/workflow"
	"github.com/meta-deployer/meta-deployer/internal/health"
	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

func main() {
	config := cloud.Load(os.Getenv)
	deployer := strings.TrimSuffix(lambdacontext.FunctionName, "-durable")
	lambda.Start(durable.Function{
		Worker: workflow.Worker{
			Accounts: account.Of(config), Caller: cloud.Caller(config, cloud.Home(os.LookupEnv)), Deployer: deployer,
			Clock: target.WallClock(), Log: slog.New(lambdacontext.NewLogHandler()), Memory: new(health.Memory),
			Engines:  target.Engines(executions.Engine(config, os.Getenv("WORKFLOW_ARN")), durables.Engine(config, os.Getenv("DURABLE_FUNCTION"))),
			Switches: schedules.Switches(config, os.Getenv("RECOVER_ARN"), os.Getenv("SCHEDULE_GROUP"), os.Getenv("SCHEDULE_ROLE_ARN")),
			Others:   notify.Others{Bus: events.New(config, os.Getenv("EVENT_BUS_NAME")), Installation: deployer},
		},
		Service: durables.New(config), Name: lambdacontext.FunctionName,
	})
}
