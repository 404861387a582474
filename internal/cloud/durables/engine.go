package durables

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	smithy "github.com/aws/smithy-go"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// LongEngine is a stack's long engine, by the ARN of its durable function's alias.
func LongEngine(cfg aws.Config, arn string) *target.LongEngine {
	alias := arn[strings.Index(arn, ":function:")+len(":function:"):]
	function, _, _ := strings.Cut(alias, ":")
	return &target.LongEngine{Executions: starter{Observe(cfg, function), alias}, Kind: rollout.EngineDurable, ARN: arn, Longest: rollout.LongestWorkflow}
}

// starter starts executions of a function's alias, NAME:ALIAS.
type starter struct {
	Observed
	alias string
}

// Start starts an execution, by an event. One of that name and that input is answered, whether it runs or has ended.
func (s starter) Start(ctx context.Context, name string, input []byte) (string, error) {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	out, err := cloud.Call(ctx, s.client.Invoke, &lambda.InvokeInput{
		FunctionName: &s.alias, InvocationType: types.InvocationTypeEvent, DurableExecutionName: &name, Payload: input,
	})
	refused, _ := errors.AsType[smithy.APIError](err)
	switch {
	case refused != nil && refused.ErrorCode() == "DurableExecutionAlreadyStartedException":
		return "", &target.Error{Kind: target.ErrExists, Action: "lambda:InvokeFunction", Message: cloud.Text(err.Error()), Cause: err}
	case err != nil:
		return "", err
	case aws.ToString(out.DurableExecutionArn) == "":
		return "", cloud.NoAnswer("an execution that was started has no ARN")
	}
	return *out.DurableExecutionArn, nil
}
