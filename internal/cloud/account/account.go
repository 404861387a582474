// Package account puts the deployer's account together: its own, or the one of a role.
package account

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/meta-deployer/meta-deployer/internal/cloud/functions"
	"github.com/meta-deployer/meta-deployer/internal/cloud/metrics"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// sessionName is how the deployer shows in the other account's trail.
const sessionName = "meta-deployer"

// Of gives the account of a role, through the deployer's own credentials, or the own account where there is no role.
// The own account's clients are made once.
func Of(cfg aws.Config) func(roleARN, externalID string) target.Account {
	own := connect(cfg)
	return func(roleARN, externalID string) target.Account {
		if roleARN == "" {
			return own
		}
		assumed := cfg.Copy()
		assumed.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), roleARN, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = sessionName
			if externalID != "" {
				o.ExternalID = &externalID
			}
		}))
		return connect(assumed)
	}
}

func connect(cfg aws.Config) target.Account {
	f := functions.New(cfg)
	return target.Account{Aliases: f, Versions: f, Invoker: f, Metrics: metrics.New(cfg)}
}
