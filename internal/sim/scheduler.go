package sim

import (
	"context"
	"errors"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

// The operations of EventBridge Scheduler.
const (
	CreateSchedule Operation = "CreateSchedule"
	UpdateSchedule Operation = "UpdateSchedule"
	DeleteSchedule Operation = "DeleteSchedule"
)

// Scheduler is how well EventBridge Scheduler keeps its word.
type Scheduler struct {
	// OnFire is called by a schedule with its input. It may take its time, as a process of the world. nil is nobody.
	OnFire func(name string, input []byte)
	// Late is how long after its time a schedule calls: AWS says within a minute.
	Late time.Duration
	// Twice has each call made twice, and Never none at all.
	Twice, Never bool
	// Early has a recurring schedule call as soon as it is made, too.
	Early bool

	schedules map[string]*schedule
}

// schedule is one that calls again and again until it is deleted.
type schedule struct {
	target.Switch
	gone bool
}

// Schedules is EventBridge Scheduler as drivers see it.
type Schedules struct{ world *World }

var _ target.MovableSwitches = Schedules{}

// Schedules is EventBridge Scheduler as drivers see it.
func (w *World) Schedules() Schedules { return Schedules{w} }

// SetSwitch is CreateSchedule, whose ConflictException counts as set.
func (s Schedules) SetSwitch(ctx context.Context, made target.Switch) error {
	err := s.Create(ctx, made)
	if refusal, ok := errors.AsType[*Error](err); ok && refusal.Code == "ConflictException" {
		return nil
	}
	return err
}

// Create is CreateSchedule.
func (s Schedules) Create(ctx context.Context, made target.Switch) error {
	return s.world.call(ctx, CreateSchedule, func() error {
		if s.world.Scheduler.schedules[made.Driver] != nil {
			return &Error{"ConflictException", "Schedule " + made.Driver + " already exists.", target.ErrUnavailable}
		}
		s.world.schedule(made)
		return nil
	})
}

// MoveSwitch is UpdateSchedule.
func (s Schedules) MoveSwitch(ctx context.Context, moved target.Switch) error {
	return s.world.call(ctx, UpdateSchedule, func() error {
		if !s.world.unschedule(moved.Driver) {
			return noSchedule(moved.Driver)
		}
		s.world.schedule(moved)
		return nil
	})
}

// DeleteSwitch is DeleteSchedule, whose ResourceNotFoundException counts as deleted.
func (s Schedules) DeleteSwitch(ctx context.Context, driver string) error {
	err := s.Delete(ctx, driver)
	if refusal, ok := errors.AsType[*Error](err); ok && refusal.Code == "ResourceNotFoundException" {
		return nil
	}
	return err
}

// Delete is DeleteSchedule.
func (s Schedules) Delete(ctx context.Context, name string) error {
	return s.world.call(ctx, DeleteSchedule, func() error {
		if !s.world.unschedule(name) {
			return noSchedule(name)
		}
		return nil
	})
}

// Schedule is what a schedule is, by its name; false where there is none.
func (w *World) Schedule(name string) (target.Switch, bool) {
	s := w.Scheduler.schedules[name]
	if s == nil {
		return target.Switch{}, false
	}
	return s.Switch, true
}

// schedule begins a schedule.
func (w *World) schedule(made target.Switch) {
	if w.Scheduler.schedules == nil {
		w.Scheduler.schedules = map[string]*schedule{}
	}
	s := &schedule{Switch: made}
	w.Scheduler.schedules[made.Driver] = s
	if w.Scheduler.Early {
		w.At(w.elapsed, func() { w.fire(s) })
	}
	w.occur(s, w.since(made.First))
}

// occur has a schedule call at a moment, and from there on at its rate.
func (w *World) occur(s *schedule, at time.Duration) {
	w.At(at+w.Scheduler.Late, func() {
		if s.gone {
			return
		}
		w.fire(s)
		w.occur(s, at+s.Every)
	})
}

// fire is one call of a schedule.
func (w *World) fire(s *schedule) {
	if s.gone || w.Scheduler.Never || w.Scheduler.OnFire == nil {
		return
	}
	w.Go(w.elapsed, func() { w.Scheduler.OnFire(s.Driver, s.Input) })
	if w.Scheduler.Twice {
		w.Go(w.elapsed, func() { w.Scheduler.OnFire(s.Driver, s.Input) })
	}
}

// unschedule ends a schedule; false where there is none.
func (w *World) unschedule(name string) bool {
	s := w.Scheduler.schedules[name]
	if s == nil {
		return false
	}
	s.gone = true
	delete(w.Scheduler.schedules, name)
	return true
}

func noSchedule(name string) error {
	return &Error{"ResourceNotFoundException", "Schedule " + name + " does not exist.", target.ErrNotFound}
}
