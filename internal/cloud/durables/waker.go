package durables

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Waker wakes executions of one durable function.
type Waker struct {
	client   *lambda.Client
	function string
	callback string
	is       func(name string) string
}

// NewWaker makes the client. callback is the name of the open callback that wakes an execution, and driver is the driver's token
// of an execution's name.
func NewWaker(cfg aws.Config, function, callback string, driver func(name string) string) Waker {
	return Waker{lambda.NewFromConfig(cfg), function, callback, driver}
}

// Wake wakes the running execution of a driver, by its token. Where none runs, or somebody has just woken it, there is nothing to do.
func (w Waker) Wake(ctx context.Context, driver string) error {
	execution, err := w.running(ctx, driver)
	if err != nil || execution == "" {
		return err
	}
	callback, err := w.open(ctx, execution)
	if err != nil || callback == "" {
		return err
	}
	_, err = cloud.Call(ctx, w.client.SendDurableExecutionCallbackSuccess, &lambda.SendDurableExecutionCallbackSuccessInput{CallbackId: &callback})
	if isGone(err) {
		return nil
	}
	return err
}

// isGone says that a callback is not open any more: somebody was faster, or the execution has ended.
func isGone(err error) bool {
	return errors.Is(err, target.ErrNotFound) || errors.As(err, new(*types.CallbackTimeoutException))
}

// running is the ARN of the running execution of a driver; "" for none.
func (w Waker) running(ctx context.Context, driver string) (arn string, err error) {
	err = eachRunning(ctx, w.client, w.function, func(e types.Execution) bool {
		if w.is(aws.ToString(e.DurableExecutionName)) == driver {
			arn = aws.ToString(e.DurableExecutionArn)
		}
		return arn == ""
	})
	return arn, err
}

// open is the id of an execution's open callback; "" where its last one was completed. The newest events come first.
func (w Waker) open(ctx context.Context, execution string) (string, error) {
	in := &lambda.GetDurableExecutionHistoryInput{DurableExecutionArn: &execution, ReverseOrder: aws.Bool(true), MaxItems: pageSize, IncludeExecutionData: aws.Bool(false)}
	for pages := (cloud.Pages{}); ; {
		out, err := cloud.Call(ctx, w.client.GetDurableExecutionHistory, in)
		if err != nil {
			return "", err
		}
		for _, e := range out.Events {
			switch {
			case aws.ToString(e.Name) != w.callback || !strings.HasPrefix(string(e.EventType), "Callback"):
			case e.EventType == types.EventTypeCallbackStarted && e.CallbackStartedDetails != nil:
				return aws.ToString(e.CallbackStartedDetails.CallbackId), nil
			default:
				return "", nil
			}
		}
		in.Marker = out.NextMarker
		if more, err := pages.More(out.NextMarker); err != nil || !more {
			return "", err
		}
	}
}
