package runtimetest

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
)

// runtimeAPI serves the Runtime API to one process.
type runtimeAPI struct {
	server *httptest.Server
	// closed ends the requests that still wait for an invocation.
	closed chan struct{}
	// next are the invocations that the process has not fetched yet.
	next chan invocation
	// asked is closed at askedAt, when the process first asks for one.
	asked   chan struct{}
	askedAt time.Time
	ask     sync.Once

	mu      sync.Mutex
	count   int
	running map[string]chan<- Result
}

// invocation is an event on its way to the process.
type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
}

const invocations = "/2018-06-01/runtime/invocation/"

func newRuntimeAPI() *runtimeAPI {
	api := &runtimeAPI{closed: make(chan struct{}), next: make(chan invocation, 1024), asked: make(chan struct{}), running: map[string]chan<- Result{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+invocations+"next", api.serveNext)
	mux.HandleFunc("POST "+invocations+"{id}/response", func(w http.ResponseWriter, r *http.Request) {
		api.finish(w, r, r.PathValue("id"), func(body []byte) Result { return Result{Answer: body} })
	})
	mux.HandleFunc("POST "+invocations+"{id}/error", func(w http.ResponseWriter, r *http.Request) {
		api.finish(w, r, r.PathValue("id"), readError)
	})
	api.server = httptest.NewServer(mux)
	return api
}

func (a *runtimeAPI) address() string { return strings.TrimPrefix(a.server.URL, "http://") }

func (a *runtimeAPI) close() {
	close(a.closed)
	a.server.Close()
}

// offer puts an event in line; its result comes on the channel, at most once.
func (a *runtimeAPI) offer(payload []byte, deadline time.Time) <-chan Result {
	done := make(chan Result, 1)
	a.mu.Lock()
	a.count++
	id := fmt.Sprintf("8476a536-e9f4-11e8-9739-%08x%04d", rand.Uint32(), a.count) // another for every process too
	a.running[id] = done
	a.mu.Unlock()
	a.next <- invocation{id, payload, deadline}
	return done
}

// serveNext hands out the next event, whenever there is one.
func (a *runtimeAPI) serveNext(w http.ResponseWriter, r *http.Request) {
	a.ask.Do(func() {
		a.askedAt = time.Now()
		close(a.asked)
	})
	select {
	case i := <-a.next:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", i.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.deadline.UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", FunctionARN)
		w.Header().Set("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0")
		_, _ = w.Write(i.payload)
	case <-r.Context().Done():
	case <-a.closed:
	}
}

// finish takes an invocation's end. The body is read to its end: aws-lambda-go sends it in chunks, without a length.
func (a *runtimeAPI) finish(w http.ResponseWriter, r *http.Request, id string, read func([]byte) Result) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	done := a.running[id]
	delete(a.running, id)
	a.mu.Unlock()
	if done == nil {
		http.Error(w, `{"errorType":"InvalidRequestID"}`, http.StatusForbidden)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	done <- read(body)
}

func readError(body []byte) Result {
	var failure struct {
		ErrorType    string `json:"errorType"`
		ErrorMessage string `json:"errorMessage"`
	}
	if err := json.Unmarshal(body, &failure); err != nil {
		return Result{ErrorType: "Runtime.Unreadable", ErrorMessage: string(body)}
	}
	return Result{ErrorType: failure.ErrorType, ErrorMessage: failure.ErrorMessage}
}
