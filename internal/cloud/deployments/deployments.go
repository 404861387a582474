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
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	ids, err := d.targets(ctx, deployment)
	switch {
	case err != nil:
		return hook.Target{}, err
	case len(ids) == 0:
		return hook.Target{}, cloud.NoAnswer("deployment %s has no target", deployment)
	case len(ids) > 1:
		return hook.Target{}, fmt.Errorf("%w: it has more than one target, as no Lambda deployment has", target.ErrRefused)
	}
	out, err := cloud.Call(ctx, d.client.BatchGetDeploymentTargets, &codedeploy.BatchGetDeploymentTargetsInput{DeploymentId: &deployment, TargetIds: ids})
	if err != nil {
		return hook.Target{}, err
	}
	if len(out.DeploymentTargets) != 1 || out.DeploymentTargets[0].DeploymentTargetType == "" {
		return hook.Target{}, cloud.NoAnswer("target %s of deployment %s is not told", ids[0], deployment)
	}
	switch moved := out.DeploymentTargets[0]; {
	case moved.DeploymentTargetType != types.DeploymentTargetTypeLambdaTarget:
		return hook.Target{}, fmt.Errorf("%w: its target %s is not an alias of a Lambda function", target.ErrRefused, cloud.Text(ids[0]))
	case moved.LambdaTarget == nil || moved.LambdaTarget.LambdaFunctionInfo == nil:
		return hook.Target{}, cloud.NoAnswer("target %s of deployment %s has no function", ids[0], deployment)
	default:
		t := targetOf(moved.LambdaTarget)
		if t.Function == "" || t.Alias == "" || t.NewVersion == "" {
			return hook.Target{}, cloud.NoAnswer("target %s of deployment %s is version %q of function %q by alias %q", ids[0], deployment, t.NewVersion, t.Function, t.Alias)
		}
		return t, nil
	}
}

// targets lists a deployment's targets, page by page, up to one too many.
func (d Deployments) targets(ctx context.Context, deployment string) ([]string, error) {
	var ids []string
	in := &codedeploy.ListDeploymentTargetsInput{DeploymentId: &deployment}
	for pages := (cloud.Pages{}); ; {
		out, err := cloud.Call(ctx, d.client.ListDeploymentTargets, in)
		if err != nil {
			return nil, err
		}
		if ids = append(ids, out.TargetIds...); len(ids) > 1 {
			return ids, nil // more than there may be
		}
		if more, err := pages.More(out.NextToken); !more {
			return ids, err
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
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	out, err := cloud.Call(ctx, d.client.PutLifecycleEventHookExecutionStatus, &codedeploy.PutLifecycleEventHookExecutionStatusInput{
		DeploymentId: &deployment, LifecycleEventHookExecutionId: &execution, Status: types.LifecycleEventStatus(status),
	})
	if done, ok := errors.AsType[*types.LifecycleEventAlreadyCompletedException](err); ok {
		return fmt.Errorf("%w: %s", hook.ErrAlreadyReported, cloud.Text(done.ErrorMessage()))
	}
	if err == nil && aws.ToString(out.LifecycleEventHookExecutionId) == "" {
		err = cloud.NoAnswer("it does not name the hook's execution")
	}
	return err
}
