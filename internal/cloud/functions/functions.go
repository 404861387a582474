// Package functions speaks to AWS Lambda: aliases, versions and invocations, in the deployer's words.
package functions

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Functions is the Lambda of one account and region.
type Functions struct {
	control *lambda.Client
	// invoke waits as long as a function takes, and leaves it to its caller to try again: how long a call took is measured.
	invoke *lambda.Client
}

// New makes the clients.
func New(cfg aws.Config) Functions {
	return Functions{
		control: lambda.NewFromConfig(cfg),
		invoke: lambda.NewFromConfig(cfg, func(o *lambda.Options) {
			o.HTTPClient, o.RetryMaxAttempts = cloud.Patient(cfg, target.LongestReply), 1
		}),
	}
}

// Version reads a version's configuration; "" is the unpublished one. One that has no state yet is Active: Lambda left
// it out until 2020, and for what was there then.
func (f Functions) Version(ctx context.Context, function, version string) (target.Version, error) {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	in, asked := &lambda.GetFunctionConfigurationInput{FunctionName: &function}, "$LATEST"
	if version != "" {
		in.Qualifier, asked = &version, version
	}
	out, err := cloud.Call(ctx, f.control.GetFunctionConfiguration, in)
	if err != nil {
		return target.Version{}, err
	}
	if got := aws.ToString(out.Version); got != asked {
		return target.Version{}, cloud.NoAnswer("it is of version %q of function %s, version %s was asked for", got, function, asked)
	}
	v := target.Version{
		State: "Active", UpdateStatus: string(out.LastUpdateStatus), Role: aws.ToString(out.Role),
		Reason: reason(string(out.StateReasonCode), out.StateReason),
	}
	if out.State != "" {
		v.State = cloud.Text(string(out.State))
	}
	if out.LastUpdateStatus == types.LastUpdateStatusFailed {
		v.Reason = reason(string(out.LastUpdateStatusReasonCode), out.LastUpdateStatusReason)
	}
	if out.DeadLetterConfig != nil {
		v.DeadLetter = aws.ToString(out.DeadLetterConfig.TargetArn)
	}
	if s := out.SnapStart; s != nil {
		v.SnapStart = s.ApplyOn == types.SnapStartApplyOnPublishedVersions
		v.Optimized = s.OptimizationStatus == types.SnapStartOptimizationStatusOn
	}
	return v, nil
}

// reason is why a version is as it is, for people.
func reason(code string, text *string) string {
	return cloud.Text(strings.TrimSpace(code + " " + aws.ToString(text)))
}

// ProvisionedConcurrency reads an alias's setting.
func (f Functions) ProvisionedConcurrency(ctx context.Context, function, alias string) (target.ProvisionedConcurrency, error) {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	in := &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: &function, Qualifier: &alias}
	out, err := cloud.Call(ctx, f.control.GetProvisionedConcurrencyConfig, in)
	if err != nil {
		return target.ProvisionedConcurrency{}, err
	}
	if out.Status == "" {
		return target.ProvisionedConcurrency{}, cloud.NoAnswer("the provisioned concurrency of alias %s of function %s has no status", alias, function)
	}
	return target.ProvisionedConcurrency{
		Requested: int(aws.ToInt32(out.RequestedProvisionedConcurrentExecutions)),
		Available: int(aws.ToInt32(out.AvailableProvisionedConcurrentExecutions)),
		Status:    cloud.Text(string(out.Status)),
	}, nil
}
