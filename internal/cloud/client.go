package cloud

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// LongestAnswer is more than AWS answers to any call that is made here: GetMetricData has at most 100,800 datapoints a
// page, each of 19 bytes.
const LongestAnswer = 4 << 20

// ErrTooLarge is an answer that is larger than what is read of it.
var ErrTooLarge = errors.New("the answer is too large to be read")

// client is an HTTP client that reads answers up to a size only, so that none fills the memory.
type client struct {
	*awshttp.BuildableClient
	most int64
}

// Do sends a request. To read an answer that is too large fails with ErrTooLarge.
func (c client) Do(r *http.Request) (*http.Response, error) {
	response, err := c.BuildableClient.Do(r)
	if err != nil {
		return nil, err
	}
	response.Body = &boundedBody{io.LimitedReader{R: response.Body, N: c.most + 1}, response.Body}
	return response, nil
}

// boundedBody fails with its last byte, which is one more than there may be.
type boundedBody struct {
	io.LimitedReader
	io.Closer
}

func (b *boundedBody) Read(into []byte) (int, error) {
	n, err := b.LimitedReader.Read(into)
	if b.N == 0 {
		return n, ErrTooLarge
	}
	return n, err
}

// Bounded is a configuration that the SDK has loaded, with the limits that Load has: how long the first byte of an answer is
// waited for, and how much of an answer is read.
func Bounded(cfg aws.Config) aws.Config {
	loaded, ok := cfg.HTTPClient.(*awshttp.BuildableClient)
	if cfg.HTTPClient == nil {
		loaded, ok = awshttp.NewBuildableClient(), true
	}
	if ok {
		cfg.HTTPClient = client{loaded.WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = answerTimeout }), LongestAnswer}
	}
	return cfg
}

// Patient is the HTTP client of cfg for calls that take as long as they do, such as those that answer when a function is
// done. It reads answers of at most so many bytes.
func Patient(cfg aws.Config, most int64) aws.HTTPClient {
	c, ok := cfg.HTTPClient.(client)
	if !ok {
		return cfg.HTTPClient
	}
	return client{c.WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = 0 }), most}
}

// settingError is a setting of the environment without which no call can be made. Its text is for people.
type settingError struct{ error }

// RetryableError is not.
func (settingError) RetryableError() bool { return false }

// noClient fails every call with what keeps it from being made.
type noClient struct{ why settingError }

func (n noClient) Do(*http.Request) (*http.Response, error) { return nil, n.why }

// newClient is the HTTP client of all services. bundle is the path of the certificates to trust, in PEM, instead of the
// machine's own; "" for those.
func newClient(bundle string) aws.HTTPClient {
	var trusted *x509.CertPool
	if bundle != "" {
		raw, err := os.ReadFile(bundle)
		if trusted = x509.NewCertPool(); err != nil || !trusted.AppendCertsFromPEM(raw) {
			return noClient{settingError{fmt.Errorf("AWS_CA_BUNDLE is %q: give the path of a file with certificates in PEM", Text(bundle))}}
		}
	}
	return client{awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.ResponseHeaderTimeout = answerTimeout
		if trusted != nil {
			t.TLSClientConfig.RootCAs = trusted
		}
	}), LongestAnswer}
}
