// Package cloud is the real world: the only place that speaks to AWS. Each service has a package of its own below, so
// that a function links no client that it does not use.
package cloud

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

const (
	// CallTimeout bounds one API call with all its retries; an invocation of a function is not such a call.
	CallTimeout = 10 * time.Second
	// answerTimeout bounds the wait for the first byte of one attempt: a reply that was lost is noticed and asked again.
	answerTimeout = 3 * time.Second
)

// Load reads from the environment what Lambda and the SDKs' shared settings put there: region, credentials, endpoints,
// and the certificates to trust. Where these cannot be read every call fails, saying so.
// It stands in for the SDK's config module, which would link four more services: docs/decisions/0006.
func Load(getenv func(string) string) aws.Config {
	environment := environment{getenv}
	cfg := aws.Config{
		Region:        getenv("AWS_REGION"),
		Credentials:   credentials.NewStaticCredentialsProvider(getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY"), getenv("AWS_SESSION_TOKEN")),
		HTTPClient:    newClient(getenv("AWS_CA_BUNDLE")),
		ConfigSources: []any{environment},
		Retryer:       func() aws.Retryer { return remembering{retry.NewStandard()} },
	}
	if url := getenv("AWS_ENDPOINT_URL"); url != "" {
		cfg.BaseEndpoint = &url
	}
	return cfg
}

// environment answers the service clients' questions about settings that are looked up per service.
type environment struct{ getenv func(string) string }

// GetServiceBaseEndpoint is AWS_ENDPOINT_URL_LAMBDA and its like.
func (e environment) GetServiceBaseEndpoint(_ context.Context, sdkID string) (string, bool, error) {
	url := e.getenv("AWS_ENDPOINT_URL_" + strings.ToUpper(strings.ReplaceAll(sdkID, " ", "_")))
	return url, url != "", nil
}

// GetUseFIPSEndpoint is AWS_USE_FIPS_ENDPOINT.
func (e environment) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	if e.getenv("AWS_USE_FIPS_ENDPOINT") == "true" {
		return aws.FIPSEndpointStateEnabled, true, nil
	}
	return aws.FIPSEndpointStateUnset, false, nil
}

// GetUseDualStackEndpoint is AWS_USE_DUALSTACK_ENDPOINT.
func (e environment) GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error) {
	if e.getenv("AWS_USE_DUALSTACK_ENDPOINT") == "true" {
		return aws.DualStackEndpointStateEnabled, true, nil
	}
	return aws.DualStackEndpointStateUnset, false, nil
}
