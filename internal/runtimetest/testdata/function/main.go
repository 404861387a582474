// A function that does what its event says.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

func main() {
	lambda.Start(func(ctx context.Context, do string) (map[string]any, error) {
		fmt.Println("doing", do)
		switch do {
		case "fail":
			return nil, errors.New("it failed")
		case "panic":
			panic("it panicked")
		case "exit":
			os.Exit(1)
		case "hang":
			<-ctx.Done()
			time.Sleep(time.Minute)
		}
		invocation, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return map[string]any{
			"arn": invocation.InvokedFunctionArn, "id": invocation.AwsRequestID, "left": time.Until(deadline).Seconds(), "setting": os.Getenv("SETTING"),
		}, nil
	})
}
