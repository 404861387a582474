// Package wiretest is an AWS endpoint for tests: it speaks AWS's protocols, as internal/wire does, and the test answers
// each call. It knows no rules of AWS: what an account does is for the test to say.
package wiretest

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/meta-deployer/meta-deployer/internal/wire"
)

// Call is one request as it came over the wire.
type Call = wire.Call

// Answer is what a call is answered with.
type Answer = wire.Answer

// Fail is an error.
func Fail(status int, code, message string) Answer { return wire.Fail(status, code, message) }

// Server is a running endpoint. It ends with the test.
type Server struct {
	URL string

	mu    sync.Mutex
	calls []Call
}

// Start serves until the test ends. answer may be called by several goroutines at once.
func Start(t testing.TB, answer func(Call) Answer) *Server {
	t.Helper()
	s := &Server{}
	server := httptest.NewServer(wire.Handler(func(_ context.Context, call Call) Answer {
		s.mu.Lock()
		s.calls = append(s.calls, call)
		s.mu.Unlock()
		return answer(call)
	}))
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
