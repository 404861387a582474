// Package durables speaks to AWS Lambda of durable executions: as one of them, and as somebody who wakes one.
package durables

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	smithy "github.com/aws/smithy-go"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/durable"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Executions records what executions do, for the function that they run.
type Executions struct{ client *lambda.Client }

// New makes the client.
func New(cfg aws.Config) Executions { return Executions{client: lambda.NewFromConfig(cfg)} }

// Checkpoint records updates. A repetition of the call by the client is one call to Lambda, by the token that the client gives it.
func (e Executions) Checkpoint(ctx context.Context, execution, token string, updates []durable.Update) (durable.Recorded, error) {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	in := &lambda.CheckpointDurableExecutionInput{DurableExecutionArn: &execution, CheckpointToken: &token}
	for _, u := range updates {
		in.Updates = append(in.Updates, update(u))
	}
	out, err := cloud.Call(ctx, e.client.CheckpointDurableExecution, in)
	if err != nil {
		return durable.Recorded{}, inOurWords(err)
	}
	recorded := durable.Recorded{Token: aws.ToString(out.CheckpointToken)}
	if s := out.NewExecutionState; s != nil {
		recorded.Page = page(s.Operations, s.NextMarker)
	}
	return recorded, nil
}

// pageSize is how many operations a page has: API_GetDurableExecutionState.
const pageSize = 1000

// State is a page of an execution's operations.
func (e Executions) State(ctx context.Context, execution, token, marker string) (durable.Page, error) {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	out, err := cloud.Call(ctx, e.client.GetDurableExecutionState, &lambda.GetDurableExecutionStateInput{
		DurableExecutionArn: &execution, CheckpointToken: &token, Marker: &marker, MaxItems: pageSize,
	})
	if err != nil {
		return durable.Page{}, inOurWords(err)
	}
	return page(out.Operations, out.NextMarker), nil
}

// update is an update as the API has it.
func update(u durable.Update) types.OperationUpdate {
	in := types.OperationUpdate{
		Id: &u.ID, Name: &u.Name, SubType: &u.SubType, Type: types.OperationType(u.Type), Action: types.OperationAction(u.Action),
	}
	if u.Payload != "" {
		in.Payload = &u.Payload
	}
	if f := u.Failure; f != nil {
		in.Error = &types.ErrorObject{ErrorType: &f.Type, ErrorMessage: &f.Message}
	}
	if u.Action == durable.Retry {
		in.StepOptions = &types.StepOptions{NextAttemptDelaySeconds: &u.Delay}
	}
	return in
}

// page is a page as the API has it.
func page(operations []types.Operation, next *string) durable.Page {
	p := durable.Page{NextMarker: aws.ToString(next)}
	for _, o := range operations {
		p.Operations = append(p.Operations, operation(o))
	}
	return p
}

func operation(o types.Operation) durable.Operation {
	out := durable.Operation{
		ID: aws.ToString(o.Id), Name: aws.ToString(o.Name), Type: durable.Type(o.Type), Status: durable.Status(o.Status), Started: aws.ToTime(o.StartTimestamp),
	}
	if d := o.ExecutionDetails; d != nil {
		out.Input = aws.ToString(d.InputPayload)
	}
	if d := o.StepDetails; d != nil {
		out.Attempt, out.Result = int(d.Attempt), aws.ToString(d.Result)
		if e := d.Error; e != nil {
			out.Failure = &durable.Failure{Type: aws.ToString(e.ErrorType), Message: aws.ToString(e.ErrorMessage)}
		}
	}
	return out
}

// inOurWords tells a token that is replaced, which Lambda tells by its text only, and a key that cannot be used, which it answers
// with as if it were its own fault.
func inOurWords(err error) error {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err
	}
	switch text := strings.ToLower(api.ErrorMessage()); {
	case strings.HasPrefix(text, "invalid checkpoint token"), strings.HasPrefix(text, "checkpoint token is not valid"):
		return fmt.Errorf("%w: %s", durable.ErrStale, cloud.Text(api.ErrorMessage()))
	case strings.HasPrefix(api.ErrorCode(), "KMS"):
		return &target.Error{Kind: target.ErrRefused, Message: cloud.Text(api.ErrorCode() + ": " + api.ErrorMessage())}
	}
	return err
}
