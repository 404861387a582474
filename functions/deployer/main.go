// The deployer shifts an alias step by step, within one invocation.
package main

import (
	"cmp"
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
	"github.com/meta-deployer/meta-deployer/internal/driver/loop"
	"github.com/meta-deployer/meta-deployer/internal/health"
	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

func main() {
	config := cloud.Load(os.Getenv)
	machine := os.Getenv("LONG_ENGINE_ARN")
	long := executions.LongEngine(config, machine)
	if strings.Contains(machine, ":function:") {
		long, machine = durables.LongEngine(config, machine), ""
	}
	deployer := loop.Deployer{
		Accounts: account.Of(config),
		Switches: schedules.Switches(config, os.Getenv("RECOVER_ARN"), os.Getenv("SCHEDULE_GROUP"), os.Getenv("SCHEDULE_ROLE_ARN")),
		Clock:    target.WallClock(),
		Log:      slog.New(lambdacontext.NewLogHandler()),
		Caller:   cloud.Caller(config, cloud.Home(os.LookupEnv)),
		Others:   notify.Others{Bus: events.New(config, os.Getenv("EVENT_BUS_NAME")), Installation: lambdacontext.FunctionName},
		Memory:   new(health.Memory),
		Long:     long,
		Engines:  target.Engines(executions.Engine(config, cmp.Or(os.Getenv("WORKFLOW_ARN"), machine)), durables.Engine(config, os.Getenv("DURABLE_FUNCTION"))),
		HandOff:  os.Getenv("HAND_OFF") != "false",
	}
	if function := os.Getenv("DURABLE_FUNCTION"); function != "" {
		deployer.Wake = durables.NewWaker(config, function, durable.Control, rollout.DriverToken).Wake
	}
	lambda.Start(deployer)
}
