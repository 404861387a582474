package endpoint

import (
	"context"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/wire"
)

// deployment reads the deployment that a call names.
func (e *Endpoint) deployment(ctx context.Context, c call) (string, sim.Deployment, error) {
	var body struct{ DeploymentID string }
	if err := c.read(&body); err != nil {
		return "", sim.Deployment{}, err
	}
	d, err := e.control.Deployment(ctx, sim.Operation(c.Operation[len("codedeploy:"):]), body.DeploymentID)
	return body.DeploymentID, d, err
}

func (e *Endpoint) getDeployment(ctx context.Context, c call) (wire.Answer, error) {
	id, d, err := e.deployment(ctx, c)
	return wire.Answer{Body: object{"deploymentInfo": object{
		"deploymentId": id, "status": "InProgress", "computePlatform": "Lambda", "createTime": e.at(d.Created), "startTime": e.at(d.Created),
	}}}, err
}

func (e *Endpoint) listDeploymentTargets(ctx context.Context, c call) (wire.Answer, error) {
	_, d, err := e.deployment(ctx, c)
	return wire.Answer{Body: object{"targetIds": []string{d.Function + ":" + d.Alias}}}, err
}

func (e *Endpoint) batchGetDeploymentTargets(ctx context.Context, c call) (wire.Answer, error) {
	id, d, err := e.deployment(ctx, c)
	events := []object{{"lifecycleEventName": "Start", "status": "Succeeded", "startTime": e.at(d.Created), "endTime": e.at(d.Created)}}
	if d.Shifted > 0 {
		events = append(events, object{"lifecycleEventName": "AllowTraffic", "status": "Succeeded", "startTime": e.at(d.Created), "endTime": e.at(d.Shifted)})
	}
	target := object{
		"deploymentId": id, "targetId": d.Function + ":" + d.Alias, "status": "InProgress", "lifecycleEvents": events,
		"lambdaFunctionInfo": object{
			"functionName": d.Function, "functionAlias": d.Alias, "currentVersion": d.OldVersion, "targetVersion": d.NewVersion,
		},
	}
	return wire.Answer{Body: object{"deploymentTargets": []object{{"deploymentTargetType": "LambdaTarget", "lambdaTarget": target}}}}, err
}

func (e *Endpoint) putHookStatus(ctx context.Context, c call) (wire.Answer, error) {
	var body struct{ DeploymentID, LifecycleEventHookExecutionID, Status string }
	if err := c.read(&body); err != nil {
		return wire.Answer{}, err
	}
	err := e.control.ReportHook(ctx, body.DeploymentID, body.LifecycleEventHookExecutionID, body.Status)
	return wire.Answer{Body: object{"lifecycleEventHookExecutionId": body.LifecycleEventHookExecutionID}}, err
}

// at is a moment of the world.
func (e *Endpoint) at(since time.Duration) time.Time {
	return e.world.Now().Add(since - e.world.Elapsed())
}

// assumeRole gives credentials that are as good as any: the account looks at none.
func (e *Endpoint) assumeRole(_ context.Context, c call) (wire.Answer, error) {
	var body struct{ RoleArn, RoleSessionName string }
	if err := c.read(&body); err != nil || body.RoleArn == "" || body.RoleSessionName == "" {
		return wire.Answer{}, invalid("1 validation error detected: roleArn and roleSessionName must not be null")
	}
	return wire.Answer{Body: object{
		"Credentials": object{
			"AccessKeyId": "ASIASIMULATED0000000", "SecretAccessKey": "simulated", "SessionToken": "simulated",
			"Expiration": e.world.Now().Add(time.Hour),
		},
		"AssumedRoleUser": object{"Arn": body.RoleArn + "/" + body.RoleSessionName, "AssumedRoleId": "AROASIMULATED:" + body.RoleSessionName},
	}}, nil
}

func (e *Endpoint) getCallerIdentity(_ context.Context, c call) (wire.Answer, error) {
	account := sim.Home().Account
	return wire.Answer{Body: object{"Account": account, "UserId": c.caller(), "Arn": "arn:aws:iam::" + account + ":user/simulated"}}, nil
}
