package functions_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/functions"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

// connect makes a Lambda whose calls are answered by answer.
func connect(t *testing.T, answer func(wiretest.Call) wiretest.Answer) (functions.Functions, *wiretest.Server) {
	t.Helper()
	server := wiretest.Start(t, answer)
	return functions.New(cloud.Load(server.Getenv)), server
}

// always answers every call with the same body.
func always(body any) func(wiretest.Call) wiretest.Answer {
	return func(wiretest.Call) wiretest.Answer { return wiretest.Answer{Body: body} }
}

func TestAlias(t *testing.T) {
	tests := map[string]struct {
		body  map[string]any
		alias target.Alias
	}{
		"one version": {
			map[string]any{"FunctionVersion": "1", "Description": "", "RevisionId": "r1"},
			target.Alias{Routing: rollout.Routing{Primary: "1"}, Revision: "r1"},
		},
		"two versions": {
			map[string]any{"FunctionVersion": "1", "Description": "mine", "RevisionId": "r2", "RoutingConfig": weights(map[string]any{"2": 0.3333})},
			target.Alias{Routing: rollout.Routing{Primary: "1", Secondary: "2", Weight: 33_33}, Description: "mine", Revision: "r2"},
		},
		"an empty routing": {
			map[string]any{"FunctionVersion": "1", "RevisionId": "r3", "RoutingConfig": weights(map[string]any{})},
			target.Alias{Routing: rollout.Routing{Primary: "1"}, Revision: "r3"},
		},
		"a second version without traffic": {
			map[string]any{"FunctionVersion": "1", "RevisionId": "r4", "RoutingConfig": weights(map[string]any{"2": 0.0})},
			target.Alias{Routing: rollout.Routing{Primary: "1"}, Revision: "r4"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f, server := connect(t, always(test.body))
			alias, err := f.Alias(t.Context(), "f", "live")
			require.NoError(t, err)
			assert.Equal(t, test.alias, alias)
			assert.Equal(t, "/2015-03-31/functions/f/aliases/live", server.Calls("lambda:GetAlias")[0].Path)
		})
	}
}

// Believed, an answer that is none would be somebody else's change, or a write without a fence.
func TestAnAliasThatIsNoneIsNotBelieved(t *testing.T) {
	body := func(change object) wiretest.Answer {
		alias := object{"FunctionVersion": "1", "Description": "mine", "RevisionId": "r1"}
		for key, value := range change {
			if alias[key] = value; value == nil {
				delete(alias, key)
			}
		}
		return wiretest.Answer{Body: alias}
	}
	tests := map[string]wiretest.Answer{
		"an empty object":         {Body: object{}},
		"an empty body":           {},
		"no content":              {Status: 204},
		"null":                    {Body: []byte("null")},
		"no version":              body(object{"FunctionVersion": nil}),
		"an empty version":        body(object{"FunctionVersion": ""}),
		"a version that is none":  body(object{"FunctionVersion": "live"}),
		"nearly the unpublished":  body(object{"FunctionVersion": "$LATEST; rm"}),
		"no revision":             body(object{"RevisionId": nil}),
		"an empty revision":       body(object{"RevisionId": ""}),
		"an endless revision":     body(object{"RevisionId": strings.Repeat("r", 1000)}),
		"an endless description":  body(object{"Description": strings.Repeat("d", 2000)}),
		"two additional versions": body(object{"RoutingConfig": weights(object{"2": 0.1, "3": 0.1})}),
		"an additional name":      body(object{"RoutingConfig": weights(object{"live": 0.1})}),
		"a weight below 0":        body(object{"RoutingConfig": weights(object{"2": -0.1})}),
		"a weight above 1":        body(object{"RoutingConfig": weights(object{"2": 1.1})}),
		"a weight that is none":   body(object{"RoutingConfig": weights(object{"2": "NaN"})}),
		"an infinite weight":      body(object{"RoutingConfig": weights(object{"2": "Infinity"})}),
		"a weight of words":       body(object{"RoutingConfig": weights(object{"2": "much"})}),
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			f, _ := connect(t, func(wiretest.Call) wiretest.Answer { return answer })
			alias, err := f.Alias(t.Context(), "f", "live")
			require.ErrorIs(t, err, target.ErrUnavailable)
			assert.Zero(t, alias)
			assert.Less(t, len(err.Error()), 700)
			alias, err = f.UpdateAlias(t.Context(), "f", "live", target.Alias{Routing: rollout.Routing{Primary: "1"}, Revision: "r0"})
			require.ErrorIs(t, err, target.ErrUnavailable, "what a write answers may have been done")
			assert.Zero(t, alias)
		})
	}
	for _, version := range []string{"$LATEST", "$LATEST.PUBLISHED", "12345678901234567890"} {
		f, _ := connect(t, func(wiretest.Call) wiretest.Answer { return body(object{"FunctionVersion": version}) })
		alias, err := f.Alias(t.Context(), "f", "live")
		require.NoError(t, err)
		assert.Equal(t, version, alias.Routing.Primary)
	}
}

