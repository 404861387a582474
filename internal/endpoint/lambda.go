package endpoint

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wire"
)

// object is a body on the wire.
type object = map[string]any

// arn is a function's, or with a qualifier that of a version or alias.
func arn(name, qualifier string) string {
	home := sim.Home()
	text := fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", home.Region, home.Account, name)
	if qualifier != "" {
		text += ":" + qualifier
	}
	return text
}

// aliasBody is an alias as Lambda writes it: without a routing where there is no additional version.
func aliasBody(function, name string, a target.Alias) object {
	body := object{
		"AliasArn": arn(function, name), "Name": name, "FunctionVersion": a.Routing.Primary, "Description": a.Description, "RevisionId": a.Revision,
	}
	if a.Routing.Split() {
		body["RoutingConfig"] = object{"AdditionalVersionWeights": object{a.Routing.Secondary: a.Routing.Weight.Share()}}
	}
	return body
}

func (e *Endpoint) getAlias(ctx context.Context, c call) (wire.Answer, error) {
	a, err := e.world.Account().Aliases.Alias(ctx, c.function, c.Label(2))
	return wire.Answer{Body: aliasBody(c.function, c.Label(2), a)}, err
}

// change reads what CreateAlias and UpdateAlias are told. A routing without weights clears them, as localstack has it.
func change(c call) (name string, change sim.AliasChange, err error) {
	var body struct {
		Name                                     string
		FunctionVersion, Description, RevisionID *string
		RoutingConfig                            *struct{ AdditionalVersionWeights map[string]float64 }
	}
	if err := c.read(&body); err != nil {
		return "", change, err
	}
	change = sim.AliasChange{Version: body.FunctionVersion, Description: body.Description, Revision: body.RevisionID}
	if r := body.RoutingConfig; r != nil {
		if change.Weights = r.AdditionalVersionWeights; change.Weights == nil {
			change.Weights = map[string]float64{}
		}
	}
	return body.Name, change, nil
}

func (e *Endpoint) createAlias(ctx context.Context, c call) (wire.Answer, error) {
	name, change, err := change(c)
	if err != nil {
		return wire.Answer{}, err
	}
	a, err := e.control.CreateAlias(ctx, c.caller(), c.function, name, change)
	return wire.Answer{Status: http.StatusCreated, Body: aliasBody(c.function, name, a)}, err
}

func (e *Endpoint) updateAlias(ctx context.Context, c call) (wire.Answer, error) {
	_, change, err := change(c)
	if err != nil {
		return wire.Answer{}, err
	}
	a, err := e.control.UpdateAlias(ctx, c.caller(), c.function, c.Label(2), change)
	return wire.Answer{Body: aliasBody(c.function, c.Label(2), a)}, err
}

func (e *Endpoint) deleteAlias(ctx context.Context, c call) (wire.Answer, error) {
	return wire.Answer{Status: http.StatusNoContent}, e.control.DeleteAlias(ctx, c.caller(), c.function, c.Label(2))
}

func (e *Endpoint) listAliases(ctx context.Context, c call) (wire.Answer, error) {
	aliases, err := e.control.Aliases(ctx, c.function, c.Query.Get("FunctionVersion"))
	bodies := []object{}
	for _, a := range aliases {
		bodies = append(bodies, aliasBody(c.function, a.Name, a.Alias))
	}
	return wire.Answer{Body: object{"Aliases": bodies}}, err
}

func (e *Endpoint) getConcurrency(ctx context.Context, c call) (wire.Answer, error) {
	p, err := e.world.Account().Versions.ProvisionedConcurrency(ctx, c.function, c.qualifier)
	return wire.Answer{Body: object{
		"RequestedProvisionedConcurrentExecutions": p.Requested, "AvailableProvisionedConcurrentExecutions": p.Available,
		"AllocatedProvisionedConcurrentExecutions": p.Available, "Status": p.Status,
	}}, err
}

// invoke runs a function; an asynchronous invocation runs on after the answer.
func (e *Endpoint) invoke(ctx context.Context, c call) (wire.Answer, error) {
	hooks := e.world.Account().Invoker
	invocation := target.Invocation{Function: arn(c.function, c.qualifier), Payload: c.Raw, TenantID: c.Header.Get("X-Amz-Tenant-Id")}
	switch c.Header.Get("X-Amz-Invocation-Type") {
	case "DryRun":
		return wire.Answer{Status: http.StatusNoContent}, hooks.CanInvoke(ctx, invocation.Function)
	case "Event":
		if err := hooks.CanInvoke(ctx, invocation.Function); err != nil {
			return wire.Answer{}, err
		}
		e.world.Go(e.world.Elapsed(), func() { _, _ = hooks.Invoke(ctx, invocation) })
		return wire.Answer{Status: http.StatusAccepted}, nil
	}
	reply, version, err := e.control.Invoke(ctx, invocation)
	if version == "" {
		version = executed(c.qualifier)
	}
	a := wire.Answer{Body: reply.Body, Header: map[string]string{"X-Amz-Executed-Version": version}}
	if reply.Failure != "" {
		a.Header["X-Amz-Function-Error"], a.Body = "Unhandled", []byte(reply.Failure)
	}
	return a, err
}

// executed is the version behind a qualifier that is no alias.
func executed(qualifier string) string {
	if strings.Trim(qualifier, "0123456789") != "" || qualifier == "" {
		return "$LATEST"
	}
	return qualifier
}
