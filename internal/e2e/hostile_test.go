//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/runtimetest"
)

// hostile answers a call instead of the account, which may still serve it.
type hostile func(w http.ResponseWriter, r *http.Request, account http.Handler)

// attack has calls of one operation answered by somebody hostile: those that when picks by their number, from 1. nil is
// every call.
func (l *lab) attack(operation string, when func(call int) bool, answer hostile) {
	var calls atomic.Int32
	l.mu.Lock()
	defer l.mu.Unlock()
	l.front = func(w http.ResponseWriter, r *http.Request, account http.Handler) {
		_ = body(r)
		if called(r) == operation {
			if call := int(calls.Add(1)); when == nil || when(call) {
				answer(w, r, account)
				return
			}
		}
		account.ServeHTTP(w, r)
	}
}

// body is what a request has, which can be read again.
func body(r *http.Request) string {
	raw, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(raw))
	return string(raw)
}

// called is the operation of a request.
func called(r *http.Request) string {
	switch {
	case strings.Contains(r.URL.Path, "/aliases/") && r.Method == http.MethodGet:
		return "GetAlias"
	case strings.Contains(r.URL.Path, "/aliases/"):
		return "UpdateAlias"
	case strings.HasSuffix(r.URL.Path, "/configuration"):
		return "GetFunctionConfiguration"
	case strings.HasSuffix(r.URL.Path, "/invocations"):
		return "Invoke"
	}
	if _, operation, found := strings.Cut(r.Header.Get("X-Amz-Target"), "."); found {
		return operation
	}
	_, operation, _ := strings.Cut(r.URL.Path, "/operation/")
	return operation
}

// shifted says that an alias has been split since the lab began.
func (l *lab) shifted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.writes {
		if w.Routing.Split() {
			return true
		}
	}
	return false
}

// fromTheFirstShift picks every call since then.
func (l *lab) fromTheFirstShift(int) bool { return l.shifted() }

func says(status int, body string) hostile {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// fails answers with an error of AWS.
func fails(status int, code string) hostile {
	return func(w http.ResponseWriter, r *http.Request, account http.Handler) {
		w.Header().Set("X-Amzn-Errortype", code)
		says(status, `{"Message": "no"}`)(w, r, account)
	}
}

// altered has the account serve the call, and changes its answer.
func altered(change func(answer map[string]any)) hostile {
	return func(w http.ResponseWriter, r *http.Request, account http.Handler) {
		answer := httptest.NewRecorder()
		account.ServeHTTP(answer, r)
		var body map[string]any
		if json.Unmarshal(answer.Body.Bytes(), &body) == nil {
			change(body)
		}
		raw, _ := json.Marshal(body)
		says(answer.Code, string(raw))(w, r, account)
	}
}

func without(field string) hostile {
	return altered(func(answer map[string]any) { delete(answer, field) })
}

// slow answers late: what was asked for happens at once, or only then.
func slow(by time.Duration, atOnce bool) hostile {
	return func(w http.ResponseWriter, r *http.Request, account http.Handler) {
		answer := httptest.NewRecorder()
		if atOnce {
			account.ServeHTTP(answer, r)
		}
		select {
		case <-time.After(by):
		case <-r.Context().Done():
		}
		if !atOnce {
			account.ServeHTTP(answer, r)
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}
}

func reset(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

// lost does what was asked and loses the answer.
func lost(_ http.ResponseWriter, r *http.Request, account http.Handler) {
	account.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

func hung(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() }

// endless never stops answering.
func endless(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"Description": "`)
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, strings.Repeat("x", 64<<10)); err != nil {
			return
		}
	}
}

// noAliases are answers of GetAlias that are none.
var noAliases = map[string]hostile{
	"an empty object": says(http.StatusOK, `{}`),
	"an empty body":   says(http.StatusOK, ""),
	"no content":      func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(http.StatusNoContent) },
	"null":            says(http.StatusOK, "null"),
	"a list":          says(http.StatusOK, "[]"),
	"a page":          says(http.StatusOK, "<html>maintenance</html>"),
	"half an answer":  says(http.StatusOK, `{"FunctionVersion": "1", "Revisi`),
	"another address": func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	},
	"without a RevisionId":  without("RevisionId"),
	"without a version":     without("FunctionVersion"),
	"a version of no kind":  altered(func(answer map[string]any) { answer["FunctionVersion"] = "-1\x1b[31m" }),
	"a version as a number": altered(func(answer map[string]any) { answer["FunctionVersion"] = 1 }),
	"a weight above one": altered(func(answer map[string]any) {
		answer["RoutingConfig"] = map[string]any{"AdditionalVersionWeights": map[string]any{"2": 7.5}}
	}),
	"a megabyte of revision": altered(func(answer map[string]any) { answer["RevisionId"] = strings.Repeat("r", megabyte) }),
	"a text without end":     endless,
	"reset":                  reset,
	"denied":                 fails(http.StatusForbidden, "AccessDeniedException"),
	"not found":              fails(http.StatusNotFound, "ResourceNotFoundException"),
	"throttled":              fails(http.StatusTooManyRequests, "TooManyRequestsException"),
	"an internal error":      fails(http.StatusInternalServerError, "ServiceException"),
}

