package turn

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// A call that keeps failing is made again after a pause that grows, but the way back is not kept waiting.
func TestTheNextTurnIsNoLaterThanTheWayBack(t *testing.T) {
	now := time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct{ left, next time.Duration }{
		"the way back is far":         {time.Minute, 5 * time.Second},
		"the way back begins sooner":  {rollout.Reserve + 2*time.Second, 2 * time.Second},
		"the way back has begun":      {rollout.Reserve - time.Second, 5 * time.Second},
		"the rollout ends by nothing": {0, 5 * time.Second},
	} {
		w := work{
			Engine:  Engine{Clock: target.Clock{Now: func() time.Time { return now }}},
			request: request.Request{},
			token:   rollout.Token{Failing: &rollout.FailedCall{Call: "UpdateAlias", Since: now, Last: now, Count: 9}},
		}
		if tt.left > 0 {
			w.deadline.Rollout = now.Add(tt.left)
		}
		assert.Equal(t, tt.next, w.next().Sub(now), name)
	}
}
