// The floor of functions/deployer. It makes the calls that the event counts by their names, with the same clients, and
// decides nothing.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	metrics "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	events "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	functions "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedules "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/meta-deployer/meta-deployer/bench/functions/floor"
)

// clients are what the packages of internal/cloud hold for the deployer.
type clients struct {
	config           aws.Config
	functions, hooks *functions.Client
	metrics          *cloudwatch.Client
	executions       *sfn.Client
	bus              *eventbridge.Client
	switches         *scheduler.Client
}

func main() {
	config := floor.Config()
	c := clients{
		config, functions.NewFromConfig(config), functions.NewFromConfig(config), cloudwatch.NewFromConfig(config), sfn.NewFromConfig(config),
		eventbridge.NewFromConfig(config), scheduler.NewFromConfig(config),
	}
	lambda.Start(c.handle)
}

// event counts calls by operation; a role would be assumed.
type event struct {
	Calls map[string]int
	Role  string
}

func (c clients) handle(ctx context.Context, e event) (map[string]int, error) {
	if e.Role != "" {
		c.config.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(c.config), e.Role))
		c.functions, c.metrics = functions.NewFromConfig(c.config), cloudwatch.NewFromConfig(c.config)
	}
	for operation, times := range e.Calls {
		for i := range times {
			if err := c.call(ctx, operation, i); err != nil {
				return nil, fmt.Errorf("%s: %w", operation, err)
			}
		}
	}
	return e.Calls, nil
}

// call has every operation that the deployer has, so that the same code of the SDK is linked.
func (c clients) call(ctx context.Context, operation string, i int) (err error) {
	name, alias := aws.String("checkout"), aws.String("live")
	switch operation {
	case "GetAlias":
		_, err = c.functions.GetAlias(ctx, &functions.GetAliasInput{FunctionName: name, Name: alias})
	case "PutEvents":
		_, err = c.bus.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []events.PutEventsRequestEntry{
			{EventBusName: aws.String("default"), Source: name, DetailType: alias, Detail: aws.String("{}"), Time: aws.Time(time.Now())},
		}})
	case "UpdateAlias":
		_, err = c.functions.UpdateAlias(ctx, &functions.UpdateAliasInput{
			FunctionName: name, Name: alias, FunctionVersion: aws.String("1"), Description: aws.String("a journal"),
			RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{"2": float64(i%9+1) / 10}},
		})
	case "GetFunctionConfiguration":
		_, err = c.functions.GetFunctionConfiguration(ctx, &functions.GetFunctionConfigurationInput{FunctionName: name, Qualifier: aws.String("2")})
	case "GetProvisionedConcurrencyConfig":
		_, _ = c.functions.GetProvisionedConcurrencyConfig(ctx, &functions.GetProvisionedConcurrencyConfigInput{FunctionName: name, Qualifier: alias})
	case "GetMetricData":
		_, err = c.metrics.GetMetricData(ctx, query())
	case "DescribeAlarms":
		_, err = c.metrics.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{})
	case "Invoke":
		_, err = c.hooks.Invoke(ctx, &functions.InvokeInput{FunctionName: name})
	case "StartExecution":
		_, err = c.executions.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: name, Name: alias, Input: aws.String("{}")})
	case "DescribeExecution":
		_, err = c.executions.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: name})
	case "ListExecutions":
		_, err = c.executions.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: name})
	default:
		err = c.rare(ctx, operation)
	}
	return err
}

// rare has the operations that no rollout without waits makes.
func (c clients) rare(ctx context.Context, operation string) (err error) {
	name := aws.String("checkout")
	switch operation {
	case "CreateSchedule":
		_, err = c.switches.CreateSchedule(ctx, &scheduler.CreateScheduleInput{
			Name: name, GroupName: name, ScheduleExpression: aws.String("rate(10 minutes)"), StartDate: aws.Time(time.Now()),
			FlexibleTimeWindow: &schedules.FlexibleTimeWindow{Mode: schedules.FlexibleTimeWindowModeOff},
			Target:             &schedules.Target{Arn: name, RoleArn: name, Input: aws.String("{}")},
		})
	case "DeleteSchedule":
		_, err = c.switches.DeleteSchedule(ctx, &scheduler.DeleteScheduleInput{Name: name, GroupName: name})
	case "ListDurableExecutionsByFunction":
		_, err = c.functions.ListDurableExecutionsByFunction(ctx, &functions.ListDurableExecutionsByFunctionInput{FunctionName: name})
	case "GetDurableExecutionHistory":
		_, err = c.functions.GetDurableExecutionHistory(ctx, &functions.GetDurableExecutionHistoryInput{DurableExecutionArn: name})
	case "SendDurableExecutionCallbackSuccess":
		_, err = c.functions.SendDurableExecutionCallbackSuccess(ctx, &functions.SendDurableExecutionCallbackSuccessInput{CallbackId: name})
	default:
		err = fmt.Errorf("there is no such call here")
	}
	return err
}

// query asks for the six series that every look asks for.
func query() *cloudwatch.GetMetricDataInput {
	in := &cloudwatch.GetMetricDataInput{StartTime: aws.Time(time.Now().Add(-time.Minute)), EndTime: aws.Time(time.Now())}
	for _, version := range []string{"", "1", "2"} {
		for _, metric := range []string{"Invocations", "Errors"} {
			dimensions := []metrics.Dimension{
				{Name: aws.String("FunctionName"), Value: aws.String("checkout")}, {Name: aws.String("Resource"), Value: aws.String("checkout:live")},
			}
			if version != "" {
				dimensions = append(dimensions, metrics.Dimension{Name: aws.String("ExecutedVersion"), Value: aws.String(version)})
			}
			in.MetricDataQueries = append(in.MetricDataQueries, metrics.MetricDataQuery{Id: aws.String("m" + version + metric), MetricStat: &metrics.MetricStat{
				Metric: &metrics.Metric{Namespace: aws.String("AWS/Lambda"), MetricName: aws.String(metric), Dimensions: dimensions},
				Period: aws.Int32(60), Stat: aws.String("Sum"),
			}})
		}
	}
	return in
}
