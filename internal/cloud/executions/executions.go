// Package executions speaks to AWS Step Functions: it starts executions of the stack's state machine, and tells about them.
package executions

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	smithy "github.com/aws/smithy-go"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Executions are those of one state machine.
type Executions struct{ Observed }

// New makes the client.
func New(cfg aws.Config, machine string) Executions { return Executions{Observe(cfg, machine)} }

// LongEngine is a stack's long engine, by its ARN: a state machine; nil where the ARN is empty.
func LongEngine(cfg aws.Config, arn string) *target.LongEngine {
	if arn == "" {
		return nil
	}
	return &target.LongEngine{Executions: New(cfg, arn), Kind: rollout.EngineWorkflow, ARN: arn, Longest: rollout.LongestWorkflow}
}

// Start starts an execution.
func (e Executions) Start(ctx context.Context, name string, input []byte) (string, error) {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	text := string(input)
	out, err := cloud.Call(ctx, e.client.StartExecution, &sfn.StartExecutionInput{StateMachineArn: &e.machine, Name: &name, Input: &text})
	if err != nil {
		return "", inOurWords(err)
	}
	if aws.ToString(out.ExecutionArn) == "" {
		return "", cloud.NoAnswer("it names no execution")
	}
	return *out.ExecutionArn, nil
}

// Described tells about executions and can do nothing else, for a function that starts none: what starts one is not linked.
type Described struct{ client *sfn.Client }

// Describe makes the client.
func Describe(cfg aws.Config) Described { return Described{sfn.NewFromConfig(cfg)} }

// Execution describes an execution.
func (d Described) Execution(ctx context.Context, arn string) (target.Execution, error) {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	out, err := cloud.Call(ctx, d.client.DescribeExecution, &sfn.DescribeExecutionInput{ExecutionArn: &arn})
	if err != nil {
		return target.Execution{}, inOurWords(err)
	}
	if got := aws.ToString(out.ExecutionArn); got != arn || out.Status == "" || out.StartDate == nil {
		return target.Execution{}, cloud.NoAnswer("it is of execution %q, with status %q", got, out.Status)
	}
	return target.Execution{
		ARN: arn, Status: target.ExecutionStatus(cloud.Text(string(out.Status))), Started: out.StartDate.UTC(),
		Input: bytesOf(out.Input), Output: bytesOf(out.Output), Error: cloud.Text(aws.ToString(out.Error)), Cause: aws.ToString(out.Cause),
	}, nil
}

// Observed tells about the executions of one state machine, and starts none.
type Observed struct {
	Described
	machine string
}

// Observe makes the client.
func Observe(cfg aws.Config, machine string) Observed { return Observed{Describe(cfg), machine} }

// Engine is a stack's state machine, by its ARN, for whoever asks what runs there; nil where the ARN is empty.
func Engine(cfg aws.Config, arn string) *target.Engine {
	if arn == "" {
		return nil
	}
	return &target.Engine{Observer: Observe(cfg, arn), Kind: rollout.EngineWorkflow, Longest: rollout.LongestWorkflow, Owns: target.LongEngine{ARN: arn}.Owns}
}

// mostRunning is how many executions are looked through.
const mostRunning = 5_000

// Running lists the executions that have not ended.
func (o Observed) Running(ctx context.Context) (arns []string, err error) {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	in := &sfn.ListExecutionsInput{StateMachineArn: &o.machine, StatusFilter: types.ExecutionStatusRunning, MaxResults: 1_000}
	for pages := (cloud.Pages{}); ; {
		out, err := cloud.Call(ctx, o.client.ListExecutions, in)
		if err != nil {
			return nil, inOurWords(err)
		}
		for _, execution := range out.Executions {
			arns = append(arns, aws.ToString(execution.ExecutionArn))
		}
		more, err := pages.More(out.NextToken)
		if err != nil {
			return nil, err
		}
		if !more {
			return arns, nil
		}
		if len(arns) >= mostRunning {
			return nil, cloud.NoAnswer("more than %d executions are running", mostRunning)
		}
		in.NextToken = out.NextToken
	}
}

// bytesOf is a text that may be missing.
func bytesOf(text *string) []byte {
	if text == nil {
		return nil
	}
	return []byte(*text)
}

// inOurWords is an error with the kinds that Step Functions has names of its own for, and its operation as a policy names it.
func inOurWords(err error) error {
	failed, ok := errors.AsType[*target.Error](err)
	if !ok {
		return err
	}
	said := *failed
	if operation, ok := strings.CutPrefix(said.Action, "sfn:"); ok {
		said.Action = "states:" + operation
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		switch api.ErrorCode() {
		case "ExecutionAlreadyExists":
			said.Kind = target.ErrExists
		case "ExecutionDoesNotExist", "StateMachineDoesNotExist":
			said.Kind = target.ErrNotFound
		}
	}
	return &said
}
