//go:build e2e

package e2e

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/wire"
)

// role is a role as IAM has it.
type role struct {
	ARN          string
	Trust, Rules []statement
}

// statement is one of a policy. What it has beside these is not read: newRole refuses it.
type statement struct {
	Sid, Effect      string
	Principal        map[string]string
	Action, Resource texts
	// Condition is by operator and key.
	Condition map[string]map[string]texts
}

// texts are one text or several.
type texts []string

// UnmarshalJSON reads either.
func (s *texts) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*s = texts{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(s))
}

// newRole has moto's CloudFormation make the stack of target-account.yaml, by the command that the page shows, and IAM tell of
// its role.
func newRole(t *testing.T, trusted ...string) role {
	t.Helper()
	url := startMoto(t, "MOTO_ACCOUNT_ID="+otherAccount)
	command := ""
	for _, f := range fences(t, "docs/how-to/another-account.md") {
		if strings.Contains(f.text, "aws cloudformation deploy ") {
			command = strings.Replace(f.text, "aws ", peer(t, ".venv-awscli2", "aws")+" ", 1)
		}
	}
	require.NotEmpty(t, command)
	root := absolute(t, filepath.Join("..", ".."))
	deployed := execute(t, root, "/usr/bin/env", "AWS_ENDPOINT_URL="+url, "DRIVER_ROLES="+strings.Join(trusted, ","), "EXTERNAL_ID="+externalID, "bash", "-euc", command)
	require.Zero(t, deployed.status, deployed.out+deployed.problem)

	var made role
	told := seed(t, "read_role.py", url, "deployed-by-meta-deployer", "target")
	require.NoError(t, json.Unmarshal([]byte(told), &made))
	for _, s := range append(slices.Clone(made.Trust), made.Rules...) {
		require.Equal(t, "Allow", s.Effect)
		require.NotEmpty(t, s.Action)
	}
	return made
}

// trusts says whether a role may take this one, with an external id; "" is none.
func (r role) trusts(arn, external string) bool {
	context := map[string]string{"aws:PrincipalArn": arn, "sts:ExternalId": external}
	return slices.ContainsFunc(r.Trust, func(s statement) bool {
		account := strings.Split(arn, ":")[4]
		if s.Principal["AWS"] != "arn:aws:iam::"+account+":root" || !slices.Contains(s.Action, "sts:AssumeRole") {
			return false
		}
		for operator, keys := range s.Condition {
			for key, values := range keys {
				if operator != "StringEquals" && operator != "ArnEquals" || context[key] == "" || !slices.Contains(values, context[key]) {
					return false
				}
			}
		}
		return true
	})
}

// allows says whether who has taken the role may do something.
func (r role) allows(action, resource string) bool {
	return slices.ContainsFunc(r.Rules, func(s statement) bool {
		return len(s.Condition) == 0 && slices.ContainsFunc(s.Action, matches(action)) && slices.ContainsFunc(s.Resource, matches(resource))
	})
}

// matches is for patterns of IAM, with * for any text.
func matches(text string) func(pattern string) bool {
	return func(pattern string) bool {
		return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$").MatchString(text)
	}
}

// actionOf is what IAM is asked about a call to the other account. Lambda asks about the function, or about the version or alias
// of it that a call names beside it.
func actionOf(c wire.Call) (action, resource string) {
	if !strings.HasPrefix(c.Operation, "lambda:") {
		return c.Operation, "*"
	}
	name := c.Label(0)
	if !strings.HasPrefix(name, "arn:") {
		name = "arn:aws:lambda:eu-west-1:" + otherAccount + ":function:" + name
	}
	if qualifier := c.Query.Get("Qualifier"); qualifier != "" {
		name += ":" + qualifier
	}
	return strings.Replace(c.Operation, "lambda:Invoke", "lambda:InvokeFunction", 1), name
}
