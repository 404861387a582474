// Package functions speaks to AWS Lambda: aliases, versions and invocations, in the deployer's words.
package functions

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
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
		invoke:  lambda.NewFromConfig(cfg, func(o *lambda.Options) { o.HTTPClient, o.RetryMaxAttempts = cloud.Patient(), 1 }),
	}
}

// Alias reads an alias.
func (f Functions) Alias(ctx context.Context, function, alias string) (target.Alias, error) {
	ctx, cancel := context.WithTimeout(ctx, cloud.CallTimeout)
	defer cancel()
	out, err := f.control.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: &function, Name: &alias})
	if err != nil {
		return target.Alias{}, cloud.Translate(err)
	}
	return aliasOf(out.FunctionVersion, out.RoutingConfig, out.Description, out.RevisionId)
}

// aliasOf reads an alias, as GetAlias and UpdateAlias answer it.
func aliasOf(version *string, config *types.AliasRoutingConfiguration, description, revision *string) (target.Alias, error) {
	routing, err := routingOf(aws.ToString(version), config)
	return target.Alias{Routing: routing, Description: aws.ToString(description), Revision: aws.ToString(revision)}, err
}

// routingOf reads a routing. An alias has at most one additional version.
func routingOf(primary string, config *types.AliasRoutingConfiguration) (rollout.Routing, error) {
	r := rollout.Routing{Primary: primary}
	if config == nil {
		return r, nil
	}
	if len(config.AdditionalVersionWeights) > 1 {
		return r, fmt.Errorf("%w: the alias has %d additional versions, one is the most that is known", target.ErrRefused, len(config.AdditionalVersionWeights))
	}
	for version, share := range config.AdditionalVersionWeights {
		if share > 0 {
			r.Secondary, r.Weight = version, rollout.WeightFrom(share)
		}
	}
	return r, nil
}

// UpdateAlias writes routing and description in one call, on the condition of the revision. The weights map is never
// nil: an empty one clears the weights, a missing one would leave them.
func (f Functions) UpdateAlias(ctx context.Context, function, alias string, to target.Alias) (target.Alias, error) {
	ctx, cancel := context.WithTimeout(ctx, cloud.CallTimeout)
	defer cancel()
	weights := map[string]float64{}
	if to.Routing.Split() {
		weights[to.Routing.Secondary] = to.Routing.Weight.Share()
	}
	out, err := f.control.UpdateAlias(ctx, &lambda.UpdateAliasInput{
		FunctionName:    &function,
		Name:            &alias,
		FunctionVersion: &to.Routing.Primary,
		RoutingConfig:   &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights},
		Description:     &to.Description,
		RevisionId:      &to.Revision,
	})
	if err != nil {
		return target.Alias{}, cloud.Translate(err)
	}
	return aliasOf(out.FunctionVersion, out.RoutingConfig, out.Description, out.RevisionId)
}

// Version reads a version's configuration; "" is the unpublished one.
func (f Functions) Version(ctx context.Context, function, version string) (target.Version, error) {
	ctx, cancel := context.WithTimeout(ctx, cloud.CallTimeout)
	defer cancel()
	in := &lambda.GetFunctionConfigurationInput{FunctionName: &function}
	if version != "" {
		in.Qualifier = &version
	}
	out, err := f.control.GetFunctionConfiguration(ctx, in)
	if err != nil {
		return target.Version{}, cloud.Translate(err)
	}
	v := target.Version{
		State: string(out.State), UpdateStatus: string(out.LastUpdateStatus), Role: aws.ToString(out.Role),
		Reason: strings.TrimSpace(string(out.StateReasonCode) + " " + aws.ToString(out.StateReason)),
	}
	if out.LastUpdateStatus == types.LastUpdateStatusFailed {
		v.Reason = strings.TrimSpace(string(out.LastUpdateStatusReasonCode) + " " + aws.ToString(out.LastUpdateStatusReason))
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

// ProvisionedConcurrency reads an alias's setting.
func (f Functions) ProvisionedConcurrency(ctx context.Context, function, alias string) (target.ProvisionedConcurrency, error) {
	ctx, cancel := context.WithTimeout(ctx, cloud.CallTimeout)
	defer cancel()
	out, err := f.control.GetProvisionedConcurrencyConfig(ctx, &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: &function, Qualifier: &alias})
	if err != nil {
		return target.ProvisionedConcurrency{}, cloud.Translate(err)
	}
	return target.ProvisionedConcurrency{
		Requested: int(aws.ToInt32(out.RequestedProvisionedConcurrentExecutions)),
		Available: int(aws.ToInt32(out.AvailableProvisionedConcurrentExecutions)),
		Status:    string(out.Status),
	}, nil
}

// Invoke calls a function and waits for its answer. HTTP status 200 with a function error is a failure of the function.
func (f Functions) Invoke(ctx context.Context, i target.Invocation) (target.Reply, error) {
	in := &lambda.InvokeInput{FunctionName: &i.Function, Payload: i.Payload, InvocationType: types.InvocationTypeRequestResponse}
	if i.TenantID != "" {
		in.TenantId = &i.TenantID
	}
	out, err := f.invoke.Invoke(ctx, in)
	if err != nil {
		return target.Reply{}, cloud.Translate(err)
	}
	if out.FunctionError != nil {
		return target.Reply{Failure: fmt.Sprintf("%s: %.300s", *out.FunctionError, out.Payload)}, nil
	}
	return target.Reply{Body: out.Payload}, nil
}

// CanInvoke asks Lambda whether an invocation would be let through.
func (f Functions) CanInvoke(ctx context.Context, function string) error {
	ctx, cancel := context.WithTimeout(ctx, cloud.CallTimeout)
	defer cancel()
	_, err := f.control.Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, InvocationType: types.InvocationTypeDryRun})
	return cloud.Translate(err)
}
