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

func TestUnknownOperations(t *testing.T) {
	for _, request := range []struct{ path, target, content string }{
		{"/2015-03-31/layers", "", "{}"},
		{"/2015-03-31/functions/f/aliases/a/b", "", "{}"},
		{"/", "DynamoDB_20120810.GetItem", "{}"},
		{"/", "", "Action=ListUsers&Version=2010-05-08"},
		{"/", "", "%"},
	} {
		_, operation, reply, _ := post(t, wire.Answer{}, request.path, request.target, request.content)
		assert.Empty(t, operation, "nobody is asked")
		assert.Equal(t, 404, reply.StatusCode)
	}
}
