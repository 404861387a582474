package hook

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

func TestPreTraffic(t *testing.T) {
	const health = `[{"name": "health", "payload": {"ping": 1}, "expect": {"ok": true}}]`
	unavailable := fmt.Errorf("%w: TooManyRequestsException: rate exceeded", target.ErrUnavailable)
	tests := map[string]struct {
		probes string
		change func(*world)
		status Status
		reason []string
		// invoked is what the function was asked.
		invoked []string
	}{
		"a probe that is met passes": {
			probes: health, status: Succeeded, reason: []string{"version 2 of function f passed 1 of 1 probes: health"},
			invoked: []string{`invoke f:2 {"ping": 1}`},
		},
		"probes run one after the other, by number": {
			probes: `[{"name": "a", "payload": 1}, {"name": "b", "payload": null}, {"payload": "x"}, {"name": "d"}]`,
			status: Succeeded, reason: []string{"4 of 4 probes: a, b, #3, d"},
			invoked: []string{"invoke f:2 1", "invoke f:2 null", `invoke f:2 "x"`, "invoke f:2 {}"},
		},
		"the old version is asked too where the answers are compared": {
			probes: `[{"name": "same", "compare": {"ignore": ["version"]}}]`, status: Succeeded, invoked: []string{"invoke f:2 {}", "invoke f:1 {}"},
		},
		"another answer than the old version's fails": {
			probes: `[{"name": "same", "compare": {}}]`, change: func(w *world) {
				calls := 0
				w.serve = func(context.Context, []byte) ([]byte, string, error) {
					calls++
					return fmt.Appendf(nil, `{"call": %d}`, calls), "", nil
				}
			},
			status: Failed, reason: []string{"probe same", "expected call 2 as of the old version, got 1"}, invoked: []string{"invoke f:2 {}", "invoke f:1 {}"},
		},
		"an answer that takes too long fails": {
			probes: `[{"name": "fast", "max-ms": 100}]`, change: func(w *world) {
				w.serve = func(context.Context, []byte) ([]byte, string, error) {
					time.Sleep(150 * time.Millisecond)
					return []byte(`{}`), "", nil
				}
			},
			status: Failed, reason: []string{"expected an answer within 100ms, got it after 150ms"}, invoked: []string{"invoke f:2 {}"},
		},
		"an answer that is not as expected fails, and no probe follows": {
			probes: `[{"name": "health", "payload": {}, "expect": {"ok": false}}, {"name": "never"}]`,
			status: Failed, reason: []string{"probe health of version 2 of function f", "expected ok false, got true"},
			invoked: []string{"invoke f:2 {}"},
		},
		"a missing key fails": {
			probes: `[{"name": "health", "expect": {"status": 200}}]`, status: Failed,
			reason:  []string{`expected status 200, got no status in {"ok": true, "version": 2}`},
			invoked: []string{"invoke f:2 {}"},
		},
		"an answer that is no object meets no expectation": {
			probes: health, change: func(w *world) {
				w.serve = func(context.Context, []byte) ([]byte, string, error) { return []byte(`"fine"`), "", nil }
			},
			status: Failed, reason: []string{`expected an object with {"ok":true}, got "fine"`}, invoked: []string{`invoke f:2 {"ping": 1}`},
		},
		"any answer will do without an expectation": {
			probes: `[{"name": "health"}]`, change: func(w *world) {
				w.serve = func(context.Context, []byte) ([]byte, string, error) { return []byte(`null`), "", nil }
			},
			status: Succeeded, invoked: []string{"invoke f:2 {}"},
		},
		"a function error fails without an expectation too": {
			probes: `[{"name": "health"}]`, change: func(w *world) {
				w.serve = func(context.Context, []byte) ([]byte, string, error) {
					return nil, `Unhandled: {"errorMessage":"no such table"}`, nil
				}
			},
			status: Failed, reason: []string{"probe health", "expected an answer, got a function error", "no such table"},
			invoked: []string{"invoke f:2 {}"},
		},
		"an invocation that is throttled is made again": {
			probes: health, change: func(w *world) { w.faults["Invoke"] = []error{unavailable, errors.New("connection reset")} },
			status: Succeeded, invoked: []string{`invoke f:2 {"ping": 1}`},
		},
		"an invocation that is not allowed fails": {
			probes: health, change: func(w *world) {
				w.faults["Invoke"] = repeat(&target.Error{Kind: target.ErrDenied, Action: "lambda:InvokeFunction", Message: "no"}, 100)
			},
			status: Failed, reason: []string{"probe health", "access denied: no; give the role that calls the permission lambda:InvokeFunction"},
		},
		"an invocation that is not allowed yet is made again": {
			probes: health, change: func(w *world) { w.faults["Invoke"] = repeat(target.ErrDenied, 4) },
			status: Succeeded, invoked: []string{`invoke f:2 {"ping": 1}`},
		},
		"an answer that is too large fails": {
			probes: health, change: func(w *world) {
				w.serve = func(context.Context, []byte) ([]byte, string, error) { return nil, target.TooLarge, nil }
			},
			status: Failed, reason: []string{"its answer is larger than 256 KB, which is not read"}, invoked: []string{`invoke f:2 {"ping": 1}`},
		},
		"what the function says ends up on one line, without what a terminal obeys": {
			probes: health, change: func(w *world) {
				w.serve = func(context.Context, []byte) ([]byte, string, error) {
					return nil, "\x1b[2Jno\r\nsuch \u202etable\x7f" + strings.Repeat(" for ever", 10_000), nil
				}
			},
			status: Failed, reason: []string{"[2Jno such table for ever"}, invoked: []string{`invoke f:2 {"ping": 1}`},
		},
		"a function that no probe matches is never invoked": {
			probes: `[{"name": "other", "function": "g*"}, {"name": "part", "function": "unction"}]`, status: Succeeded,
			reason:  []string{"nothing was probed", "no probe matches function f", "Active", "dry run"},
			invoked: []string{"dry run f:2"},
		},
		"without probes nothing is invoked": {
			status: Succeeded, reason: []string{"nothing was probed"}, invoked: []string{"dry run f:2"},
		},
		"an empty list is no probe": {
			probes: "[]", status: Succeeded, reason: []string{"nothing was probed"}, invoked: []string{"dry run f:2"},
		},
		"a dry run that is refused fails": {
			change: func(w *world) {
				w.faults["CanInvoke"] = []error{unavailable, fmt.Errorf("%w: AccessDeniedException: no", target.ErrDenied), target.ErrRefused}
			},
			status: Failed, reason: []string{"could not be invoked, by a dry run", "refused; change what AWS objects to"},
			invoked: []string{"dry run f:2", "dry run f:2", "dry run f:2"},
		},
		"a version that is being prepared is waited for": {
			probes: health, change: func(w *world) {
				w.states = []target.Version{{State: "Pending"}, {State: "Active", SnapStart: true}, {State: "Active", SnapStart: true, Optimized: true}}
			},
			status: Succeeded, invoked: []string{`invoke f:2 {"ping": 1}`},
		},
		"a version that stays pending fails in time": {
			probes: health, change: func(w *world) { w.states = []target.Version{{State: "Pending"}} },
			status: Failed, reason: []string{"was not ready", "its state is Pending"},
		},
		"a version without its snapshot is not invoked": {
			probes: health, change: func(w *world) { w.states = []target.Version{{State: "Active", SnapStart: true}} },
			status: Failed, reason: []string{"was not ready", "its SnapStart snapshot there: false"},
		},
		"a version that failed fails with the reason": {
			change: func(w *world) {
				w.states = []target.Version{{State: "Failed", UpdateStatus: "Failed", Reason: "EniLimitExceeded no room"}}
			},
			status: Failed, reason: []string{"cannot serve", "Failed", "EniLimitExceeded no room"},
		},
		"a version that is asleep, and no probe to wake it, fails and says how": {
			change: func(w *world) { w.states = []target.Version{{State: "Inactive", UpdateStatus: "Successful"}} },
			status: Failed, reason: []string{"version 2 of function f is Inactive", "invoke f:2 until it answers", "or give a probe for it"},
		},
		"a version that is asleep is woken by its probe": {
			probes: health, change: func(w *world) {
				w.states = []target.Version{{State: "Inactive", UpdateStatus: "Successful"}}
				w.faults["Invoke"] = repeat(fmt.Errorf("%w: ResourceNotReadyException: inactive", target.ErrUnavailable), 10)
			},
			status: Succeeded, invoked: []string{`invoke f:2 {"ping": 1}`},
		},
		"a version that is not there yet is looked at again": {
			probes: health, change: func(w *world) { w.faults["Version"] = repeat(target.ErrNotFound, 4) },
			status: Succeeded, invoked: []string{`invoke f:2 {"ping": 1}`},
		},
		"a version that does not exist fails": {
			change: func(w *world) { w.faults["Version"] = repeat(fmt.Errorf("%w: f:2", target.ErrNotFound), 100) },
			status: Failed, reason: []string{"cannot be looked at", "not found: f:2; create what is missing, or check its name"},
		},
		"PROBES that is no list fails": {
			probes: `{"name": "health"}`, status: Failed, reason: []string{"PROBES is", "give a JSON list"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, answer := askBoth(t, func() (*world, invoker) {
					w := newWorld()
					if test.change != nil {
						test.change(w)
					}
					return w, w.preTraffic(test.probes)
				})
				assert.Equal(t, test.status, answer.Status, answer.Reason)
				for _, part := range test.reason {
					assert.Contains(t, answer.Reason, part)
				}
				assert.LessOrEqual(t, len([]rune(answer.Reason)), 1000)
				assert.Equal(t, test.invoked, w.invoked)
				if strings.Contains(answer.Reason, "nothing was probed") {
					assert.Contains(t, w.log.String(), "nothing was probed")
				}
			})
		})
	}
}

