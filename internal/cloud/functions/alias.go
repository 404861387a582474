package functions

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Alias reads an alias.
func (f Functions) Alias(ctx context.Context, function, alias string) (target.Alias, error) {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	out, err := cloud.Call(ctx, f.control.GetAlias, &lambda.GetAliasInput{FunctionName: &function, Name: &alias})
	if err != nil {
		return target.Alias{}, err
	}
	return aliasOf(out.FunctionVersion, out.RoutingConfig, out.Description, out.RevisionId)
}

// UpdateAlias writes routing and description in one call, on the condition of the revision. The weights map is never
// nil: an empty one clears the weights, a missing one would leave them.
func (f Functions) UpdateAlias(ctx context.Context, function, alias string, to target.Alias) (target.Alias, error) {
	ctx, cancel := cloud.Limit(ctx, cloud.CallTimeout)
	defer cancel()
	weights := map[string]float64{}
	if to.Routing.Split() {
		weights[to.Routing.Secondary] = to.Routing.Weight.Share()
	}
	out, err := cloud.Call(ctx, f.control.UpdateAlias, &lambda.UpdateAliasInput{
		FunctionName:    &function,
		Name:            &alias,
		FunctionVersion: &to.Routing.Primary,
		RoutingConfig:   &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights},
		Description:     &to.Description,
		RevisionId:      &to.Revision,
	})
	if err != nil {
		return target.Alias{}, err
	}
	return aliasOf(out.FunctionVersion, out.RoutingConfig, out.Description, out.RevisionId)
}

// aliasOf reads an alias, as GetAlias and UpdateAlias answer it. What cannot be one is no answer: believed, it would be
// somebody else's change, or a write without a fence.
func aliasOf(version *string, config *types.AliasRoutingConfiguration, description, revision *string) (target.Alias, error) {
	const (
		longestDescription = 4 * 256 // bytes of 256 characters
		longestRevision    = 256
	)
	a := target.Alias{Routing: rollout.Routing{Primary: aws.ToString(version)}, Description: aws.ToString(description), Revision: aws.ToString(revision)}
	switch {
	case !published(a.Routing.Primary) && a.Routing.Primary != "$LATEST" && a.Routing.Primary != "$LATEST.PUBLISHED":
		return target.Alias{}, cloud.NoAnswer("the alias's FunctionVersion is %q", a.Routing.Primary)
	case a.Revision == "" || len(a.Revision) > longestRevision:
		return target.Alias{}, cloud.NoAnswer("the alias's RevisionId is %q", a.Revision)
	case len(a.Description) > longestDescription:
		return target.Alias{}, cloud.NoAnswer("the alias's description has %d bytes", len(a.Description))
	case config == nil:
		return a, nil
	case len(config.AdditionalVersionWeights) > 1:
		return target.Alias{}, cloud.NoAnswer("the alias has %d additional versions", len(config.AdditionalVersionWeights))
	}
	for version, share := range config.AdditionalVersionWeights {
		if !published(version) || !(share >= 0 && share <= 1) {
			return target.Alias{}, cloud.NoAnswer("the alias's additional version is %q, with a weight of %g", version, share)
		}
		if share > 0 {
			a.Routing.Secondary, a.Routing.Weight = version, rollout.WeightFrom(share)
		}
	}
	return a, nil
}

// published says whether a version has the number of a published one.
func published(version string) bool {
	return version != "" && len(version) <= 20 && strings.Trim(version, "0123456789") == ""
}
