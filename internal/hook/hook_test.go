package hook

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

const oneProbe = `[{"name": "health"}]`

// What a check does must not keep the status from CodeDeploy, nor the answer from a rollout.
func TestACheckThatGoesWrong(t *testing.T) {
	tests := map[string]struct {
		serve  func(context.Context, []byte) ([]byte, string, error)
		reason string
	}{
		"panics": {
			func(context.Context, []byte) ([]byte, string, error) { panic("index out of range") },
			"the hook panicked: index out of range",
		},
		"ends its goroutine": {
			func(context.Context, []byte) ([]byte, string, error) { runtime.Goexit(); return nil, "", nil },
			"the check ended without a verdict",
		},
		"hangs until its context ends": {
			func(ctx context.Context, _ []byte) ([]byte, string, error) {
				<-ctx.Done()
				return nil, "", fmt.Errorf("%w: %w", target.ErrUnavailable, ctx.Err())
			},
			"probe health of version 2 of function f: no answer: unavailable: context deadline exceeded",
		},
		"hangs and ignores its context": {
			func(context.Context, []byte) ([]byte, string, error) {
				time.Sleep(time.Hour)
				return []byte("{}"), "", nil
			},
			"the check did not end before the hook's own time did",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, answer := askBoth(t, func() (*world, invoker) {
					w := newWorld()
					w.serve = test.serve
					return w, w.preTraffic(oneProbe)
				})
				assert.Equal(t, Failed, answer.Status)
				assert.Contains(t, answer.Reason, test.reason)
				if name == "panics" {
					assert.Contains(t, w.log.String(), "goroutine", "the log has the stack")
				}
				time.Sleep(2 * time.Hour) // what was left behind ends, and nothing comes of it
			})
		})
	}
}

func TestTheReportHasItsTime(t *testing.T) {
	tests := map[string]struct{ timeout, reported time.Duration }{
		"a quarter of a short timeout":   {4 * time.Second, 3 * time.Second},
		"a second at least":              {2 * time.Second, time.Second},
		"ten seconds at most":            {15 * time.Minute, 15*time.Minute - 10*time.Second},
		"all of what is hardly anything": {900 * time.Millisecond, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.serve = func(ctx context.Context, _ []byte) ([]byte, string, error) {
					<-ctx.Done()
					return nil, "", ctx.Err()
				}
				began := time.Now()
				answer := ask(t, w.preTraffic(oneProbe), codeEvent, test.timeout)
				assert.Equal(t, Failed, answer.Status)
				assert.Equal(t, []Status{Failed}, w.reported)
				assert.Equal(t, test.reported, time.Since(began))
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.states = []target.Version{{State: "Pending"}}
		_, err := w.preTraffic("").Invoke(t.Context(), []byte(codeEvent))
		require.NoError(t, err)
		assert.Equal(t, []Status{Failed}, w.reported, "an invocation without a deadline ends too")
	})
}

func TestReport(t *testing.T) {
	const timeout = 20 * time.Second
	tests := map[string]struct {
		change   func(*world)
		reported []Status
		message  string
	}{
		"a status that CodeDeploy has already counts as reported": {
			func(w *world) {
				w.faults["Report"] = []error{fmt.Errorf("%w: LifecycleEventAlreadyCompletedException", ErrAlreadyReported)}
			},
			nil, "",
		},
		"an unavailable CodeDeploy is told again": {
			func(w *world) { w.faults["Report"] = repeat(target.ErrUnavailable, 4) }, []Status{Succeeded}, "",
		},
		"a lost reply leaves time to tell again": {
			func(w *world) {
				calls := 0
				w.report = func(ctx context.Context) error {
					if calls++; calls == 1 {
						w.reported = append(w.reported, Succeeded)
						<-ctx.Done()
						return fmt.Errorf("%w: %w", target.ErrUnavailable, ctx.Err())
					}
					return ErrAlreadyReported
				}
			},
			[]Status{Succeeded},
			"",
		},
		"what stays unavailable is an error": {
			func(w *world) { w.faults["Report"] = repeat(target.ErrUnavailable, 1000) }, nil, "unavailable",
		},
		"what is denied is an error soon, with its remedy": {
			func(w *world) {
				w.faults["Report"] = repeat(&target.Error{Kind: target.ErrDenied, Action: "codedeploy:Put", Message: "no"}, 1000)
			},
			nil, "access denied: no; give the role that calls the permission codedeploy:Put; end the deployment",
		},
		"what is denied for a moment is told again": {
			func(w *world) { w.faults["Report"] = repeat(target.ErrDenied, 4) }, []Status{Succeeded}, "",
		},
		"what is refused is an error at once": {
			func(w *world) { w.faults["Report"] = []error{target.ErrRefused} }, nil, "refused; change what AWS objects to",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				test.change(w)
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				defer cancel()
				_, err := w.preTraffic(oneProbe).Invoke(ctx, []byte(codeEvent))
				assert.Equal(t, test.reported, w.reported)
				require.NoError(t, ctx.Err(), "the hook ends before its own time does")
				if test.message == "" {
					require.NoError(t, err, "the function succeeds, so that Lambda does not run it again")
					return
				}
				require.ErrorAs(t, err, &NotReported{})
				for _, part := range []string{deploymentID, "Succeeded", test.message, "aws deploy stop-deployment --deployment-id " + deploymentID} {
					assert.ErrorContains(t, err, part)
				}
			})
		})
	}
}

func TestTheTargetOfADeployment(t *testing.T) {
	tests := map[string]struct {
		change func(*world)
		status Status
		reason string
	}{
		"is asked for again while CodeDeploy is unavailable": {
			func(w *world) { w.faults["Target"] = repeat(target.ErrUnavailable, 3) }, Succeeded, "",
		},
		"that CodeDeploy does not know fails": {
			func(w *world) { w.faults["Target"] = []error{target.ErrRefused} }, Failed, "the target of deployment " + deploymentID,
		},
		"without a version fails": {func(w *world) { w.target.NewVersion = "" }, Failed, `targetVersion is ""`},
		"at $LATEST fails":        {func(w *world) { w.target.NewVersion = "$LATEST" }, Failed, `targetVersion is "$LATEST"`},
		"without an alias fails":  {func(w *world) { w.target.Alias = "" }, Failed, `functionAlias is ""`},
		"that is empty fails":     {func(w *world) { w.target = Target{} }, Failed, `functionName is ""`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				test.change(w)
				answer := ask(t, w.preTraffic(oneProbe), codeEvent, time.Minute)
				assert.Equal(t, test.status, answer.Status)
				assert.Contains(t, answer.Reason, test.reason)
				assert.Equal(t, []Status{test.status}, w.reported)
			})
		})
	}
}
