//go:build e2e

package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/functions"
	"github.com/meta-deployer/meta-deployer/internal/cloud/metrics"
	"github.com/meta-deployer/meta-deployer/internal/sim/accounttest"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// connect is an emulator as the deployer sees AWS.
func connect(url string, options ...func(*cloudwatch.Options)) target.Account {
	settings := map[string]string{
		"AWS_ENDPOINT_URL": url, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
	}
	config := cloud.Load(func(key string) string { return settings[key] })
	config.RetryMaxAttempts = 1
	f := functions.New(config)
	return target.Account{Aliases: f, Versions: f, Invoker: f, Metrics: metrics.New(config, options...)}
}

// fixture is what the scripts of testdata make, now.
func fixture(url string, options ...func(*cloudwatch.Options)) accounttest.Fixture {
	now := time.Now().UTC()
	return accounttest.Fixture{
		Account: connect(url, options...), Now: now,
		Function: "shop", Old: "1", New: "2", OtherRole: "3", Alias: "live", Description: "ours",
		Busy: "busy", TrafficSince: now.Truncate(time.Minute).Add(-5 * time.Minute),
		Alarm: "calm", RedAlarm: "red", Hook: "fine", BrokenHook: "broken", LargeHook: "large",
	}
}

// moto models aliases and their happy paths. It speaks JSON, not CBOR, so the same client does too.
func TestMotoIsAnAccount(t *testing.T) {
	t.Parallel()
	accounttest.Run(t, func(t *testing.T) accounttest.Fixture {
		url := startMoto(t)
		f := fixture(url, func(o *cloudwatch.Options) { o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801) })
		var versions []string
		require.NoError(t, json.Unmarshal([]byte(seed(t, "seed_moto.py", url)), &versions))
		require.Len(t, versions, 3)
		f.Old, f.New, f.OtherRole = versions[0], versions[1], versions[2]
		seed(t, "seed_metrics.py", url, f.TrafficSince.Unix(), f.Old, f.New)
		return f
	},
		"every write changes the revision", "a stale write moves nothing", // its RevisionId never changes, and is never looked at
		"a long description is refused", "a version beside itself is refused", "versions of two roles are refused",
		"a missing additional version is not found",
		"no provisioned concurrency is none",                                                                            // it does not know the operation
		"a missing function is not invoked", "a function that fails says so", "an answer that is too large is not read", // without docker it invokes nothing, and answers all the same
	)
}

// LocalStack is the one emulator whose CloudWatch speaks CBOR, as the client that is shipped does.
func TestLocalStackHasMetrics(t *testing.T) {
	t.Parallel()
	url := startLocalStack(t)
	f := fixture(url)
	seed(t, "seed_metrics.py", url, f.TrafficSince.Unix(), f.Old, f.New)
	accounttest.RunMetrics(t, func(*testing.T) accounttest.Fixture { return f },
		"an alias has a series of its own", // it adds up every series that has these dimensions and more
	)
}
