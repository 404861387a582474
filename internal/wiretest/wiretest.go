// Package wiretest is an AWS endpoint for tests. It speaks the wire protocols that the SDK's clients of AWS Lambda
// (REST-JSON), Amazon CloudWatch (rpc-v2-cbor) and AWS CodeDeploy (JSON 1.1) use, and the test answers each call. It knows
// no rules of AWS: what an account does is for the test to say.
package wiretest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Call is one request as it came over the wire.
type Call struct {
	// Operation is named as in a policy, such as "lambda:UpdateAlias"; "" where the request is of no known operation.
	Operation string
	// Path is the decoded path.
	Path   string
	Query  url.Values
	Header http.Header
	// Raw is the body, and Body what it decodes to: a map[string]any with float64 for numbers and time.Time for the
	// timestamps that CBOR marks as such. Body is nil without a body.
	Raw  []byte
	Body any
}

// Answer is what a call is answered with. The zero Answer is status 200 with an empty body.
type Answer struct {
	// Status is the HTTP status; 0 is 200.
	Status int
	Header map[string]string
	// Body is encoded for the protocol: maps with text keys, slices, texts, numbers, booleans and time.Time. []byte is
	// sent as it is.
	Body any
	// Code makes it the error of this name, with Message.
	Code, Message string
	// Delay is how long the client has to wait for it.
	Delay time.Duration
	// Cut closes the connection without an answer.
	Cut bool
}

// Fail is an error.
func Fail(status int, code, message string) Answer {
	return Answer{Status: status, Code: code, Message: message}
}

// Server is a running endpoint. It ends with the test.
type Server struct {
	URL    string
	answer func(Call) Answer

	mu    sync.Mutex
	calls []Call
}

// Start serves until the test ends. answer may be called by several goroutines at once.
func Start(t testing.TB, answer func(Call) Answer) *Server {
	t.Helper()
	s := &Server{answer: answer}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Calls are the calls of an operation so far, in their order.
func (s *Server) Calls(operation string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var calls []Call
	for _, c := range s.calls {
		if c.Operation == operation {
			calls = append(calls, c)
		}
	}
	return calls
}

// Environment is what makes the SDK's clients call this server.
func (s *Server) Environment() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": s.URL, "AWS_REGION": "eu-central-1", "AWS_CA_BUNDLE": "",
		"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "test-secret-key", "AWS_SESSION_TOKEN": "test-session-token",
	}
}

// Getenv looks up Environment, as os.Getenv would.
func (s *Server) Getenv(key string) string { return s.Environment()[key] }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	protocol, operation := recognise(r)
	call := Call{Operation: operation, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header, Raw: raw, Body: protocol.decode(raw)}
	s.mu.Lock()
	s.calls = append(s.calls, call)
	s.mu.Unlock()
	if operation == "" {
		protocol.write(w, Fail(http.StatusNotFound, "UnknownOperationException", r.Method+" "+r.URL.Path))
		return
	}
	answer := s.answer(call)
	select {
	case <-time.After(answer.Delay):
	case <-r.Context().Done(): // the client has given up
	}
	if answer.Cut {
		panic(http.ErrAbortHandler)
	}
	protocol.write(w, answer)
}

// recognise tells protocol and operation apart by what the clients send.
func recognise(r *http.Request) (protocol, string) {
	const (
		cloudwatch = "/service/GraniteServiceVersion20100801/operation/"
		codedeploy = "CodeDeploy_20141006."
	)
	if operation, ok := strings.CutPrefix(r.URL.Path, cloudwatch); ok {
		return cborRPC{}, "cloudwatch:" + operation
	}
	if operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), codedeploy); ok {
		return jsonRPC{}, "codedeploy:" + operation
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/2015-03-31/functions/")
	if !ok {
		path, _ = strings.CutPrefix(r.URL.Path, "/2019-09-30/functions/")
	}
	_, resource, _ := strings.Cut(path, "/")
	resource, _, _ = strings.Cut(resource, "/")
	switch r.Method + " " + resource {
	case "GET aliases":
		return restJSON{}, "lambda:GetAlias"
	case "PUT aliases":
		return restJSON{}, "lambda:UpdateAlias"
	case "GET configuration":
		return restJSON{}, "lambda:GetFunctionConfiguration"
	case "GET provisioned-concurrency":
		return restJSON{}, "lambda:GetProvisionedConcurrencyConfig"
	case "POST invocations":
		return restJSON{}, "lambda:Invoke"
	}
	return restJSON{}, ""
}
