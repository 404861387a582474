package scenario

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/sim"
	"github.com/meta-deployer/meta-deployer/internal/target"
)

// world builds the scenario's account, with everything in it that is going to happen but the requests. refused is told
// of what somebody else was to do and Lambda refused.
func (s Scenario) world(refused func(by string, err error)) (*sim.World, error) {
	w := sim.New()
	w.StaleReads = time.Duration(s.StaleReads)
	for number, v := range s.Versions {
		w.Publish(s.Function, number, v.version())
	}
	if len(s.Versions) > 0 {
		w.SetIncident(s.Function, sim.Curve(s.Incident))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Aliases)) {
		if err := s.Aliases[name].create(w, s.Function, name); err != nil {
			return nil, fmt.Errorf("scenario %s: aliases.%s: %w", s.Name, name, err)
		}
	}
	for name, a := range s.Alarms {
		if a.ErrorsAbove != nil {
			w.SetErrorAlarm(name, s.Function, a.Alias, *a.ErrorsAbove)
			continue
		}
		w.SetAlarm(name, a.State)
		w.SetAlarmPeriods(name, time.Duration(a.Periods))
	}
	for name, h := range s.Hooks {
		w.SetHook(name, sim.Hook{
			Takes: time.Duration(h.Takes), Answer: string(h.Answer), Failure: h.Failure, Throttled: h.Throttled,
			Asleep: time.Duration(h.Asleep), Isolated: h.Isolated,
		})
	}
	for name, value := range s.Metrics {
		w.SetMetric(name, sim.Curve(value))
	}
	for _, e := range s.Events {
		w.At(time.Duration(e.At), e.deed(w, s.Function, refused))
	}
	for _, f := range s.Faults {
		w.Faults = append(w.Faults, f.fault(w, s.Function, refused))
	}
	return w, nil
}

func (p versionPart) version() sim.Version {
	return sim.Version{
		Version: target.Version{State: p.State, Reason: p.Reason, Role: p.Role, DeadLetter: p.DeadLetter, SnapStart: p.SnapStart},
		WakesIn: time.Duration(p.WakesIn), Isolated: p.Isolated, ReadyAt: time.Duration(p.ReadyAt), Errors: sim.Curve(p.Errors), Takes: time.Duration(p.Takes), Milliseconds: sim.Curve(p.MS),
	}
}

func (p aliasPart) create(w *sim.World, function, name string) error {
	routing, err := p.routing()
	if err != nil {
		return err
	}
	if err := w.CreateAlias(function, name, target.Alias{Routing: routing, Description: p.Description}); err != nil {
		return err
	}
	w.SetTraffic(function, name, sim.Curve(p.RPS))
	w.SetThrottles(function, name, sim.Curve(p.Throttles))
	if p.Provisioned > 0 {
		w.SetConcurrency(function, name, p.Provisioned, time.Duration(p.Moves))
	}
	return nil
}

func (p faultPart) fault(w *sim.World, function string, refused func(by string, err error)) sim.Fault {
	f := sim.Fault{
		On: p.On, Call: p.Call, Times: p.Times, Effect: p.Effect, Takes: time.Duration(p.Takes),
		During: sim.Span{From: time.Duration(p.From), Until: time.Duration(p.Until)},
	}
	if p.Before != nil {
		f.Before = p.Before.deed(w, function, refused)
	}
	if p.After != nil {
		f.After = p.After.deed(w, function, refused)
	}
	return f
}

// deed is the doing of it.
func (p deedPart) deed(w *sim.World, function string, refused func(by string, err error)) func() {
	return func() {
		var err error
		switch {
		case p.Alarm != "":
			w.SetAlarm(p.Alarm, p.State)
		case p.Hook != "":
			w.SetHook(p.Hook, sim.Hook{Answer: string(p.Answer)})
		case p.Delete:
			err = w.DeleteAlias(p.By, function, p.Alias)
		default:
			err = w.ChangeAlias(p.By, function, p.Alias, p.change)
		}
		if err != nil {
			refused(p.By, err)
		}
	}
}

// change is what a deed makes of an alias: a version given moves it, with the weights given or none.
func (p deedPart) change(a *target.Alias) {
	if routing, err := p.routing(); err == nil && p.Version != "" {
		a.Routing = routing
	}
	if p.Description != nil {
		a.Description = *p.Description
	}
}
