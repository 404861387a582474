// The floor of functions/pretraffic: its clients, and a handler that does nothing.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	functions "github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/meta-deployer/meta-deployer/bench/functions/floor"
)

func main() {
	config := floor.Config()
	control, hooks, deployments := functions.NewFromConfig(config), functions.NewFromConfig(config), codedeploy.NewFromConfig(config)
	lambda.Start(func() ([]any, error) {
		return []any{control.Options().Region, hooks.Options().Region, deployments.Options().Region}, nil
	})
}
