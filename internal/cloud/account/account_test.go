package account_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/account"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

const roleARN = "arn:aws:iam::210987654321:role/target"

// answerSTS is AWS STS in its own protocol, form in and XML out.
func answerSTS(t *testing.T, calls *atomic.Int32, sessions ...string) string {
	t.Helper()
	if len(sessions) == 0 {
		sessions = []string{"meta-deployer-3f9a"}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		assert.Equal(t, "AssumeRole", r.FormValue("Action"))
		assert.Equal(t, roleARN, r.FormValue("RoleArn"))
		assert.Contains(t, sessions, r.FormValue("RoleSessionName"))
		if r.FormValue("ExternalId") != "shared" {
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprint(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>`)
			return
		}
		_, _ = fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
			<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-token</SessionToken>
			<Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestOf(t *testing.T) {
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Answer{Body: map[string]any{"FunctionVersion": "1", "RevisionId": "r1"}}
	})
	var assumed atomic.Int32
	environment := server.Environment()
	environment["AWS_ENDPOINT_URL_STS"] = answerSTS(t, &assumed)
	accounts := account.Of(cloud.Load(func(key string) string { return environment[key] }))
	signer := func(a target.Account) string {
		t.Helper()
		_, err := a.Aliases.Alias(t.Context(), "f", "live")
		require.NoError(t, err)
		calls := server.Calls("lambda:GetAlias")
		return calls[len(calls)-1].Header.Get("Authorization")
	}
	assert.Contains(t, signer(accounts("", "", "3f9a")), "Credential=AKIDTEST/")
	assert.Zero(t, assumed.Load(), "the own account needs no role")

	other := accounts(roleARN, "shared", "3f9a")
	assert.Contains(t, signer(other), "Credential=ASIAROLE/")
	assert.Contains(t, signer(other), "Credential=ASIAROLE/")
	assert.Equal(t, int32(1), assumed.Load(), "a role is assumed once, as long as its credentials last")
	assert.Equal(t, roleARN, other.Role, "what is kept of one account is not another's")
	assert.Empty(t, accounts("", "", "3f9a").Role)
}

// A role that cannot be assumed is a missing permission, not a service that may be back in a moment.
func TestOfARoleThatIsDenied(t *testing.T) {
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{} })
	var assumed atomic.Int32
	environment := server.Environment()
	environment["AWS_ENDPOINT_URL_STS"] = answerSTS(t, &assumed)
	accounts := account.Of(cloud.Load(func(key string) string { return environment[key] }))
	_, err := accounts(roleARN, "wrong", "3f9a").Aliases.Alias(t.Context(), "f", "live")
	require.ErrorIs(t, err, target.ErrDenied)
	require.ErrorContains(t, err, "sts:AssumeRole")
	assert.Equal(t, "give the role that calls the permission sts:AssumeRole", target.Remedy(err))
	assert.Empty(t, server.Calls("lambda:GetAlias"))
}

// The other account's trail tells by which driver a call was made, in a name that STS takes.
func TestOfNamesItsSession(t *testing.T) {
	for session, name := range map[string]string{
		"":                          "meta-deployer",
		"Zm9vYmFy":                  "meta-deployer-Zm9vYmFy",
		"job/7 é\n":                 "meta-deployer-job-7---",
		strings.Repeat("long_", 20): "meta-deployer-long_long_long_long_long_long_long_long_long_long_",
	} {
		var assumed atomic.Int32
		server := wiretest.Start(t, func(call wiretest.Call) wiretest.Answer {
			return wiretest.Answer{Body: map[string]any{"FunctionVersion": "1", "RevisionId": "r1"}}
		})
		environment := server.Environment()
		environment["AWS_ENDPOINT_URL_STS"] = answerSTS(t, &assumed, name)
		_, err := account.Of(cloud.Load(func(key string) string { return environment[key] }))(roleARN, "shared", session).Aliases.Alias(t.Context(), "f", "live")
		require.NoError(t, err)
		assert.LessOrEqual(t, len(name), 64)
		assert.Equal(t, int32(1), assumed.Load())
	}
}
