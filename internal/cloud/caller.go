package cloud

import (
	"context"
	"strings"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/meta-deployer/meta-deployer/internal/request"
)

// Caller tells where an invocation runs, from the function's own ARN, with what else is known of that place, and the
// invocation's request id.
func Caller(cfg aws.Config, known request.Home) func(ctx context.Context) (home request.Home, id string) {
	known.Region = cfg.Region
	return func(ctx context.Context) (request.Home, string) {
		home := known
		invocation, ok := lambdacontext.FromContext(ctx)
		if !ok {
			return home, ""
		}
		// arn:aws:lambda:region:account:function:name
		if parts := strings.Split(invocation.InvokedFunctionArn, ":"); len(parts) >= 7 {
			home.Account = parts[4]
		}
		return home, invocation.AwsRequestID
	}
}

// Home is what the environment says about which functions may be deployed by force or in an emergency.
func Home(lookup func(string) (string, bool)) request.Home {
	return request.Home{Force: request.PatternsOf(lookup("FORCE_FUNCTIONS")), Emergency: request.PatternsOf(lookup("EMERGENCY_FUNCTIONS"))}
}
