package sim

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

// Hook is a function that a rollout can invoke, and what it does.
type Hook struct {
	// Takes is how long it runs.
	Takes time.Duration
	// Answer is what it answers, where Failure is "".
	Answer string
	// Failure is the function error that it ends with.
	Failure string
	// Run, where there is one, is what it really does, in an invocation of its own: it answers or ends with a failure.
	Run func(payload []byte) (answer []byte, failure string)
	// Throttled is how many invocations are throttled before one runs.
	Throttled int
	// Asleep is how long Lambda takes to wake it, from its first invocation on, which fails as do all until then. 0 is
	// awake.
	Asleep time.Duration
	// Isolated says that every invocation has to name a tenant.
	Isolated bool
}

type hook struct {
	Hook
	sleeper  sleeper
	received [][]byte
}

// SetHook creates a function that can be invoked, or changes what it does.
func (w *World) SetHook(name string, h Hook) {
	if w.hooks[name] == nil {
		w.hooks[name] = &hook{}
	}
	w.hooks[name].Hook, w.hooks[name].sleeper = h, sleeper{}
}

// RemoveHook deletes a function that can be invoked.
func (w *World) RemoveHook(name string) { delete(w.hooks, name) }

// Received are the events that a function was invoked with; a throttled invocation is none.
func (w *World) Received(name string) [][]byte {
	h, err := w.hook(name)
	if err != nil {
		return nil
	}
	return slices.Clone(h.received)
}

// hook finds a function to invoke, by name or ARN, with or without a qualifier.
func (w *World) hook(function string) (*hook, error) {
	name := bare(function)
	if h := w.hooks[name]; h != nil {
		return h, nil
	}
	return w.published(name)
}

// bare is a function's name without the ARN before it, with what qualifies it.
func bare(function string) string {
	if _, tail, ok := strings.Cut(function, "function:"); ok {
		return tail
	}
	return function
}

// published is a function by an alias or version of it or, where it is no hook, a published version as "f:2": that answers
// {}, or fails where every call of it does.
func (w *World) published(name string) (*hook, error) {
	bare, number, _ := strings.Cut(name, ":")
	if h := w.hooks[bare]; h != nil {
		return h, nil
	}
	f := w.functions[bare]
	if f == nil {
		return nil, notFound("Function not found: " + arn(name))
	}
	v, ok := f.versions[number]
	if !ok {
		return nil, notFound("Function not found: " + arn(name))
	}
	h := &hook{Hook: Hook{Answer: "{}"}}
	if v.Errors.at(w.elapsed) >= 1 {
		h.Failure = "Unhandled: every call of this version fails"
	}
	return h, nil
}

// invoke runs a function. Its caller may end sooner; it has run all the same. A call through an alias runs on the version that
// the alias's weights choose.
func (w *World) invoke(ctx context.Context, i target.Invocation) (reply target.Reply, version string, err error) {
	version, failure := w.route(bare(i.Function))
	if version != "" {
		i.Function = strings.TrimSuffix(i.Function, i.Function[strings.LastIndexByte(i.Function, ':'):]) + ":" + version
	}
	if failure != "" {
		return target.Reply{Failure: failure}, version, nil
	}
	reply, err = w.run(ctx, i)
	return reply, version, err
}

// run runs a function, or a version of one.
func (w *World) run(ctx context.Context, i target.Invocation) (target.Reply, error) {
	h, err := w.hook(i.Function)
	if err != nil {
		return target.Reply{}, err
	}
	if err := w.admit(h, bare(i.Function), i.TenantID); err != nil {
		return target.Reply{}, err
	}
	if h.Throttled > 0 {
		h.Throttled--
		return target.Reply{}, throttled()
	}
	h.received = append(h.received, slices.Clone(i.Payload))
	if err := w.sleep(ctx, h.Takes); err != nil {
		return target.Reply{}, unavailable(err)
	}
	if h.Run != nil {
		answer, failure := h.Run(i.Payload)
		return target.Reply{Body: answer, Failure: failure}, nil
	}
	if h.Failure != "" {
		return target.Reply{Failure: h.Failure}, nil
	}
	return target.Reply{Body: []byte(h.Answer)}, nil
}
