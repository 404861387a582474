package cloud_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/cloud"
	"github.com/meta-deployer/meta-deployer/internal/cloud/functions"
	"github.com/meta-deployer/meta-deployer/internal/cloud/metrics"
	"github.com/meta-deployer/meta-deployer/internal/target"
	"github.com/meta-deployer/meta-deployer/internal/wire"
	"github.com/meta-deployer/meta-deployer/internal/wiretest"
)

// What is denied names the permission that is missing, as a policy has to.
func TestWhatIsDeniedNamesThePermission(t *testing.T) {
	permissions := map[string]string{
		"Lambda": "lambda:GetAlias", "CloudWatch": "cloudwatch:GetMetricData", "CodeDeploy": "codedeploy:PutLifecycleEventHookExecutionStatus",
	}
	for client, call := range calls(t, wiretest.Fail(403, "AccessDeniedException", "no")) {
		assert.Equal(t, "give the role that calls the permission "+permissions[client], target.Remedy(call()))
	}
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer { return wiretest.Fail(403, "AccessDeniedException", "no") })
	_, err := functions.New(cloud.Load(server.Getenv)).Invoke(t.Context(), target.Invocation{Function: "f:2"})
	assert.Equal(t, "give the role that calls the permission lambda:InvokeFunction", target.Remedy(err))
}

// Credentials that are missing or not valid are no missing permission.
func TestCredentials(t *testing.T) {
	for _, code := range []string{"ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "MissingAuthenticationTokenException"} {
		for client, call := range calls(t, wiretest.Fail(403, code, "The security token is no good")) {
			err := call()
			require.ErrorIs(t, err, target.ErrCredentials, client)
			assert.Equal(t, "renew the credentials", target.Remedy(err))
		}
	}
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{} })
	environment := server.Environment()
	environment["AWS_ACCESS_KEY_ID"] = ""
	_, err := functions.New(cloud.Load(func(key string) string { return environment[key] })).Alias(t.Context(), "f", "live")
	require.ErrorIs(t, err, target.ErrCredentials)
	require.ErrorContains(t, err, "there are none: set AWS_ACCESS_KEY_ID")
	assert.Empty(t, server.Calls("lambda:GetAlias"))
}

// AWS's texts have a bound, and nothing in them that a terminal or a log would obey.
func TestTextsHaveABound(t *testing.T) {
	for _, answer := range []wiretest.Answer{
		wiretest.Fail(400, "ValidationException", strings.Repeat("\x1b[2J\u202eno\r\n\x7f ", 100_000)),
		wiretest.Fail(503, strings.Repeat("Code", 10_000), "no"),
		{Status: 500, Body: []byte(strings.Repeat("<html>", 10_000))},
		{Body: []byte(`{"RevisionId": "` + strings.Repeat("r", 100_000) + `"}`)},
	} {
		for client, call := range calls(t, answer) {
			err := call()
			require.Error(t, err, client)
			assert.Less(t, len(err.Error()), 700, client)
			assert.False(t, strings.ContainsAny(err.Error(), "\x1b\u202e\r\n\x7f"), "%q", err)
		}
	}
}

// No answer fills the memory: what is longer than any is not read.
func TestAnEndlessAnswerIsNoAnswer(t *testing.T) {
	endless := wiretest.Answer{Body: []byte(`{"Description": "` + strings.Repeat("x", 5<<20) + `"}`)}
	for client, call := range calls(t, endless) {
		err := call()
		for strings.Contains(err.Error(), net.ErrClosed.Error()) {
			err = call() // the SDK itself closes a connection too early, once in a hundred (aws-sdk-go-v2 2737)
		}
		require.ErrorIs(t, err, target.ErrUnavailable, client)
		require.ErrorIs(t, err, cloud.ErrTooLarge, client)
	}
}

func TestOurOwnLimitIsToldFromAnothers(t *testing.T) {
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{Delay: time.Minute} })
	client := lambda.NewFromConfig(cloud.Load(server.Getenv))
	name := "f"
	call := func(ctx context.Context) error {
		_, err := cloud.Call(ctx, client.GetAlias, &lambda.GetAliasInput{FunctionName: &name, Name: &name})
		return err
	}
	ours, cancel := cloud.Limit(t.Context(), 30*time.Millisecond)
	defer cancel()
	err := call(ours)
	require.ErrorIs(t, err, target.ErrUnavailable)
	require.ErrorContains(t, err, "it took longer than 30ms, which is our own limit: ")

	theirs, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	ours, cancel = cloud.Limit(theirs, time.Minute)
	defer cancel()
	err = call(ours)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NotContains(t, err.Error(), "our own limit")
}

// silent is an HTTP client whose calls never end by themselves.
type silent struct{}

func (silent) Do(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// Metrics may take longer than anything else, and nothing takes for ever.
func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := cloud.Load(func(key string) string {
			return map[string]string{"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"}[key]
		})
		cfg.HTTPClient = silent{}
		f, m := functions.New(cfg), metrics.New(cfg)
		now := time.Now()
		for limit, call := range map[string]func() error{
			"10s": func() error { _, err := f.Alias(t.Context(), "f", "live"); return err },
			"20s": func() error {
				_, err := m.Minutes(t.Context(), target.MetricsQuery{Function: "f", Alias: "live", Since: now, Until: now})
				return err
			},
		} {
			began := time.Now()
			err := call()
			require.ErrorIs(t, err, target.ErrUnavailable)
			require.ErrorContains(t, err, "it took longer than "+limit+", which is our own limit")
			assert.Equal(t, limit, time.Since(began).String())
		}
	})
}

