// Package cloud is the real world: the only place that speaks to AWS. Each service has a package of its own below, so
// that a function links no client that it does not use.
package cloud

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
)

const (
	// CallTimeout bounds one API call with all its retries; an invocation of a function is not such a call.
	CallTimeout = 10 * time.Second
	// answerTimeout bounds the wait for the first byte of one attempt: a reply that was lost is noticed and asked again.
	answerTimeout = 3 * time.Second
)

// Load reads the SDK's configuration from the environment: region, credentials, endpoints.
func Load(ctx context.Context) (aws.Config, error) {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.ResponseHeaderTimeout = answerTimeout
	})
	return config.LoadDefaultConfig(ctx, config.WithHTTPClient(client))
}

// Patient is an HTTP client for calls that answer when a function is done, however long that takes.
func Patient() aws.HTTPClient { return awshttp.NewBuildableClient() }
