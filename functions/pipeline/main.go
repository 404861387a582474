// The pipeline function is what AWS CodePipeline's Invoke action calls: a rollout over many short calls.
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
	"github.com/meta-deployer/meta-deployer/internal/cloud/pipelines"
	"github.com/meta-deployer/meta-deployer/internal/cloud/schedules"
	"github.com/meta-deployer/meta-deployer/internal/driver/pipeline"
	"github.com/meta-deployer/meta-deployer/internal/health"
	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

func main() {
	config := cloud.Load(os.Getenv)
	lambda.Start(pipeline.Driver{
		Accounts: account.Of(config), Jobs: pipelines.New(config), Clock: target.WallClock(), Memory: new(health.Memory),
		Others:   notify.Others{Bus: events.New(config, os.Getenv("EVENT_BUS_NAME")), Installation: strings.TrimSuffix(lambdacontext.FunctionName, "-pipeline")},
		Switches: schedules.MovableSwitches(config, os.Getenv("RECOVER_ARN"), os.Getenv("SCHEDULE_GROUP"), os.Getenv("SCHEDULE_ROLE_ARN")),
		Engines:  target.Engines(executions.Engine(config, os.Getenv("WORKFLOW_ARN")), durables.Engine(config, os.Getenv("DURABLE_FUNCTION"))),
		Log:      slog.New(lambdacontext.NewLogHandler()),
		Caller:   cloud.Caller(config, cloud.Home(os.LookupEnv)),
	})
}
