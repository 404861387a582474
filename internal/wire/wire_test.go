package wire_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/wire"
)

var at = time.Date(2026, 11, 21, 16, 44, 0, 0, time.UTC)

// body is what every protocol sends the same of.
type body struct {
	StartTime wire.Time
	Queries   []struct {
		ID     string
		Period wire.Number
	}
}

func post(t *testing.T, answer wire.Answer, path, target, content string) (got body, operation string, reply *http.Response, text string) {
	t.Helper()
	server := httptest.NewServer(wire.Handler(func(_ context.Context, c wire.Call) wire.Answer {
		operation = c.Operation
		assert.NoError(t, c.Into(&got))
		return answer
	}))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, strings.NewReader(content))
	require.NoError(t, err)
	request.Header.Set("X-Amz-Target", target)
	reply, err = http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = reply.Body.Close() }()
	raw, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	return got, operation, reply, string(raw)
}

func TestProtocols(t *testing.T) {
	inCBOR := string(cbor.Encode(cbor.Map{
		"StartTime": &cbor.Tag{ID: 1, Value: cbor.Uint(at.Unix())},
		"Queries":   cbor.List{cbor.Map{"Id": cbor.String("a"), "Period": cbor.Uint(60)}},
	}))
	for name, test := range map[string]struct{ path, target, content, answer, failure string }{
		"CBOR": {
			"/service/GraniteServiceVersion20100801/operation/GetMetricData", "", inCBOR,
			string(cbor.Encode(cbor.Map{"At": &cbor.Tag{ID: 1, Value: cbor.Float64(at.Unix())}})),
			string(cbor.Encode(cbor.Map{"__type": cbor.String("ValidationError"), "message": cbor.String("no <b>"), "Message": cbor.String("no <b>")})),
		},
		"JSON": {
			"/", "GraniteServiceVersion20100801.GetMetricData", `{"StartTime": 1795279440, "Queries": [{"Id": "a", "Period": 60}]}`,
			`{"At":1795279440}`, `{"__type":"ValidationError","message":"no \u003cb\u003e"}`,
		},
		"query": {
			"/", "", "Action=GetMetricData&Version=2010-08-01&StartTime=2026-11-21T16:44:00Z&Queries.member.1.Id=a&Queries.member.1.Period=60",
			"<GetMetricDataResult><At>2026-11-21T16:44:00Z</At></GetMetricDataResult>",
			"<Error><Code>ValidationError</Code><Message>no &lt;b&gt;</Message><Type>Sender</Type></Error>",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, operation, _, text := post(t, wire.Answer{Body: map[string]any{"At": at}}, test.path, test.target, test.content)
			assert.Equal(t, "cloudwatch:GetMetricData", operation)
			assert.Equal(t, at, got.StartTime.Time)
			require.Len(t, got.Queries, 1)
			assert.Equal(t, "a", got.Queries[0].ID)
			assert.InDelta(t, 60, float64(got.Queries[0].Period), 0)
			if name == "CBOR" {
				assert.Len(t, text, len(test.answer))
			} else {
				assert.Contains(t, text, test.answer)
			}
			_, _, reply, text := post(t, wire.Fail(400, "ValidationError", "no <b>"), test.path, test.target, test.content)
			assert.Equal(t, 400, reply.StatusCode)
			if name == "CBOR" {
				assert.Len(t, text, len(test.failure))
			} else {
				assert.Contains(t, text, test.failure)
			}
		})
	}
}

// What is served nowhere here is answered too, in the protocol that the client speaks.
func TestUnknownOperations(t *testing.T) {
	for name, tt := range map[string]struct {
		method, path, service, target, content string
		operation, says                        string
	}{
		"REST and JSON": {"GET", "/2015-03-31/layers", "lambda", "", "", "lambda:GET /2015-03-31/layers", `{"Message":"not here","Type":"User"}`},
		"a longer path": {"POST", "/2015-03-31/functions/f/aliases/a/b", "lambda", "", "{}", "lambda:POST /2015-03-31/functions/f/aliases/a/b", `{"Message":"not here","Type":"User"}`},
		"JSON":          {"POST", "/", "dynamodb", "DynamoDB_20120810.GetItem", "{}", "dynamodb:GetItem", `"__type":"UnknownOperationException"`},
		"query":         {"POST", "/", "iam", "", "Action=ListUsers&Version=2010-05-08", "iam:ListUsers", "<ErrorResponse><Error><Code>UnknownOperationException</Code><Message>not here</Message></Error>"},
		"EC2's query":   {"POST", "/", "ec2", "", "Action=DescribeVpcs&Version=2016-11-15", "ec2:DescribeVpcs", "<Response><Errors><Error><Code>UnknownOperationException</Code>"},
		"S3":            {"GET", "/bucket", "s3", "", "", "s3:GET /bucket", "<Error><Code>UnknownOperationException</Code>"},
		"CBOR":          {"POST", "/service/Other/operation/Do", "other", "", "", "other:Do", "UnknownOperationException"},
		"no form":       {"POST", "/", "", "", "%", "unknown:POST /", `"Message":"not here"`},
	} {
		t.Run(name, func(t *testing.T) {
			asked := ""
			server := httptest.NewServer(wire.Handler(func(_ context.Context, c wire.Call) wire.Answer {
				asked = c.Operation
				return wire.Fail(http.StatusNotFound, "UnknownOperationException", "not here")
			}))
			t.Cleanup(server.Close)
			request, err := http.NewRequestWithContext(t.Context(), tt.method, server.URL+tt.path, strings.NewReader(tt.content))
			require.NoError(t, err)
			if tt.service != "" {
				request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=me/20261130/eu-west-1/"+tt.service+"/aws4_request, SignedHeaders=host, Signature=0")
			}
			if tt.target != "" {
				request.Header.Set("X-Amz-Target", tt.target)
				request.Header.Set("Content-Type", "application/x-amz-json-1.0")
			}
			reply, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			text, err := io.ReadAll(reply.Body)
			require.NoError(t, err)
			require.NoError(t, reply.Body.Close())
			assert.Equal(t, tt.operation, asked)
			assert.Equal(t, http.StatusNotFound, reply.StatusCode)
			assert.Contains(t, string(text), tt.says)
		})
	}
}
