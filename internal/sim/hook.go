package sim

import (
	"context"
	"slices"
	"strings"
	"time"
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
}

type hook struct {
	Hook
	received [][]byte
}

// SetHook creates a function that can be invoked, or changes what it does.
func (w *World) SetHook(name string, h Hook) {
	if w.hooks[name] == nil {
		w.hooks[name] = &hook{}
	}
	w.hooks[name].Hook = h
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
	name := function
	if _, tail, ok := strings.Cut(function, "function:"); ok {
		name = tail
	}
	if h := w.hooks[name]; h != nil {
		return h, nil
	}
	return w.published(name)
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

// invoke runs a function. Its caller may end sooner; it has run all the same.
func (w *World) invoke(ctx context.Context, function string, payload []byte) (answer []byte, failure string, err error) {
	h, err := w.hook(function)
	if err != nil {
		return nil, "", err
	}
	if h.Throttled > 0 {
		h.Throttled--
		return nil, "", throttled()
	}
	h.received = append(h.received, slices.Clone(payload))
	if err := w.sleep(ctx, h.Takes); err != nil {
		return nil, "", unavailable(err)
	}
	if h.Run != nil {
		answer, failure = h.Run(payload)
		return answer, failure, nil
	}
	if h.Failure != "" {
		return nil, h.Failure, nil
	}
	return []byte(h.Answer), "", nil
}
