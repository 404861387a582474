// Package executions speaks to AWS Step Functions: it tells about executions of the stack's state machine.
package executions

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	smithy "github.com/aws/smithy-go"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Executions are those of the function's own account and region.
type Executions struct{ client *sfn.Client }

// New makes the client.
func New(cfg aws.Config) Executions { return Executions{client: sfn.NewFromConfig(cfg)} }

// Execution describes an execution.
func (e Executions) Execution(ctx context.Context, arn string) (target.Execution, error) {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	out, err := cloud.Call(ctx, e.client.DescribeExecution, &sfn.DescribeExecutionInput{ExecutionArn: &arn})
	if err != nil {
		return target.Execution{}, inOurWords(err)
	}
	if got := aws.ToString(out.ExecutionArn); got != arn || out.Status == "" {
		return target.Execution{}, cloud.NoAnswer("it is of execution %q, with status %q", got, out.Status)
	}
	found := target.Execution{ARN: arn, Status: target.ExecutionStatus(cloud.Text(string(out.Status)))}
	if out.Input != nil {
		found.Input = []byte(*out.Input)
	}
	return found, nil
}

// inOurWords is an error with the kind that Step Functions has a name of its own for, and its operation as a policy names it.
func inOurWords(err error) error {
	failed, ok := errors.AsType[*target.Error](err)
	if !ok {
		return err
	}
	said := *failed
	if operation, ok := strings.CutPrefix(said.Action, "sfn:"); ok {
		said.Action = "states:" + operation
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorCode() == "ExecutionDoesNotExist" {
		said.Kind = target.ErrNotFound
	}
	return &said
}
