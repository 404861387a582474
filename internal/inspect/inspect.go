// Package inspect answers the actions that change nothing: plan, status and rehearse.
package inspect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/health"
	"github.com/meta-deployer/meta-deployer/internal/preflight"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Inspector looks at an account.
type Inspector struct {
	// Account is looked at. For Status its Aliases and Metrics are enough.
	Account target.Account
	Clock   target.Clock
	// Memory keeps what was read of the past; nil keeps nothing.
	Memory *health.Memory
	// End is when the answer has to be there; zero is never.
	End time.Time
	// Long is the stack's long engine, nil for none, and HandOff what the deployer may give to it.
	Long    *target.LongEngine
	HandOff rollout.HandOff
	// Engines are those of the stack that may be asked about their executions; nil is none.
	Engines []target.Engine
}

func (i Inspector) reader() health.Reader {
	return health.Reader{Account: i.Account, Clock: i.Clock, Memory: i.Memory}
}

const (
	// retryTime is for how long an error is tried again.
	retryTime = time.Minute
	// glance is for how long something that is said not to be there, or not to be allowed, is looked at again: it may have been
	// made a moment ago.
	glance = 6 * time.Second
)

// retried makes a read again while that may help.
func (i Inspector) retried(ctx context.Context, call func() error) error {
	began := i.Clock.Now()
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := call()
		most := retryTime
		if target.Permanent(err) {
			most = glance
		}
		if err == nil || errors.Is(err, target.ErrRefused) || ctx.Err() != nil || i.Clock.Now().Add(pause).Sub(began) > most {
			return err
		}
		if i.Clock.Sleep(ctx, pause) != nil {
			return err
		}
	}
}

func (i Inspector) alias(ctx context.Context, t rollout.Target) (alias rollout.Alias, err error) {
	err = i.retried(ctx, func() error {
		alias, err = i.Account.Aliases.Alias(ctx, t.Function, t.Alias)
		return err
	})
	return alias, err
}

// unreadable is the failure of an action whose alias cannot be read.
func (i Inspector) unreadable(ctx context.Context, p rollout.Plan, err error) error {
	reason := fmt.Sprintf("the alias cannot be read: %s", target.Explain(err))
	switch {
	case errors.Is(err, target.ErrNotFound) && i.Account.Versions == nil:
		reason = fmt.Sprintf("function %s has no alias %s, or there is no such function: check both names", p.Function, p.Alias)
	case errors.Is(err, target.ErrNotFound):
		ready := preflight.Check(ctx, i.reader(), p, nil)
		reason = strings.Join(ready.Findings, "; ")
	}
	return answer.Failure(rollout.PreflightFailed, p.String()+" is not ready, nothing was changed; "+reason)
}