// short is a rollout of a few seconds, and held one that runs out of its time while it waits for approval.
const (
	short = `{"function-name": "checkout", "alias": "live", "new-version": "2", "steps": 2, "interval": 3, "poll-interval": 1}`
	held  = `{"function-name": "checkout", "alias": "idle", "new-version": "2", "type": "stages", "stages": [{"weight": 50, "hold": 1, "approve": true}],
		"interval": 1, "poll-interval": 1, "health-check": false}`
	// runsOutSoon is when the time of held is up; half of it would do, but for a machine that is busy.
	runsOutSoon = 30 * time.Second
)

// survives checks that a deployer is alive and small.
func survives(t *testing.T, p *runtimetest.Process) {
	t.Helper()
	assert.Less(t, len(p.Log()), megabyte)
	peak, err := p.PeakMemory()
	require.NoError(t, err, p.Log())
	assert.Less(t, peak, 128*megabyte)
}

func TestNoAnswerOfGetAliasIsBelieved(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/deployer")
	for name, answer := range noAliases {
		t.Run(name+" now and then", func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.attack("GetAlias", func(call int) bool { return call%2 == 0 }, answer)
			p := l.start(t, "meta-deployer", path, nil)
			l.answered(t, p.Invoke([]byte(short), timeout), "succeeded")
			assert.Equal(t, []string{"version 1", "version 1 with 50 % on version 2", "version 2"}, l.routings("live"))
			survives(t, p)
		})
		t.Run(name+" from the first shift on, of a version that fails", func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.attack("GetAlias", l.fromTheFirstShift, answer)
			p := l.start(t, "meta-deployer", path, nil)
			result := p.Invoke([]byte(strings.Replace(short, `"2"`, `"3"`, 1)), timeout)
			assert.Equal(t, "RolledBack", result.ErrorType, result.ErrorMessage)
			assert.Equal(t, old, l.alias(t, "live").Routing)
			survives(t, p)
		})
		t.Run(name+" from the first shift on, until the time runs out", func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.attack("GetAlias", l.fromTheFirstShift, answer)
			p := l.start(t, "meta-deployer", path, nil)
			result := p.Invoke([]byte(held), runsOutSoon)
			assert.Equal(t, "RolledBack", result.ErrorType, result.ErrorMessage)
			assert.Equal(t, old, l.alias(t, "idle").Routing)
			survives(t, p)
		})
	}
}

// One call is slow, hung, reset or without an answer when the way back has to be made.
func TestTheWayBackHasTimeForABadCall(t *testing.T) {
	t.Parallel()
	path := runtimetest.Build(t, "./functions/deployer")
	faults := map[string]hostile{"hung": hung, "reset": reset, "lost": lost, "an internal error": fails(http.StatusInternalServerError, "ServiceException"), "an empty object": says(http.StatusOK, `{}`)}
	for _, by := range []time.Duration{1500 * time.Millisecond, 2500 * time.Millisecond, 3500 * time.Millisecond, 5 * time.Second} {
		faults["done at once and answered after "+by.String()] = slow(by, true)
		faults["done and answered after "+by.String()] = slow(by, false)
	}
	for name, answer := range faults {
		for _, operation := range []string{"GetAlias", "UpdateAlias"} {
			t.Run(operation+" "+name, func(t *testing.T) {
				t.Parallel()
				l := newLab(t)
				p := l.start(t, "meta-deployer", path, nil)
				const early = 50 * time.Millisecond // the deployer is told its time in whole milliseconds
				due := time.Now().Add(runsOutSoon - 400*time.Millisecond - rollout.Reserve - early)
				var once atomic.Bool
				l.attack(operation, func(int) bool { return !time.Now().Before(due) && once.CompareAndSwap(false, true) }, answer)
				result := p.Invoke([]byte(held), runsOutSoon)
				assert.True(t, once.Load(), "it was attacked")
				assert.Equal(t, "RolledBack", result.ErrorType, result.ErrorMessage)
				assert.Equal(t, old, l.alias(t, "idle").Routing)
			})
		}
	}
}
