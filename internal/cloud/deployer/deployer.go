// Package deployer reaches a stack's deployer as a caller of Lambda does.
package deployer

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
)

// Deployer is the function of a stack.
type Deployer struct {
	// control gives a call up that nothing answers; invoke waits as long as the function takes.
	control, invoke *lambda.Client
	name            string
}

// New is the deployer that is a function of this name or ARN.
func New(cfg aws.Config, name string) Deployer {
	return Deployer{
		control: lambda.NewFromConfig(cfg),
		invoke: lambda.NewFromConfig(cfg, func(o *lambda.Options) {
			o.HTTPClient = cloud.Patient(cfg, cloud.LongestAnswer)
		}),
		name: name,
	}
}

// Ask invokes the deployer and waits for its reply. failed says that it ended with a function error, which is the reply then.
func (d Deployer) Ask(ctx context.Context, request []byte) (reply []byte, failed bool, err error) {
	out, err := cloud.Call(ctx, d.invoke.Invoke, &lambda.InvokeInput{
		FunctionName: &d.name, Payload: request, InvocationType: types.InvocationTypeRequestResponse,
	})
	switch {
	case errors.Is(err, cloud.ErrTooLarge):
		return nil, false, cloud.NoAnswer("the deployer's answer is larger than %d bytes", cloud.LongestAnswer)
	case err != nil:
		return nil, false, err
	case out.StatusCode != http.StatusOK:
		return nil, false, cloud.NoAnswer("a synchronous invocation has the status %d", out.StatusCode)
	}
	return out.Payload, out.FunctionError != nil, nil
}

// Send invokes the deployer as an event: it works on after Lambda's answer.
func (d Deployer) Send(ctx context.Context, request []byte) error {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	out, err := cloud.Call(ctx, d.control.Invoke, &lambda.InvokeInput{
		FunctionName: &d.name, Payload: request, InvocationType: types.InvocationTypeEvent,
	})
	if err == nil && out.StatusCode != http.StatusAccepted {
		return cloud.NoAnswer("an invocation as an event has the status %d", out.StatusCode)
	}
	return err
}
