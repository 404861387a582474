// Package account puts the deployer's account together: its own, or the one of a role.
package account

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/meta-deployer/meta-deployer/internal/cloud/functions"
	"github.com/meta-deployer/meta-deployer/internal/cloud/metrics"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Of gives the account of a role, through the deployer's own credentials, or the own account where there is no role.
// The own account's clients are made once. session is whom the other account's trail names as the caller: the driver's
// token, behind "meta-deployer-".
func Of(cfg aws.Config) func(roleARN, externalID, session string) target.Account {
	own := connect(cfg)
	return func(roleARN, externalID, session string) target.Account {
		if roleARN == "" {
			return own
		}
		assumed := cfg.Copy()
		assumed.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), roleARN, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = sessionName(session)
			if externalID != "" {
				o.ExternalID = &externalID
			}
		}))
		other := connect(assumed)
		other.Role = roleARN
		return other
	}
}

// sessionName is a name as STS takes it: of its alphabet, and at most 64 characters.
func sessionName(session string) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-"
	if session == "" {
		return "meta-deployer"
	}
	name := "meta-deployer-" + strings.Map(func(r rune) rune {
		if strings.ContainsRune(alphabet, r) {
			return r
		}
		return '-'
	}, session)
	return name[:min(len(name), 64)]
}

func connect(cfg aws.Config) target.Account {
	f := functions.New(cfg)
	return target.Account{Aliases: f, Versions: f, Invoker: f, Metrics: metrics.New(cfg)}
}
