//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/wire"
)

const (
	otherAccount = "210987654321"
	externalID   = "checkout-team"
)

// roleOf is the role of a function of the deployer's stack, by the name of its process.
func roleOf(function string) string {
	return "arn:aws:iam::123456789012:role/meta-deployer-" + function + "-1ABC"
}

// accounts are two simulated accounts at one address: the deployer's, and the one of a role that it may take. Calls with the
// credentials of that role are for the other account, as far as the role allows them.
type accounts struct {
	home, other *lab
	role        role
	url         string

	mu sync.Mutex
	// until is when each key that STS has given is no longer good.
	until map[string]time.Time
	// denied are the calls that the role did not allow.
	denied []string
}

// newAccounts are two accounts that look the same, but for what is to be found in the other one only.
func newAccounts(t *testing.T, role role) *accounts {
	t.Helper()
	a := &accounts{home: newLab(t), other: newLab(t), role: role, until: map[string]time.Time{}}
	a.other.touch(func(w *sim.World) {
		w.SetHook("CodeDeployHook_judge", sim.Hook{Answer: `{"status": "Succeeded"}`})
		w.SetHook("judge", sim.Hook{Answer: `{"status": "Succeeded"}`})
		w.SetAlarm("there-alone", "OK")
	})
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

// ServeHTTP has the account of the caller answer.
func (a *accounts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	again := func() *http.Request {
		r.Body = io.NopCloser(bytes.NewReader(body))
		return r
	}
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	key, _, _ := strings.Cut(credential, "/")
	account := a.home
	var refused, answered bool
	recorder := httptest.NewRecorder()
	wire.Handler(func(_ context.Context, c wire.Call) wire.Answer {
		if c.Operation == "sts:AssumeRole" {
			answered = true
			return a.assumeRole(key, c)
		}
		if strings.HasPrefix(key, "ASIA") {
			account = a.other
			answer, allowed := a.allow(key, c)
			refused = !allowed
			return answer
		}
		return wire.Answer{}
	}).ServeHTTP(recorder, again())
	if !refused && !answered {
		account.endpoint.Handler().ServeHTTP(w, again())
		return
	}
	for name := range recorder.Header() {
		w.Header().Set(name, recorder.Header().Get(name))
	}
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(recorder.Body.Bytes())
}

// assumeRole is AWS STS: credentials for who is trusted, good for a minute, and said to be good for seconds, so that they are renewed within a rollout.
func (a *accounts) assumeRole(key string, c wire.Call) wire.Answer {
	var body struct{ RoleArn, RoleSessionName, ExternalID string }
	_ = c.Into(&body)
	if body.RoleArn != a.role.ARN || !a.role.trusts(roleOf(key), body.ExternalID) {
		return wire.Fail(http.StatusForbidden, "AccessDenied", fmt.Sprintf(
			"User: %s is not authorized to perform: sts:AssumeRole on resource: %s", roleOf(key), body.RoleArn))
	}
	const told, good = 4 * time.Second, time.Minute
	a.mu.Lock()
	defer a.mu.Unlock()
	given := fmt.Sprintf("ASIA%016d", len(a.until))
	a.until[given] = time.Now().Add(good)
	return wire.Answer{Body: map[string]any{
		"Credentials": map[string]any{
			"AccessKeyId": given, "SecretAccessKey": "x", "SessionToken": "x", "Expiration": time.Now().Add(told),
		},
		"AssumedRoleUser": map[string]any{"Arn": body.RoleArn + "/" + body.RoleSessionName, "AssumedRoleId": "AROA:" + body.RoleSessionName},
	}}
}

// allow is IAM before a call to the other account.
func (a *accounts) allow(key string, c wire.Call) (refusal wire.Answer, allowed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Now().After(a.until[key]) {
		return wire.Fail(http.StatusForbidden, "ExpiredTokenException", "The security token included in the request is expired"), false
	}
	action, resource := actionOf(c)
	if !a.role.allows(action, resource) {
		a.denied = append(a.denied, action+" on "+resource)
		return wire.Fail(http.StatusForbidden, "AccessDeniedException", fmt.Sprintf(
			"User: %s is not authorized to perform: %s on resource: %s", a.role.ARN, action, resource)), false
	}
	return wire.Answer{}, true
}

// start runs a function of the deployer's stack, in its account.
func (a *accounts) start(t *testing.T, name, path string) *runtimetest.Process {
	t.Helper()
	environment := guarded()
	environment["AWS_ENDPOINT_URL"] = a.url
	return a.home.start(t, name, path, environment)
}

// elsewhere is a rollout in the other account.
const elsewhere = `{"function-name": "arn:aws:lambda:eu-west-1:210987654321:function:checkout", "alias": "live", "new-version": "2",
	"role-arn": "arn:aws:iam::210987654321:role/deployed-by-meta-deployer", "external-id": "checkout-team",
	"steps": 3, "interval": 5, "poll-interval": 1}`

// The compiled deployer works in another account through the role that its stack makes there. The role allows what that
// takes: hooks, probes and alarms too. Nothing happens to the alias of the same name in the deployer's own account.
func TestAnotherAccount(t *testing.T) {
	t.Parallel()
	made := newRole(t, roleOf("meta-deployer"), roleOf("meta-deployer-recover"))
	path := runtimetest.Build(t, "./functions/deployer")
	own := with(elsewhere, `"alarms": ["there-alone"], "hooks": {"pre-traffic": "CodeDeployHook_judge", "post-traffic": "CodeDeployHook_judge"},
		"health-check": {"probes": [{"name": "ping", "payload": {}, "expect": {"ok": true}}]}`)
	t.Run("succeeds", func(t *testing.T) {
		t.Parallel()
		a := newAccounts(t, made)
		a.other.answered(t, a.start(t, "meta-deployer", path).Invoke([]byte(own), timeout), "succeeded")
		assert.Equal(t, steps, a.other.routings("live"))
		assert.Equal(t, []string{"version 1"}, a.home.routings("live"), "its own account's alias has the same name")
		assert.Empty(t, a.denied)
		assert.Greater(t, len(a.until), 1, "credentials are renewed")
		a.home.touch(func(w *sim.World) { assert.Equal(t, 1, w.Calls(sim.CreateSchedule), "the switch is the deployer's") })
	})
	for name, refused := range map[string]struct{ request, says string }{
		"without the external id":    {strings.Replace(elsewhere, `"external-id": "checkout-team",`, "", 1), "sts:AssumeRole"},
		"with another external id":   {strings.Replace(elsewhere, externalID, "other-team", 1), "sts:AssumeRole"},
		"through another role":       {strings.Replace(elsewhere, "role/deployed", "role/admin-and-deployed", 1), "sts:AssumeRole"},
		"a function of another name": {strings.Replace(elsewhere, "function:checkout", "function:payments", 1), "lambda:GetAlias"},
		"a hook of another name":     {with(elsewhere, `"hooks": {"pre-traffic": "judge"}`), "lambda:InvokeFunction"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccounts(t, made)
			result := a.start(t, "meta-deployer", path).Invoke([]byte(refused.request), timeout)
			assert.Equal(t, "PreflightFailed", result.ErrorType, result.ErrorMessage)
			assert.Contains(t, result.ErrorMessage, refused.says)
			assert.Equal(t, []string{"version 1"}, a.other.routings("live"))
		})
	}
	t.Run("leaves nothing behind", func(t *testing.T) {
		t.Parallel()
		leavesNothingBehind(t, newAccounts(t, made), path)
	})
	t.Run("by a function that is not trusted", func(t *testing.T) {
		t.Parallel()
		a := newAccounts(t, made)
		result := a.start(t, "somebody", path).Invoke([]byte(elsewhere), timeout)
		assert.Equal(t, "PreflightFailed", result.ErrorType, result.ErrorMessage)
	})
}

