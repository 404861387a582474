package main

import (
	"context"
	"maps"
	"net/http/httptest"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/endpoint"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

const (
	functionName = "checkout"
	aliasName    = "live"
)

// newWorld has one function with traffic on its alias, at version 1. Some of what version 2 answers fails.
func newWorld(start time.Time, rps float64, failing sim.Curve) (*sim.World, error) {
	w := sim.NewAt(start)
	w.Publish(functionName, "1", sim.Version{})
	w.Publish(functionName, "2", sim.Version{Errors: failing})
	old := target.Alias{Routing: rollout.Routing{Primary: "1"}, Description: "Production traffic of the shop"}
	if err := w.CreateAlias(functionName, aliasName, old); err != nil {
		return nil, err
	}
	w.SetTraffic(functionName, aliasName, sim.Constant(rps))
	return w, nil
}

// standIn is a simulated account over HTTP, on this machine, that answers at once.
type standIn struct {
	world    *sim.World
	endpoint *endpoint.Endpoint
	server   *httptest.Server
	stop     context.CancelFunc
}

func newStandIn() (*standIn, error) {
	w, err := newWorld(time.Now().UTC().Truncate(time.Minute).Add(-10*time.Minute), 20, nil)
	if err != nil {
		return nil, err
	}
	w.Latency, w.MetricsDelay = 0, 0
	w.Advance(time.Since(w.Now()))
	ctx, stop := context.WithCancel(context.Background())
	s := &standIn{world: w, endpoint: endpoint.New(w, time.Now), stop: stop}
	go s.endpoint.Run(ctx)
	s.server = httptest.NewServer(s.endpoint.Handler())
	return s, nil
}

func (s *standIn) close() {
	s.server.Close()
	s.stop()
}

// environment is what has a function work in the account.
func (s *standIn) environment() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": s.server.URL, "AWS_REGION": sim.Home().Region,
		"AWS_ACCESS_KEY_ID": "AKIDBENCH", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "x",
	}
}

// operations are the calls that a rollout without alarms and hooks makes.
func operations() []sim.Operation {
	return []sim.Operation{sim.GetAlias, sim.UpdateAlias, sim.GetMetrics, sim.GetVersion, sim.GetConcurrency}
}

// calls counts what the world was asked for.
func calls(w *sim.World) map[sim.Operation]int {
	counts := map[sim.Operation]int{}
	for _, op := range operations() {
		counts[op] = w.Calls(op)
	}
	maps.DeleteFunc(counts, func(_ sim.Operation, n int) bool { return n == 0 })
	return counts
}

// calls counts what the account was asked for.
func (s *standIn) calls() (counts map[sim.Operation]int) {
	s.endpoint.Touch(func(w *sim.World) { counts = calls(w) })
	return counts
}