func TestPagesEnd(t *testing.T) {
	asked := 0
	server := wiretest.Start(t, func(call wiretest.Call) wiretest.Answer {
		asked++
		return wiretest.Answer{Body: map[string]any{"NextToken": "page " + strconv.Itoa(asked)}}
	})
	_, err := metrics.New(cloud.Load(server.Getenv)).Alarms(t.Context(), []string{"a"})
	require.ErrorIs(t, err, target.ErrUnavailable)
	require.ErrorContains(t, err, "more than 50 pages")
	assert.Equal(t, 50, asked)

	again := map[string]any{"NextToken": "again"}
	server = wiretest.Start(t, func(wiretest.Call) wiretest.Answer { return wiretest.Answer{Body: again} })
	m := metrics.New(cloud.Load(server.Getenv))
	_, err = m.Alarms(t.Context(), []string{"a"})
	require.ErrorIs(t, err, target.ErrUnavailable)
	_, err = m.Minutes(t.Context(), target.MetricsQuery{Function: "f", Alias: "live", Since: time.Now(), Until: time.Now()})
	require.ErrorIs(t, err, target.ErrUnavailable)
	assert.Len(t, server.Calls("cloudwatch:DescribeAlarms"), 2)
	assert.Len(t, server.Calls("cloudwatch:GetMetricData"), 2)
}

// Isolated regions have certificates of their own.
func TestCABundle(t *testing.T) {
	server := httptest.NewTLSServer(wire.Handler(func(context.Context, wire.Call) wire.Answer {
		return wire.Answer{Body: map[string]any{"FunctionVersion": "1", "RevisionId": "r1"}}
	}))
	t.Cleanup(server.Close)
	write := func(name string, content []byte) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, content, 0o600))
		return path
	}
	trusting := func(bundle string) functions.Functions {
		environment := map[string]string{
			"AWS_REGION": "us-isob-east-1", "AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_CA_BUNDLE": bundle,
		}
		cfg := cloud.Load(func(key string) string { return environment[key] })
		cfg.RetryMaxAttempts = 1
		return functions.New(cfg)
	}
	bundle := write("bundle.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	alias, err := trusting(bundle).Alias(t.Context(), "f", "live")
	require.NoError(t, err)
	assert.Equal(t, "1", alias.Routing.Primary)
	_, err = trusting(bundle).Invoke(t.Context(), target.Invocation{Function: "f"})
	require.NoError(t, err, "invocations trust it too")

	_, err = trusting("").Alias(t.Context(), "f", "live")
	require.ErrorIs(t, err, target.ErrUnavailable, "nobody else trusts it")
	for _, wrong := range []string{"/nowhere/bundle.pem", write("words.pem", []byte("words"))} {
		_, err = trusting(wrong).Alias(t.Context(), "f", "live")
		require.ErrorIs(t, err, target.ErrRefused)
		require.ErrorContains(t, err, `AWS_CA_BUNDLE is "`+wrong)
	}
}

// What the SDK has loaded has no client of its own, or one that trusts other certificates; both get our limits.
func TestBounded(t *testing.T) {
	server := wiretest.Start(t, func(wiretest.Call) wiretest.Answer {
		return wiretest.Answer{Body: []byte(`{"Description": "` + strings.Repeat("x", 5<<20) + `"}`)}
	})
	for _, client := range []aws.HTTPClient{nil, awshttp.NewBuildableClient()} {
		cfg := cloud.Load(server.Getenv)
		cfg.HTTPClient = client
		_, err := functions.New(cloud.Bounded(cfg)).Alias(t.Context(), "f", "live")
		require.ErrorIs(t, err, cloud.ErrTooLarge)
	}
}

// failing is an HTTP client whose calls all fail alike.
type failing struct {
	status int
	code   string
}

func (f failing) Do(r *http.Request) (*http.Response, error) {
	header := http.Header{"X-Amzn-Errortype": {f.code}}
	return &http.Response{StatusCode: f.status, Header: header, Body: io.NopCloser(strings.NewReader(`{"Message": "not now"}`)), Request: r}, nil
}

// A call that ends while it waits to ask again says what AWS answered the last time: that is why it has no answer.
func TestACallThatIsCutShortNamesTheLastError(t *testing.T) {
	for code, status := range map[string]int{"TooManyRequestsException": 429, "ServiceException": 500} {
		synctest.Test(t, func(t *testing.T) {
			cfg := cloud.Load(func(key string) string {
				return map[string]string{"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"}[key]
			})
			cfg.HTTPClient = failing{status, code}
			client := lambda.NewFromConfig(cfg)
			name, cut := "f", 0
			for range 1000 { // how long the SDK waits is by chance
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				_, err := cloud.Call(ctx, client.GetAlias, &lambda.GetAliasInput{FunctionName: &name, Name: &name})
				cancel()
				require.ErrorIs(t, err, target.ErrUnavailable)
				assert.Contains(t, err.Error(), code+": not now")
				if errors.Is(err, context.DeadlineExceeded) {
					cut++
				}
			}
			assert.NotZero(t, cut, "it is cut short in a pause")
		})
	}
}
