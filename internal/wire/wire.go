// Package wire speaks the protocols of AWS's services over HTTP, as a server: REST-JSON (AWS Lambda), JSON 1.0 and 1.1,
// rpc-v2-cbor and query. A call comes in as plain maps, and its answer goes out in the protocol that it came in. It
// knows no rules of AWS: what an account does is for others to say.
package wire

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Call is one request as it came over the wire.
type Call struct {
	// Operation is named as in a policy, such as "lambda:UpdateAlias"; of what is not known here it is the service with what was
	// asked, such as "s3:GET /".
	Operation string
	// Path is the decoded path.
	Path   string
	Query  url.Values
	Header http.Header
	// Raw is the body, and Body what it decodes to: a map[string]any with float64 for numbers and time.Time for the
	// timestamps that CBOR marks as such; query has text for everything. Body is nil without a body.
	Raw  []byte
	Body any
}

// Label is a part of a Lambda path: 0 is the function as it was named, 1 what of it, 2 which of those; "" without one.
func (c Call) Label(i int) string {
	parts := strings.Split(c.Path, "/")
	if len(parts) < 4+i {
		return ""
	}
	return parts[3+i]
}

// Into reads the body into a struct with the names of the API. Fields of type Number and Time read every protocol's.
func (c Call) Into(value any) error {
	if c.Body == nil {
		return nil
	}
	return json.Unmarshal(toJSON(c.Body), value)
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

// Handler serves what answer answers. A request of no operation that is known here is answered too: its Operation names the service
// that it is signed for.
func Handler(answer func(context.Context, Call) Answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		protocol, operation := recognise(r, raw)
		if operation == "" {
			protocol, operation = elsewhere(r, raw)
		}
		a := answer(r.Context(), Call{
			Operation: operation, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header, Raw: raw, Body: protocol.decode(raw),
		})
		if a.Delay > 0 {
			select {
			case <-time.After(a.Delay):
			case <-r.Context().Done(): // the client has given up
			}
		}
		if a.Cut {
			panic(http.ErrAbortHandler)
		}
		protocol.write(w, operation, a)
	})
}
