package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/answer"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// counted are the calls of one healthy rollout.
type counted struct {
	poll  time.Duration
	calls map[sim.Operation]int
	// took is how long the rollout took, in the time of its world.
	took time.Duration
}

// countCalls runs a rollout of ten steps of a minute for each interval of polling.
func countCalls() ([]counted, error) {
	var all []counted
	for _, poll := range []time.Duration{5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute} {
		w, err := newWorld(sim.Start(), 20, nil)
		if err != nil {
			return nil, err
		}
		w.Advance(10 * time.Minute)
		began := w.Now()
		answer, err := deploy(w, fmt.Sprintf(`"steps": 10, "interval": 60, "poll-interval": %q`, poll))
		if err != nil {
			return nil, err
		}
		if answer.Status != "succeeded" {
			return nil, fmt.Errorf("the rollout ended %s: %s", answer.Status, answer.Reason)
		}
		all = append(all, counted{poll, calls(w), w.Now().Sub(began)})
	}
	return all, nil
}

// deploy has the deployer roll out version 2 in a world.
func deploy(w *sim.World, plan string) (answer.Answer, error) {
	ctx, _, cancel := w.Begin(sim.Invocation{})
	defer cancel()
	request := fmt.Sprintf(`{"function-name": %q, "alias": %q, "new-version": "2", %s}`, functionName, aliasName, plan)
	return scenario.Deployer(w, slog.New(slog.DiscardHandler)).Handle(ctx, []byte(request))
}

// returned is how long it took from the first error that CloudWatch shows until all traffic was back: the median and
// the longest over moments within a minute at which errors begin.
type returned struct {
	poll, delay time.Duration
	failing     float64
	// ours is how the default judges, floor a judge that any error is enough for.
	ours, floor spread
}

type spread struct{ median, longest time.Duration }

func timeReturns() ([]returned, error) {
	var all []returned
	for _, failing := range []float64{1, 0.2} {
		for _, delay := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute} {
			for _, poll := range []time.Duration{5 * time.Second, 15 * time.Second, time.Minute} {
				r := returned{poll: poll, delay: delay, failing: failing}
				var err error
				if r.ours, err = r.spread(`"compare"`); err != nil {
					return nil, err
				}
				if r.floor, err = r.spread(`"any"`); err != nil {
					return nil, err
				}
				all = append(all, r)
			}
		}
	}
	return all, nil
}

// spread begins rollouts and errors at ever other moments of a minute, so that nothing keeps step with CloudWatch.
func (r returned) spread(rule string) (spread, error) {
	var took []time.Duration
	for i := range time.Duration(20) {
		begin, onset := 10*time.Minute+i*3100*time.Millisecond, 3*time.Minute+i*7300*time.Millisecond%time.Minute
		once, err := r.once(rule, begin, onset)
		if err != nil {
			return spread{}, fmt.Errorf("poll %s, delay %s, begin %s, onset %s: %w", r.poll, r.delay, begin, onset, err)
		}
		took = append(took, once)
	}
	return spread{median(took), most(took)}, nil
}

// once is one rollout of steps of two minutes, into which version 2 begins to fail.
func (r returned) once(rule string, begin, onset time.Duration) (time.Duration, error) {
	w, err := newWorld(sim.Start(), 20, sim.Curve{{}, {From: begin + onset, Value: r.failing}})
	if err != nil {
		return 0, err
	}
	w.MetricsDelay = r.delay
	w.Advance(begin)
	var visible time.Duration
	w.Go(begin+onset, func() { visible = firstError(w) })
	_, err = deploy(w, fmt.Sprintf(`"steps": 5, "interval": "2m", "poll-interval": %q, "health-check": {"errors": %s}`, r.poll, rule))
	if err == nil || !strings.HasSuffix(fmt.Sprintf("%T", err), ".RolledBack") {
		return 0, fmt.Errorf("it was not rolled back: %w", err)
	}
	back, err := whenBack(w.Writes())
	if err != nil {
		return 0, err
	}
	if visible == 0 || back < visible {
		return 0, fmt.Errorf("traffic was back at %s, before the first error was visible", back)
	}
	return back - visible, nil
}

// whenBack is when the alias stood at one version again after it was split last.
func whenBack(writes []sim.Write) (time.Duration, error) {
	for i := len(writes) - 1; i > 0; i-- {
		if !writes[i].Routing.Split() && writes[i-1].Routing.Split() {
			return writes[i].At, nil
		}
	}
	return 0, errors.New("the alias was never split and back")
}

// firstError watches CloudWatch as nobody can, every 50 ms, and says when it shows the first error of version 2.
func firstError(w *sim.World) time.Duration {
	ctx, _, cancel := w.Begin(sim.Invocation{})
	defer cancel()
	for {
		at := w.Elapsed()
		minutes, err := w.Account().Metrics.Minutes(ctx, target.MetricsQuery{
			Function: functionName, Alias: aliasName, OldVersion: "1", NewVersion: "2", Since: sim.Start(), Until: w.Now(),
		})
		if err != nil {
			return 0
		}
		for _, m := range minutes {
			if m.New.Errors > 0 {
				return at
			}
		}
		if w.Clock().Sleep(ctx, 50*time.Millisecond) != nil {
			return 0
		}
	}
}
