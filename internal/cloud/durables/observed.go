package durables

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Described tells about durable executions and can do nothing else.
type Described struct{ client *lambda.Client }

// Describe makes the client.
func Describe(cfg aws.Config) Described { return Described{lambda.NewFromConfig(cfg)} }

// Execution describes a durable execution.
func (d Described) Execution(ctx context.Context, arn string) (target.Execution, error) {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	out, err := cloud.Call(ctx, d.client.GetDurableExecution, &lambda.GetDurableExecutionInput{DurableExecutionArn: &arn})
	if err != nil {
		return target.Execution{}, err
	}
	if got := aws.ToString(out.DurableExecutionArn); got != arn || out.Status == "" || out.StartTimestamp == nil {
		return target.Execution{}, cloud.NoAnswer("it is of execution %q, with status %q", cloud.Text(got), cloud.Text(string(out.Status)))
	}
	e := target.Execution{
		ARN: arn, Status: target.ExecutionStatus(cloud.Text(string(out.Status))), Started: out.StartTimestamp.UTC(),
		Input: bytesOf(out.InputPayload), Output: bytesOf(out.Result),
	}
	if failure := out.Error; failure != nil {
		e.Error, e.Cause = cloud.Text(aws.ToString(failure.ErrorType)), aws.ToString(failure.ErrorMessage)
	}
	return e, nil
}

// Observed tells about the executions of one durable function, and starts none.
type Observed struct {
	Described
	function string
}

// Execution describes an execution, also one of which nobody knows more than its name: see target.LongEngine.
func (o Observed) Execution(ctx context.Context, arn string) (target.Execution, error) {
	_, name, _ := strings.Cut(arn, "/durable-execution/")
	if name == "" || strings.Contains(name, "/") {
		return o.Described.Execution(ctx, arn)
	}
	listing, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	out, err := cloud.Call(listing, o.client.ListDurableExecutionsByFunction, &lambda.ListDurableExecutionsByFunctionInput{
		FunctionName: &o.function, DurableExecutionName: &name, ReverseOrder: aws.Bool(true), MaxItems: pageSize,
	})
	if err != nil {
		return target.Execution{}, err
	}
	for _, e := range out.DurableExecutions {
		if aws.ToString(e.DurableExecutionName) == name {
			return o.Described.Execution(ctx, aws.ToString(e.DurableExecutionArn))
		}
	}
	return target.Execution{}, &target.Error{Kind: target.ErrNotFound, Action: "lambda:ListDurableExecutionsByFunction", Message: "there is no execution " + cloud.Text(name)}
}

// Observe makes the client.
func Observe(cfg aws.Config, function string) Observed { return Observed{Describe(cfg), function} }

// Engine is a stack's durable function, by its name, for whoever asks what runs there; nil where the name is empty.
func Engine(cfg aws.Config, function string) *target.Engine {
	if function == "" {
		return nil
	}
	return &target.Engine{Observer: Observe(cfg, function), Kind: rollout.EngineDurable, Longest: rollout.LongestWorkflow, Owns: func(arn string) bool {
		_, below, is := strings.Cut(arn, ":function:"+function+":")
		return is && strings.Contains(below, "/durable-execution/")
	}}
}

// Running lists the executions that have not ended.
func (o Observed) Running(ctx context.Context) (arns []string, err error) {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	err = eachRunning(ctx, o.client, o.function, func(e types.Execution) bool {
		arns = append(arns, aws.ToString(e.DurableExecutionArn))
		return true
	})
	if err != nil {
		return nil, err
	}
	return arns, nil
}

// eachRunning shows the running executions of a function, the newest first, as long as more are wanted.
func eachRunning(ctx context.Context, client *lambda.Client, function string, show func(types.Execution) (more bool)) error {
	in := &lambda.ListDurableExecutionsByFunctionInput{
		FunctionName: &function, Statuses: []types.ExecutionStatus{types.ExecutionStatusRunning}, ReverseOrder: aws.Bool(true), MaxItems: pageSize,
	}
	for pages := (cloud.Pages{}); ; {
		out, err := cloud.Call(ctx, client.ListDurableExecutionsByFunction, in)
		if err != nil {
			return err
		}
		for _, e := range out.DurableExecutions {
			if e.Status == types.ExecutionStatusRunning && !show(e) {
				return nil
			}
		}
		in.Marker = out.NextMarker
		if more, err := pages.More(out.NextMarker); err != nil || !more {
			return err
		}
	}
}

// bytesOf is a text that may be missing.
func bytesOf(text *string) []byte {
	if text == nil {
		return nil
	}
	return []byte(*text)
}
