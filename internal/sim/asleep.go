package sim

import (
	"strings"
	"time"

	"github.com/meta-deployer/meta-deployer/internal/target"
)

// sleeper is what Lambda has put to sleep: the first call fails and wakes it, and all calls fail until it is awake.
type sleeper struct {
	called bool
	// awake is from when on it can be called, once it has been called.
	awake time.Duration
}

// at says whether it can be called at a moment, and if not in which state it is.
func (s *sleeper) at(moment time.Duration) (state string, awake bool) {
	switch {
	case s == nil:
		return "", true
	case !s.called:
		return "Inactive", false
	case moment < s.awake:
		return "Pending", false
	}
	return "Active", true
}

// call wakes it, which takes some time, and fails until then.
func (s *sleeper) call(moment, takes time.Duration) error {
	state, awake := s.at(moment)
	switch {
	case awake:
		return nil
	case state == "Inactive":
		s.called, s.awake = true, moment+takes
		return &Error{"ResourceNotReadyException", "The function is inactive and its VPC connection is no longer available. Try again later", target.ErrUnavailable}
	}
	return &Error{"ResourceConflictException", "The operation cannot be performed at this time. The function is currently in the following state: " + state, target.ErrUnavailable}
}

// sleeperOf is the sleeper of a version; nil where it does not sleep.
func (f *function) sleeperOf(number string) *sleeper {
	if f.versions[number].State != "Inactive" {
		return nil
	}
	if f.asleep[number] == nil {
		f.asleep[number] = &sleeper{}
	}
	return f.asleep[number]
}

// wakes is when a version that is being woken is awake, if that is after a moment.
func (f *function) wakes(number string, moment time.Duration) time.Duration {
	if s := f.sleeperOf(number); s != nil && s.called && s.awake > moment {
		return s.awake
	}
	return forever
}

// admit fails where Lambda would not run a function, by its name and what qualifies it, for somebody.
func (w *World) admit(h *hook, name, tenant string) error {
	bare, number, _ := strings.Cut(name, ":")
	var version Version
	var asleep *sleeper
	if f := w.functions[bare]; f != nil {
		version, asleep = f.versions[number], f.sleeperOf(number)
	}
	if isolated := h.Isolated || version.Isolated; isolated != (tenant != "") {
		return refused("InvalidParameterValueException", "Tenant ID configuration not specified or passed to a function when tenant isolation is not enabled.")
	}
	if asleep != nil {
		w.settle(bare)
		if err := asleep.call(w.elapsed, version.WakesIn); err != nil {
			return err
		}
	}
	if h.Asleep == 0 {
		return nil
	}
	return h.sleeper.call(w.elapsed, h.Asleep)
}

// TurnedAway is how many calls of an alias met a version that was asleep. No metric tells of them.
func (w *World) TurnedAway(name, aliasName string) float64 {
	f := w.functions[name]
	w.serve(f, f.aliases[aliasName])
	return f.aliases[aliasName].turnedAway
}
