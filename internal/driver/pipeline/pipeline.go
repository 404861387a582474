// Package pipeline drives a rollout from the calls of AWS CodePipeline's Invoke action: a call works for a minute, then
// answers with a continuation token, and CodePipeline calls again. Whatever happens in a call, its job is answered exactly
// once, for the pipeline would wait for a missing answer. Of the event, which has credentials, nothing is kept or logged but
// the request.
package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/health"
	"github.com/meta-deployer/meta-deployer/internal/notify"
	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Driver is the function that CodePipeline invokes.
type Driver struct {
	// Accounts gives the account to work in: the function's own, or the one of a role. session is how the driver shows in the
	// trail of that account.
	Accounts func(roleARN, externalID, session string) target.Account
	// Switches are where dead man's switches are set; nil is nowhere.
	Switches target.MovableSwitches
	// Engines are those of the stack of which an execution may run a rollout already; nil is none.
	Engines []target.Engine
	// Jobs is where the replies go.
	Jobs  Jobs
	Clock target.Clock
	Log   *slog.Logger
	// Caller tells where an invocation runs; its id is not asked for, the driver's is the first job's.
	Caller func(ctx context.Context) (home request.Home, id string)
	// Others hear of rollouts.
	Others notify.Others
	// Watch is told of every event beside the log; nil is nobody.
	Watch func(ctx context.Context, events ...rollout.Event)
	// Memory keeps what was read of the past between invocations; nil forgets it at the end of each.
	Memory *health.Memory
	// Fatal is turn.Engine's.
	Fatal func(value any) bool
}

// NotAnswered is a job that still waits for its reply.
type NotAnswered struct{ message string }

func (e NotAnswered) Error() string { return e.message }

const (
	// longest is how long an invocation takes whose context has no deadline: Lambda's longest timeout.
	longest = 15 * time.Minute
	// reserve is how long before the invocation's end work stops, or half of what it has.
	reserve = 20 * time.Second
	// grace is how long the work has to return after its context has ended.
	grace = time.Second
	// replyTime bounds the attempts to answer. After that the invocation fails, and Lambda makes it again.
	replyTime = time.Minute
	// answerMargin is what is left of an invocation when answering stops, to end in.
	answerMargin = 200 * time.Millisecond
	// attemptTime is the least that one attempt to answer is given.
	attemptTime = 500 * time.Millisecond
)

// Invoke works on one event and answers its job. It fails where nobody is answered: then Lambda makes the call again, which
// finds the rollout where it is.
func (d Driver) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	now := d.Clock.Now()
	end, ok := ctx.Deadline()
	if !ok {
		end = now.Add(longest)
	}
	j, err := ParseJob(payload)
	if err != nil {
		d.Log.ErrorContext(ctx, "event", "bytes", len(payload), "error", err.Error())
		return nil, err
	}
	reply := d.guarded(ctx, j, end.Add(-min(reserve, end.Sub(now)/2)))
	if err := d.answer(ctx, end.Add(-answerMargin), j.ID, reply); err != nil {
		d.Log.ErrorContext(ctx, "not answered", "error", err.Error())
		return nil, err
	}
	return []byte("null"), nil
}

// guarded makes the call. It owns the goroutine of the work, which is there so that work which ignores its context cannot keep
// the answer back: it is left behind with a context that has ended, and the next call goes on from what was noted last.
func (d Driver) guarded(ctx context.Context, j Job, end time.Time) Reply {
	late, cancel := d.Clock.Bound(ctx, end.Add(grace))
	defer cancel()
	noted := note{reply: failed(string(rollout.StateUnknown), "the function had no time left before anything was begun: give it its timeout of 15 minutes")}
	done := make(chan Reply, 1)
	go func() {
		reply := failed(string(rollout.StateUnknown), "an internal error of the deployer, whose log has the stack: look at the alias, aws lambda get-alias")
		defer func() {
			if value := recover(); value != nil {
				notify.Panic(ctx, d.Log, nil, value)
			}
			done <- reply
		}()
		reply = d.Call(ctx, j, end, noted.take)
	}()
	select {
	case reply := <-done:
		return reply
	case <-late.Done():
		d.Log.ErrorContext(ctx, "the work did not end in its time", "continues", j.Continues)
		return noted.last()
	}
}

// note is the reply that stands should the call not return.
type note struct {
	mu    sync.Mutex
	reply Reply
}

func (n *note) take(r Reply) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.reply = r
}

func (n *note) last() Reply {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.reply
}

// answer tells CodePipeline, and tells it again where no answer comes: the same, unless CodePipeline has refused what is in
// it. One attempt takes at most half of the time left, so that a lost one leaves time for another.
func (d Driver) answer(ctx context.Context, end time.Time, job string, r Reply) error {
	const first, most = 200 * time.Millisecond, 5 * time.Second
	if sooner := d.Clock.Now().Add(replyTime); sooner.Before(end) {
		end = sooner
	}
	ctx, cancel := d.Clock.Bound(ctx, end)
	defer cancel()
	for pause, refused := first, false; ; pause = min(2*pause, most) {
		err := d.attempt(ctx, end, job, r)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ErrAnswered):
			d.Log.WarnContext(ctx, "answer", "error", err.Error())
			return nil
		case errors.Is(err, ErrTooLarge) && r.Variables != nil:
			d.Log.WarnContext(ctx, "answer", "error", err.Error())
			r.Variables = nil
			continue
		case errors.Is(err, target.ErrRefused) && !refused:
			d.Log.WarnContext(ctx, "answer", "error", err.Error())
			r, refused = r.bare(), true
			continue
		case target.Permanent(err) || d.Clock.Sleep(ctx, pause) != nil:
			return NotAnswered{"CodePipeline was not told how its job stands: " + target.Explain(err)}
		}
	}
}

// attempt tells CodePipeline once.
func (d Driver) attempt(ctx context.Context, end time.Time, job string, r Reply) error {
	now := d.Clock.Now()
	ctx, cancel := d.Clock.Bound(ctx, now.Add(max(end.Sub(now)/2, attemptTime)))
	defer cancel()
	return d.Jobs.Reply(ctx, job, r)
}
