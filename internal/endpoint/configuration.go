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
		"PackageType": "Zip", "Timeout": 3, "MemorySize": 128, "CodeSize": 1, "Description": "", "Architectures": []string{"arm64"},
		"State": v.State, "LastUpdateStatus": v.UpdateStatus,
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
	body, code := configuration(name, version, v), e.control.Code(name, version)
	body["CodeSha256"], body["RevisionId"], body["LastModified"] = code.SHA256, code.Revision, code.Modified.UTC().Format("2006-01-02T15:04:05.000-0700")
	return body, err
}

// listFunctions lists the unpublished configurations, on one page.
func (e *Endpoint) listFunctions(ctx context.Context, _ call) (wire.Answer, error) {
	names, err := e.control.Functions(ctx)
	if err != nil {
		return wire.Answer{}, err
	}
	bodies := []object{}
	for _, name := range names {
		body, err := e.describe(ctx, name, "")
		if err != nil {
			return wire.Answer{}, err
		}
		bodies = append(bodies, body)
	}
	return wire.Answer{Body: object{"Functions": bodies}}, nil
}

// updateFunction changes what is not published, in whatever way: no version does otherwise for it.
func (e *Endpoint) updateFunction(ctx context.Context, c call) (wire.Answer, error) {
	if err := e.control.Change(ctx, c.function); err != nil {
		return wire.Answer{}, err
	}
	body, err := e.describe(ctx, c.function, "")
	return wire.Answer{Body: body}, err
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