// leavesNothingBehind kills the deployer in the middle of a rollout in the other account: recover ends that, through the role too.
func leavesNothingBehind(t *testing.T, a *accounts, path string) {
	t.Helper()
	second := a.start(t, "meta-deployer-recover", runtimetest.Build(t, "./functions/recover"))
	recovered := make(chan runtimetest.Result, 10)
	a.home.touch(func(w *sim.World) {
		w.Scheduler.OnFire = func(_ string, input []byte) {
			go func() { recovered <- second.Invoke(input, timeout) }()
		}
	})
	first := a.start(t, "meta-deployer", path)
	killed := make(chan runtimetest.Result, 1)
	held := strings.Replace(elsewhere, `"steps": 3`, `"health-check": false, "type": "stages", "stages": [{"weight": 50, "hold": 1, "approve": true}]`, 1)
	go func() { killed <- first.Invoke([]byte(held), time.Minute) }()
	a.other.until(t, "live", split)
	first.Kill()
	require.Equal(t, "Runtime.ExitError", (<-killed).ErrorType)
	result := <-recovered
	assert.Empty(t, result.ErrorType, result.ErrorMessage)
	alias := a.other.alias(t, "live")
	assert.Equal(t, old, alias.Routing)
	assert.Equal(t, "the shop's", rollout.ParseDescription(alias.Description).Owner)
	assert.Equal(t, []string{"version 1"}, a.home.routings("live"))
}
