package loop_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// unanswering never answers what it is asked about an alias.
type unanswering struct {
	target.Aliases
	clock target.Clock
}

func (u unanswering) Alias(ctx context.Context, _, _ string) (target.Alias, error) {
	return target.Alias{}, u.clock.Sleep(ctx, time.Hour)
}

// Whatever hangs, the invocation answers before Lambda ends it.
func TestTimeIsLeftToAnswerIn(t *testing.T) {
	for _, action := range []string{"status", "rollback", "plan"} {
		t.Run(action, func(t *testing.T) {
			w, d := quick().world()
			d.Accounts = func(string, string, string) target.Account {
				a := w.Account()
				a.Aliases = unanswering{a.Aliases, w.Clock()}
				return a
			}
			request := quick().request
			request["action"] = action
			raw, err := json.Marshal(request)
			require.NoError(t, err)
			answered := false
			w.Go(0, func() {
				ctx, _, cancel := w.Begin(sim.Invocation{Timeout: time.Minute})
				defer cancel()
				_, _ = d.Handle(ctx, raw)
				answered = true
				assert.LessOrEqual(t, w.Elapsed(), time.Minute-400*time.Millisecond)
			})
			w.Drain()
			assert.True(t, answered)
		})
	}
}
