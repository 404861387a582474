//go:build e2e

// Package e2e proves the shipped programs against what others wrote: the compiled functions under Lambda's Runtime API,
// real clients of AWS at the simulated account's endpoint, and emulators of AWS under the same conformance suite. Its
// tests need programs that make e2e installs, so they have a build tag.
package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/analysis"
	"github.com/meta-deployer/meta-deployer/internal/endpoint"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// lab is a simulated account in real time, served over HTTP. CloudWatch shows invocations within five seconds there.
type lab struct {
	endpoint *endpoint.Endpoint
	url      string

	mu sync.Mutex
	// processes are the functions of the account that are real processes, by name.
	processes map[string]*runtimetest.Process
	// replies are what operations answer instead of what the account says.
	replies map[string]string
	// around is called for every call to the account; nil serves it.
	around func(serve func())
	// front answers calls to the account instead of it; nil lets it answer.
	front  func(w http.ResponseWriter, r *http.Request, account http.Handler)
	writes []sim.Write
}

// newLab has the function checkout with traffic on its alias live at version 1. Version 2 is as good, version 3 fails.
func newLab(t *testing.T) *lab {
	t.Helper()
	return newLabSince(t, 10*time.Minute)
}

// newLabSince is a lab whose account is so old, and was as before makes it from its beginning on.
func newLabSince(t *testing.T, age time.Duration, before ...func(*sim.World)) *lab {
	t.Helper()
	w := sim.NewAt(time.Now().UTC().Truncate(time.Minute).Add(-age))
	w.Latency, w.MetricsDelay = 0, 0
	w.Publish("checkout", "1", sim.Version{})
	w.Publish("checkout", "2", sim.Version{})
	w.Publish("checkout", "3", sim.Version{Errors: sim.Constant(1)})
	for name, version := range map[string]string{"live": "1", "candidate": "2", "idle": "1"} {
		require.NoError(t, w.CreateAlias("checkout", name, target.Alias{Routing: rollout.Routing{Primary: version}, Description: "the shop's"}))
	}
	w.SetTraffic("checkout", "live", sim.Constant(20))
	w.SetAlarm("checkout-errors", analysis.AlarmOK)
	w.SetHook("checkout", sim.Hook{Answer: `{"ok": true}`})
	for _, prepare := range before {
		prepare(w)
	}

	l := &lab{processes: map[string]*runtimetest.Process{}, replies: map[string]string{}}
	w.OnWrite = func(write sim.Write) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.writes = append(l.writes, write)
	}
	l.endpoint = endpoint.New(w, time.Now)
	go l.endpoint.Run(t.Context())
	server := httptest.NewServer(l.intercept(l.endpoint.Handler()))
	t.Cleanup(server.Close)
	l.url = server.URL
	return l
}

// intercept answers for functions that are processes, and what a test has another answer for.
func (l *lab) intercept(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		name := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/2015-03-31/functions/"), "/invocations")
		l.mu.Lock()
		reply, process, around, front := l.replies[operation], l.processes[name], l.around, l.front
		l.mu.Unlock()
		switch {
		case reply != "":
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			_, _ = io.WriteString(w, reply)
		case process != nil && r.Header.Get("X-Amz-Invocation-Type") != "DryRun":
			payload, _ := io.ReadAll(r.Body)
			result := process.Invoke(payload, timeout)
			if result.ErrorType != "" {
				w.Header().Set("X-Amz-Function-Error", "Unhandled")
				result.Answer, _ = json.Marshal(map[string]string{"errorType": result.ErrorType, "errorMessage": result.ErrorMessage})
			}
			_, _ = io.Copy(w, bytes.NewReader(result.Answer))
		case front != nil:
			front(w, r, next)
		case around != nil:
			around(func() { next.ServeHTTP(w, r) })
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// start runs a compiled function in the account, with the access key of its name.
func (l *lab) start(t *testing.T, name, path string, environment map[string]string) *runtimetest.Process {
	t.Helper()
	all := map[string]string{
		"AWS_ENDPOINT_URL": l.url, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "x",
	}
	maps.Copy(all, environment)
	p := runtimetest.Start(t, path, all)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.processes[name] = p
	l.endpoint.Touch(func(w *sim.World) { w.SetHook(name, sim.Hook{}) })
	return p
}

// watch puts something around every call to the account.
func (l *lab) watch(around func(serve func())) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.around = around
}

// touch looks at the account, or changes it.
func (l *lab) touch(do func(*sim.World)) { l.endpoint.Touch(do) }

func (l *lab) alias(t *testing.T, name string) (a target.Alias) {
	t.Helper()
	l.touch(func(w *sim.World) {
		var err error
		a, err = w.Alias("checkout", name)
		require.NoError(t, err)
	})
	return a
}

// routings are where an alias pointed at, one after the other, since the lab began.
func (l *lab) routings(name string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := []string{"version 1"}
	for _, w := range l.writes {
		if text := w.Routing.String(); w.Name == name && text != all[len(all)-1] {
			all = append(all, text)
		}
	}
	return all
}

// until waits for an alias to be somewhere.
func (l *lab) until(t *testing.T, name string, there func(target.Alias) bool) {
	t.Helper()
	require.Eventually(t, func() bool { return there(l.alias(t, name)) }, patience, 20*time.Millisecond)
}

func split(a target.Alias) bool { return a.Routing.Split() }
