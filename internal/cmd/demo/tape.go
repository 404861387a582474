package main

import (
	"time"

	"github.com/meta-deployer/meta-deployer/internal/request"
	"github.com/meta-deployer/meta-deployer/internal/rollout"
	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/sim/scenario"
)

// tape is a scenario as it was played, with the traffic at every event.
type tape struct {
	*scenario.Play
	// alias is the one that the first request is about, and first the version it pointed at in the beginning.
	alias, first string
	frames       []frame
}

// frame is how things were right after an event.
type frame struct {
	scenario.Event
	// share is how much of the traffic is not on the first version any more, and fresh the version that gets it.
	share rollout.Weight
	fresh string
	// failed is how many requests have failed so far, whichever version ran.
	failed float64
}

// record plays a scenario.
func record(name string) (*tape, error) {
	told, err := scenario.Load(name)
	if err != nil {
		return nil, err
	}
	t := &tape{}
	if request, err := request.Parse(told.Requests[0].Send, sim.Home()); err == nil {
		t.alias = request.Plan.Alias
	}
	t.first = told.Aliases[t.alias].Version
	t.Play, err = told.Play(scenario.Watch{Event: func(p *scenario.Play, e scenario.Event) {
		t.frames = append(t.frames, t.frame(p, e))
	}})
	return t, err
}

// frame takes a picture of the world.
func (t *tape) frame(p *scenario.Play, e scenario.Event) frame {
	f := frame{Event: e}
	for version := range p.Scenario.Versions {
		f.failed += p.World.Served(p.Scenario.Function, t.alias, version).Errors
	}
	is, err := p.World.Alias(p.Scenario.Function, t.alias)
	switch {
	case err != nil:
	case is.Routing.Primary != t.first:
		f.share, f.fresh = rollout.Full, is.Routing.Primary
		if is.Routing.Secondary == t.first {
			f.share -= is.Routing.Weight
		}
	case is.Routing.Split():
		f.share, f.fresh = is.Routing.Weight, is.Routing.Secondary
	}
	return f
}

func (t *tape) start() time.Duration { return t.frames[0].At }
func (t *tape) end() time.Duration   { return t.frames[len(t.frames)-1].At }

// timeline gives the share of the new version, and the requests that failed, in so many equal stretches of time.
func (t *tape) timeline(columns int) (shares, failures []float64) {
	before := 0.0
	for i := range columns {
		until := t.start() + (t.end()-t.start())*time.Duration(i+1)/time.Duration(columns)
		share, failed := t.at(until)
		shares = append(shares, share)
		failures = append(failures, failed-before)
		before = failed
	}
	return shares, failures
}

// at is the share of the new version at a moment, from 0 to 1, and how many requests had failed by then, evenly between
// two frames.
func (t *tape) at(moment time.Duration) (share, failed float64) {
	var last frame
	for _, f := range t.frames {
		if f.At > moment {
			part := float64(moment-last.At) / float64(f.At-last.At)
			return last.share.Share(), last.failed + part*(f.failed-last.failed)
		}
		last = f
	}
	return last.share.Share(), last.failed
}