func TestPreTrafficNamesOfFunctions(t *testing.T) {
	const probes = `[{"name": "mine", "function": "my-*"}]`
	arn := "arn:aws:lambda:eu-central-1:123456789012:function:my-function"
	tests := map[string]struct {
		function string
		status   Status
		invoked  []string
	}{
		"a bare name":                {"my-function", Succeeded, []string{"invoke my-function:2 {}"}},
		"an ARN":                     {arn, Succeeded, []string{"invoke " + arn + ":2 {}"}},
		"a partial ARN":              {"123456789012:function:my-function", Succeeded, []string{"invoke 123456789012:function:my-function:2 {}"}},
		"another name in an ARN":     {"arn:aws:lambda:eu-central-1:123456789012:function:not-my-function", Succeeded, []string{"dry run arn:aws:lambda:eu-central-1:123456789012:function:not-my-function:2"}},
		"an ARN with a qualifier":    {arn + ":live", Failed, nil},
		"a name with a qualifier":    {"my-function:live", Failed, nil},
		"no name":                    {"", Failed, nil},
		"an ARN of something else":   {"arn:aws:s3:::my-bucket", Failed, nil},
		"a name with forbidden text": {"my-function/../x", Failed, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.target.Function = test.function
				answer := ask(t, w.preTraffic(probes), codeEvent, time.Minute)
				assert.Equal(t, test.status, answer.Status, answer.Reason)
				assert.Equal(t, test.invoked, w.invoked)

				own := newWorld()
				event := fmt.Sprintf(`{"lifecycle-event":"pre-traffic","function-name":%q,"alias":"live","new-version":"2"}`, test.function)
				assert.Equal(t, test.status, ask(t, own.preTraffic(probes), event, time.Minute).Status)
				assert.Equal(t, test.invoked, own.invoked)
			})
		})
	}
}