// object is a body on the wire.
type object = map[string]any

func weights(w map[string]any) map[string]any { return map[string]any{"AdditionalVersionWeights": w} }

// What is not sent is not changed: so everything is sent, always.
func TestUpdateAliasOnTheWire(t *testing.T) {
	tests := map[string]struct {
		to   target.Alias
		body string
	}{
		"a split": {
			target.Alias{Routing: rollout.Routing{Primary: "1", Secondary: "2", Weight: 33_33}, Description: "journal", Revision: "r1"},
			`{"FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":0.3333}},"Description":"journal","RevisionId":"r1"}`,
		},
		"the smallest share": {
			target.Alias{Routing: rollout.Routing{Primary: "1", Secondary: "2", Weight: 1}, Description: "journal", Revision: "r1"},
			`{"FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":0.0001}},"Description":"journal","RevisionId":"r1"}`,
		},
		"all of it: the weights are cleared": {
			target.Alias{Routing: rollout.Routing{Primary: "2"}, Description: "journal", Revision: "r2"},
			`{"FunctionVersion":"2","RoutingConfig":{"AdditionalVersionWeights":{}},"Description":"journal","RevisionId":"r2"}`,
		},
		"no description: it is cleared": {
			target.Alias{Routing: rollout.Routing{Primary: "2"}, Revision: "r3"},
			`{"FunctionVersion":"2","RoutingConfig":{"AdditionalVersionWeights":{}},"Description":"","RevisionId":"r3"}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f, server := connect(t, func(call wiretest.Call) wiretest.Answer { return wiretest.Answer{Body: call.Raw} })
			made, err := f.UpdateAlias(t.Context(), "f", "live", test.to)
			require.NoError(t, err)
			assert.Equal(t, test.to, made)
			calls := server.Calls("lambda:UpdateAlias")
			require.Len(t, calls, 1)
			assert.Equal(t, "/2015-03-31/functions/f/aliases/live", calls[0].Path)
			assert.JSONEq(t, test.body, string(calls[0].Raw))
		})
	}
}

// Every weight goes over the wire with at most four decimals, and comes back as it was.
func TestWeightsAreExactOnTheWire(t *testing.T) {
	f, server := connect(t, func(call wiretest.Call) wiretest.Answer { return wiretest.Answer{Body: call.Raw} })
	for w := rollout.Weight(1); w < rollout.Full; w += 101 {
		routing := rollout.Routing{Primary: "1", Secondary: "2", Weight: w}
		made, err := f.UpdateAlias(t.Context(), "f", "live", target.Alias{Routing: routing, Revision: "r1"})
		require.NoError(t, err)
		assert.Equal(t, routing, made.Routing)
	}
	for i, call := range server.Calls("lambda:UpdateAlias") {
		_, share, _ := strings.Cut(string(call.Raw), `{"2":`)
		share, _, _ = strings.Cut(share, "}")
		assert.LessOrEqual(t, len(share), len("0.0001"), share)
		echo, _ := connect(t, always(call.Raw))
		alias, err := echo.Alias(t.Context(), "f", "live")
		require.NoError(t, err)
		assert.Equal(t, rollout.Weight(1+101*i), alias.Routing.Weight)
	}
}

func TestVersion(t *testing.T) {
	tests := map[string]struct {
		body    map[string]any
		version target.Version
	}{
		"active": {
			map[string]any{"Version": "2", "State": "Active", "LastUpdateStatus": "Successful", "Role": "arn:role", "SnapStart": map[string]any{"ApplyOn": "None", "OptimizationStatus": "Off"}},
			target.Version{State: "Active", UpdateStatus: "Successful", Role: "arn:role"},
		},
		"pending, with a snapshot to come": {
			map[string]any{"Version": "2", "State": "Pending", "StateReasonCode": "Creating", "StateReason": "The function is being created.", "LastUpdateStatus": "InProgress", "SnapStart": map[string]any{"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}},
			target.Version{State: "Pending", UpdateStatus: "InProgress", Reason: "Creating The function is being created.", SnapStart: true},
		},
		"with a snapshot and a dead-letter target": {
			map[string]any{"Version": "2", "State": "Active", "SnapStart": map[string]any{"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}, "DeadLetterConfig": map[string]any{"TargetArn": "arn:queue"}},
			target.Version{State: "Active", SnapStart: true, Optimized: true, DeadLetter: "arn:queue"},
		},
		"failed": {
			map[string]any{"Version": "2", "State": "Failed", "StateReasonCode": "EniLimitExceeded", "LastUpdateStatus": "Successful"},
			target.Version{State: "Failed", UpdateStatus: "Successful", Reason: "EniLimitExceeded"},
		},
		"failed to update": {
			map[string]any{"Version": "2", "State": "Active", "LastUpdateStatus": "Failed", "LastUpdateStatusReasonCode": "ImageDeleted", "LastUpdateStatusReason": "gone"},
			target.Version{State: "Active", UpdateStatus: "Failed", Reason: "ImageDeleted gone"},
		},
		"without a state, as of old": {
			map[string]any{"Version": "2", "Role": "arn:role"},
			target.Version{State: "Active", Role: "arn:role"},
		},
		"with an endless reason": {
			map[string]any{"Version": "2", "State": "Failed", "StateReason": strings.Repeat("\x1b[2Jno ", 10_000)},
			target.Version{State: "Failed", Reason: strings.Repeat("[2Jno ", 83)[:497] + "…"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f, server := connect(t, always(test.body))
			version, err := f.Version(t.Context(), "f", "2")
			require.NoError(t, err)
			assert.Equal(t, test.version, version)
			call := server.Calls("lambda:GetFunctionConfiguration")[0]
			assert.Equal(t, "/2015-03-31/functions/f/configuration", call.Path)
			assert.Equal(t, "2", call.Query.Get("Qualifier"))
		})
	}
	f, server := connect(t, always(map[string]any{"Version": "$LATEST"}))
	_, err := f.Version(t.Context(), "f", "")
	require.NoError(t, err)
	assert.Empty(t, server.Calls("lambda:GetFunctionConfiguration")[0].Query, "the unpublished version has no qualifier")
}

func TestWhatIsNoAnswerIsNotBelieved(t *testing.T) {
	for _, answer := range []wiretest.Answer{{Body: object{}}, {}, {Status: 204}, {Body: object{"Version": "1", "State": "Active", "LastUpdateStatus": "Successful"}}} {
		f, _ := connect(t, func(wiretest.Call) wiretest.Answer { return answer })
		version, err := f.Version(t.Context(), "f", "2")
		require.ErrorIs(t, err, target.ErrUnavailable)
		assert.Zero(t, version)
		_, err = f.ProvisionedConcurrency(t.Context(), "f", "live")
		require.ErrorIs(t, err, target.ErrUnavailable)
	}
	for status, call := range map[int]func(f functions.Functions) error{
		202: func(f functions.Functions) error {
			_, err := f.Invoke(t.Context(), target.Invocation{Function: "f:2"})
			return err
		},
		204: func(f functions.Functions) error {
			_, err := f.Invoke(t.Context(), target.Invocation{Function: "f:2"})
			return err
		},
		200: func(f functions.Functions) error { return f.CanInvoke(t.Context(), "f:2") },
	} {
		f, _ := connect(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{Status: status} })
		require.ErrorIs(t, call(f), target.ErrUnavailable, status)
	}
}

func TestProvisionedConcurrency(t *testing.T) {
	f, server := connect(t, always(map[string]any{
		"RequestedProvisionedConcurrentExecutions": 5, "AvailableProvisionedConcurrentExecutions": 3, "Status": "IN_PROGRESS",
	}))
	setting, err := f.ProvisionedConcurrency(t.Context(), "f", "live")
	require.NoError(t, err)
	assert.Equal(t, target.ProvisionedConcurrency{Requested: 5, Available: 3, Status: "IN_PROGRESS"}, setting)
	assert.Equal(t, "live", server.Calls("lambda:GetProvisionedConcurrencyConfig")[0].Query.Get("Qualifier"))

	f, _ = connect(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Fail(404, "ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function")
	})
	_, err = f.ProvisionedConcurrency(t.Context(), "f", "live")
	require.ErrorIs(t, err, target.ErrNotFound)
}
