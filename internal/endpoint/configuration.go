package endpoint

import (
	"context"
	"net/http"

	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wire"
)

// configuration is a version as Lambda writes it; "" is the unpublished one.
func configuration(name, version string, v target.Version) object {
	if version == "" {
		version = "$LATEST"
	}
	role := v.Role
	if role == "" {
		role = "arn:aws:iam::" + sim.Home().Account + ":role/" + name
	}
	body := object{
		"FunctionName": name, "FunctionArn": arn(name, version), "Version": version, "Role": role, "Runtime": "provided.al2023", "Handler": "bootstrap",
		"PackageType": "Zip", "State": v.State, "LastUpdateStatus": v.UpdateStatus,
		"SnapStart": object{"ApplyOn": "None", "OptimizationStatus": "Off"},
	}
	if v.SnapStart {
		body["SnapStart"] = object{"ApplyOn": "PublishedVersions", "OptimizationStatus": map[bool]string{true: "On", false: "Off"}[v.Optimized]}
	}
	if v.DeadLetter != "" {
		body["DeadLetterConfig"] = object{"TargetArn": v.DeadLetter}
	}
	if v.Reason != "" {
		body["StateReason"] = v.Reason
	}
	return body
}

// describe reads a version's configuration. An alias stands for its primary version.
func (e *Endpoint) describe(ctx context.Context, name, qualifier string) (object, error) {
	version, v, err := e.control.Version(ctx, name, qualifier)
	return configuration(name, version, v), err
}

func (e *Endpoint) getFunctionConfiguration(ctx context.Context, c call) (wire.Answer, error) {
	body, err := e.describe(ctx, c.function, c.qualifier)
	return wire.Answer{Body: body}, err
}

func (e *Endpoint) getFunction(ctx context.Context, c call) (wire.Answer, error) {
	a, err := e.getFunctionConfiguration(ctx, c)
	return wire.Answer{Body: object{"Configuration": a.Body, "Code": object{"RepositoryType": "S3"}}}, err
}

func (e *Endpoint) listVersions(ctx context.Context, c call) (wire.Answer, error) {
	numbers, err := e.control.Versions(ctx, c.function)
	if err != nil {
		return wire.Answer{}, err
	}
	bodies := []object{}
	for _, number := range append([]string{""}, numbers...) {
		body, err := e.describe(ctx, c.function, number)
		if err != nil {
			return wire.Answer{}, err
		}
		bodies = append(bodies, body)
	}
	return wire.Answer{Body: object{"Versions": bodies}}, nil
}

func (e *Endpoint) publishVersion(ctx context.Context, c call) (wire.Answer, error) {
	version, err := e.control.Publish(ctx, c.function)
	if err != nil {
		return wire.Answer{}, err
	}
	body, err := e.describe(ctx, c.function, version)
	return wire.Answer{Status: http.StatusCreated, Body: body}, err
}
