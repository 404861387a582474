// Package deployments speaks to AWS CodeDeploy: what a deployment moves, and what a hook found, in the hook's words.
package deployments

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/hook"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Deployments is the CodeDeploy of one account and region.
type Deployments struct{ client *codedeploy.Client }

// New makes the client.
func New(cfg aws.Config) Deployments { return Deployments{client: codedeploy.NewFromConfig(cfg)} }

// Target finds the function, the alias and the versions of a deployment: a Lambda deployment has exactly one target.
func (d Deployments) Target(ctx context.Context, deployment string) (hook.Target, error) {
	ctx, cancel := context.WithTimeout(ctx, cloud.CallTimeout)
	defer cancel()
	ids, err := d.targets(ctx, deployment)
	if err != nil {
		return hook.Target{}, err
	}
	if len(ids) != 1 {
		return hook.Target{}, fmt.Errorf("%w: it has %d targets, a Lambda deployment has one", target.ErrRefused, len(ids))
	}
	out, err := d.client.BatchGetDeploymentTargets(ctx, &codedeploy.BatchGetDeploymentTargetsInput{DeploymentId: &deployment, TargetIds: ids})
	if err != nil {
		return hook.Target{}, cloud.Translate(err)
	}
	if len(out.DeploymentTargets) != 1 || out.DeploymentTargets[0].LambdaTarget == nil || out.DeploymentTargets[0].LambdaTarget.LambdaFunctionInfo == nil {
		return hook.Target{}, fmt.Errorf("%w: its target %s is not an alias of a Lambda function", target.ErrRefused, ids[0])
	}
	return targetOf(out.DeploymentTargets[0].LambdaTarget), nil
}

// targets lists a deployment's targets, page by page.
func (d Deployments) targets(ctx context.Context, deployment string) ([]string, error) {
	var ids []string
	in := &codedeploy.ListDeploymentTargetsInput{DeploymentId: &deployment}
	for {
		out, err := d.client.ListDeploymentTargets(ctx, in)
		if err != nil {
			return nil, cloud.Translate(err)
		}
		ids = append(ids, out.TargetIds...)
		if aws.ToString(out.NextToken) == "" {
			return ids, nil
		}
		in.NextToken = out.NextToken
	}
}

// targetOf reads a target. The deployment began with its first lifecycle event, and once AllowTraffic has ended the
// alias stands at the new version alone.
func targetOf(lambda *types.LambdaTarget) hook.Target {
	info := lambda.LambdaFunctionInfo
	t := hook.Target{
		Function: aws.ToString(info.FunctionName), Alias: aws.ToString(info.FunctionAlias),
		OldVersion: aws.ToString(info.CurrentVersion), NewVersion: aws.ToString(info.TargetVersion),
	}
	for _, event := range lambda.LifecycleEvents {
		if start := aws.ToTime(event.StartTime).UTC(); !start.IsZero() && (t.Since.IsZero() || start.Before(t.Since)) {
			t.Since = start
		}
		if aws.ToString(event.LifecycleEventName) == "AllowTraffic" && event.Status == types.LifecycleEventStatusSucceeded {
			t.Alone = aws.ToTime(event.EndTime).UTC()
		}
	}
	return t
}

// Report tells the status of one hook execution.
func (d Deployments) Report(ctx context.Context, deployment, execution string, status hook.Status) error {
	ctx, cancel := context.WithTimeout(ctx, cloud.CallTimeout)
	defer cancel()
	_, err := d.client.PutLifecycleEventHookExecutionStatus(ctx, &codedeploy.PutLifecycleEventHookExecutionStatusInput{
		DeploymentId: &deployment, LifecycleEventHookExecutionId: &execution, Status: types.LifecycleEventStatus(status),
	})
	if done, ok := errors.AsType[*types.LifecycleEventAlreadyCompletedException](err); ok {
		return fmt.Errorf("%w: %s", hook.ErrAlreadyReported, done.ErrorMessage())
	}
	return cloud.Translate(err)
}
